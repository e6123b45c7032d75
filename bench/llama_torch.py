"""PyTorch eager as its users write it: the decoder of examples/llama.nn, AdamW, clipped gradients, batch 32 of 128 bytes.

Prints one JSON line: steps per second over `--steps` steps, and the loss of the last one.
"""
import argparse
import json
import math
import time

import torch
from torch import nn
from torch.nn import functional

WIDTH, HEADS, GROUPS, DEPTH, VOCABULARY, LENGTH, BATCH = 128, 8, 2, 4, 256, 128, 32
SIZE = WIDTH // HEADS


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        return functional.rms_norm(x, (WIDTH,), self.gain, 1e-5)


class Block(nn.Module):
    def __init__(self, cosine, sine):
        super().__init__()
        self.cosine, self.sine = cosine, sine
        self.first, self.second = Norm(), Norm()
        linear = lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False)
        self.q, self.o = linear(WIDTH, WIDTH), linear(WIDTH, WIDTH)
        self.k, self.v = linear(WIDTH, GROUPS * SIZE), linear(WIDTH, GROUPS * SIZE)
        self.gate, self.up, self.down = linear(WIDTH, 4 * WIDTH), linear(WIDTH, 4 * WIDTH), linear(4 * WIDTH, WIDTH)

    def rotate(self, x):
        a, b = x.chunk(2, -1)
        return torch.cat([a * self.cosine - b * self.sine, b * self.cosine + a * self.sine], -1)

    def forward(self, x):
        batch, time, _ = x.shape
        h = self.first(x)
        q = self.rotate(self.q(h).view(batch, time, HEADS, SIZE)).transpose(1, 2)
        k = self.rotate(self.k(h).view(batch, time, GROUPS, SIZE)).transpose(1, 2)
        v = self.v(h).view(batch, time, GROUPS, SIZE).transpose(1, 2)
        k, v = (z.repeat_interleave(HEADS // GROUPS, 1) for z in (k, v))
        o = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(o.transpose(1, 2).reshape(batch, time, WIDTH))
        h = self.second(x)
        return x + self.down(functional.silu(self.gate(h)) * self.up(h))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        k = torch.arange(SIZE // 2)
        angle = torch.arange(LENGTH)[:, None] * torch.exp(-math.log(10000.0) * 2 * k / SIZE)
        cosine, sine = angle.cos()[None, :, None], angle.sin()[None, :, None]
        self.embedding = nn.Embedding(VOCABULARY, WIDTH)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(cosine, sine) for _ in range(DEPTH))
        self.norm = Norm()

    def forward(self, tokens):
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.T


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("text")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    text = torch.frombuffer(bytearray(open(arguments.text, "rb").read()), dtype=torch.uint8).long()
    model = Decoder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, betas=(0.9, 0.95), weight_decay=0.1)
    warm, begin = 3, 0.0
    for step in range(arguments.steps + warm):
        if step == warm:
            begin = time.perf_counter()
        starts = torch.randint(0, len(text) - LENGTH - 1, (BATCH,))
        window = text[starts[:, None] + torch.arange(LENGTH + 1)]
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(window[:, :-1]).reshape(-1, VOCABULARY), window[:, 1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    seconds = time.perf_counter() - begin
    print(json.dumps({"steps_per_second": arguments.steps / seconds, "loss": loss.item()}))


main()
