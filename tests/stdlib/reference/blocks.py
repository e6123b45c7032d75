"""Layers by the paths that nnc gives them: what the references of residual blocks and networks are made of."""
import torch.nn.functional as F


class Net:
    """Arguments by path, and the states of the next step."""

    def __init__(self, arguments, train):
        self.a, self.train, self.states = arguments, train, {}

    def conv(self, path, x, stride=1, pad=None):
        kernel = self.a[f"{path}.k"].permute(3, 0, 1, 2)
        pad = (kernel.shape[-1] - 1) // 2 if pad is None else pad
        return F.conv2d(x, kernel, self.a.get(f"{path}.b"), stride, pad)

    def norm(self, path, x):
        mean, var = self.a[f"{path}.mu"].clone(), self.a[f"{path}.var"].clone()
        self.states[f"{path}.mu"], self.states[f"{path}.var"] = mean, var
        return F.batch_norm(x, mean, var, self.a[f"{path}.gamma"], self.a[f"{path}.beta"], self.train, 0.1, 1e-5)

    def dense(self, path, x):
        return x @ self.a[f"{path}.w"] + self.a[f"{path}.b"]

    def pad_shortcut(self, x, out, stride):
        more = out - x.shape[1]
        return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, more // 2, more - more // 2))

    def project_shortcut(self, path, x, out, stride):
        if out == x.shape[1] and stride == 1:
            return x
        return self.norm(f"{path}.norm", self.conv(f"{path}.conv2d", x, stride))

    def residual_block(self, path, x, out, stride=1, project=False):
        h = F.relu(self.norm(f"{path}.f.norm", self.conv(f"{path}.f.conv2d", x, stride)))
        f = self.norm(f"{path}.f.norm_2", self.conv(f"{path}.f.conv2d_2", h))
        s = self.project_shortcut(f"{path}.s.project_shortcut", x, out, stride) if project else self.pad_shortcut(x, out, stride)
        return F.relu(f + s)

    def preact_block(self, path, x, out, stride=1, project=False):
        a = F.relu(self.norm(f"{path}.a.norm", x))
        h = F.relu(self.norm(f"{path}.f.norm", self.conv(f"{path}.f.conv2d", a, stride)))
        f = self.conv(f"{path}.f.conv2d_2", h)
        if not project:
            return f + self.pad_shortcut(x, out, stride)
        if out == x.shape[1] and stride == 1:
            return f + x
        return f + self.conv(f"{path}.conv2d", a, stride)

    def bottleneck_block(self, path, x, out, stride):
        h = F.relu(self.norm(f"{path}.f.norm", self.conv(f"{path}.f.conv2d", x)))
        h = F.relu(self.norm(f"{path}.f.norm_2", self.conv(f"{path}.f.conv2d_2", h, stride)))
        f = self.norm(f"{path}.f.norm_3", self.conv(f"{path}.f.conv2d_3", h))
        return F.relu(f + self.project_shortcut(f"{path}.project_shortcut", x, out, stride))

    def fixup_block(self, path, x, out, stride):
        bias1, bias2, bias3, bias4, scale = (self.a[f"{path}.{n}"] for n in ("bias1", "bias2", "bias3", "bias4", "scale"))
        h = F.relu(self.conv(f"{path}.h1.conv2d", x + bias1, stride) + bias2)
        f = self.conv(f"{path}.h2.conv2d", h + bias3) * scale + bias4
        return F.relu(f + self.pad_shortcut(x + bias1, out, stride))

    def vgg_stage(self, path, x, normalised=False):
        for i in ("", "_2"):
            x = self.conv(f"{path}.conv2d{i}", x)
            x = F.relu(self.norm(f"{path}.norm{i}", x) if normalised else x)
        return F.max_pool2d(x, 2)
