import torch

from .case import Case


def haar_step(x):
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.cat([even + odd, even - odd], -1) / 2 ** 0.5


def haar2d(x, levels):
    y = x.clone()
    for level in range(levels):
        h, w = x.shape[-2] >> level, x.shape[-1] >> level
        corner = haar_step(haar_step(y[..., :h, :w]).transpose(-1, -2)).transpose(-1, -2)
        y = torch.cat([torch.cat([corner, y[..., :h, w:]], -1), y[..., h:, :]], -2)
    assert torch.allclose((y ** 2).sum(), (x ** 2).sum())  # orthonormal
    return y


def classifier(a):
    path = "net.haar_classifier.dense"
    return haar2d(a["x"], 2).flatten(1) @ a[f"{path}.w"] + a[f"{path}.b"]


CASES = {
    "haar_step__pairs": Case(lambda a: haar_step(a["x"])),
    "haar2d__one": Case(lambda a: haar2d(a["x"], 1)),
    "haar2d__three": Case(lambda a: haar2d(a["x"], 3)),
    "haar_classifier__two": Case(classifier),
}
