"""Our kernels are [in, size.., out], PyTorch's [out, in, size..] (and [in, out, size..] for transposed ones)."""
import torch.nn.functional as F

from .case import Case


def conv2d(**options):
    def run(a):
        kernel = a["net.conv2d.k"].permute(3, 0, 1, 2)
        options.setdefault("padding", (kernel.shape[-1] - 1) // 2)
        return F.conv2d(a["x"], kernel, a.get("net.conv2d.b"), **options)
    return Case(run)


def conv1d(**options):
    def run(a):
        kernel = a["net.conv1d.k"].permute(2, 0, 1)
        options.setdefault("padding", (kernel.shape[-1] - 1) // 2)
        return F.conv1d(a["x"], kernel, a.get("net.conv1d.b"), **options)
    return Case(run)


def conv_transpose2d(**options):
    return Case(lambda a: F.conv_transpose2d(a["x"], a["net.conv_transpose2d.k"].permute(0, 3, 1, 2),
                                             a.get("net.conv_transpose2d.b"), **options))


CASES = {
    "conv2d__plain": conv2d(),
    "conv2d__bias": conv2d(),
    "conv2d__strided": conv2d(stride=2),
    "conv2d__even": conv2d(stride=3, padding=1),
    "conv2d__dilated": conv2d(dilation=2, padding=2),
    "conv2d__everything": conv2d(stride=2, dilation=3, groups=3, padding=2),
    "conv2d__groups": conv2d(groups=2),
    "conv2d__depthwise": conv2d(groups=5),
    "conv2d__depthwise_wider": conv2d(groups=3, stride=2),
    "conv2d__pointwise": conv2d(),
    "conv1d__plain": conv1d(),
    "conv1d__everything": conv1d(stride=3, dilation=2, groups=2, padding=5),
    "conv1d__depthwise": conv1d(groups=5),
    "conv_transpose2d__plain": conv_transpose2d(),
    "conv_transpose2d__doubling": conv_transpose2d(stride=2, padding=1),
    "conv_transpose2d__output_pad": conv_transpose2d(stride=2, padding=1, output_padding=1),
    "conv_transpose2d__gaps": conv_transpose2d(stride=3),
}
