"""Epochs over Fashion-MNIST in PyTorch eager, as its users write them."""
import json
import time

import torch

from files import read_idx


def fashion(folder, images=None):
    """(pixels in [0, 1], labels) of the training images, or of the first of them."""
    pixels = torch.from_numpy(read_idx(f"{folder}/train-images-idx3-ubyte.gz")[:images].copy())
    labels = torch.from_numpy(read_idx(f"{folder}/train-labels-idx1-ubyte.gz")[:images].copy()).long()
    return pixels.float() / 255.0, labels


def prepare(threads, seed):
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)


def train(model, optimizer, x, labels, epochs, warm_epochs=0, batch=128):
    """Prints one JSON line: steps per second of the epochs behind the warm ones, and the mean loss of each epoch."""
    loss_function = torch.nn.CrossEntropyLoss()
    losses, steps, seconds = [], 0, 0.0
    for epoch in range(warm_epochs + epochs):
        order = torch.randperm(len(x))
        total = torch.zeros(())
        start = time.perf_counter()
        for begin in range(0, len(x), batch):
            rows = order[begin : begin + batch]
            optimizer.zero_grad(set_to_none=True)
            loss = loss_function(model(x[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            steps += epoch >= warm_epochs
        seconds += (time.perf_counter() - start) * (epoch >= warm_epochs)
        losses.append(float(total) / len(x))
    print(json.dumps({"steps_per_second": steps / seconds, "losses": losses, "threads": torch.get_num_threads()}))
