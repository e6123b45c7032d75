"""Builds the fashion network into C programs and compares their outputs with nnc's, bit for bit.

usage: embed_test.py NNC SOURCE_ROOT WORK_FOLDER
"""
import ast
import json
import math
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import zipfile

NNC, ROOT, WORK = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
TEST_FILES = [FASHION / "t10k-images-idx3-ubyte.gz", FASHION / "t10k-labels-idx1-ubyte.gz"]
STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-O2"]
passed = 0


def run(*command, **options):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"FAILED ({result.returncode}): {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def check(condition, what):
    global passed
    if not condition:
        sys.exit(f"FAILED: {what}")
    passed += 1
    print(f"ok: {what}")


def read_npy(data):
    """The elements of an array of f32 as bytes, and its shape."""
    major = data[6]
    length, start = (struct.unpack("<H", data[8:10])[0], 10) if major == 1 else (struct.unpack("<I", data[8:12])[0], 12)
    header = ast.literal_eval(data[start : start + length].decode())
    assert header["descr"] == "<f4" and not header["fortran_order"]
    return data[start + length :], header["shape"]


def symbols(path, kinds):
    return [line.split()[-1] for line in run("nm", path).splitlines() if line.split()[-2] in kinds]


def check_object(folder, name):
    check(not symbols(folder / f"{name}.o", "dDbBC"), f"{name}.o has no writable data")
    check(not symbols(folder / f"{name}.o", "U"), f"{name}.o needs no other library")
    check(all(symbol.startswith(name) for symbol in symbols(folder / f"{name}.o", "T")), f"every symbol of {name}.o begins with its name")
    header = folder / f"{name}.h"
    run("cc", "-std=c99", *STRICT, "-fsyntax-only", "-x", "c", header)
    run("c++", "-std=c++17", *STRICT, "-fsyntax-only", "-x", "c++", header)
    check(True, f"{name}.h is C99 and C++17 without a warning")


def trained_network():
    fashion = ROOT / "examples/fashion.nn"
    runs, out = WORK / "run", WORK / "out"
    run(NNC, "run", fashion, "--epochs", "1", "--seed", "7", "--out", runs)
    run(NNC, "build", fashion, "--weights", runs, "-o", out)
    check_object(out, "fashion")
    first = (out / "fashion.o").read_bytes(), (out / "fashion.h").read_bytes()
    run(NNC, "build", fashion, "--weights", runs, "-o", WORK / "again")
    check(first == ((WORK / "again/fashion.o").read_bytes(), (WORK / "again/fashion.h").read_bytes()), "the same run gives the same bytes")

    classify, logits = WORK / "classify", WORK / "logits.bin"
    run("cc", "-std=c11", *STRICT, f"-I{out}", ROOT / "examples/embed/classify.c", out / "fashion.o", "-lz", "-o", classify)
    printed = run(classify, *TEST_FILES, logits)

    result = json.loads(run(NNC, "predict", fashion, "--weights", runs, "--split", "test", "--out", WORK / "o.npz", "--json"))
    evaluated = json.loads(run(NNC, "eval", fashion, "--weights", runs, "--split", "test", "--json"))
    accuracy = evaluated["metrics"]["test.accuracy"]
    check(result["metrics"] == evaluated["metrics"], "predict and eval agree")
    check(f"accuracy {accuracy:.4f} on 10000 images" in printed, f"the C program prints the accuracy of nnc eval ({printed.strip()})")
    with zipfile.ZipFile(WORK / "o.npz") as archive:
        names = archive.namelist()
        outputs, shape = read_npy(archive.read(names[0]))
    check(len(names) == 1 and shape == (10000, 10), "predict writes one array of 10000 x 10")
    check(outputs == logits.read_bytes(), "the C program's logits are those of nnc, bit for bit")

    build = WORK / "cmake"
    run("cmake", "-G", "Ninja", "-S", ROOT / "examples/embed", "-B", build, f"-DNNC={NNC}", f"-DRUN={runs}")
    run("cmake", "--build", build)
    run(build / "classify", *TEST_FILES, WORK / "logits-cmake.bin")
    check(outputs == (WORK / "logits-cmake.bin").read_bytes(), "so are those of the program that CMake built")


