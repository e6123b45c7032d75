"""What the benchmarks share: nnc and PyTorch run in turns, in environments that nothing of the shell disturbs."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
NNC = ROOT / "build" / "bin" / "nnc"
VENV = ROOT / "build" / "bench-venv"


def clean_environment(threads):
    """OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE may halve one side: they are taken out for both."""
    environment = dict(os.environ)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        environment.pop(name, None)
    environment["OMP_NUM_THREADS"] = str(threads)
    return environment


def rival_python():
    """A Python with PyTorch, which is installed on the first use: a rival for the benchmarks only."""
    python = VENV / "bin" / "python"
    if not python.exists():
        print("[bench] installing PyTorch into build/bench-venv", file=sys.stderr)
        venv.create(VENV, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "torch==2.13.0", "numpy"], check=True)
    return python


def last_json_line(command, threads):
    """What a program prints last, as JSON."""
    output = subprocess.run(command, env=clean_environment(threads), check=True, capture_output=True, text=True).stdout
    return json.loads(output.strip().splitlines()[-1])


def train(threads, *arguments):
    """`nnc run ARGUMENTS` into a folder of its own: (steps per second, the records of metrics.jsonl)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [NNC, "run", *arguments, "--json", "--threads", str(threads), "--out", f"{folder}/run"]
        result = last_json_line(command, threads)
        log = pathlib.Path(folder, "run", "metrics.jsonl").read_text().splitlines()
    return result["steps"] / result["train_seconds"], [json.loads(line) for line in log]


def in_turns(sides, rounds):
    """Each side once a round, one after the other, so that what disturbs the machine disturbs all: name -> results."""
    results = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            results[name].append(side())
    return results


def print_rates(rates, suffix=lambda name: ""):
    """One line a side; `rates` holds a list of steps per second for each, nnc's under "nnc"."""
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, rate in medians.items():
        print(f"  {name:20} {rate:8.2f} steps/s   nnc is {medians['nnc'] / rate:5.2f} x{suffix(name)}")
    return medians
