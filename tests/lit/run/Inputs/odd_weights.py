"""Writes files that people give for weights and that are none, and weights that hold NaN. usage: odd_weights.py FOLDER"""
import json
import pathlib
import pickle
import struct
import sys
import zipfile

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
with zipfile.ZipFile(folder / "model.pt", "w") as archive:
    archive.writestr("archive/data.pkl", pickle.dumps({}))
    archive.writestr("archive/data/0", b"\0" * 64)
(folder / "model.pkl").write_bytes(pickle.dumps({"w": [1.0]}, protocol=4))
(folder / "array.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + b"{'descr': '|O'}".ljust(118))
(folder / "weights.json").write_text('{"net.dense.w": [1.0]}')


def safetensors(tensors):
    header, data = {}, b""
    for name, shape, values in tensors:
        raw = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


shapes = {"net.dense.w": [6, 8], "net.dense.b": [8], "net.dense_2.w": [8, 3], "net.dense_2.b": [3]}
tensors = []
for name, shape in shapes.items():
    count = shape[0] * (shape[1] if len(shape) > 1 else 1)
    tensors.append((name, shape, [0.5] * count))
tensors[2][2][5] = float("nan")
(folder / "nan.safetensors").write_bytes(safetensors(tensors))
(folder / "colour.safetensors").write_bytes(safetensors([("a\x1b[31mred", [1], [0.5])]))
for count in (65536, 65537):
    header = {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(count)}
    text = json.dumps(header).encode()
    (folder / f"{count}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
