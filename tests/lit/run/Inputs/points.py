"""Writes a small data set as IDX files: rows of six bytes around one of three blobs, and their class.

usage: points.py FOLDER [--rows N] [--gzip]
"""
import argparse
import gzip
import pathlib
import random
import struct


def idx(sizes, elements):
    return bytes([0, 0, 8, len(sizes)]) + b"".join(struct.pack(">I", size) for size in sizes) + bytes(elements)


def write(path, data, compress):
    # mtime 0: the same bytes every time.
    path.write_bytes(gzip.compress(data, mtime=0) if compress else data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--gzip", action="store_true")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for prefix, rows, seed in (("", arguments.rows, 1), ("t", 37, 2)):
        draw = random.Random(seed)
        labels = [draw.randrange(3) for _ in range(rows)]
        pixels = [draw.randrange(100) + (100 if i // 2 == label else 0) for label in labels for i in range(6)]
        write(arguments.folder / f"{prefix}x.idx", idx([rows, 6], pixels), arguments.gzip)
        write(arguments.folder / f"{prefix}y.idx", idx([rows], labels), arguments.gzip)


main()
