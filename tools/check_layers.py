#!/usr/bin/env python3
"""Holds the direction of includes (docs/architecture.md, layout): prints file:line of each include that points the wrong way.

Usage: check_layers.py [ROOT]    exit code 1 when there is a violation
"""
import pathlib
import re
import sys

# The one file that includes ANTLR and what it generated, and the headers that pass it on.
GENERATED = "compiler/syntax/generated.h"
INSIDE_SYNTAX = {"syntax/generated.h", "syntax/lex.h", "syntax/build.h"}

# Folder of compiler/ -> the folders that it may include. Everybody may include itself.
BELOW = {
    "support": [],
    "statistics": ["support"],
    "diagnostics": ["support"],
    "study": ["diagnostics"],
    "report": ["statistics", "study"],
    "ir": ["diagnostics"],
    "autodiff": ["ir"],
    "passes": ["autodiff"],
    "codegen": ["ir"],
    "syntax": ["diagnostics"],
    "format": ["syntax"],
    "elaborate": ["syntax", "ir"],
    "engine": ["syntax", "elaborate", "autodiff", "passes", "codegen"],
    "training": ["engine"],
    "probes": ["training", "study"],
    "experiment": ["probes", "report"],
    "driver": ["report", "experiment", "probes", "training", "format"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def allowed(folder):
    """The folder and all that lie below it."""
    seen, todo = set(), [folder]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo += BELOW[current]
    return seen


def fault(path, header):
    """What is wrong with `path` including `header`, or None. `path` is relative to the root."""
    top, folder = path.parts[0], path.parts[1] if len(path.parts) > 2 else ""
    first = header.split("/")[0]
    if header == "iostream":
        return "<iostream> is included nowhere: fmt and cstdio print"
    if first in ("llvm", "llvm-c") and not (top == "compiler" and folder == "codegen" and path.suffix == ".cpp"):
        return "LLVM headers belong in compiler/codegen/*.cpp"
    if first == "antlr4-runtime.h" or re.match(r"NN(Lexer|Parser|BaseVisitor|Visitor|BaseListener|Listener)\.h$", header.split("/")[-1]):
        if path.as_posix() != GENERATED:
            return f"ANTLR headers are included by {GENERATED} alone"
    if header in INSIDE_SYNTAX and not (top == "compiler" and folder == "syntax"):
        return "headers that show ANTLR stay inside compiler/syntax/"
    if top == "runtime" and (first in BELOW or first == "compiler"):
        return "runtime/ sees nothing of compiler/"
    if top != "compiler" or first not in BELOW or "/" not in header:
        return None
    if folder not in BELOW:
        return f"compiler/{folder}/ is unknown to tools/check_layers.py"
    return None if first in allowed(folder) else f"{folder}/ may not see {first}/"


def check(root):
    """All violations below `root`, as text."""
    found = []
    for top in ("compiler", "runtime"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in (".h", ".cpp", ".c", ".def"):
                continue
            path = file.relative_to(root)
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                problem = match and fault(path, match.group(2))
                if problem:
                    found.append(f"{path}:{number}: {problem}: {match.group(2)}")
    return found


def self_test():
    """A check that finds nothing must be able to find something."""
    wrong = [("compiler/ir/a.cpp", "passes/cse.h"), ("compiler/codegen/a.cpp", "autodiff/rules.h"),
             ("compiler/elaborate/a.h", "codegen/backend.h"), ("compiler/passes/a.cpp", "engine/engine.h"),
             ("compiler/codegen/a.h", "llvm/IR/Module.h"), ("compiler/syntax/a.h", "antlr4-runtime.h"), ("compiler/elaborate/a.cpp", "syntax/lex.h"),
             ("compiler/elaborate/a.cpp", "NNParser.h"), ("compiler/driver/a.cpp", "iostream"),
             ("runtime/io/a.cpp", "ir/types.h"), ("compiler/unknown/a.cpp", "ir/types.h"),
             ("compiler/statistics/a.h", "diagnostics/diagnostics.h")]
    right = [("compiler/ir/a.cpp", "support/hash.h"), ("compiler/passes/a.cpp", "ir/edit.h"),
             ("compiler/codegen/a.cpp", "llvm/IR/Module.h"), (GENERATED, "NNParser.h"), ("compiler/syntax/a.cpp", "syntax/lex.h"),
             ("compiler/training/a.cpp", "nnc/idx.h"), ("compiler/driver/main/a.cpp", "passes/cse.h")]
    assert all(fault(pathlib.PurePath(path), header) for path, header in wrong)
    assert not any(fault(pathlib.PurePath(path), header) for path, header in right)


def main():
    self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    violations = check(root)
    print("\n".join(violations) if violations else "layers: ok")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
