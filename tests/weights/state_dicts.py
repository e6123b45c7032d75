"""State dicts of PyTorch that a formula fills: what make_golden.py runs in PyTorch and weights_test.py writes to files."""
import zlib

import numpy


def fill(name, shape):
    """Numbers of a parameter, exact in f32: pseudo-random, scaled to keep activations near 1."""
    count = int(numpy.prod(shape))
    mixed = (numpy.arange(count, dtype=numpy.uint64) + zlib.crc32(name.encode())) * numpy.uint64(0x9E3779B97F4A7C15)
    unit = ((mixed >> numpy.uint64(40)).astype(numpy.float64) / 2**24 - 0.5) * 2
    if len(shape) == 1:
        values = 1 + 0.3 * unit if name.endswith((".weight", "running_var")) else 0.3 * unit
    elif "embed" in name:
        values = unit
    else:
        values = unit * (3 / numpy.prod(shape[1:])) ** 0.5
    return values.astype(numpy.float32).reshape(shape)


def llama_shapes():
    shapes = {"model.embed_tokens.weight": (20, 16), "lm_head.weight": (20, 16), "model.norm.weight": (16,)}
    for i in range(2):
        layer = f"model.layers.{i}"
        for name, shape in {"q_proj": (16, 16), "k_proj": (8, 16), "v_proj": (8, 16), "o_proj": (16, 16)}.items():
            shapes[f"{layer}.self_attn.{name}.weight"] = shape
        for name, shape in {"gate_proj": (24, 16), "up_proj": (24, 16), "down_proj": (16, 24)}.items():
            shapes[f"{layer}.mlp.{name}.weight"] = shape
        shapes[f"{layer}.input_layernorm.weight"] = shapes[f"{layer}.post_attention_layernorm.weight"] = (16,)
    return shapes


def resnet_shapes():
    shapes = {}

    def convolution(name, bn, outputs, inputs, size):
        shapes[f"{name}.weight"] = (outputs, inputs, size, size)
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{bn}.{part}"] = (outputs,)

    convolution("conv1", "bn1", 16, 3, 3)
    inputs = 16
    for stage, outputs in enumerate((16, 32, 64), 1):
        for i in range(3):
            block = f"layer{stage}.{i}"
            convolution(f"{block}.conv1", f"{block}.bn1", outputs, inputs, 3)
            convolution(f"{block}.conv2", f"{block}.bn2", outputs, outputs, 3)
            if stage > 1 and i == 0:
                convolution(f"{block}.shortcut.0", f"{block}.shortcut.1", outputs, inputs, 1)
            inputs = outputs
    shapes["linear.weight"], shapes["linear.bias"] = (10, 64), (10,)
    return shapes


def cells_shapes():
    shapes = {}
    for name, gates, inputs, hidden in (("rnn", 1, 3, 5), ("lstm", 4, 5, 4), ("gru", 3, 4, 6)):
        shapes[f"{name}.weight_ih_l0"], shapes[f"{name}.weight_hh_l0"] = (gates * hidden, inputs), (gates * hidden, hidden)
        shapes[f"{name}.bias_ih_l0"] = shapes[f"{name}.bias_hh_l0"] = (gates * hidden,)
    shapes["up.weight"], shapes["up.bias"] = (2, 3, 3, 3), (3,)
    shapes["linear.weight"], shapes["linear.bias"] = (4, 3 * 32 * 12), (4,)
    return shapes


def sequences():
    """[2, 32, 3], from 0 to 1: the diagonals of the images."""
    return images().diagonal(axis1=2, axis2=3).transpose(0, 2, 1) / 255


def state_dict(shapes):
    state = {name: fill(name, shape) for name, shape in shapes.items()}
    if "lm_head.weight" in state:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    return state


def tokens():
    return numpy.array([[(5 * t * t + 3 * b + 1) % 20 for t in range(9)] for b in range(2)], numpy.uint8)


def images():
    return (numpy.arange(2 * 3 * 32 * 32, dtype=numpy.uint32) * 2654435761 >> 16).astype(numpy.uint8).reshape(2, 3, 32, 32)
