#!/usr/bin/env python3
"""Computes tests/stdlib/golden/*.txt: what PyTorch says of every case of tests/stdlib/cases, in f64.

    make_goldens.py BUILD/bin/stdlib_dump [TOPIC..]

Needs PyTorch (2.x) and NumPy; the tests only read the files, whose format is described in golden.h. Each case has a row
in reference/TOPIC.py: a function of its arguments, written with PyTorch's own layers and losses where it has them.
"""
import importlib
import json
import pathlib
import subprocess
import sys

import numpy
import torch

from reference.case import Case, Numbers, pseudo_random

HERE = pathlib.Path(__file__).resolve().parent
DATA, PARAMETER, STATE, COTANGENT, SEED, STEP = range(6)
torch.set_default_dtype(torch.float64)
torch.use_deterministic_algorithms(True, warn_only=True)


def text(x):
    return "%.15g" % x


def arguments_of(case, described):
    """Name -> tensor, and the `in` lines. What the case leaves to nnc (initial values) is in neither."""
    tensors, lines = {}, []
    for seed, (name, dtype, shape, kind) in enumerate(described, start=1):
        if kind in (SEED, STEP) or name in case.initial or (kind == COTANGENT and not case.grad):
            continue
        given = case.given.get(name, Numbers())
        if isinstance(given, Numbers):
            tensors[name] = pseudo_random(shape, dtype, seed, given.scale, given.shift)
            lines.append(f"in {name} {seed} {text(given.scale)} {text(given.shift)}")
        else:
            values = numpy.asarray(given, numpy.float32 if dtype == "f32" else numpy.int64).reshape(shape)
            tensors[name] = torch.tensor(values.astype(numpy.float64 if dtype == "f32" else numpy.int64))
            lines.append(f"in {name} = " + " ".join(text(v) for v in values.reshape(-1)))
    return tensors, lines


def result_line(word, name, tensor):
    values = tensor.detach().to(torch.float64).reshape(-1).numpy()
    stride = 1 if len(values) <= 64 else len(values) // 40 | 1
    largest = numpy.abs(values).max() if len(values) else 0.0
    return f"{word} {name} {stride} {text(largest)} = " + " ".join(text(v) for v in values[::stride])


def golden(case, described):
    tensors, lines = arguments_of(case, described["arguments"])
    wanted = [name for name, dtype, _, kind in described["arguments"]
              if case.grad and dtype == "f32" and kind in (DATA, PARAMETER) and name in tensors and name not in case.constant]
    for name in wanted:
        tensors[name].requires_grad_(True)
    results = case.function(tensors)
    results = results if isinstance(results, dict) else {"y": results}
    missing = set(described["results"]) - set(results)
    assert not missing, f"no reference for results {missing}, there are {list(results)}"
    for name in described["results"]:
        lines.append(result_line("out", name, results[name]))
    if wanted:
        loss = sum((results[name[2:]] * tensors[name]).sum()
                   for name, _, _, kind in described["arguments"] if kind == COTANGENT)
        gradients = torch.autograd.grad(loss, [tensors[name] for name in wanted], allow_unused=True)
        for name, gradient in zip(wanted, gradients):
            lines.append(result_line("grad", name, torch.zeros_like(tensors[name]) if gradient is None else gradient))
    return lines


def golden_steps(case, described):
    """An optimizer: the parameter [2, 3] after each step, with the gradients of golden_test.cpp."""
    shape = next(shape for name, _, shape, _ in described["arguments"] if name == "p")
    p = pseudo_random(shape, "f32", 1, 1.0, 0.0)
    lines = ["in p 1 1 0"]
    gradients = []
    for step in range(1, 21):
        g = pseudo_random(shape, "f32", 1000 + step, 1.0, 0.0).numpy().copy()
        g.reshape(-1)[0] = 0.0
        g.reshape(-1)[1] = numpy.float32(1000 * g.reshape(-1)[1])
        gradients.append(torch.tensor(g))
    for step, values in enumerate(case.steps(p.clone(), gradients), start=1):
        lines.append(f"step {step} = " + " ".join(text(v) for v in values.detach().reshape(-1).numpy()))
    return lines


def main():
    dump, topics = sys.argv[1], sys.argv[2:] or sorted(p.stem for p in (HERE / "cases").glob("*.nn"))
    for topic in topics:
        described = subprocess.run([dump, HERE / "cases" / f"{topic}.nn"], check=True, capture_output=True, text=True)
        cases = importlib.import_module(f"reference.{topic}").CASES
        lines = [f"# {topic}: written by make_goldens.py; the format is described in golden.h"]
        names = []
        for row in map(json.loads, described.stdout.splitlines()):
            name = row["case"]
            names.append(name)
            case = cases[name]
            mode = ("train" if case.train else "eval") + (" pointwise" if case.pointwise else "")
            lines.append(f"case {name} {mode}")
            try:
                lines += golden_steps(case, row) if case.steps else golden(case, row)
            except Exception as error:
                raise RuntimeError(f"{topic}: {name}") from error
        extra = set(cases) - set(names)
        assert not extra, f"{topic}: references without a case: {extra}"
        (HERE / "golden" / f"{topic}.txt").write_text("\n".join(lines) + "\n")
        print(f"{topic}: {len(names)} cases")


if __name__ == "__main__":
    main()
