"""Prints what a run folder holds. usage: folder.py FOLDER"""
import json
import os
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
for link in ("best", "last"):
    print(link, "->", os.readlink(folder / link))
log = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
epochs = [line for line in log if "train.loss" in line]
print("last epoch", epochs[-1]["epoch"], "step", epochs[-1]["step"])
print("learnt" if epochs[-1]["valid.loss"] < epochs[0]["valid.loss"] and epochs[-1]["test.accuracy"] > 0.9 else f"not learnt: {epochs[-1]}")
manifest = json.loads((folder / "manifest.json").read_text())
print("seed", manifest["seed"], "program", manifest["program"], "batch", manifest["batch"], "files", len(manifest["data"]), "sessions", len(manifest["sessions"]))
