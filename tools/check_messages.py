#!/usr/bin/env python3
"""Every message of compiler/diagnostics/kinds/*.def has a test: its code appears in a file under tests/. And the rows of
each table stand in the order of the numbers of their codes, each number once in all tables.

Prints what is not so and exits 1. A test that shows a message checks its text and place; this program only finds messages
that no test ever mentions.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r'NNC_DIAGNOSTIC\(\s*(\w+)\s*,\s*"([EW]\d{4})"')


def main():
    rows, misplaced, numbers = {}, 0, {}
    for table in sorted((ROOT / "compiler/diagnostics/kinds").glob("*.def")):
        before = ""
        for name, code in ROW.findall(table.read_text()):
            if code[1:] <= before[1:]:
                print(f"{table.relative_to(ROOT)}: {code} {name} stands behind {before}: rows go by their numbers")
                misplaced += 1
            if code[1:] in numbers:
                print(f"{table.relative_to(ROOT)}: {code} {name} has the number of {numbers[code[1:]]}")
                misplaced += 1
            numbers[code[1:]] = before = code
            rows[code] = (name, table)
    tested = set()
    for file in (ROOT / "tests").rglob("*"):
        if file.is_file() and file.suffix in {".cpp", ".nn", ".nnir", ".test", ".txt", ".py", ".h", ".def"}:
            tested |= set(re.findall(r"[EW]\d{4}", file.read_text(errors="replace")))
    missing = {code: row for code, row in rows.items() if code not in tested}
    for code, (name, table) in sorted(missing.items()):
        print(f"{table.relative_to(ROOT)}: {code} {name}: no test shows this message")
    print(f"{len(rows) - len(missing)} of {len(rows)} messages have a test")
    sys.exit(bool(missing or misplaced))


if __name__ == "__main__":
    main()
