"""The cases check nnc's own draws: their results are known without PyTorch."""
import torch

from .case import Case


class Everything(tuple):
    def __contains__(self, name):
        return name.startswith("net.")


def own(result):
    return Case(lambda a: result, grad=False, initial=Everything())


MOMENTS = own({name: torch.tensor(1.0) for name in ("isCentred", "isSpread", "isBound")})
U = [0.01, 0.02275, 0.05, 0.1, 0.3, 0.5, 0.75, 0.95, 0.97725]
CASES = {
    **{name: MOMENTS for name in (
        "normal__moments", "uniform__moments", "trunc_normal__moments", "trunc_normal__wide", "variance_scaling__truncated",
        "he_normal__moments", "he_uniform__moments", "glorot_normal__moments", "glorot_uniform__moments",
        "lecun_normal__moments", "lecun_uniform__moments", "fixup__moments", "fixup__bottleneck")},
    "he_normal__fan_out": own(torch.tensor(1.0)),
    "zeros__and_ones": own(2 * torch.ones(2, 3)),
    "orthogonal__tall": own(2.25 * torch.eye(5)),
    "orthogonal__wide": own(torch.eye(4)),
    "orthogonal__square": own(torch.eye(64)),
    "delta_orthogonal__kernel": own({"g": 4 * torch.eye(3), "all": torch.tensor(12.0)}),
    "orthogonal_factor__known": Case(lambda a: torch.eye(3), {"x": [2.0, 1.0, 0.0, 1.0, 3.0, 0.5, 0.0, 0.5, 1.0]}, grad=False),
    "normal_quantile__inverse": Case(lambda a: torch.special.ndtri(a["u"]), {"u": U}, grad=False),
}
