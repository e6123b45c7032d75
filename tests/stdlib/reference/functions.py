import torch

from .case import Case, Numbers

# A row of large numbers, one of equal ones, one with ties at the top, one of both signs.
LARGE = [1e4, 1e4 + 1, 1e4 - 2, -1e4, 9999.5, 0.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, -1.0, 5.0, 5.0, 0.25, 5.0, -80.0,
         0.5, -0.25, 0.125, -3.0, 2.0, 1e-6]
MEAN = [1000.0 + i / 8 for i in range(8)] + [-2048.0, -2048.5, -2047.0, -2048.0, -2049.25, -2048.0, -2048.75, -2046.0]

CASES = {
    "mean__rows": Case(lambda a: a["x"].mean(-1)),
    "mean__index": Case(lambda a: a["x"].mean(0)),
    "variance__rows": Case(lambda a: a["x"].var(-1, unbiased=False)),
    "variance__large_mean": Case(lambda a: a["x"].var(-1, unbiased=False), {"x": MEAN}),
    "deviation__rows": Case(lambda a: a["x"].std(-1, unbiased=False)),
    "logsumexp__large": Case(lambda a: torch.logsumexp(a["x"], -1), {"x": LARGE}, pointwise=True),
    "softmax__large": Case(lambda a: torch.softmax(a["x"], -1), {"x": LARGE}, pointwise=True),
    "log_softmax__large": Case(lambda a: torch.log_softmax(a["x"], -1), {"x": LARGE}),
    "argmax__ties": Case(lambda a: torch.tensor([1, 0, 1, 4]), {"x": LARGE}, grad=False),
    "total__any": Case(lambda a: a["x"].sum()),
    "average__any": Case(lambda a: a["x"].mean()),
    "l2__any": Case(lambda a: a["x"].norm()),
    "compose__two": Case(lambda a: torch.tanh(a["x"]) ** 2),
}
