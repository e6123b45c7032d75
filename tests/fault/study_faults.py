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

CALLS = ("fsync", "rename", "ftruncate", "write")
FAULTS = ("error=EIO", "error=ENOSPC", "signal=KILL")
FILES = ("study.json", "results.jsonl", "verdicts.json")
RUNS = "3"
SKIPPED = 77


def make(program, folder, inject=None):
    command = [program, str(folder / "made"), RUNS]
    if inject:
        trace = inject.split(":")[0]
        command = ["strace", "-f", "-qq", "-o", str(folder / "trace"), "-e", f"trace={trace}", "-e", f"inject={inject}"] + command
    return subprocess.run(command, capture_output=True, text=True)


def check(condition, what, result):
    if condition:
        return
    print("FAILED:", what)
    print(result.returncode, result.stdout, result.stderr)
    sys.exit(1)


def contents(folder):
    return {f"{study}/{name}": (folder / "made" / study / name).read_bytes() for study in ("factorial", "sweep") for name in FILES}


def disturbed(program, folder, inject, whole):
    """One faulty run and what must hold after it. False: the fault was not met."""
    shutil.rmtree(folder / "made", ignore_errors=True)
    result = make(program, folder, inject)
    trace = (folder / "trace").read_text()
    if "INJECTED" not in trace and "killed by SIGKILL" not in trace:
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
    if shutil.which("strace") is None or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        print("SKIPPED: strace is missing, or may not trace here")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        result = make(program, folder)
        check(result.returncode == 0, "undisturbed", result)
        whole = contents(folder)
        for call in CALLS:
            for fault in FAULTS:
                when = 1
                while disturbed(program, folder, f"{call}:{fault}:when={when}", whole):
                    when += 1
                check(when > 1, f"{call} is never called", result)
                print(f"{call} {fault}: {when - 1} places")


main()
