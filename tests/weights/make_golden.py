"""Writes golden.json: the logits that PyTorch computes in float64 from the state dicts of state_dicts.py.

usage: make_golden.py > golden.json      needs PyTorch; the tests do not
"""
import json
import math

import torch
from torch import nn
from torch.nn import functional

from state_dicts import cells_shapes, images, llama_shapes, resnet_shapes, sequences, state_dict, tokens


def rms(x, gain):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * gain


def rotate(x):
    """Rotary positions on x[batch, time, heads, size], pairs (k, k + size / 2)."""
    half = x.shape[-1] // 2
    angle = torch.arange(x.shape[1])[:, None] * 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    c, s = angle.cos()[None, :, None], angle.sin()[None, :, None]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * c - b * s, b * c + a * s], -1)


def llama(state, t):
    heads, groups, size = 4, 2, 4
    x = state["model.embed_tokens.weight"][t]
    batch, time = t.shape
    for i in range(2):
        get = lambda name: state[f"model.layers.{i}.{name}.weight"]
        h = rms(x, get("input_layernorm"))
        q = rotate((h @ get("self_attn.q_proj").T).view(batch, time, heads, size)).transpose(1, 2)
        k = rotate((h @ get("self_attn.k_proj").T).view(batch, time, groups, size)).transpose(1, 2)
        v = (h @ get("self_attn.v_proj").T).view(batch, time, groups, size).transpose(1, 2)
        k, v = (z.repeat_interleave(heads // groups, 1) for z in (k, v))
        scores = q @ k.transpose(-1, -2) / math.sqrt(size) + torch.full((time, time), -math.inf).triu(1)
        o = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(batch, time, heads * size)
        x = x + o @ get("self_attn.o_proj").T
        h = rms(x, get("post_attention_layernorm"))
        x = x + (functional.silu(h @ get("mlp.gate_proj").T) * (h @ get("mlp.up_proj").T)) @ get("mlp.down_proj").T
    return rms(x, state["model.norm.weight"]) @ state["lm_head.weight"].T


def resnet(state, x):
    def convolution(x, name, bn, stride=1):
        k = state[f"{name}.weight"]
        x = functional.conv2d(x, k, stride=stride, padding=k.shape[-1] // 2)
        return functional.batch_norm(x, *(state[f"{bn}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))

    x = torch.relu(convolution(x, "conv1", "bn1"))
    for stage in (1, 2, 3):
        for i in range(3):
            block, stride = f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1
            h = torch.relu(convolution(x, f"{block}.conv1", f"{block}.bn1", stride))
            h = convolution(h, f"{block}.conv2", f"{block}.bn2")
            s = convolution(x, f"{block}.shortcut.0", f"{block}.shortcut.1", stride) if stride == 2 else x
            x = torch.relu(h + s)
    return x.mean((2, 3)) @ state["linear.weight"].T + state["linear.bias"]


def cells(state, x):
    for name, kind, sizes in (("rnn", nn.RNN, (3, 5)), ("lstm", nn.LSTM, (5, 4)), ("gru", nn.GRU, (4, 6))):
        layer = kind(*sizes, batch_first=True).double()
        layer.load_state_dict({key.split(".")[1]: value for key, value in state.items() if key.startswith(f"{name}.")})
        x, _ = layer(x)
    x = functional.conv_transpose2d(x.reshape(2, 2, 16, 6), state["up.weight"], state["up.bias"], stride=2, padding=1, output_padding=1)
    return x.flatten(1) @ state["linear.weight"].T + state["linear.bias"]


def tensors(shapes):
    return {name: torch.from_numpy(value).double() for name, value in state_dict(shapes).items()}


with torch.no_grad():
    golden = {
        "cells": cells(tensors(cells_shapes()), torch.from_numpy(sequences())).flatten().tolist(),
        "torch": torch.__version__,
        "llama": llama(tensors(llama_shapes()), torch.from_numpy(tokens()[:, :8]).long()).flatten().tolist(),
        "resnet20": resnet(tensors(resnet_shapes()), torch.from_numpy(images()).double() / 255).flatten().tolist(),
    }
print(json.dumps({key: [float(f"{v:.9g}") for v in value] if isinstance(value, list) else value for key, value in golden.items()}))
