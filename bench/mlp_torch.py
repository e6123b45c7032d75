"""PyTorch eager as its users write it: MLP 784-256-256-10, ReLU, cross entropy, Adam, batch 128, in memory.

Prints one JSON line: steps per second of `--epochs` epochs over Fashion-MNIST and the mean loss of each epoch.
"""
import argparse

import torch

import torch_epochs
from files import FASHION


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", default=FASHION)
    parser.add_argument("--fused", action="store_true", help="Adam's fused implementation")
    arguments = parser.parse_args()
    torch_epochs.prepare(arguments.threads, arguments.seed)
    images, labels = torch_epochs.fashion(arguments.data)
    sizes = [784, 256, 256, 10]
    layers = []
    for i in range(3):
        layer = torch.nn.Linear(sizes[i], sizes[i + 1])
        torch.nn.init.kaiming_normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        layers += [layer] + ([torch.nn.ReLU()] if i < 2 else [])
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=arguments.fused or None)
    torch_epochs.train(model, optimizer, images.reshape(-1, 784), labels, arguments.epochs)


if __name__ == "__main__":
    main()
