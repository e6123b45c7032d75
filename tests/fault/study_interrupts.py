"""Interrupts a study at many moments of planning, compiling, training and writing its report, and runs it again.

usage: study_interrupts.py NNC

strace sends SIGINT at system calls of the main thread that are spread evenly over a whole run, of kinds that its phases
make; while others train it waits. (Calls of all threads would be counted for each: a second SIGINT ends at once.) An interrupted
run ends as one that a shell shows as 130, and leaves no temporary file. Run again, the study must have the bytes of one
that was never interrupted: results.jsonl apart from times, study.json, verdicts.json, and the page for equal times.
"""
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from faults import check, require_strace

# Reading sources and data; memory of compiled code; results, messages and report; threads that wait for each other.
CALLS = ("openat", "mprotect", "write", "rename", "futex")
MOMENTS = 8  # of each kind
INTERRUPTED = (130, -signal.SIGINT)  # said by nnc, or ended by the signal before it listens: 130 in a shell, too

PROGRAM = """
data clouds {
  source: generate(200, fn (i, key) => (x: random_normal(key, [4]) + cast(i % 2, f32), y: cast(i % 2, i32)))
  split:  (train: 0..64, valid: 64..96, test: 96..200)
}
network net(act: fn, norm: layer)(x: f32[B, 4]) -> f32[B, 2] = x |> dense(6) |> norm |> act |> dense(2)
train recipe(act: fn = relu, norm: layer = identity, lr: real = 0.1) {
  network:   net(act, norm)
  data:      clouds
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(lr, 0.9)
  batch:     16
  steps:     24
}
experiment suspects {
  run: recipe
  vary act in ["sigmoid": sigmoid, "ReLU": relu]
  vary norm in ["none": identity, "batch norm": batch_norm()]
  bind lr = tuned([0.1, 0.3], by: valid.loss, steps: 4)
  seeds: 2
  probe grad_norm every steps(8)
  measure test = test.accuracy
  expect mean(test) >= 0.5, "better than guessing"
}
"""


def run(nnc, folder, strace=()):
    command = list(strace) + [nnc, "run", str(folder / "main.nn"), "--out", str(folder / "study")]
    return subprocess.run(command, capture_output=True, text=True)


def timeless(study):
    """The lines of results.jsonl without what clocks said."""
    lines = (study / "results.jsonl").read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "time"} for line in lines]


def page(nnc, study):
    """The page that the folder has, after it was written anew."""
    result = subprocess.run([nnc, "report", str(study)], capture_output=True, text=True)
    check(result.returncode == 0, "the report of the folder", result)
    return (study / "report.html").read_bytes()


def interrupted(nnc, folder, whole, call, when):
    """One interrupted run and what must hold after it. Returns how far it had come."""
    what = f"{call} {when}"
    study = folder / "study"
    shutil.rmtree(study, ignore_errors=True)
    result = run(nnc, folder, ("strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                               f"inject={call}:signal=INT:when={when}"))
    check(result.returncode in INTERRUPTED or result.returncode == 0, f"{what}: exit code", result)
    check(not list(study.rglob("*.tmp.*")), f"{what}: no temporary files stay", result)
    results = study / "results.jsonl"
    done = len(results.read_text().splitlines()) if results.exists() else 0
    again = run(nnc, folder)
    check(again.returncode == 0, f"{what}: the next run gets through", again)
    check(not list(study.rglob("*.tmp.*")), f"{what}: no temporary files stay after the next run", again)
    left = (study / "report.html").read_bytes()
    check(page(nnc, study) == left, f"{what}: the page is that of the folder", again)
    check(timeless(study) == timeless(whole), f"{what}: results are those of a run that was not interrupted", again)
    for name in ("study.json", "verdicts.json"):
        check((study / name).read_bytes() == (whole / name).read_bytes(), f"{what}: {name} has the same bytes", again)
    shutil.copy(whole / "results.jsonl", study / "results.jsonl")
    check(page(nnc, study) == (whole / "report.html").read_bytes(), f"{what}: the page for the same times", again)
    return result.returncode, done


def main():
    nnc = sys.argv[1]
    require_strace()
    with tempfile.TemporaryDirectory() as name:
        folder, whole = pathlib.Path(name), pathlib.Path(name) / "whole"
        (folder / "main.nn").write_text(PROGRAM)
        trace = folder / "trace"
        result = run(nnc, folder, ("strace", "-qq", "-o", str(trace), "-e", "trace=" + ",".join(CALLS)))
        check(result.returncode == 0, "undisturbed", result)
        (folder / "study").rename(whole)
        lines = trace.read_text().splitlines()
        stages = set()
        for call in CALLS:
            count = sum(line.startswith(f"{call}(") for line in lines)
            check(count > 0, f"{call} is never called", result)
            moments = sorted({max(1, count * i // MOMENTS) for i in range(1, MOMENTS + 1)})
            for when in moments:
                code, done = interrupted(nnc, folder, whole, call, when)
                stages.add((code != 0, min(done, 1) + (done == len(timeless(whole)))))
            print(f"{call}: {len(moments)} of {count} calls")
        for done, stage in ((0, "before the first result"), (1, "between results"), (2, "after the last result")):
            check((True, done) in stages, f"no run was interrupted {stage}", result)


main()
