"""Rows with one number that is NaN: v.npy and y.npy. usage: not_finite.py FOLDER"""
import pathlib
import struct
import sys


def npy(path, descriptor, shape, data):
    header = f"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust((10 + len(header) + 1 + 63) // 64 * 64 - 11) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


folder = pathlib.Path(sys.argv[1])
rows = 64
values = [float(i % 7) for i in range(rows * 4)]
values[37 * 4 + 2] = float("nan")
npy(folder / "v.npy", "<f4", (rows, 4), struct.pack(f"<{rows * 4}f", *values))
npy(folder / "y.npy", "<i4", (rows,), struct.pack(f"<{rows}i", *[i % 2 for i in range(rows)]))
