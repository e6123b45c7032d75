"""Writes files of the CIFAR-10 format to a folder: records of a label byte and 3 x 32 x 32 bytes, five batches and a test one.

A picture is noise, with a bright square whose place and colour tell the class.
"""
import os
import random
import sys

folder, records = sys.argv[1], int(sys.argv[2])
random.seed(1)


def record(label):
    pixels = bytearray(random.getrandbits(8) // 2 for _ in range(3 * 32 * 32))
    top, left = 4 + 12 * (label % 2), 4 + 12 * (label // 2 % 2)
    for row in range(top, top + 10):
        at = (label % 3) * 1024 + row * 32 + left
        pixels[at : at + 10] = bytes([255] * 10)
    return bytes([label]) + bytes(pixels)


names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
for name in names:
    with open(os.path.join(folder, name), "wb") as out:
        for i in range(records):
            out.write(record(i % 10))
