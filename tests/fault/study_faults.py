"""Lets each system call with which a study is written fail, or kills the process at it, one after the other.

usage: study_faults.py MAKE_STUDY

strace injects the fault at the first, second, third... call of a kind, until the program gets through without meeting it.
After each fault the program runs again: every file must then have the bytes of a study that was never disturbed, and no
temporary file may stay. An error that is not a kill must be reported as E1401.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

from faults import check, every_place, injecting, require_strace, was_met

CALLS = ("fsync", "rename", "ftruncate", "write")
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
FILES = ("study.json", "results.jsonl", "verdicts.json")
RUNS = "3"


def make(program, folder, inject=None):
    command = [program, str(folder / "made"), RUNS]
    if inject:
        command = injecting(command, folder / "trace", inject)
    return subprocess.run(command, capture_output=True, text=True)


def contents(folder):
    return {f"{study}/{name}": (folder / "made" / study / name).read_bytes() for study in ("factorial", "sweep") for name in FILES}


def disturbed(program, folder, inject, whole):
    """One faulty run and what must hold after it. False: the fault was not met."""
    shutil.rmtree(folder / "made", ignore_errors=True)
    result = make(program, folder, inject)
    if not was_met(folder / "trace"):
        check(result.returncode == 0, f"{inject}: no fault and yet", result)
        return False
    # Writing a message is a `write` as well, and fails then.
    if "signal" not in inject and not inject.startswith("write"):
        check(result.returncode == 3 and "[E1401]" in result.stderr, f"{inject}: reported with its reason", result)
    again = make(program, folder)
    check(again.returncode == 0, f"{inject}: the next run gets through", again)
    for name, bytes_ in contents(folder).items():
        check(bytes_ == whole[name], f"{inject}: {name} has the same bits", again)
    check(not list((folder / "made").rglob("*.tmp.*")), f"{inject}: no temporary files stay", again)
    return True


def main():
    program = sys.argv[1]
    require_strace()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        result = make(program, folder)
        check(result.returncode == 0, "undisturbed", result)
        whole = contents(folder)
        every_place(CALLS, FAULTS, lambda inject: disturbed(program, folder, inject, whole))


main()
