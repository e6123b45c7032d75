"""What the files of noise_when_used.test have to be."""
import json
import pathlib
import sys

import numpy

folder = pathlib.Path(sys.argv[1])
if len(sys.argv) == 2:
    numpy.save(folder / "zeros.npy", numpy.zeros((20, 3), numpy.float32))
    last = [json.loads(line) for line in (folder / "run/metrics.jsonl").read_text().splitlines()][-1]
    same, other = (json.loads((folder / f"{name}.json").read_text())["metrics"]["valid.loss"] for name in ("same", "other"))
    assert last["valid.loss"] == same != other, (last, same, other)
else:
    a, b, c = (numpy.load(folder / f"{name}.npy") for name in "abc")
    split = numpy.load(folder / "d.npz")
    assert (a == b).all() and (a != c).all()
    for rows in (a, split[split.files[0]]):
        assert len(numpy.unique(rows[:, 0])) == len(rows), "every row, of every batch, has noise of its own"
