"""usage: readers.py small DIR: the same 90 examples of three classes as t.csv, t.npz (compressed), pictures/ (a folder for each
                              class) and t.txt, and readers.nn that trains on each
          readers.py large DIR: 560 examples of 1 MiB each, more than is held in memory: as a compressed t.npz, and as x.npy and
                              y.npy, which are mapped; with large.nn
          readers.py pictures DIR: 44 small pictures that are 553 MB when they are decoded, with pictures.nn
          readers.py break_row CSV ROW TEXT: puts TEXT in the place of a row
          readers.py checkpointed RUN: fails unless the last checkpoint belongs to the last line of the log, and nothing else is there"""
import json
import os
import pathlib
import random
import struct
import sys
import zipfile

from png import png

TRAIN = """\
train {name}(epochs: int = {epochs}) {{
  network:   {network}
  data:      {data}
  loss:      {loss}
  optimizer: sgd({rate})
  batch:     8
  epochs:    epochs
}}
"""


def npy_header(dtype, shape):
    """The first bytes of an .npy file, version 1."""
    text = "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }" % (dtype, "".join(f"{n}, " for n in shape))
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def write_pictures(folder, count):
    draw = random.Random(5)
    for i in range(count):
        pixel = [20 + draw.randrange(60) for _ in range(3)]
        pixel[i % 3] += 120
        place = folder / "pictures" / ("red", "green", "blue")[i % 3]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:02}.png").write_bytes(png(8, pixel))


def small(folder):
    draw = random.Random(1)
    rows = [[round((i % 3 == k) + draw.gauss(0, 0.3), 3) for k in range(4)] for i in range(90)]
    labels = [i % 3 for i in range(90)]
    (folder / "t.csv").write_text("a,b,c,d,label\n" + "".join(",".join(map(str, x)) + f",{y}\n" for x, y in zip(rows, labels)))
    with zipfile.ZipFile(folder / "t.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy_header("<f4", (90, 4)) + struct.pack("<360f", *(v for x in rows for v in x)))
        archive.writestr("label.npy", npy_header("<i4", (90,)) + struct.pack("<90i", *labels))
    write_pictures(folder, 90)
    (folder / "t.txt").write_text("".join(draw.choice(["the cat ", "a dog ", "sat. ", "ran; "]) for _ in range(2000)))
    table = 'data {name} {{ source: {reader}  fields: (x: f32[4], label: i32)  let y = label  split: random(valid: 0.2) }}\n'
    (folder / "readers.nn").write_text(
        table.format(name="table", reader='csv("t.csv")') + table.format(name="arrays", reader='npz("t.npz")')
        + 'data images_of_three { source: images("pictures", size: (6, 4))  let x = reshape(cast(image, f32) / 255.0, [72])  let y = label\n'
        + "  split: random(valid: 0.2) }\n"
        + "fn next_token(z: f32[B, T, V], y: i32[B, T]) -> f32[B] {\n"
        + "  let l[b] = mean[t](logsumexp[w](z[b, t, w]) - z[b, t, y[b, t]])\n  return l\n}\n"
        + "network words(tokens: i32[B, T]) -> f32[B, T, 270] = tokens |> embedding(270, 8) |> dense(270)\n"
        + "".join(TRAIN.format(name=name, network="dense(3)", data=data, loss="cross_entropy", rate=0.2, epochs=4)
                  for name, data in (("csv_rows", "table"), ("npz_rows", "arrays"), ("pictures", "images_of_three")))
        + TRAIN.format(name="tokens", network="words", loss="next_token", rate=1.0, epochs=4,
                       data='text_windows("t.txt", length: 16, vocab: bpe("bpe.json"))'))


def large(folder):
    count, width = 560, 1 << 20
    labels = bytes(i % 3 for i in range(count))
    (folder / "y.npy").write_bytes(npy_header("|u1", (count,)) + labels)
    header = npy_header("|u1", (count, width))
    with open(folder / "x.npy", "wb") as file:  # sparse: zeros but for one byte of each row
        file.write(header)
        for i, label in enumerate(labels):
            file.seek(len(header) + i * width + label * 1000 + i % 7)
            file.write(bytes([100 + i % 50]))
        file.truncate(len(header) + count * width)
    with zipfile.ZipFile(folder / "t.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(folder / "x.npy", "x.npy")
        archive.write(folder / "y.npy", "y.npy")
    data = """\
data {name} {{
  source: {reader}
  fields: (x: u8[1048576], y: u8)
  let z[k: 3] = max[i: 1000](cast(x[1000 * k + i], f32)) / 150.0
  let label = cast(y, i32)
  split:  random(valid: 0.1)
}}
network net(z: f32[B, 3]) -> f32[B, 3] = z |> dense(3)
fn loss_of(p: f32[B, 3], label: i32[B]) -> f32[B] = cross_entropy(p, label)
"""
    for file, reader in (("packed.nn", 'npz("t.npz")'), ("mapped.nn", 'npy("x.npy", "y.npy")')):
        (folder / file).write_text(data.format(name="rows", reader=reader)
                                   + TRAIN.format(name="fit", network="net", data="rows", loss="loss_of", rate=0.5, epochs=3))


def pictures(folder):
    write_pictures(folder, 44)
    (folder / "pictures.nn").write_text("""\
data shown {
  source: images("pictures", size: (2048, 2048))
  let x[c: 3] = mean[i: 64](cast(image[c, 32 * i, 5], f32)) / 255.0
  let y = label
}
network net(x: f32[B, 3]) -> f32[B, 3] = x |> dense(3)
""" + TRAIN.format(name="fit", network="net", data="shown", loss="cross_entropy", rate=0.5, epochs=4))


def break_row(file):
    rows = file.read_text().split("\n")
    rows[int(sys.argv[3])] = sys.argv[4]
    file.write_text("\n".join(rows))


def checkpointed(folder):
    log = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    last = os.readlink(folder / "last")
    if f"{log[-1]['step']:08}.safetensors" not in last:
        sys.exit(f"{last} after step {log[-1]['step']}")
    others = [name for name in os.listdir(folder / "ckpt") if not name.endswith(".safetensors")]
    if others:
        sys.exit(f"{others}")


def main():
    what, path = sys.argv[1], pathlib.Path(sys.argv[2])
    if what in ("small", "large", "pictures"):
        path.mkdir(parents=True, exist_ok=True)
    {"small": small, "large": large, "pictures": pictures, "break_row": break_row, "checkpointed": checkpointed}[what](path)


main()
