#!/usr/bin/env python3
"""Mistakes of newcomers: each gives one message with the right place first, and at most one follow-up.

usage: check_mistakes.py NNC [--write]

The files beside this program hold sections: `=== what was done wrong`, a .nn program, and after a line `---` what nnc
says: `CODE LINE:COLUMN message`, and indented the other places, notes and help, one a line. `--write` renews what
follows `---`; read the difference before it is committed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MOST_MESSAGES = 2


def sections(text):
    """(title, program, expectation) of each section of a file."""
    for part in text.split("\n=== ")[1:]:
        title, _, body = part.partition("\n")
        program, _, expected = body.partition("\n---\n")
        yield title.strip(), program.strip("\n") + "\n", expected.strip("\n")


def said(nnc, program, folder):
    path = pathlib.Path(folder) / "main.nn"
    path.write_text(program)
    run = subprocess.run([nnc, "check", "--json", str(path)], capture_output=True, text=True)
    lines, count = [], 0
    for line in run.stderr.splitlines():
        message = json.loads(line)
        count += 1
        lines.append(f"{message['code']} {message['line']}:{message['column']} {message['message']}")
        for note in message["notes"]:
            place = f"{note['line']}:{note['column']} " if (note.get("file") or "").endswith("main.nn") else ""
            lines.append(f"  {place}{note['message']}")
        lines += [f"  help: {text}" for text in message["help"]]
    return "\n".join(lines).replace(f"{folder}/", ""), count, run.returncode


def main():
    nnc, isWriting = sys.argv[1], "--write" in sys.argv[2:]
    faults = total = 0
    for file in sorted(HERE.glob("*.txt")):
        text = file.read_text()
        renewed = text.split("\n=== ")[0].rstrip("\n") + "\n"
        for title, program, expected in sections(text):
            total += 1
            with tempfile.TemporaryDirectory() as folder:
                actual, count, code = said(nnc, program, folder)
            renewed += f"\n=== {title}\n{program}---\n{actual}\n"
            problem = None
            if code != 1 or count == 0:
                problem = f"exit code {code} with {count} messages"
            elif count > MOST_MESSAGES:
                problem = f"{count} messages for one mistake"
            elif actual != expected and not isWriting:
                problem = "another message"
            if problem:
                faults += 1
                print(f"{file.name}: {title}: {problem}\nexpected:\n{expected}\nsaid:\n{actual}\n")
        if isWriting:
            file.write_text(renewed)
    print(f"{total - faults} of {total} mistakes are answered as expected")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
