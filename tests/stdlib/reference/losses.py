import torch
import torch.nn.functional as F

from .case import Case, Numbers

LOGITS = [1e4, 1e4 + 1, -1e4, 0.0, 9990.0, 2.0, 2.0, 2.0, 2.0, 2.0, 30.0, 0.0, -3.0, 1.0, 2.0, -5.0, 40.0, 0.5, 0.25, 1.0]
CLASSES = [0, 3, 0, 4]
HARD = [0.0, 0.0, 1.0, -1.0, 50.0, -50.0, 50.0, -50.0, 1000.0, -1000.0, 1e-6, -0.5]
EQUAL = [0.5, 1.0, -1.0, 2.0, 0.0, 0.25, 3.0, -0.5, 1.5, -2.0, 0.75, 4.0]


def classes(loss, **more):
    return Case(lambda a: loss(a["z"], a["y"]), {"z": LOGITS, "y": CLASSES}, **more)


def regression(loss, given=None):
    return Case(lambda a: loss(a["p"], a["y"]).flatten(1).mean(1), given or {})


def binary(a):
    """In a form that does not subtract large numbers, unlike binary_cross_entropy_with_logits."""
    z, y = a["z"], a["y"].to(torch.float64)
    softplus = lambda x: torch.logaddexp(x, torch.zeros_like(x))
    loss = y * softplus(-z) + (1 - y) * softplus(z)
    assert torch.allclose(loss, F.binary_cross_entropy_with_logits(z, y, reduction="none"), rtol=1e-12, atol=1e-12)
    return loss


def next_token_loss(a):
    return F.cross_entropy(a["z"].transpose(1, 2), a["y"], reduction="none").mean(1)


CASES = {
    "cross_entropy__large": classes(lambda z, y: F.cross_entropy(z, y, reduction="none")),
    "smoothed_cross_entropy__large": classes(lambda z, y: F.cross_entropy(z, y, reduction="none", label_smoothing=0.3)),
    "next_token_loss__tokens": Case(next_token_loss, {"z": LOGITS, "y": CLASSES}),
    "nll__classes": Case(lambda a: F.nll_loss(a["p"], a["y"], reduction="none"), {"y": CLASSES}),
    "binary_cross_entropy__hard": Case(binary, {"z": HARD, "y": [0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 0]}, pointwise=True),
    "bce__hard": Case(binary, {"z": HARD, "y": [0, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1, 0]}, pointwise=True, constant=("y",)),
    "bce__outputs": Case(lambda a: binary(a).mean(1), {"y": Numbers(0.5, 0.5)}),
    "hinge__classes": classes(lambda z, y: 5 * F.multi_margin_loss(z, y, margin=0.7, reduction="none")),
    "kl_divergence__zeros": Case(lambda a: F.kl_div(F.log_softmax(a["z"], -1), a["y"], reduction="none").sum(1),
                                 {"y": [0.5, 0.25, 0.25, 0.0, 0.0, 1.0, 0.0, 0.0, 0.125, 0.125, 0.25, 0.5]}, constant=("y",)),
    "triplet__equal": Case(lambda a: F.triplet_margin_loss(a["a"], a["p"], a["n"], 0.8, reduction="none"),
                           {"a": EQUAL, "p": EQUAL[:3] + [1.0] * 9}),
    "mse__outputs": regression(lambda p, y: F.mse_loss(p, y, reduction="none")),
    "mse__one": Case(lambda a: (a["p"] - a["y"]) ** 2),
    "mae__equal": regression(lambda p, y: F.l1_loss(p, y, reduction="none"),
                             {"p": EQUAL, "y": EQUAL[:4] + [1.0] * 8}),
    "huber__both": regression(lambda p, y: F.huber_loss(p, y, reduction="none", delta=0.75),
                              {"p": EQUAL, "y": EQUAL[:4] + [1.0] * 8}),
    "per_example__rows": Case(lambda a: a["x"].flatten(1).mean(1)),
    "total_per_example__rows": Case(lambda a: a["x"].flatten(1).sum(1)),
}
