"""Runs examples/comeback in its small form: every experiment plans, runs, holds what it expects, and leaves a report.

Usage: quick_suite.py NNC EXAMPLES    exit code 77 where Fashion-MNIST is not installed
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")


def experiments(folder):
    """The names of all experiments that the files of a folder declare."""
    return sorted(name for file in folder.glob("*.nn")
                  for name in re.findall(r"^experiment (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE))


def problems(study):
    """What a study folder lacks."""
    page = study / "report.html"
    if not page.is_file() or page.stat().st_size == 0:
        yield f"{study.name}: no report"
        return
    plan = json.loads((study / "study.json").read_text(encoding="utf-8"))
    lines = [json.loads(line) for line in (study / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    made = {line["cell"] for line in lines if line["role"] == "run"}
    for cell in plan["cells"]:
        if cell["id"] not in made:
            yield f"{study.name}: no run of cell {cell['id']}"


def main():
    nnc, examples = sys.argv[1], pathlib.Path(sys.argv[2])
    if not DATA.is_dir():
        print(f"SKIPPED: {DATA} is missing; the package dataset-fashion-mnist installs it", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        result = subprocess.run([nnc, "run", str(examples), "--quick", "--out", scratch], capture_output=True, text=True)
        names = experiments(examples)
        found = [problem for name in names for problem in problems(pathlib.Path(scratch) / name)]
        if len(names) < 11:
            found.append(f"{len(names)} experiments, and there are eleven questions")
        if result.returncode != 0:
            found.append(f"exit code {result.returncode}\n{result.stderr}")
        print("\n".join(found) or f"{len(names)} experiments ran")
        return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
