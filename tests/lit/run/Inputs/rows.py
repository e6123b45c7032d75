"""usage: rows.py make DIR: rows 70 to 99 of x.idx as inputs for `nnc predict`, right ones and wrong ones
          rows.py same A B [COUNT]: fails unless both files (.npy, .npz, .csv, .json) hold the same f32 numbers in order
          rows.py near A B COUNT: the first COUNT of them agree to 1e-5, for programs of other batch sizes round otherwise"""
import io
import json
import pathlib
import struct
import sys
import zipfile


def npy(dtype, code, shape, values):
    """The bytes of an .npy file, version 1."""
    text = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (dtype, "".join(f"{n}, " for n in shape))
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + struct.pack(f"<{len(values)}{code}", *values)


def numbers(path):
    """All elements of a file of f32 outputs."""
    if path.endswith(".csv"):
        return [struct.unpack("f", struct.pack("f", float(cell)))[0] for line in open(path).read().split("\n")[1:] for cell in line.split(",") if cell]
    if path.endswith(".json"):
        return [struct.unpack("f", struct.pack("f", value))[0] for row in json.load(open(path)) for values in row.values() for value in values]
    data = open(path, "rb").read()
    if path.endswith(".npz"):
        archive = zipfile.ZipFile(io.BytesIO(data))
        data = archive.read(archive.namelist()[0])
    data = data[10 + struct.unpack("<H", data[8:10])[0]:]
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def make(folder):
    pixels = list((folder / "x.idx").read_bytes()[-600:][70 * 6:])
    floats = [struct.unpack("f", struct.pack("f", value / 255.0))[0] for value in pixels]
    files = {"raw": ("|u1", "B", (30, 6), pixels), "mapped": ("<f4", "f", (30, 6), floats), "one": ("|u1", "B", (6,), pixels[:6]),
             "integers": ("<i8", "q", (30, 6), pixels), "narrow": ("|u1", "B", (36, 5), pixels), "none": ("|u1", "B", (0, 6), [])}
    for name, arguments in files.items():
        (folder / f"{name}.npy").write_bytes(npy(*arguments))
    with zipfile.ZipFile(folder / "named.npz", "w") as archive:
        archive.writestr("pixels.npy", npy(*files["raw"]))
    with zipfile.ZipFile(folder / "misnamed.npz", "w") as archive:
        archive.writestr("picture.npy", npy(*files["raw"]))
    lines = [",".join(str(value) for value in pixels[i:i + 6]) for i in range(0, len(pixels), 6)]
    (folder / "raw.csv").write_text("a,b,c,d,e,f\n" + "\n".join(lines) + "\n")
    (folder / "text.csv").write_text("1,2,3,4,5,6\n1,2,three,4,5,6\n")
    (folder / "ragged.csv").write_text("1,2,3,4,5,6\n1,2,3\n")
    (folder / "large.csv").write_text("1,2,3,4,5,256\n")
    (folder / "cut.npy").write_bytes(npy(*files["raw"])[:-7])


def main():
    if sys.argv[1] == "make":
        return make(pathlib.Path(sys.argv[2]))
    a, b = numbers(sys.argv[2]), numbers(sys.argv[3])
    if len(sys.argv) > 4:
        a, b = a[:int(sys.argv[4])], b[:int(sys.argv[4])]
    tolerance = 1e-5 if sys.argv[1] == "near" else 0.0
    if not a or len(a) != len(b) or any(abs(x - y) > tolerance for x, y in zip(a, b)):
        sys.exit(f"{len(a)} and {len(b)} numbers: {a[:4]} .. and {b[:4]} ..")


main()
