import torch

from .case import Case

CASES = {
    "random_noise__moments": Case(lambda a: {"isCentred": torch.tensor(1.0), "isSpread": torch.tensor(1.0)}, grad=False),
    "random_flip__always": Case(lambda a: a["x"].flip(-1)),
    "random_flip__never": Case(lambda a: a["x"] * 1),
    "random_flip__either": Case(lambda a: torch.tensor(0.0), grad=False),
}
