"""PyTorch eager as its users write it: MLP 784-256-256-10, ReLU, cross entropy, Adam, batch 128, in memory.

Prints one JSON line: steps per second of `--epochs` epochs over Fashion-MNIST and the mean loss of each epoch.
"""
import argparse
import gzip
import json
import time

import numpy
import torch


def read_idx(path):
    data = gzip.open(path).read()
    rank = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank)]
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--fused", action="store_true", help="Adam's fused implementation")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(arguments.seed)

    images = torch.from_numpy(read_idx(f"{arguments.data}/train-images-idx3-ubyte.gz").copy())
    labels = torch.from_numpy(read_idx(f"{arguments.data}/train-labels-idx1-ubyte.gz").copy()).long()
    x = images.reshape(-1, 784).float() / 255.0
    sizes = [784, 256, 256, 10]
    layers = []
    for i in range(3):
        layer = torch.nn.Linear(sizes[i], sizes[i + 1])
        torch.nn.init.kaiming_normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        layers += [layer] + ([torch.nn.ReLU()] if i < 2 else [])
    model = torch.nn.Sequential(*layers)
    loss_function = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001, fused=arguments.fused or None)

    losses, steps, seconds = [], 0, 0.0
    for _ in range(arguments.epochs):
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
            steps += 1
        seconds += time.perf_counter() - start
        losses.append(float(total) / len(x))
    print(json.dumps({"steps_per_second": steps / seconds, "losses": losses, "threads": arguments.threads}))


if __name__ == "__main__":
    main()
