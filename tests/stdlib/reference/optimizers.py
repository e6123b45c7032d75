"""PyTorch's optimizers; lion, lars and lamb from the algorithms of their papers."""
import torch

from .case import Case


def by_torch(make, schedule=None):
    def run(p, gradients):
        p.requires_grad_(True)
        optimizer = make([p])
        for t, gradient in enumerate(gradients, start=1):
            if schedule:
                optimizer.param_groups[0]["lr"] = schedule(t)
            p.grad = gradient
            optimizer.step()
            yield p.detach().clone()
    return Case(steps=run)


def lion(p, gradients, lr=0.01, b1=0.9, b2=0.99, decay=0.1):
    m = torch.zeros_like(p)
    for g in gradients:
        p = p - lr * (torch.sign(b1 * m + (1 - b1) * g) + decay * p)
        m = b2 * m + (1 - b2) * g
        yield p


def lars(p, gradients, lr=0.5, momentum=0.9, decay=0.01, trust=0.001):
    v = torch.zeros_like(p)
    for g in gradients:
        local = trust * p.norm() / (g.norm() + decay * p.norm() + 1e-9)
        v = momentum * v + lr * local * (g + decay * p)
        p = p - v
        yield p


def lamb(p, gradients, lr=0.01, b1=0.9, b2=0.999, eps=1e-6, decay=0.1):
    m, v = torch.zeros_like(p), torch.zeros_like(p)
    for t, g in enumerate(gradients, start=1):
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g ** 2
        u = (m / (1 - b1 ** t)) / ((v / (1 - b2 ** t)).sqrt() + eps) + decay * p
        p = p - lr * p.norm() / u.norm() * u
        yield p


O = torch.optim
CASES = {
    "sgd__plain": by_torch(lambda p: O.SGD(p, 0.001)),
    "sgd__decay": by_torch(lambda p: O.SGD(p, 0.001, weight_decay=0.1)),
    "sgd__momentum": by_torch(lambda p: O.SGD(p, 0.001, momentum=0.9, weight_decay=0.01)),
    "sgd__nesterov": by_torch(lambda p: O.SGD(p, 0.001, momentum=0.9, nesterov=True)),
    "sgd__scheduled": by_torch(lambda p: O.SGD(p, 0.01), lambda t: 0.01 * 0.5 ** (t / 5)),
    "adagrad__default": by_torch(lambda p: O.Adagrad(p, 0.01)),
    "rmsprop__default": by_torch(lambda p: O.RMSprop(p, 0.001, alpha=0.9)),
    "rmsprop__slow": by_torch(lambda p: O.RMSprop(p, 0.01)),
    "adadelta__default": by_torch(lambda p: O.Adadelta(p, 1.0, rho=0.95)),
    "adadelta__fast": by_torch(lambda p: O.Adadelta(p, 0.5)),
    "adam__default": by_torch(lambda p: O.Adam(p)),
    "adam__decay": by_torch(lambda p: O.AdamW(p, 0.01, betas=(0.8, 0.95), weight_decay=0.1)),
    "adam__no_momentum": by_torch(lambda p: O.Adam(p, 0.01, betas=(0.0, 0.999))),
    "adamw__default": by_torch(lambda p: O.AdamW(p)),
    "nadam__default": by_torch(lambda p: O.NAdam(p)),
    "lion__decay": Case(steps=lion),
    "lars__decay": Case(steps=lars),
    "lamb__decay": Case(steps=lamb),
}
