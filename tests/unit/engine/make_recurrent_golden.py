#!/usr/bin/env python3
"""Writes recurrent_golden.h: torch.nn.RNN, LSTM and GRU in float64, values and derivatives, for recurrent_test.cpp.

Weights are transposed into the layout of stdlib/recurrent.nn; the loss is the sum of all outputs times `d`.
Run from this folder: python3 make_recurrent_golden.py
"""
import torch

BATCH, TIME, INPUT, HIDDEN = 2, 5, 3, 4
torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return "{" + ", ".join(repr(float(x)) for x in tensor.detach().reshape(-1)) + "}"


def rounded(*shape):
    """Numbers that f32 holds exactly: both precisions start from the same ones."""
    return torch.rand(*shape).mul(2).sub(1).float().double()


def transposed(weight, gates):
    """[gates * hidden, in] -> [in, gates, hidden]"""
    return weight.reshape(gates, HIDDEN, -1).permute(2, 0, 1)


def case(name, layer, gates, separate):
    for parameter in layer.parameters():
        parameter.data = rounded(*parameter.shape)
    if not separate:
        layer.bias_hh_l0.data.zero_()
    x, d = rounded(BATCH, TIME, INPUT).requires_grad_(), rounded(BATCH, TIME, HIDDEN)
    y, _ = layer(x)
    (y * d).sum().backward()
    values = {"x": x, "net.%s.wx" % name: layer.weight_ih_l0, "net.%s.wh" % name: layer.weight_hh_l0}
    values["net.%s.%s" % (name, "bx" if separate else "b")] = layer.bias_ih_l0
    if separate:
        values["net.%s.bh" % name] = layer.bias_hh_l0
    print("    {\"%s\"," % name)
    for get in (lambda p: p, lambda p: p.grad):
        print("     {")
        for path, value in values.items():
            tensor = get(value)
            if ".w" in path:
                tensor = transposed(tensor, gates)
            print("         {\"%s\", %s}," % (path, numbers(tensor)))
        print("     },")
    print("     %s," % numbers(d))
    print("     %s}," % numbers(y))


if __name__ == "__main__":
    import contextlib

    with open("recurrent_golden.h", "w") as out, contextlib.redirect_stdout(out):
        print("// Made by make_recurrent_golden.py with PyTorch; do not edit.")
        print("#pragma once\n#include <map>\n#include <string>\n#include <vector>\n")
        print("namespace nnc::tests {\n")
        print("struct RecurrentGolden {")
        print("  std::string layer;")
        print("  std::map<std::string, std::vector<double>> values, gradients;  // by argument")
        print("  std::vector<double> d, y;  // weights of the loss, and the output: [2, 5, 4]")
        print("};\n")
        print("// clang-format off")
        print("inline const std::vector<RecurrentGolden> kRecurrentGolden = {")
        case("rnn", torch.nn.RNN(INPUT, HIDDEN, batch_first=True), 1, False)
        case("lstm", torch.nn.LSTM(INPUT, HIDDEN, batch_first=True), 4, False)
        case("gru", torch.nn.GRU(INPUT, HIDDEN, batch_first=True), 3, True)
        print("};\n// clang-format on\n\n}  // namespace nnc::tests")
