"""PyTorch eager as its users write it: the networks of bench/cnn.nn, SGD, batch 128, in memory.

Prints one JSON line: steps per second of the epochs after the first and the mean loss of each epoch.
"""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional

from mlp_torch import read_idx


def small():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Block(nn.Module):
    def __init__(self, width, out, stride):
        super().__init__()
        self.first = nn.Conv2d(width, out, 3, stride=stride, padding=1, bias=False)
        self.second = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(out), nn.BatchNorm2d(out)])
        self.stride, self.more = stride, out - width

    def forward(self, x):
        f = self.norms[1](self.second(functional.relu(self.norms[0](self.first(x)))))
        if self.more or self.stride > 1:
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.more // 2, self.more // 2))
        return functional.relu(f + x)


def residual(n):
    layers, width = [nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for out in (16, 32, 64):
        for i in range(n):
            layers.append(Block(width, out, 2 if i == 0 and out > 16 else 1))
            width = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def initialise(model):
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=("cnn", "residual"))
    parser.add_argument("--depth", type=int, default=3, help="blocks of a size")
    parser.add_argument("--images", type=int, default=6400)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--channels-last", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)

    images = torch.from_numpy(read_idx(f"{arguments.data}/train-images-idx3-ubyte.gz")[: arguments.images].copy())
    labels = torch.from_numpy(read_idx(f"{arguments.data}/train-labels-idx1-ubyte.gz")[: arguments.images].copy()).long()
    x = images.reshape(-1, 1, 28, 28).float() / 255.0
    model = small() if arguments.network == "cnn" else residual(arguments.depth)
    initialise(model)
    if arguments.channels_last:
        model = model.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

    losses, steps, seconds = [], 0, 0.0
    for epoch in range(arguments.epochs + 1):
        order = torch.randperm(len(x))
        total = torch.zeros(())
        start = time.perf_counter()
        for begin in range(0, len(x), 128):
            rows = order[begin : begin + 128]
            optimizer.zero_grad(set_to_none=True)
            loss = loss_function(model(x[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            steps += epoch > 0
        seconds += (time.perf_counter() - start) * (epoch > 0)
        losses.append(float(total) / len(x))
    print(json.dumps({"steps_per_second": steps / seconds, "losses": losses, "threads": arguments.threads}))


if __name__ == "__main__":
    main()
