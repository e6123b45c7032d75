"""PyTorch's activations. Where it subtracts nearly equal numbers, the same function in a form that does not."""
import torch
import torch.nn.functional as F

from .case import Case

HARD = [0.0, 1.0, -1.0, 3.0, -3.0, 6.0, -6.0, 1e-4, -1e-4, 1e-20, -1e-20, 0.5, -0.5, 2.5, -2.5, 9.0, -9.0, 12.0, -12.0,
        40.0, -40.0, 80.0, 1000.0, -1000.0]


def softplus(x):
    return torch.logaddexp(x, torch.zeros_like(x))


def gelu_tanh(x):
    y = x * torch.sigmoid(2 * (2 / torch.pi) ** 0.5 * (x + 0.044715 * x ** 3))
    assert torch.allclose(y, F.gelu(x, approximate="tanh"), rtol=0, atol=1e-14)
    return y


def normal_cdf(x):
    return 0.5 * torch.special.erfc(-x / 2 ** 0.5)


def gelu_exact(x):
    y = x * normal_cdf(x)
    assert torch.allclose(y, F.gelu(x), rtol=0, atol=1e-14)
    return y


def hard(function, values=HARD, **more):
    return Case(lambda a: function(a["x"]), {"x": values}, pointwise=True, **more)


CASES = {
    "relu__hard": hard(F.relu),
    "leaky_relu__hard": hard(lambda x: F.leaky_relu(x, 0.2)),
    "leaky_relu__default": hard(F.leaky_relu),
    "prelu__hard": Case(lambda a: F.prelu(a["x"], a["net.prelu.a"]), {"x": HARD}, pointwise=True),
    "relu6__hard": hard(F.relu6),
    "elu__hard": hard(lambda x: F.elu(x, 1.3)),
    "selu__hard": hard(F.selu),
    "sigmoid__hard": hard(torch.sigmoid),
    "hard_sigmoid__hard": hard(F.hardsigmoid),
    "softplus__hard": hard(softplus),
    "softsign__hard": hard(F.softsign),
    "silu__hard": hard(F.silu),
    "mish__hard": hard(lambda x: x * torch.tanh(softplus(x))),
    "gelu__hard": hard(gelu_tanh),
    "gelu_exact__hard": hard(gelu_exact),
    "identity__hard": hard(lambda x: x),
    "abs__hard": hard(torch.abs),
    "sign__hard": hard(torch.sign),
    "cos__hard": hard(torch.cos),
    "square__hard": hard(torch.square),
    "expm1__negative": hard(lambda x: torch.expm1(torch.where(x > 0, torch.zeros_like(x), x))),
    "log1p_of_unit__unit": hard(torch.log1p, [0.0, 1.0, 0.5, 1e-30, 1e-20, 1e-10, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3,
                                              1e-2, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]),
    "normal_cdf__hard": hard(normal_cdf),
    "tanh__hard": hard(torch.tanh),
}