def mixed_precision():
    """A network that was trained with `precision: .bf16`: floats in and out, inside what nnc computes."""
    folder = WORK / "mixed"
    folder.mkdir()
    text = (ROOT / "examples/fashion.nn").read_text()
    setting = "  epochs:    epochs\n"
    check(setting in text, "the train of examples/fashion.nn has epochs")
    model, runs, out = folder / "fashion.nn", folder / "run", folder / "out"
    model.write_text(text.replace(setting, setting + "  precision: .bf16\n"))
    run(NNC, "run", model, "--epochs", "1", "--seed", "7", "--out", runs)
    run(NNC, "build", model, "--weights", runs, "-o", out)
    check_object(out, "fashion")
    classify, logits = folder / "classify", folder / "logits.bin"
    run("cc", "-std=c11", *STRICT, f"-I{out}", ROOT / "examples/embed/classify.c", out / "fashion.o", "-lz", "-o", classify)
    run(classify, *TEST_FILES, logits)
    run(NNC, "predict", model, "--weights", runs, "--split", "test", "--out", folder / "o.npz")
    with zipfile.ZipFile(folder / "o.npz") as archive:
        outputs, shape = read_npy(archive.read(archive.namelist()[0]))
    check(shape == (10000, 10) and outputs == logits.read_bytes(), "logits in bf16 are those of nnc, bit for bit")


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, (shape, values) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * len(values)]}
        offset += 4 * len(values)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(struct.pack(f"<{len(v)}f", *v) for _, v in tensors.values()))


def score(weights, row):
    """The network of classifier.nn in double precision."""
    def dense(x, name):
        (rows, columns), w = weights[f"net.{name}.w"]
        b = weights[f"net.{name}.b"][1]
        return [sum(x[i] * w[i * columns + o] for i in range(rows)) + b[o] for o in range(columns)]
    norm = {key: weights[f"net.batch_norm.{key}"][1] for key in ("gamma", "beta", "mu", "var")}
    h = dense(row, "dense")
    h = [(v - m) / math.sqrt(s + 1e-5) * g + b for v, m, s, g, b in zip(h, norm["mu"], norm["var"], norm["gamma"], norm["beta"])]
    z = dense([max(v, 0.0) for v in h], "dense_2")
    e = [math.exp(v - max(z)) for v in z]
    return [v / sum(e) for v in e]


def signature_of(path):
    return json.loads(next(line for line in run("strings", "-n", "40", path).splitlines() if line.startswith('{"abi"')))


def random_weights(signature, seed):
    """By path: shape and values, each exact in f32; variances are positive."""
    draw = random.Random(seed)
    weights = {}
    for weight in signature["weights"]:
        low = 0.5 if weight["path"].endswith("var") else -1.0
        count = math.prod(weight["shape"])
        values = [struct.unpack("<f", struct.pack("<f", draw.uniform(low, 1.0)))[0] for _ in range(count)]
        weights[weight["path"]] = (weight["shape"], values)
    return weights


