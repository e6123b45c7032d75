"""Trains cells of the comeback factorial in PyTorch: python factorial_torch.py --steps N '[{"act": "relu", ..}, ..]'

Written the way that is fast for such networks: data as one tensor, batches by index_select, fused element-wise work left
to PyTorch, foreach SGD, one thread.
"""
import argparse
import json
import math

import numpy
import torch

import files

BATCH, TRAIN, VALID = 128, 49920, 4992


def load():
    """Fashion-MNIST as examples/comeback/common.nn cuts it: (x, y) of train, valid, test."""
    def part(images, labels, begin, end):
        x = files.read_idx(f"{files.FASHION}/{images}.gz")[begin:end].reshape(end - begin, 784).astype(numpy.float32)
        return torch.from_numpy((x / 255.0 - 0.286) / 0.353), torch.from_numpy(files.read_idx(f"{files.FASHION}/{labels}.gz")[begin:end].astype(numpy.int64))
    train = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
    return (part(*train, 0, TRAIN), part(*train, TRAIN, TRAIN + VALID), part("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 0, 10000))


class Block(torch.nn.Module):
    def __init__(self, cell, width):
        super().__init__()
        norm = lambda: torch.nn.BatchNorm1d(width) if cell["norm"].startswith("batch_norm") else torch.nn.Identity()
        self.skip = cell["skip"].strip(".")
        self.act = torch.relu if cell["act"] == "relu" else torch.sigmoid
        self.drop = torch.nn.Dropout(float(cell["drop"]))
        self.first, self.second = torch.nn.Linear(width, width), torch.nn.Linear(width, width)
        self.norms = torch.nn.ModuleList([norm(), norm()])

    def forward(self, x):
        if self.skip == "pre":
            h = self.first(self.act(self.norms[0](x)))
            return x + self.second(self.drop(self.act(self.norms[1](h))))
        h = self.drop(self.act(self.norms[0](self.first(x))))
        f = self.norms[1](self.second(h))
        return self.act(x + f if self.skip == "post" else f)


class Network(torch.nn.Module):
    def __init__(self, cell, width=64):
        super().__init__()
        self.pre = cell["skip"].strip(".") == "pre"
        self.act = torch.relu if cell["act"] == "relu" else torch.sigmoid
        self.stem = torch.nn.Linear(784, width)
        self.norm = torch.nn.BatchNorm1d(width) if cell["norm"].startswith("batch_norm") else torch.nn.Identity()
        self.blocks = torch.nn.Sequential(*[Block(cell, width) for _ in range((int(cell["depth"]) - 1) // 2)])
        self.head = torch.nn.Linear(width, 10)
        for module in self.modules():
            if isinstance(module, torch.nn.Linear):
                initialise(module, cell["init"])

    def forward(self, x):
        h = self.stem(x)
        if not self.pre:
            h = self.act(self.norm(h))
        h = self.blocks(h)
        if self.pre:
            h = self.act(self.norm(h))
        return self.head(h)


def initialise(linear, init):
    fan_in = linear.weight.shape[1]
    torch.nn.init.zeros_(linear.bias)
    if init.startswith("he_normal"):
        torch.nn.init.normal_(linear.weight, std=math.sqrt(2.0 / fan_in))
    elif init == "glorot_uniform":
        torch.nn.init.xavier_uniform_(linear.weight)
    else:
        torch.nn.init.uniform_(linear.weight, -1.0 / math.sqrt(fan_in), 1.0 / math.sqrt(fan_in))


@torch.no_grad()
def accuracy(network, x, y):
    return sum(int((network(x[i:i + 1024]).argmax(1) == y[i:i + 1024]).sum()) for i in range(0, len(x), 1024)) / len(x)


def train(cell, data, steps):
    (x, y), valid, test = data
    torch.manual_seed(0)
    network = Network(cell)
    optimizer = torch.optim.SGD(network.parameters(), lr=float(cell["lr"]), momentum=0.9, foreach=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    network.train()
    step = 0
    while step < steps:
        for rows in torch.randperm(TRAIN).split(BATCH):
            loss = torch.nn.functional.cross_entropy(network(x.index_select(0, rows)), y.index_select(0, rows))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            if step == steps or not math.isfinite(loss.item()):
                step = steps
                break
    network.eval()
    return accuracy(network, *valid), accuracy(network, *test)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("cells", type=json.loads)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = load()
    for cell in arguments.cells:
        print(json.dumps({"cell": cell, "accuracy": train(cell, data, arguments.steps)}), flush=True)


if __name__ == "__main__":
    main()
