"""Changes a file in place. usage: edit.py FILE cut SIZE | flip OFFSET | set OFFSET VALUE | replace OLD NEW

Negative offsets count from the end.
"""
import pathlib
import sys

path, what, *values = sys.argv[1:]
path = pathlib.Path(path)
data = bytearray(path.read_bytes())
if what == "cut":
    data = data[: int(values[0])]
elif what == "flip":
    data[int(values[0])] ^= 1
elif what == "set":
    data[int(values[0])] = int(values[1])
else:
    assert values[0].encode() in data, values[0]
    data = data.replace(values[0].encode(), values[1].encode())
path.write_bytes(data)
