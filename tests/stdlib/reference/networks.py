import torch
import torch.nn.functional as F

from .residual import block


def mlp(net, x):
    for i in range(3):
        x = torch.tanh(net.dense(f"net.mlp.h.mlp_layer[{i}].dense", x))
    return net.dense("net.mlp.dense", x)


def lenet5(net, x):
    root = "net.lenet5"
    x = F.avg_pool2d(torch.tanh(net.conv(f"{root}.h1.conv2d", x, pad=2)), 2)
    x = F.avg_pool2d(torch.tanh(net.conv(f"{root}.h2.conv2d", x, pad=0)), 2).flatten(1)
    x = torch.tanh(net.dense(f"{root}.dense", x))
    return net.dense(f"{root}.dense_3", torch.tanh(net.dense(f"{root}.dense_2", x)))


def alexnet_small(net, x):
    root = "net.alexnet_small"
    for h in ("h1", "h2"):
        x = F.local_response_norm(F.max_pool2d(F.relu(net.conv(f"{root}.{h}.conv2d", x)), 3, 2), 5)
    x = F.relu(net.conv(f"{root}.h3.conv2d_2", F.relu(net.conv(f"{root}.h3.conv2d", x)))).flatten(1)
    return net.dense(f"{root}.dense_2", F.relu(net.dense(f"{root}.dense", x)))


def vgg_small(net, x):
    root = "net.vgg_small"
    for i in range(2):
        x = net.vgg_stage(f"{root}.top.vgg_stage[{i}]", x)
    return net.dense(f"{root}.dense_2", F.relu(net.dense(f"{root}.dense", x.flatten(1))))


def resnet(net, x):
    root = "net.resnet"
    x = F.relu(net.norm(f"{root}.h0.norm", net.conv(f"{root}.h0.conv2d", x)))
    for i, out in enumerate((4, 8, 16), start=1):
        x = net.residual_block(f"{root}.h{i}.residual_block[0]", x, out, 1 if i == 1 else 2)
    return net.dense(f"{root}.dense", x.mean((2, 3)))


def preact_resnet(net, x):
    root = "net.preact_resnet"
    x = net.conv(f"{root}.h0.conv2d", x)
    for i, out in enumerate((4, 8, 16), start=1):
        x = net.preact_block(f"{root}.h{i}.preact_block[0]", x, out, 1 if i == 1 else 2, True)
    return net.dense(f"{root}.dense", F.relu(net.norm(f"{root}.norm", x)).mean((2, 3)))


CASES = {
    "mlp__deep": block(mlp),
    "mlp_layer__one": block(lambda net, x: F.relu(net.dense("net.mlp_layer.dense", x))),
    "lenet5__digits": block(lenet5),
    "alexnet_small__small": block(alexnet_small),
    "vgg_small__small": block(vgg_small),
    "vgg_stage__normalised": block(lambda net, x: net.vgg_stage("net.vgg_stage", x, True)),
    "resnet__eight": block(resnet),
    "preact_resnet__eight": block(preact_resnet),
}
