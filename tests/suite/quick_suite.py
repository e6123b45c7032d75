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


def sharing_problems(nnc, examples, scratch):
    """The 2^5 factorial has at most a program for each cell, and they share kernels."""
    file, options = str(examples / "factorial.nn"), ["--quick", "--out", str(pathlib.Path(scratch) / "sharing")]
    planned = subprocess.run([nnc, "run", file, "--plan", "--json", *options], capture_output=True, text=True)
    plan = json.loads(planned.stdout)
    if len(plan["cells"]) != 32 or len({cell["id"] for cell in plan["cells"]}) != 32:
        yield "the factorial has not 32 cells"
    # What draws the initial values is no part of a step: there are sixteen of them.
    programs = {cell["program"] for cell in plan["cells"]}
    if plan["compilations"] != len(programs) or len(programs) > 32:
        yield f"the factorial plans {plan['compilations']} compilations of {len(programs)} programs for 32 cells"
    run = subprocess.run([nnc, "run", file, "--time", *options], capture_output=True, text=True)
    counts = [[int(number) for number in re.findall(r"\d+", line)]
              for line in run.stderr.splitlines() if re.search(r"(compiled|reused) programs", line)]
    if len(counts) != 2:
        yield f"`--time` says nothing of programs\n{run.stderr}"
        return
    (compiled, kernels), (reused, kernels_reused) = counts
    # A step and an evaluation for each program, and the two maps of the data: rows and labels.
    if compiled > 2 * len(programs) + 2:
        yield f"{compiled} programs were compiled for {len(programs)} structures"
    if reused == 0 or kernels_reused < kernels:
        yield f"{kernels} kernels were compiled and {kernels_reused} shared; {reused} programs ran code of another"


def main():
    nnc, examples = sys.argv[1], pathlib.Path(sys.argv[2])
    if not DATA.is_dir():
        print(f"SKIPPED: {DATA} is missing; the package dataset-fashion-mnist installs it", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        result = subprocess.run([nnc, "run", str(examples), "--quick", "--out", scratch], capture_output=True, text=True)
        names = experiments(examples)
        found = [problem for name in names for problem in problems(pathlib.Path(scratch) / name)]
        found += sharing_problems(nnc, examples, scratch)
        if len(names) < 11:
            found.append(f"{len(names)} experiments, and there are eleven questions")
        if result.returncode != 0:
            found.append(f"exit code {result.returncode}\n{result.stderr}")
        print("\n".join(found) or f"{len(names)} experiments ran")
        return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
