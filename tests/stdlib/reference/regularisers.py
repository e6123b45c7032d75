import torch

from .case import Case, Numbers

X = [0.0, 1.0, -2.0, 0.5, -1.0, 0.0, 3.0, -0.25]
W = [6.0, 1.0, 3.0, 0.0, -8.0, 2.0, 4.0, 0.0]
CASES = {
    "l1_penalty__zeros": Case(lambda a: 0.3 * a["x"].abs().sum(), {"x": X}),
    "l2_penalty__zeros": Case(lambda a: 0.15 * (a["x"] ** 2).sum(), {"x": X}),
    "max_norm__columns": Case(lambda a: a["w"] * (5.0 / a["w"].norm(dim=0).clamp(min=5.0)), {"w": W}, grad=False),
    "label_noise__train": Case(lambda a: {"inRange": torch.tensor(1.0), "isNear": torch.tensor(1.0)}, {"y": Numbers(4)}, grad=False),
    "label_noise__eval": Case(lambda a: a["y"], {"y": [0, 1, 2, 3, 3, 0]}, train=False, grad=False),
}
