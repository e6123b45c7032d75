#!/usr/bin/env python3
"""Says whether docs/reference/ is what `nnc docs` writes, and shows the difference.

Usage: check_reference.py NNC [ROOT]    exit code 1 when it is not
"""
import difflib
import pathlib
import subprocess
import sys
import tempfile


def main():
    root = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).resolve().parent.parent)
    kept = root / "docs" / "reference"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "docs", "--out", folder], check=True)
        made = pathlib.Path(folder)
        names = sorted({path.name for where in (kept, made) if where.exists() for path in where.glob("*.md")})
        stale = False
        for name in names:
            old, new = ((where / name).read_text(encoding="utf-8").splitlines(keepends=True) if (where / name).exists() else []
                        for where in (kept, made))
            difference = list(difflib.unified_diff(old, new, f"docs/reference/{name}", "made anew"))
            stale = stale or bool(difference)
            print("".join(difference[:40]), end="")
    print("docs/reference is stale: run `nnc docs` in the root of the source tree" if stale else "reference: ok")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
