import torch

from .case import Case, Numbers


def dropped(a):
    return {"rest": torch.zeros_like(a["x"]), "isNear": torch.tensor(1.0)}


CASES = {
    "dense__bias": Case(lambda a: torch.nn.functional.linear(a["x"], a["net.dense.w"].T, a["net.dense.b"])),
    "dense__plain": Case(lambda a: a["x"] @ a["net.dense.w"]),
    "embedding__repeated": Case(lambda a: torch.nn.functional.embedding(a["t"], a["net.embedding.table"]),
                                {"t": [0, 5, 3, 3, 1, 0, 0, 2, 5, 5, 5, 5]}),
    "flatten__images": Case(lambda a: a["x"].flatten(1)),
    "dropout__train": Case(dropped, {"x": Numbers(1.0, 3.0)}, grad=False),
    "dropout__eval": Case(lambda a: a["x"] * 1, train=False),
    "spatial_dropout__train": Case(dropped, {"x": Numbers(1.0, 3.0)}, grad=False),
    "spatial_dropout__eval": Case(lambda a: a["x"] * 1, train=False),
}
