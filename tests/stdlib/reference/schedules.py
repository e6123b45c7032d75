"""PyTorch's schedulers where it has them: their epoch counter is our t."""
import math
import warnings

import torch
from torch.optim import lr_scheduler as S

from .case import Case

T = [1.0, 5.0, 9.0, 10.0, 11.0, 30.0, 50.0, 60.0]
warnings.filterwarnings("ignore")


def scheduler(make, base=0.5):
    def run(a):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
        schedule, values = make(optimizer), []
        for t in range(61):
            values.append(optimizer.param_groups[0]["lr"])
            if t < 60:
                schedule.step()
        return torch.tensor([values[int(t)] for t in T])
    return Case(run, {"t": T}, grad=False)


def formula(f):
    return Case(lambda a: torch.tensor([f(t) for t in T]), {"t": T}, grad=False)


def one_cycle(t):
    half = lambda a, b, part: b + (a - b) / 2 * (1 + math.cos(math.pi * part))  # of OneCycleLR
    low = 0.5 / 25
    if t < 10:
        return half(low, 0.5, t / 10)
    return half(0.5, low / 1e4, min((t - 10) / 40, 1.0))


def check_one_cycle():
    """OneCycleLR counts its steps from 0 to total - 1: with total 51 its corners are at 10 - 0.8 and 50."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = S.OneCycleLR(optimizer, max_lr=0.5, total_steps=51, pct_start=11 / 51)
    for t in range(50):
        assert math.isclose(optimizer.param_groups[0]["lr"], one_cycle(t), rel_tol=1e-9), t
        schedule.step()


check_one_cycle()


CASES = {
    "constant__value": formula(lambda t: 0.25),
    "step_decay__corners": scheduler(lambda o: S.MultiStepLR(o, [10, 50], 0.1)),
    "step_every__corners": scheduler(lambda o: S.StepLR(o, 10, 0.3)),
    "exponential_decay__smooth": scheduler(lambda o: S.ExponentialLR(o, 0.9 ** 0.1)),
    "warmup__corner": scheduler(lambda o: S.LambdaLR(o, lambda t: min(t / 10, 1))),
    "linear__corner": formula(lambda t: 0.05 * t if t < 10 else 0.5 - 0.4 * min((t - 10) / 40, 1)),
    "cosine__corner": formula(lambda t: 0.05 * t if t < 10
                              else 0.1 + 0.2 * (1 + math.cos(math.pi * min((t - 10) / 40, 1)))),
    "cosine__no_warmup": formula(lambda t: 0.25 * (1 + math.cos(math.pi * min(t / 50, 1)))),
    "inverse_sqrt__corner": formula(lambda t: 0.5 * min(t / 10, math.sqrt(10 / t))),
    "triangle__periods": formula(lambda t: 0.1 + 0.4 * abs(2 * (t / 8 - math.floor(t / 8)) - 1)),
    "polynomial__power": formula(lambda t: 0.1 + 0.4 * max(1 - t / 50, 0) ** 0.9),
    "polynomial__linear": scheduler(lambda o: S.PolynomialLR(o, 50, 1.0)),
    "one_cycle__corners": formula(one_cycle),
}
