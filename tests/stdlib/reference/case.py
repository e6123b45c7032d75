"""What a row of a reference table says."""
import dataclasses
import typing

import numpy
import torch


@dataclasses.dataclass
class Numbers:
    """Pseudo-random numbers in [shift - scale, shift + scale); integers in [shift, shift + scale)."""
    scale: float = 1.0
    shift: float = 0.0


@dataclasses.dataclass
class Case:
    """`function` takes a dict of arguments by name and returns the result, or a dict of results by name."""
    function: typing.Callable = None
    given: dict = dataclasses.field(default_factory=dict)  # by name: Numbers, or a list of values
    train: bool = True
    pointwise: bool = False  # compared element by element
    grad: bool = True
    constant: tuple = ()     # float arguments without a derivative
    initial: tuple = ()      # parameters that nnc initialises itself
    steps: typing.Callable = None  # an optimizer: (p, gradients) -> p after each step


def pseudo_random(shape, dtype, seed, scale, shift):
    """The numbers of golden.cpp's pseudoRandom: MurmurHash3's finaliser of the element's number."""
    count = int(numpy.prod(shape)) if shape else 1
    with numpy.errstate(over="ignore"):
        h = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(0x9E3779B9) + numpy.uint32(seed)
        h = (h ^ (h >> numpy.uint32(16))) * numpy.uint32(0x85EBCA6B)
        h = (h ^ (h >> numpy.uint32(13))) * numpy.uint32(0xC2B2AE35)
        h = h ^ (h >> numpy.uint32(16))
    u = h.astype(numpy.float64) / 4294967296.0
    if dtype == "f32":
        values = (scale * (2 * u - 1) + shift).astype(numpy.float32).astype(numpy.float64)
    else:
        values = (numpy.floor(scale * u) + shift).astype(numpy.int64)
    return torch.tensor(values.reshape(shape))
