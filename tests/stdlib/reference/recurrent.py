"""PyTorch's cells, step by step. Our weights are [in, gates, hidden], PyTorch's [gates * hidden, in]."""
import torch

from .case import Case


def flat(w):
    return w.flatten(1).T if w.dim() == 3 else w.T


def run(x, hidden, step, reverse):
    """`step`: (x of one step, h, c) -> (h, c). The states after every step, [B, T, hidden]."""
    h = c = torch.zeros(x.shape[0], hidden, dtype=x.dtype)
    outputs = [None] * x.shape[1]
    for t in reversed(range(x.shape[1])) if reverse else range(x.shape[1]):
        h, c = step(x[:, t], h, c)
        outputs[t] = h
    return torch.stack(outputs, 1)


def rnn(a, path, x, relu=False, reverse=False):
    wx, wh, b = (a[f"{path}.{n}"] for n in ("wx", "wh", "b"))
    cell = torch.rnn_relu_cell if relu else torch.rnn_tanh_cell
    return run(x, wh.shape[0], lambda x, h, c: (cell(x, h, flat(wx), flat(wh), b, torch.zeros_like(b)), c), reverse)


def lstm(a, path, x, reverse=False):
    wx, wh, b = (a[f"{path}.{n}"] for n in ("wx", "wh", "b"))
    return run(x, wh.shape[0],
               lambda x, h, c: torch.lstm_cell(x, (h, c), flat(wx), flat(wh), b.flatten(), torch.zeros_like(b).flatten()),
               reverse)


def gru(a, path, x, reverse=False):
    wx, wh, bx, bh = (a[f"{path}.{n}"] for n in ("wx", "wh", "bx", "bh"))
    return run(x, wh.shape[0],
               lambda x, h, c: (torch.gru_cell(x, h, flat(wx), flat(wh), bx.flatten(), bh.flatten()), c), reverse)


def lstm_classifier(a, root, x):
    last = lstm(a, f"{root}.h.lstm", x)[:, -1]
    return last @ a[f"{root}.dense.w"] + a[f"{root}.dense.b"]


CASES = {
    "rnn__sequence": Case(lambda a: rnn(a, "net.rnn", a["x"])),
    "rnn__relu_reverse": Case(lambda a: rnn(a, "net.rnn", a["x"], relu=True, reverse=True)),
    "lstm__sequence": Case(lambda a: lstm(a, "net.lstm", a["x"])),
    "lstm__reverse": Case(lambda a: lstm(a, "net.lstm", a["x"], True)),
    "lstm__one_step": Case(lambda a: lstm(a, "net.lstm", a["x"])),
    "gru__sequence": Case(lambda a: gru(a, "net.gru", a["x"])),
    "gru__reverse": Case(lambda a: gru(a, "net.gru", a["x"], True)),
    "lstm_classifier__rows": Case(lambda a: lstm_classifier(a, "net.lstm_classifier", a["x"])),
}
