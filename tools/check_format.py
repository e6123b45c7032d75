#!/usr/bin/env python3
"""Says which .nn files of the tree `nnc fmt` would change.

Usage: check_format.py NNC [ROOT] [--write]    exit code 1 when there are some; --write formats them
"""
import pathlib
import subprocess
import sys

FOLDERS = ("stdlib", "examples", "bench", "tests")


def files(root):
    """All .nn files."""
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.nn"))]


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    writes = "--write" in sys.argv
    root = pathlib.Path(arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    command = [arguments[0], "fmt"] + ([] if writes else ["--check"]) + [str(path) for path in files(root)]
    result = subprocess.run(command, capture_output=True, text=True)
    # Files that do not parse, as tests of messages have them, are named on stderr only.
    print(result.stdout + "format them with: nnc fmt FILE" if result.stdout else "format: ok")
    return 1 if result.stdout or result.returncode not in (0, 1) else 0


if __name__ == "__main__":
    sys.exit(main())
