#!/usr/bin/env python3
"""Computes tests/ops/golden.txt: what NumPy says of every sample of the OpDB.

    make_golden.py BUILD/bin/ops_dump > tests/ops/golden.txt

An oracle that shares no code with nnc: each op is written here a second time, from its line in ops.def. Needs NumPy;
the tests only read the file. Its format is described in golden_test.cpp. `--show ID` prints the values of one sample.
"""
import itertools, json, math, subprocess, sys, zlib
import numpy as np

np.seterr(all="ignore")
NUMPY = {"f32": np.float32, "f64": np.float64, "bf16": np.float32, "i8": np.int8, "u8": np.uint8,
         "i32": np.int32, "i64": np.int64, "bool": np.bool_}
FLOATS = ("f32", "f64", "bf16")


def round_to(dtype, x):
    """A bf16 is kept as the float32 that it is equal to; every result is rounded to nearest, ties to even."""
    x = np.asarray(x, NUMPY[dtype])
    if dtype != "bf16":
        return x
    bits = x.view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)
    return np.where(np.isnan(x), np.float32(np.nan), rounded)


def from_hex(text, dtype, shape):
    raw = bytes.fromhex(text)
    if dtype == "bf16":
        flat = (np.frombuffer(raw, np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        flat = np.frombuffer(raw, NUMPY[dtype])
    return flat.reshape(shape).copy()


def to_bytes(x, dtype):
    x = np.ascontiguousarray(np.asarray(x, NUMPY[dtype]))
    if dtype in FLOATS:
        x = np.where(np.isnan(x), NUMPY[dtype](np.nan), x)
    if dtype == "bf16":
        return (x.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    return x.tobytes()


def wrap(value, dtype):
    """A Python integer cut to the width of a dtype."""
    bits = {"i8": 8, "u8": 8, "i32": 32, "i64": 64}[dtype]
    value &= (1 << bits) - 1
    return value - (1 << bits) if dtype != "u8" and value >> (bits - 1) else value


def each(dtype, f, *operands):
    """f on Python numbers, element by element."""
    out = np.zeros(operands[0].shape, NUMPY[dtype])
    for i in np.ndindex(out.shape):
        out[i] = f(*(x[i].item() for x in operands))
    return out


def cast(x, source, to):
    if source in FLOATS and to in ("i8", "u8", "i32", "i64"):
        info = np.iinfo(NUMPY[to])

        def saturate(v):
            if math.isnan(v):
                return 0
            if math.isinf(v):
                return info.max if v > 0 else info.min
            return min(max(math.trunc(v), info.min), info.max)
        return each(to, saturate, x)
    if to == "bool":
        return each(to, lambda v: not v == 0, x)
    if to in FLOATS:
        if source not in FLOATS and to != "f64":  # whole numbers are rounded once
            return round_to(to, each("f32", lambda v: np.float32(np.longdouble(int(v))), x))
        return round_to(to, x.astype(NUMPY["f64" if to == "f64" else "f32"]))
    return each(to, lambda v: wrap(int(v), to), x)


def philox(counter, key):
    """Philox4x32-10, from the paper."""
    mask = 0xFFFFFFFF
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & mask, (a >> 32) ^ counter[3] ^ key[1], a & mask]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return counter


def split_mix(x):
    mask = (1 << 64) - 1
    x = (x + 0x9E3779B97F4A7C15) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return x ^ (x >> 31)


def random(key, seed, counter, count):
    mask = (1 << 64) - 1
    mixed = split_mix((key + split_mix(seed & mask)) & mask)
    words = [mixed & 0xFFFFFFFF, mixed >> 32]
    bits = []
    for block in range((count + 3) // 4):
        c = counter & mask
        bits += philox([block & 0xFFFFFFFF, block >> 32, c & 0xFFFFFFFF, c >> 32], words)
    return bits[:count]


def binary(op, a, b, dtype):
    if dtype in FLOATS:
        if op == "rem" and dtype == "bf16":
            return round_to(dtype, a - np.floor(a / b) * b)
        result = {"add": lambda: a + b, "mul": lambda: a * b, "div": lambda: a / b,
                  "max": lambda: np.where(np.isnan(a) | (a > b), a, b), "rem": lambda: a - np.floor(a / b) * b}[op]()
        return round_to(dtype, result)
    if dtype == "bool":
        return {"mul": np.logical_and, "max": np.logical_or}[op](a, b)
    exact = {"add": lambda x, y: x + y, "mul": lambda x, y: x * y, "div": lambda x, y: x // y if y else 0,
             "max": max, "rem": lambda x, y: x % y if y else 0}[op]
    return each(dtype, lambda x, y: wrap(exact(int(x), int(y)), dtype), a, b)


def window_offsets(dims):
    return itertools.product(*[range(size) for _, size, _, _ in dims])


def window(x, dims, shape):
    out = np.zeros(shape, x.dtype)
    for offset in window_offsets(dims):
        at = [slice(None)] * x.ndim
        for (axis, _, stride, dilation), j in zip(dims, offset):
            at[axis] = slice(j * dilation, j * dilation + (shape[axis] - 1) * stride + 1, stride)
        out[(Ellipsis,) + offset] = x[tuple(at)]
    return out


def unwindow(y, dims, shape, dtype):
    out = np.zeros(shape, NUMPY[dtype])
    for index in np.ndindex(y.shape):
        at = list(index[:len(shape)])
        for (axis, _, stride, dilation), j in zip(dims, index[len(shape):]):
            at[axis] = at[axis] * stride + j * dilation
        at = tuple(at)
        out[at] = round_to(dtype, np.array([out[at]]) + np.array([y[index]]))[0]
    return out


def reduce_over(x, axes, start, step):
    """step(accumulated, next) over the reduced indices in ascending order."""
    kept = [i for i in range(x.ndim) if i not in axes]
    moved = x.transpose(list(axes) + kept)
    total = np.full([x.shape[i] for i in kept], start, x.dtype)
    for index in np.ndindex(moved.shape[:len(axes)]):
        total = step(total, moved[index])
    return total


def reduce_max(x, axes, dtype):
    if dtype == "bool":
        return x.any(tuple(axes)) if axes else x
    start = -np.inf if dtype in FLOATS else np.iinfo(NUMPY[dtype]).min
    nan = np.isnan if dtype in FLOATS else (lambda v: np.zeros(v.shape, bool))
    return reduce_over(x, axes, start, lambda t, v: np.where((nan(v) | (v > t)) & ~nan(t), v, t))


def contract(a, b, la, lb, ly, dtype):
    sizes = dict(zip(la, a.shape)) | dict(zip(lb, b.shape))
    summed = [c for c in dict.fromkeys(la + lb) if c not in ly]
    out = np.zeros([sizes[c] for c in ly], NUMPY[dtype])

    def part(x, letters, at):
        x = x[tuple(at.get(c, slice(None)) for c in letters)]
        left = [c for c in letters if c not in at]
        x = x.transpose([left.index(c) for c in ly if c in left])
        return x.reshape([sizes[c] if c in left else 1 for c in ly])
    for index in np.ndindex(*[sizes[c] for c in summed]):
        at = dict(zip(summed, index))
        product = round_to(dtype, part(a, la, at) * part(b, lb, at))
        out = round_to(dtype, out + product)
    return out


def gather(x, index, axis):
    shape = x.shape[:axis] + index.shape + x.shape[axis + 1:]
    out = np.zeros(shape, x.dtype)
    for i in np.ndindex(shape):
        chosen = min(max(int(index[i[axis:axis + index.ndim]]), 0), x.shape[axis] - 1)
        out[i] = x[i[:axis] + (chosen,) + i[axis + index.ndim:]]
    return out


def scatter(base, index, update, axis, mode, dtype):
    out = base.copy()
    for i in np.ndindex(update.shape):
        chosen = min(max(int(index[i[axis:axis + index.ndim]]), 0), base.shape[axis] - 1)
        at = i[:axis] + (chosen,) + i[axis + index.ndim:]
        out[at] = round_to(dtype, np.array([out[at]]) + np.array([update[i]]))[0] if mode == "add" else update[i]
    return out


# The regions of scan and call, by the names that rows_regions.cpp gives them.
def recurrence(c, x, w):
    n = c * w + x
    return [n, n * x]


def nested(c, x):
    ys = []
    for v in x:
        c = c + v
        ys.append(c)
    return [c, np.array(ys, x.dtype)]


def squares(x):
    total = x.dtype.type(0)
    for v in x * x:
        total = total + v
    return [total]


def counter(i, a):
    return [i + np.array([1], np.int32)[0], a + a, i]


def scaled(a, b):
    return [a * b + a, a * b]


REGIONS = {
    "recurrence": recurrence, "squares": squares, "fibonacci": lambda a, b: [b, a + b], "nested": nested, "counter": counter,
    "scaled": scaled, "twice": lambda a, b: scaled(*reversed(scaled(a, b)))[:1], "floor": lambda x: [np.floor(x)],
    "same": lambda x: [x, x],
}


def scan(sample, operands):
    a = sample["attributes"]
    body = REGIONS[sample["region"]]
    carries, xs = operands[:a["carries"]], operands[a["carries"]:a["carries"] + a["xs"]]
    consts = operands[a["carries"] + a["xs"]:]
    stacked = [np.zeros(r["shape"], NUMPY[r["dtype"]]) for r in sample["results"][a["carries"]:]]
    steps = range(a["length"])
    for t in reversed(steps) if a["reverse"] else steps:
        results = body(*carries, *[x[t] for x in xs], *consts)
        carries = results[:a["carries"]]
        for ys, y in zip(stacked, results[a["carries"]:]):
            ys[t] = y
    return list(carries) + stacked


def function(op, x, dtype):
    """Through 80-bit floats, so that the result is the correctly rounded one but for rare ties."""
    wide = x.astype(np.longdouble)
    return round_to(dtype, {"exp": np.exp, "log": np.log, "sin": np.sin, "tanh": np.tanh}[op](wide).astype(NUMPY[dtype]))


def evaluate(sample):
    op, a = sample["op"], sample["attributes"]
    operands = [from_hex(o["hex"], o["dtype"], o["shape"]) for o in sample["operands"]]
    dtypes = [o["dtype"] for o in sample["operands"]]
    shape, dtype = (sample["results"][0][k] for k in ("shape", "dtype")) if sample["results"] else (None, None)
    x = operands[0] if operands else None
    if op == "scan":
        return scan(sample, operands)
    if op == "call":
        return REGIONS[sample["region"]](*operands)
    if op == "const":
        values = a["reals"] if dtype in FLOATS else a["integers"]
        return [np.full(shape, values[0], NUMPY[dtype]) if a["splat"] else np.array(values, NUMPY[dtype]).reshape(shape)]
    if op == "iota":
        line = [1] * len(shape)
        line[a["axis"]] = shape[a["axis"]]
        return [np.broadcast_to(np.arange(shape[a["axis"]], dtype=NUMPY[dtype]).reshape(line), shape)]
    if op == "random":
        bits = np.array(random(a["key"], int(operands[0]), int(operands[1]), math.prod(shape)), np.uint32)
        flat = bits.view(np.int32) if dtype == "i32" else (bits >> 8).astype(np.float64) * 2.0 ** -24
        return [flat.astype(NUMPY[dtype]).reshape(shape)]
    if op in ("exp", "log", "sin", "tanh"):
        return [function(op, x, dtype)]
    if op in ("add", "mul", "div", "max", "rem"):
        return [binary(op, *operands, dtype)]
    if op == "compare":
        names = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
        return [names[a["predicate"]](*operands)]
    if op == "broadcast":
        line = [1] * len(shape)
        for i, d in enumerate(a["dims"]):
            line[d] = x.shape[i]
        return [np.broadcast_to(x.reshape(line), shape)]
    if op == "pad":
        fill = cast(np.array([a["value"]], np.float64), "f64", dtype)[0]
        out = np.full(shape, fill, NUMPY[dtype])
        inner = [slice(lo, lo + max(0, (n - 1) * (k + 1) + 1) if n else lo, k + 1) for lo, n, k in zip(a["lo"], x.shape, a["interior"])]
        out[tuple(inner)] = x
        return [out]
    return [{
        "neg": lambda: -x if dtype in FLOATS else each(dtype, lambda v: wrap(-v, dtype), x),
        "sqrt": lambda: round_to(dtype, np.sqrt(x)),
        "floor": lambda: np.floor(x),
        "cast": lambda: cast(x, dtypes[0], dtype),
        "select": lambda: np.where(*operands),
        "reshape": lambda: x.reshape(shape),
        "transpose": lambda: x.transpose(a["perm"]),
        "slice": lambda: x[tuple(slice(*t) for t in zip(a["lo"], a["hi"], a["step"]))],
        "concat": lambda: np.concatenate(operands, a["axis"]),
        "window": lambda: window(x, a["dims"], shape),
        "unwindow": lambda: unwindow(x, a["dims"], shape, dtype),
        "reduce_sum": lambda: reduce_over(x, a["axes"], 0, lambda t, v: round_to(dtype, t + v)),
        "reduce_max": lambda: reduce_max(x, a["axes"], dtype),
        "contract": lambda: contract(*operands, a["a"], a["b"], a["y"], dtype),
        "gather": lambda: gather(x, operands[1], a["axis"]),
        "scatter": lambda: scatter(*operands, a["axis"], a["mode"], dtype),
        "stop_gradient": lambda: x,
    }[op]()]


def encode(value, dtype, as_values):
    raw = to_bytes(value, dtype)
    if not as_values:
        return f"crc {zlib.crc32(raw):08x}"
    width = {"f32": 4, "f64": 8, "bf16": 2}[dtype]
    return " ".join(["values"] + [raw[i:i + width][::-1].hex() for i in range(0, len(raw), width)])


def main():
    lines = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
    wanted = sys.argv[3] if len(sys.argv) > 3 and sys.argv[2] == "--show" else None
    for line in lines:
        sample = json.loads(line)
        if wanted and sample["id"] != wanted:
            continue
        results = evaluate(sample)
        if wanted:
            print(*results, sep="\n")
            continue
        fields = [sample["id"], f"{zlib.crc32(line.encode()):08x}"]
        for result, info in zip(results, sample["results"], strict=True):
            assert list(np.shape(result)) == info["shape"], sample["id"]
            fields.append(encode(result, info["dtype"], sample["function"]))
        print("\t".join(fields))


if __name__ == "__main__":
    main()
