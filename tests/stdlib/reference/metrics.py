"""PyTorch has no metrics: definitions with NumPy."""
import numpy
import torch
import torch.nn.functional as F

from .case import Case, Numbers

Z = [5.0, 1.0, 5.0, 0.0, 2.0, 2.0, 3.0, 1.0, 0.0, -1.0, 0.5, 0.25, 1.0, 0.0, 0.0, 9.0, -1.0, -2.0, -3.0, -4.0, 7.0, 6.0, 6.5, 0.0]
Y = [0, 1, 2, 0, 0, 2]


def confusion(a):
    chosen = a["z"].numpy().argmax(1)
    n = numpy.zeros((4, 4))
    numpy.add.at(n, (a["y"].numpy(), chosen), 1)
    return n


def mean_ratio(a, denominator, factor=1):
    n = confusion(a)
    return torch.tensor((factor * n.diagonal() / numpy.maximum(denominator(n), 1)).mean())


def top_k(a, k):
    above = (a["z"] > a["z"].gather(1, a["y"][:, None])).sum(1)
    return (above < k).to(torch.float64)


def metric(function):
    return Case(function, {"z": Z, "y": Y}, grad=False)


CASES = {
    "accuracy__ties": metric(lambda a: torch.tensor((a["z"].numpy().argmax(1) == a["y"].numpy()).astype(float))),
    "top_k__two": metric(lambda a: top_k(a, 2)),
    "top_k__default": metric(lambda a: top_k(a, 5)),
    "binary_accuracy__signs": Case(lambda a: ((a["z"] > 0) == (a["y"] > 0)).to(torch.float64),
                                   {"z": [0.5, -0.5, 0.0, 3.0], "y": [1, 1, 0, 0]}, grad=False),
    "confusion__classes": metric(lambda a: torch.tensor(confusion(a))),
    "precision__classes": metric(lambda a: mean_ratio(a, lambda n: n.sum(0))),
    "recall__classes": metric(lambda a: mean_ratio(a, lambda n: n.sum(1))),
    "f1_score__classes": metric(lambda a: mean_ratio(a, lambda n: n.sum(0) + n.sum(1), 2)),
    "perplexity__tokens": Case(lambda a: F.cross_entropy(a["z"].transpose(1, 2), a["y"]).exp(), {"y": Numbers(4)}, grad=False),
}
