"""usage: kinds_and_pictures.py make DIR: flowers.csv with two kinds of flowers, and a folder of dark and of bright pictures
       kinds_and_pictures.py right CSV JSON: fails unless the classes in JSON are the kinds in CSV, row for row"""
import json
import pathlib
import random
import sys

from png import png


def make(folder):
    draw = random.Random(3)
    lines = ["kind,length,width"]
    for i in range(64):
        kind, centre = ("iris", -1.0) if i % 2 else ("rose, red", 1.0)
        lines.append(f'"{kind}",{centre + draw.uniform(-0.5, 0.5):.3f},{centre + draw.uniform(-0.5, 0.5):.3f}')
    (folder / "flowers.csv").write_text("\n".join(lines) + "\n")
    for kind, level in (("bright", 200), ("dark", 20)):
        (folder / "pictures" / kind).mkdir(parents=True)
        for i in range(16):
            (folder / "pictures" / kind / f"{i:02}.png").write_bytes(png(8, [level + draw.randrange(30) for _ in range(3)]))
    (folder / "flowers.nn").write_text("""\
data flowers {
  source: csv("flowers.csv", label: "kind")
  fields: (x: f32[2], y: i32)
}
train kinds {
  network:   dense(2)
  data:      flowers
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(0.5)
  batch:     8
  epochs:    10
}
""")
    (folder / "pictures.nn").write_text("""\
data pictures {
  source: images("pictures", size: (4, 4))
  let x = reshape(cast(image, f32) / 255.0 - 0.5, [48])
  let y = label
}
train levels {
  network:   dense(2)
  data:      pictures
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(0.1)
  batch:     8
  epochs:    10
}
""")


def main():
    if sys.argv[1] == "make":
        return make(pathlib.Path(sys.argv[2]))
    kinds = [line.rsplit(",", 2)[0].strip('"') for line in open(sys.argv[2]).read().splitlines()[1:]]
    classes = [row["class"] for row in json.load(open(sys.argv[3]))]
    if kinds != classes:
        sys.exit(f"{kinds[:4]} .. and {classes[:4]} ..")


main()
