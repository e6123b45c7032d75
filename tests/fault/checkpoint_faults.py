"""Lets each system call with which a run saves its state fail, or kills the process at it, one after the other.

usage: checkpoint_faults.py NNC

strace injects the fault at the first, second, third... call of a kind, until a run gets through without meeting it.
After each fault the run folder must hold no checkpoint, or one that `nnc eval` reads; and `--resume` must end with the
metrics and the weights of a run that was never disturbed. An error that is not a kill must be reported with exit 3.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from faults import check, every_place, injecting, require_strace, was_met

HERE = pathlib.Path(__file__).resolve().parent
INPUTS = HERE.parent / "lit" / "run" / "Inputs"
CALLS = ("fsync", "rename", "symlink", "ftruncate")
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
EPOCHS = "2"


def nnc(program, folder, *arguments, inject=None):
    command = [program, *arguments]
    if inject:
        command = injecting(command, folder / "trace", inject)
    return subprocess.run(command, capture_output=True, text=True)


def disturbed(program, folder, inject, whole):
    """One faulty run and what must hold after it. False: the fault was not met."""
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    model = str(folder / "points.nn")
    result = nnc(program, folder, "run", model, "--epochs", EPOCHS, "--out", str(run), inject=inject)
    met = was_met(folder / "trace")
    check(met or result.returncode == 0, f"{inject}: no fault and yet", result)
    if not met:
        return False
    if "signal" not in inject:
        check(result.returncode == 3 and "error[E1401]" in result.stderr, f"{inject}: reported with its reason", result)
    if (run / "last").is_symlink():
        read = nnc(program, folder, "eval", model, "--weights", str(run))
        check(read.returncode == 0, f"{inject}: the last checkpoint is whole", read)
    if not (run / "manifest.json").exists():
        return True  # it had not begun
    resumed = nnc(program, folder, "run", model, "--epochs", EPOCHS, "--resume", "--out", str(run))
    check(resumed.returncode == 0, f"{inject}: resumes", resumed)
    for name in ("metrics.jsonl", "last"):
        check((run / name).read_bytes() == whole[name], f"{inject}: {name} has the same bits", resumed)
    check(not list(run.rglob("*.tmp.*")), f"{inject}: no temporary files stay")
    return True


def main():
    program = sys.argv[1]
    require_strace()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, "-B", INPUTS / "points.py", folder], check=True)
        shutil.copy(INPUTS / "points.nn", folder)
        result = nnc(program, folder, "run", str(folder / "points.nn"), "--epochs", EPOCHS, "--out", str(folder / "whole"))
        check(result.returncode == 0, "undisturbed", result)
        whole = {file: (folder / "whole" / file).read_bytes() for file in ("metrics.jsonl", "last")}
        every_place(CALLS, FAULTS, lambda inject: disturbed(program, folder, inject, whole))


main()
