"""Weights from elsewhere: listed, renamed, converted, and brought over from PyTorch with the logits that PyTorch gives.

usage: weights_test.py NNC WORK_FOLDER      needs NumPy; golden.json was made by make_golden.py with PyTorch
"""
import io
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import zipfile

import numpy

from state_dicts import cells_shapes, images, llama_shapes, resnet_shapes, state_dict, tokens

NNC, WORK = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
HERE = pathlib.Path(__file__).resolve().parent
passed = 0


def run(*command, status=0):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=WORK)
    if result.returncode != status:
        sys.exit(f"FAILED ({result.returncode}): {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout if status == 0 else result.stderr


def check(condition, what):
    global passed
    if not condition:
        sys.exit(f"FAILED: {what}")
    passed += 1
    print(f"ok: {what}")


def write_safetensors(path, tensors):
    header, blob = {}, b""
    for name, values in tensors.items():
        kind = {"float32": "F32", "int64": "I64"}[str(values.dtype)]
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": [len(blob), len(blob) + values.nbytes]}
        blob += numpy.ascontiguousarray(values).tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


def write_idx(path, values):
    path.write_bytes(struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes())


def logits_of(model, weights):
    run(NNC, "predict", model, "--weights", weights, "--split", "train", "--out", "o.npz")
    with zipfile.ZipFile(WORK / "o.npz") as archive:
        return numpy.load(io.BytesIO(archive.read(archive.namelist()[0]))).astype(numpy.float64).flatten()


def compare(name, got, golden):
    # f32 against float64. Every number goes through at most 25 layers of sums of at most 576 products; each sum rounds by
    # about sqrt(576) units of 2^-24 of its size: 25 * 24 * 2^-24 = 3.6e-5 of the largest logit.
    worst = numpy.abs(got - golden).max() / numpy.abs(golden).max()
    check(worst < 3.6e-5, f"{name}: the logits of PyTorch (largest difference {worst:.1e} of the largest logit)")


def resnet_map():
    """The names of torchvision-like ResNets, written out by stage."""
    lines = []

    def convolution(name, bn, ours):
        lines.append(f"{name}.weight {ours[0]}.k")
        for part, own in (("weight", "gamma"), ("bias", "beta"), ("running_mean", "mu"), ("running_var", "var")):
            lines.append(f"{bn}.{part} {ours[1]}.{own}")

    convolution("conv1", "bn1", ("net.g.conv2d", "net.g.batch_norm"))
    for stage in (1, 2, 3):
        block = f"net.h{stage}.block[{{i}}]"
        for n, part in ((1, "a"), (2, "b")):
            convolution(f"layer{stage}.{{i}}.conv{n}", f"layer{stage}.{{i}}.bn{n}", (f"{block}.{part}.conv2d", f"{block}.{part}.batch_norm"))
        if stage > 1:
            convolution(f"layer{stage}.{{i}}.shortcut.0", f"layer{stage}.{{i}}.shortcut.1", (f"{block}.s.conv2d", f"{block}.s.batch_norm"))
    return "\n".join(lines + ["linear.weight net.dense.w", "linear.bias net.dense.b"]) + "\n"


def bring_over(golden):
    write_idx(WORK / "tokens", tokens())
    write_idx(WORK / "images", images())
    write_idx(WORK / "labels", numpy.array([1, 2], numpy.uint8))
    (WORK / "resnet20.map").write_text(resnet_map())
    for name in ("llama", "cells"):
        shutil.copy(HERE / f"{name}.map", WORK)
    for name, shapes in (("llama", llama_shapes()), ("resnet20", resnet_shapes()), ("cells", cells_shapes())):
        model = shutil.copy(HERE / f"{name}.nn", WORK)
        state = state_dict(shapes)
        if name == "resnet20":
            state["bn1.num_batches_tracked"] = numpy.array(7)
        write_safetensors(WORK / f"{name}.state", state)
        run(NNC, "weights", f"{name}.state", "--from", "torch", "--for", model, "--map", f"{name}.map", "--out", f"{name}.safetensors")
        compare(name, logits_of(model, f"{name}.safetensors"), numpy.array(golden[name]))


def wrong():
    """What does not fit is said, with names and shapes."""
    state = state_dict(llama_shapes())
    state["model.layers.1.mlp.up_proj.weight"] = state["model.layers.1.mlp.up_proj.weight"][:23]
    write_safetensors(WORK / "short.state", state)
    command = [NNC, "weights", "short.state", "--from", "torch", "--for", "llama.nn", "--map", "llama.map"]
    message = run(*command, status=3)
    check("error[E1303]" in message and "`net.h.llama_block[1].swiglu.up.dense.w` is f32[23, 16] in the file, f32[16, 23] in the order of nnc, and f32[16, 24] in the network" in message, "another shape is shown in both orders")
    check("E1510" in run(*command[:3], "--from", "torch", status=2), "an import needs a network")
    check("`--from` is one of torch" in run(*command[:3], "--from", "keras", status=2), "only PyTorch is known")
    (WORK / "wrong.map").write_text("no.{i}.such net.x\n")
    check("error[E1341]: the map `wrong.map` cannot be used: line 1: no tensor is called `no.{i}.such`" in run(NNC, "weights", "llama.state", "--map", "wrong.map", status=3), "a rule without a tensor")
    (WORK / "wrong.map").write_text("# a comment\n\nonly-one-word\n")
    check("line 3 is no rule `FROM TO`" in run(NNC, "weights", "llama.state", "--map", "wrong.map", status=3), "a line that is no rule")
    (WORK / "wrong.map").write_text("model.layers.{i}.input_layernorm.weight same\n")
    check("error[E1342]: two tensors would be called `same`" in run(NNC, "weights", "llama.state", "--map", "wrong.map", status=3), "two of one name")
    for rule, problem in (("model.norm.weight +net.x", "no tensor becomes `net.x`, to which `model.norm.weight` is to be added"),
                          ("model.norm.weight +lm_head.weight", "`lm_head.weight` and `model.norm.weight` cannot be added: they are not floats of one type and shape")):
        (WORK / "wrong.map").write_text(f"# a sum\n{rule}\n")
        check(f"line 2: {problem}" in run(NNC, "weights", "llama.state", "--map", "wrong.map", status=3), f"a sum that is none: {rule}")
    (WORK / "own.nn").write_text((HERE / "llama.nn").read_text().replace("  network:   llama(", "  network:   own(") + "network own(vocab: dim, d: dim, depth: int, heads: dim, kv_heads: dim, hidden: dim, max_len: dim)(tokens: i32[B, T]) -> f32[B, T, vocab] {\n  param m: f32[vocab, vocab] = normal(0.1)\n  let z[b, t, v] = m[tokens[b, t], v]\n  return z\n}\n")
    write_safetensors(WORK / "own.state", {"net.m": numpy.zeros((20, 20), numpy.float32)})
    check("how PyTorch lays out a parameter of a layer of your own is not known" in run(NNC, "weights", "own.state", "--from", "torch", "--for", "own.nn", status=3), "a layout that is not known")


def listed():
    values = {"b": numpy.arange(6, dtype=numpy.float32).reshape(2, 3), "a.1.w": numpy.ones(4, numpy.float32)}
    numpy.savez(WORK / "x.npz", **values)
    (WORK / "x.map").write_text("a.{i}.w net.layer[{i}].w\n")
    text = run(NNC, "weights", "x.npz", "--map", "x.map", "--out", "x.safetensors")
    check("net.layer[1].w  f32[4]" in text and "2 tensors, 10 numbers, 40 bytes" in text, "an .npz is listed, renamed and converted")
    found = json.loads(run(NNC, "weights", "x.safetensors", "--json"))
    check({t["name"]: t["shape"] for t in found["tensors"]} == {"b": [2, 3], "net.layer[1].w": [4]}, "and read again")


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    listed()
    bring_over(json.loads((HERE / "golden.json").read_text()))
    wrong()
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
