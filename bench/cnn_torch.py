"""PyTorch eager as its users write it: the networks of bench/cnn.nn, SGD, batch 128, in memory.

Prints one JSON line: steps per second of the epochs after the first and the mean loss of each epoch.
"""
import argparse

import torch
from torch import nn
from torch.nn import functional

import torch_epochs
from files import FASHION


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
    parser.add_argument("--data", default=FASHION)
    parser.add_argument("--channels-last", action="store_true")
    arguments = parser.parse_args()
    torch_epochs.prepare(arguments.threads, seed=1)
    images, labels = torch_epochs.fashion(arguments.data, arguments.images)
    x = images.reshape(-1, 1, 28, 28)
    model = small() if arguments.network == "cnn" else residual(arguments.depth)
    initialise(model)
    if arguments.channels_last:
        model = model.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    torch_epochs.train(model, optimizer, x, labels, arguments.epochs, warm_epochs=1)


if __name__ == "__main__":
    main()
