import torch
import torch.nn.functional as F

from .case import Case, Numbers

EQUAL = [2.0, 2.0, 2.0, 2.0, 1000.0, 1000.25, 999.5, 1000.0, 0.001, -0.001, 0.0, 0.002]
# f32 knows a mean of 100 to 4e-6: larger ones would cost more digits than the test allows.
MEAN = [100.0, -112.5, 100.5, -112.0, 99.25, -113.0, 101.0, -112.25, 100.0, -111.0]


def batch_norm(momentum=0.9, eps=1e-5, train=True, given=None):
    def run(a):
        mean, var = a["net.batch_norm.mu"].clone(), a["net.batch_norm.var"].clone()
        y = F.batch_norm(a["x"], mean, var, a["net.batch_norm.gamma"], a["net.batch_norm.beta"], train, 1 - momentum, eps)
        return {"y": y, "net.batch_norm.mu": mean, "net.batch_norm.var": var}
    return Case(run, {"net.batch_norm.var": Numbers(0.5, 1.5), **(given or {})}, train=train)


def normalise(a):
    return F.batch_norm(a["x"], a["m"], a["v"], a["g"], a["b"], False, 0.0, 1e-3)


def layer_norm(eps=1e-5, given=None):
    return Case(lambda a: F.layer_norm(a["x"], a["x"].shape[-1:], a["net.layer_norm.g"], a["net.layer_norm.b"], eps),
                given or {})


def rms_norm(eps=1e-5, given=None):
    return Case(lambda a: F.rms_norm(a["x"], a["x"].shape[-1:], a["net.rms_norm.g"], eps), given or {})


def group_norm(groups):
    return Case(lambda a: F.group_norm(a["x"], groups, a["net.group_norm.gamma"], a["net.group_norm.beta"]))


def instance_norm(eps=1e-5):
    return Case(lambda a: F.instance_norm(a["x"], None, None, a["net.instance_norm.gamma"], a["net.instance_norm.beta"],
                                          True, 0.1, eps))


CASES = {
    "batch_norm__features": batch_norm(),
    "batch_norm__images": batch_norm(0.7, 0.001),
    "batch_norm__sequences": batch_norm(),
    "batch_norm__eval": batch_norm(train=False),
    "batch_norm__large_mean": batch_norm(given={"x": MEAN}),
    "normalise__given": Case(normalise, {"v": Numbers(0.5, 1.0)}, constant=("m", "v")),
    "layer_norm__rows": layer_norm(),
    "layer_norm__equal": layer_norm(1e-3, {"x": EQUAL}),
    "rms_norm__rows": rms_norm(),
    "rms_norm__small": rms_norm(1e-6, {"x": [1e-3 * v for v in EQUAL]}),
    "group_norm__groups": group_norm(3),
    "group_norm__one": group_norm(1),
    "instance_norm__images": instance_norm(),
    "instance_norm__sequences": instance_norm(0.01),
    "lrn__default": Case(lambda a: F.local_response_norm(a["x"], 5), {"x": Numbers(20.0)}),
    "lrn__strong": Case(lambda a: F.local_response_norm(a["x"], 4, 2.0, 0.6, 2.0)),
}
