"""Attention by scaled_dot_product_attention; keys and values repeated where heads share them."""
import torch
import torch.nn.functional as F

from .case import Case, Numbers


def rope(x, theta=10000.0, start=0):
    half = x.shape[-1] // 2
    angle = torch.outer(start + torch.arange(x.shape[1], dtype=torch.float64),
                        theta ** (-2 * torch.arange(half, dtype=torch.float64) / x.shape[-1]))
    shape = [1, x.shape[1]] + [1] * (x.dim() - 3) + [half]
    c, s = angle.cos().reshape(shape).to(x.dtype), angle.sin().reshape(shape).to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * c - b * s, b * c + a * s], -1)


def mask(rows, columns, start):
    return torch.arange(columns) <= start + torch.arange(rows)[:, None]


def attend(q, k, v, wo, start=None):
    """q [B, T, g, r, e], k and v [B, U, g, e], wo [g, r, e, d]; start None: nothing is hidden."""
    groups, share = q.shape[2], q.shape[3]
    heads = lambda x: x.transpose(1, 2)  # [B, heads, tokens, e]
    q = heads(q.flatten(2, 3))
    k, v = (heads(x).repeat_interleave(share, 1) for x in (k, v))
    seen = None if start is None else mask(q.shape[2], k.shape[2], start)
    o = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    return o.transpose(1, 2).flatten(2) @ wo.flatten(0, 2)


def attention(a, path, x, theta=10000.0, causal=True, rotary=True):
    wq, wk, wv, wo = (a[f"{path}.{name}"] for name in ("wq", "wk", "wv", "wo"))
    q = torch.einsum("bti,igmk->btgmk", x, wq)
    k, v = (torch.einsum("bti,igk->btgk", x, w) for w in (wk, wv))
    if rotary:
        q, k = rope(q, theta), rope(k, theta)
    return attend(q, k, v, wo, 0 if causal else None)


def swiglu(a, path, x):
    return (F.silu(x @ a[f"{path}.gate.dense.w"]) * (x @ a[f"{path}.up.dense.w"])) @ a[f"{path}.dense.w"]


def rms(a, path, x):
    return F.rms_norm(x, x.shape[-1:], a[f"{path}.g"], 1e-5)


def layer_norm(a, path, x):
    return F.layer_norm(x, x.shape[-1:], a[f"{path}.g"], a[f"{path}.b"], 1e-5)


def llama_block(a, path, x, theta=10000.0):
    h = x + attention(a, f"{path}.h.attention", rms(a, f"{path}.h.rms_norm", x), theta)
    return h + swiglu(a, f"{path}.swiglu", rms(a, f"{path}.rms_norm", h))


def decoder_block(a, path, x):
    h = x + attention(a, f"{path}.h.attention", layer_norm(a, f"{path}.h.layer_norm", x), rotary=False)
    y = layer_norm(a, f"{path}.layer_norm", h) @ a[f"{path}.dense.w"] + a[f"{path}.dense.b"]
    return h + F.gelu(y, approximate="tanh") @ a[f"{path}.dense_2.w"] + a[f"{path}.dense_2.b"]


def llama(a, root="net.llama", depth=2):
    table = a[f"{root}.emb.table"]
    h = table[a["tokens"]]
    for i in range(depth):
        h = llama_block(a, f"{root}.h.llama_block[{i}]", h)
    return rms(a, f"{root}.h.rms_norm", h) @ table.T


def transformer_decoder(a, root="net.transformer_decoder", depth=2):
    table = a[f"{root}.emb.table"]
    h = table[a["tokens"]] + a[f"{root}.h.position_embedding.table"][: a["tokens"].shape[1]]
    for i in range(depth):
        h = decoder_block(a, f"{root}.g.decoder_block[{i}]", h)
    return layer_norm(a, f"{root}.g.layer_norm", h) @ table.T


def hide_future(a):
    s = a["s"]
    return torch.where(mask(s.shape[-2], s.shape[-1], 1), s, torch.full_like(s, float(torch.tensor(-1e30))))


TOKENS = [0, 6, 3, 3, 1, 2, 2, 2, 5, 4]
CASES = {
    "rope__later": Case(lambda a: rope(a["x"], 100.0, 7)),
    "rope__flat": Case(lambda a: rope(a["x"])),
    "hide_future__shifted": Case(hide_future),
    "attend__causal": Case(lambda a: attend(a["q"], a["k"], a["v"], a["wo"], 2), {"q": Numbers(3.0)}),
    "attend__open": Case(lambda a: attend(a["q"], a["k"], a["v"], a["wo"])),
    "attention__plain": Case(lambda a: attention(a, "net.attention", a["x"], causal=False, rotary=False)),
    "attention__grouped": Case(lambda a: attention(a, "net.attention", a["x"], 100.0)),
    "attention__multi_query": Case(lambda a: attention(a, "net.attention", a["x"])),
    "swiglu__tokens": Case(lambda a: swiglu(a, "net.swiglu", a["x"])),
    "position_embedding__short": Case(lambda a: a["x"] + a["net.position_embedding.table"][:3]),
    "llama_block__grouped": Case(lambda a: llama_block(a, "net.llama_block", a["x"])),
    "decoder_block__plain": Case(lambda a: decoder_block(a, "net.decoder_block", a["x"])),
    "llama__small": Case(llama, {"tokens": TOKENS}),
    "transformer_decoder__small": Case(transformer_decoder, {"tokens": TOKENS}),
}
