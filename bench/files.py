"""Files that the benchmarks read and write themselves: IDX in, safetensors out."""
import gzip
import json
import struct

import numpy

FASHION = "/usr/share/datasets/fashion-mnist"


def read_idx(path):
    data = gzip.open(path).read()
    rank = data[3]
    shape = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank)]
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def write_safetensors(path, tensors):
    """f32 arrays by name, marked as laid out like nnc's."""
    header, offset = {"__metadata__": {"producer": "nnc"}}, 0
    for name, array in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(a.tobytes() for a in tensors.values()))
