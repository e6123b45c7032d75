#!/usr/bin/env python3
"""Says which .nn files of the tree `nnc fmt` would change. Those of tests of messages may be as they are.

Usage: check_format.py NNC [ROOT] [--write]    exit code 1 when there are some; --write formats them
"""
import pathlib
import subprocess
import sys

FOLDERS = ("stdlib", "examples", "bench", "tests")
# Their messages are checked with line and column, and some show an unusual layout.
AS_THEY_ARE = ("tests/lit", "tests/diagnostics")


def files(root):
    """All .nn files that have to be formatted."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.nn")):
            relative = path.relative_to(root).as_posix()
            if not relative.startswith(AS_THEY_ARE):
                yield path


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    writes = "--write" in sys.argv
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    command = [arguments[0], "fmt"] + ([] if writes else ["--check"]) + [str(path) for path in files(root)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.stderr:
        print(result.stderr, end="")
    print(result.stdout + "format them with: nnc fmt FILE" if result.stdout else "format: ok")
    return 1 if result.stdout or result.stderr else 0


if __name__ == "__main__":
    sys.exit(main())
