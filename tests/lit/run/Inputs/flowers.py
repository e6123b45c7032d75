"""Writes flowers.csv, three kinds around three points, and in.csv, three more of them without their kind, to a folder."""
import random
import sys

random.seed(1)
KINDS = ["rose", "tulip", "lily"]


def flower(kind):
    return f"{kind + random.gauss(0, 0.2):.3f},{-kind + random.gauss(0, 0.2):.3f}"


folder = sys.argv[1]
with open(f"{folder}/flowers.csv", "w") as file:
    file.write("width,height,kind\n")
    for i in range(150):
        file.write(f"{flower(i % 3)},{KINDS[i % 3]}\n")
with open(f"{folder}/in.csv", "w") as file:
    file.write("width,height\n")
    for kind in (2, 0, 1):
        file.write(flower(kind) + "\n")
