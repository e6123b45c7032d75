#!/usr/bin/env python3
"""Runs the blocks of the documents: README.md, docs/language.md, docs/experiments.md and the tutorial. Each document has a folder of its own to run in.

    ```nn file=hello.nn     written to that file, which `nnc check` must then find right
    ```nn more=hello.nn     appended to it, and checked
    ```nn wrong=hello.nn    written, not checked: what follows shows the mistake
    ```nn                   a fragment: declarations, or statements of a body; it must parse
    ```c file=main.c        written
    ```sh                   `$ command` is run, the lines below it are what it prints; `...` is any number of lines and
                            {{pattern}} a regular expression within a line; decimals need not be exact, and times are
                            free. Without `$` every line is a command.
    ```sh fails             the commands fail, and print to stderr what stands below them
    ```sh not-run           installs packages, or takes minutes
    ```text                 not run

Usage: check_docs.py NNC [ROOT] [DOCUMENT...]    exit code 1 when a block does not hold
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^```(.*)$")
WRAPPERS = ("{}", "fn f() -> f32 {{\n{}\n}}", "data d {{\n{}\n}}")


def blocks(document):
    """(line number, info string, text) of each fenced block."""
    found, start, info, lines = [], None, "", []
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), 1):
        fence = FENCE.match(line)
        if fence and start is None:
            start, info, lines = number, fence.group(1).strip(), []
        elif fence:
            found.append((start, info, "\n".join(lines) + "\n"))
            start = None
        else:
            lines.append(line)
    return found


def pattern(line):
    """A line of expected output as a regular expression. Its decimals are groups, compared by `isClose`."""
    out = []
    for i, part in enumerate(re.split(r"\{\{(.*?)\}\}", line.rstrip())):
        if i % 2 == 1:
            out.append(f"(?:{part})")
            continue
        for j, piece in enumerate(re.split(r"(\d+\.\d+ s\b|\d+ steps/s|\d+\.\d+)", part)):
            if j % 2 == 0:
                out.append(re.sub(r"(\\ )+", r"\\ +", re.escape(piece)))
            elif piece.endswith("s"):
                out.append(r"[\d.]+" + piece.lstrip("0123456789."))  # a time: any
            else:
                out.append(r"(\d+\.\d+)")
    return "".join(out) + r"\s*"


def fits(expected, printed):
    """Whether a line is what was expected: decimals within 10 % and 0.05, since other machines round otherwise; times are free."""
    match = re.fullmatch(pattern(expected), printed.rstrip())
    numbers = re.findall(r"(?<![\d.])\d+\.\d+(?! s\b)(?![\d.])", re.sub(r"\{\{.*?\}\}", "", expected))
    return match is not None and (len(numbers) != len(match.groups()) or all(
        abs(float(have) - float(want)) <= 0.1 * abs(float(want)) + 0.05 for want, have in zip(numbers, match.groups())))


def matches(expected, printed):
    """Whether the lines fit, `...` standing for any number of them."""
    if not expected:
        return not printed
    if expected[0].strip() == "...":
        return any(matches(expected[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and fits(expected[0], printed[0]) and matches(expected[1:], printed[1:])


class Runner:
    """Runs the blocks of one document."""

    def __init__(self, nnc, root, folder):
        self.nnc, self.folder = nnc, folder
        self.environment = dict(os.environ, NO_COLOR="1", PATH=f"{nnc.parent}:{os.environ['PATH']}")
        if folder.exists():
            return
        # What README.md names, as it lies in the source tree.
        folder.mkdir()
        for name in ("examples", "tests", "bench"):
            (folder / name).symlink_to(root / name)
        (folder / "build").mkdir()
        (folder / "build" / "bin").symlink_to(nnc.parent)

    def bash(self, command):
        return subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120)

    def parses(self, text):
        """None, or what is wrong with a fragment."""
        first = None
        for wrapper in WRAPPERS:
            result = subprocess.run([self.nnc, "fmt", "--stdin"], input=wrapper.format(text), env=self.environment, capture_output=True, text=True)
            if result.returncode == 0:
                return None
            first = first or result.stderr
        return first

    def source(self, attributes, text):
        """Writes a file, or parses a fragment."""
        if not attributes:
            return self.parses(text)
        kind, name = attributes[0].split("=")
        with open(self.folder / name, "a" if kind == "more" else "w", encoding="utf-8") as file:
            file.write(text)
        if kind == "wrong" or not name.endswith(".nn"):
            return None
        result = self.bash(f"nnc check {name}")
        return result.stderr if result.returncode != 0 else None

    def shell(self, attributes, text):
        """Runs commands and compares what they print."""
        if "not-run" in attributes:
            return None
        fails = "fails" in attributes
        compares = any(line.startswith("$ ") for line in text.splitlines())
        commands = []
        for line in text.splitlines():
            if not compares and line.strip() and not line.startswith("#"):
                commands.append((line, None))
            elif line.startswith("$ "):
                commands.append((line[2:], []))
            elif compares and commands:
                commands[-1][1].append(line)
        for command, expected in commands:
            result = self.bash(command)
            if (result.returncode != 0) != fails:
                return f"$ {command}\nexit code {result.returncode}\n{result.stdout}{result.stderr}"
            printed = (result.stderr if fails else result.stdout).splitlines()
            while printed and not printed[-1].strip():
                printed.pop()
            while expected and not expected[-1].strip():
                expected.pop()
            if expected is not None and not matches(expected, printed):
                return f"$ {command}\nexpected:\n" + "\n".join(expected) + "\nprinted:\n" + "\n".join(printed)
        return None

    def run(self, info, text):
        """None, or what does not hold."""
        language, *attributes = info.split() or [""]
        if language in ("nn", "c"):
            return self.source(attributes, text)
        if language == "sh":
            return self.shell(attributes, text)
        return None if language == "text" else f"a block without a language that this tool knows: `{info}`"


def main():
    nnc = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else pathlib.Path(__file__).resolve().parent.parent
    documents = [pathlib.Path(argument).resolve() for argument in sys.argv[3:]]
    documents = documents or [root / "README.md", root / "docs" / "language.md", root / "docs" / "experiments.md", *sorted((root / "docs" / "tutorial").glob("*.md"))]
    count = faults = 0
    with tempfile.TemporaryDirectory() as scratch:
        for document in documents:
            # The chapters of the tutorial build on one another.
            folder = pathlib.Path(scratch) / (document.parent.name if document.parent.name == "tutorial" else document.stem)
            runner = Runner(nnc, root, folder)
            for line, info, text in blocks(document):
                count += 1
                problem = runner.run(info, text)
                if problem:
                    faults += 1
                    print(f"{document.relative_to(root)}:{line}: {problem.rstrip()}\n")
    print(f"docs: {count} blocks, {faults} do not hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
