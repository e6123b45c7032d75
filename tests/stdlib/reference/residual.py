from .blocks import Net
from .case import Case, Numbers

import torch


def block(function, train=False):
    """States get variances above 0."""
    def run(a):
        net = Net(a, train)
        y = function(net, a["x"])
        return {"y": y, **net.states}
    return Case(run, Variances(), train=train)


class Variances(dict):
    """`given` of every variance: numbers around 1."""

    def get(self, name, default=None):
        return Numbers(0.5, 1.0) if name.endswith(".var") else default


def highway(a):
    net = Net(a, False)
    h = torch.tanh(net.dense("net.highway.h.dense", a["x"]))
    t = torch.sigmoid(net.dense("net.highway.t.dense", a["x"]) - 2)
    return t * h + (1 - t) * a["x"]


CASES = {
    "pad_shortcut__wider": block(lambda n, x: n.pad_shortcut(x, 6, 2)),
    "pad_shortcut__same": block(lambda n, x: x * 1),
    "project_shortcut__wider": block(lambda n, x: n.project_shortcut("net.project_shortcut", x, 6, 2)),
    "residual_block__same": block(lambda n, x: n.residual_block("net.residual_block", x, 3)),
    "residual_block__train": block(lambda n, x: n.residual_block("net.residual_block", x, 6, 2), train=True),
    "residual_block__project": block(lambda n, x: n.residual_block("net.residual_block", x, 5, 2, True)),
    "preact_block__wider": block(lambda n, x: n.preact_block("net.preact_block", x, 6, 2)),
    "preact_block__project": block(lambda n, x: n.preact_block("net.preact_block", x, 5, 2, True)),
    "bottleneck_block__wider": block(lambda n, x: n.bottleneck_block("net.bottleneck_block", x, 8, 2)),
    "fixup_block__wider": block(lambda n, x: n.fixup_block("net.fixup_block", x, 6, 2)),
    "highway__rows": Case(highway),
}
