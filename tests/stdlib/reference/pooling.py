"""Ties of max_pool share the derivative here and give all of it to the first in PyTorch: values only."""
import torch.nn.functional as F

from .case import Case, Numbers

TIES = [0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 2.0, 1.0, -1.0, -1.0, 3.0, 3.0, -2.0, -1.0, 3.0, 3.0]


def pool(function, **more):
    return Case(lambda a: function(a["x"]), **more)


CASES = {
    "max_pool__plain": pool(lambda x: F.max_pool2d(x, 2)),
    "max_pool__overlapping": pool(lambda x: F.max_pool2d(x, 3, 2)),
    "max_pool__padded": pool(lambda x: F.max_pool2d(x, 3, 2, 1)),
    "max_pool__negative_padded": pool(lambda x: F.max_pool2d(x, 2, 2, 1), given={"x": Numbers(1.0, -4.0)}),
    "max_pool__ties": pool(lambda x: F.max_pool2d(x, 2), given={"x": TIES}, grad=False),
    "avg_pool__plain": pool(lambda x: F.avg_pool2d(x, 2)),
    "avg_pool__overlapping": pool(lambda x: F.avg_pool2d(x, 3, 2)),
    "avg_pool__padded": pool(lambda x: F.avg_pool2d(x, 3, 2, 1)),
    "global_avg_pool__odd": pool(lambda x: x.mean((2, 3))),
    "global_max_pool__odd": pool(lambda x: x.amax((2, 3))),
    "adaptive_avg_pool__dividing": pool(lambda x: F.adaptive_avg_pool2d(x, 3)),
    "adaptive_avg_pool__overlapping": pool(lambda x: F.adaptive_avg_pool2d(x, (3, 4))),
    "adaptive_avg_pool__growing": pool(lambda x: F.adaptive_avg_pool2d(x, (5, 3))),
    "adaptive_max_pool__dividing": pool(lambda x: F.adaptive_max_pool2d(x, 3)),
    "adaptive_max_pool__overlapping": pool(lambda x: F.adaptive_max_pool2d(x, (3, 4))),
}