def sessions():
    """Listed sizes, and what one call leaves to the next."""
    model, out = ROOT / "tests/embed/decoder.nn", WORK / "decoder"
    run(NNC, "build", model, "-o", out)
    check_object(out, "decoder")
    signature = signature_of(out / "decoder.o")
    check(signature["dims"] == {"T": [1, 4, 16]} and len(signature["session"]) == 6, "the signature has sizes and states")
    check(signature["inputs"][0]["shape"] == [1, "T"], "a listed dim stands in a shape by its name")
    write_safetensors(WORK / "decoder.safetensors", random_weights(signature, 2))
    run(NNC, "build", model, "--weights", WORK / "decoder.safetensors", "-o", out)
    run("cc", "-std=c11", *STRICT, f"-I{out}", ROOT / "tests/embed/decode.c", out / "decoder.o", "-o", WORK / "decode")
    run(WORK / "decode", WORK / "decode.bin")
    logits = (WORK / "decode.bin").read_bytes()
    # Each number of a product is summed along k in one order, however many rows the product has, and keys that do not
    # exist yet weigh exactly 0: so the two ways agree bit for bit.
    check(logits[: len(logits) // 2] == logits[len(logits) // 2 :], "token by token gives the bits of large steps; every status is as documented")


def language_model():
    """What a C program writes is what `nnc generate` writes, beyond the 80 tokens that a session holds."""
    model, out, weights = ROOT / "tests/embed/writer.nn", WORK / "writer", WORK / "writer.safetensors"
    run(NNC, "build", model, "bible", "-o", out)
    write_safetensors(weights, random_weights(signature_of(out / "bible.o"), 3))
    run(NNC, "build", model, "bible", "--weights", weights, "-o", out)
    run("cc", "-std=c11", *STRICT, f"-I{out}", ROOT / "examples/embed/write.c", out / "bible.o", "-o", WORK / "write")
    for prompt in ["In the beginning", "x" * 70, "y" * 200]:
        written = subprocess.run([WORK / "write", prompt, "150"], capture_output=True, check=True).stdout
        generated = subprocess.run([NNC, "generate", model, "--weights", weights, "--temperature", "0", "--prompt", prompt,
                                    "--length", "150"], capture_output=True, check=True).stdout
        check(len(written) == len(prompt) + 151 and written == generated, f"150 bytes after {len(prompt)}: the program writes what nnc writes")


def untrained_export():
    model = ROOT / "tests/embed/classifier.nn"
    embedded, passing = WORK / "embedded", WORK / "passing"
    run(NNC, "build", model, "-o", passing)
    check_object(passing, "scorer")
    signature = signature_of(passing / "scorer.o")
    draw = random.Random(1)
    weights, blob = random_weights(signature, 1), bytearray(signature["weights_bytes"])
    for weight in signature["weights"]:
        values = weights[weight["path"]][1]
        blob[weight["offset"] : weight["offset"] + 4 * len(values)] = struct.pack(f"<{len(values)}f", *values)
    (WORK / "weights.bin").write_bytes(blob)
    write_safetensors(WORK / "weights.safetensors", weights)
    inputs = [struct.unpack("<f", struct.pack("<f", draw.uniform(-1, 1)))[0] for _ in range(8 * 12)]
    (WORK / "inputs.bin").write_bytes(struct.pack("<96f", *inputs))

    run(NNC, "build", model, "--weights", WORK / "weights.safetensors", "-o", embedded, "scorer")
    source = ROOT / "tests/embed/score.c"
    run("cc", "-std=c11", *STRICT, f"-I{embedded}", source, embedded / "scorer.o", "-o", WORK / "score-embedded")
    run("cc", "-std=c11", *STRICT, "-DPASS_WEIGHTS", f"-I{passing}", source, passing / "scorer.o", "-o", WORK / "score-passing")
    run(WORK / "score-embedded", WORK / "inputs.bin", WORK / "a.bin")
    run(WORK / "score-passing", WORK / "inputs.bin", WORK / "b.bin", WORK / "weights.bin")
    outputs = (WORK / "a.bin").read_bytes()
    check(outputs == (WORK / "b.bin").read_bytes(), "embedded and passed weights give the same bits; every status is as documented")
    numbers = struct.unpack(f"<{len(outputs) // 4}f", outputs)
    batches = [numbers[5 * n * (n - 1) // 2 : 5 * n * (n + 1) // 2] for n in range(1, 9)]
    check(all(batch == batches[-1][: len(batch)] for batch in batches), "a row does not depend on the batch that it came in")
    reference = [score(weights, inputs[12 * i : 12 * i + 12]) for i in range(8)]
    # Two layers of at most 20 products and a softmax in f32: far below 100 units of 2^-24 relative to outputs up to 1.
    worst = max(abs(a - b) for a, b in zip(batches[-1], (v for row in reference for v in row)))
    check(worst < 100 * 2.0**-24, f"outputs agree with a reference in double precision ({worst:.1e})")


def functions():
    """Pure functions, whose tensors are whole, and constants."""
    model, out = ROOT / "tests/embed/functions.nn", WORK / "functions"
    for name in ["center", "energy"]:
        run(NNC, "build", model, name, "-o", out)
        check_object(out, name)
    check(signature_of(out / "energy.o")["dims"] == {"n": [3, 10]}, "a listed dim of a function is an argument")
    run("cc", "-std=c11", *STRICT, f"-I{out}", ROOT / "tests/embed/functions.c", out / "center.o", out / "energy.o", "-o", WORK / "functions-test")
    run(WORK / "functions-test")
    check(True, "functions and constants are in C what they are in .nn")


def random_numbers():
    """Networks that draw random numbers take a seed, and nothing else does."""
    model, out = ROOT / "tests/embed/noisy.nn", WORK / "noisy"
    for name in ["smoothed", "walk", "doubled"]:
        run(NNC, "build", model, name, "-o", out)
        check_object(out, name)
    check([signature_of(out / f"{name}.o").get("seed") for name in ["smoothed", "doubled"]] == [{"dtype": "i64"}, None],
          "the signature says what takes a seed")
    run("cc", "-std=c11", *STRICT, f"-I{out}", ROOT / "tests/embed/noisy.c", *(out / f"{name}.o" for name in ["smoothed", "walk", "doubled"]),
        "-lm", "-o", WORK / "noisy-test")
    run(WORK / "noisy-test", WORK / "noisy.bin")
    draws = struct.unpack("<128f", (WORK / "noisy.bin").read_bytes())
    mean, square = sum(draws) / 128, sum(v * v for v in draws) / 128
    # sigma is 0.5: the mean has the standard error 0.5 / sqrt(128) = 0.044, the mean square 0.25 * sqrt(2 / 128) = 0.031.
    check(abs(mean) < 4 * 0.044 and abs(square - 0.25) < 4 * 0.031, f"the draws are those of a normal distribution ({mean:.3f}, {square:.3f})")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    os.chdir(WORK)
    untrained_export()
    functions()
    random_numbers()
    sessions()
    language_model()
    trained_network()
    mixed_precision()
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
