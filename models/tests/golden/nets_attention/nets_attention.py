"""Attention layers and encoder blocks by PyTorch; FAVOR+ in plain tensor operations. Format: see ../nets.py.

    python nets_attention.py
"""

import pathlib
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from nets import Book, Draw

BATCH, STEPS, HEADS, WIDTH, FEATURES, EPSILON = 3, 5, 2, 6, 8, 1e-4


class Additive(nn.Module):
    """e_t = v · tanh(W h_t + b); the context is the mean of h_t weighted by softmax(e)."""

    def __init__(self, width, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.zeros(hidden, width))
        self.b = nn.Parameter(torch.zeros(hidden))
        self.v = nn.Parameter(torch.zeros(hidden))

    def forward(self, x):
        weights = ((x @ self.W.T + self.b).tanh() @ self.v).softmax(dim=1)
        return (weights[..., None] * x).sum(dim=1)


def features(x, omega, over):
    """φ(x) = (exp(ω·x' − |x'|²/2 − s) + ε) / √m, x' = x / d^¼, where s is the largest ω·x' along the
    axes `over`, taken as a constant (no gradient passes through it)."""
    x = x / x.shape[-1] ** 0.25
    projected = x @ omega.T
    largest = projected.amax(dim=over, keepdim=True).detach()
    powers = projected - (x**2).sum(dim=-1, keepdim=True) / 2 - largest
    return (powers.exp() + EPSILON) / omega.shape[0] ** 0.5


def favor(q, k, v, omega, causal):
    """Queries, keys, values: batch × heads × steps × d. The heads share omega, features × d.

    s is one number per query; for keys one per batch row and head, over all steps and features.
    Causal sums run up to and with the step itself; s of the keys still sees all steps.
    """
    q, k = features(q, omega, (-1,)), features(k, omega, (-2, -1))
    if causal:
        pairs = (k[..., None] * v[..., None, :]).cumsum(dim=-3)
        above = (q[..., None, :] @ pairs)[..., 0, :]
        below = (q * k.cumsum(dim=-2)).sum(dim=-1)
    else:
        above = q @ (k.transpose(-1, -2) @ v)
        below = (q * k.sum(dim=-2, keepdim=True)).sum(dim=-1)
    return above / below[..., None]


class Favor(nn.Module):
    """FAVOR+ without weights: a layer that only computes."""

    def __init__(self, causal):
        super().__init__()
        self.causal = causal

    def forward(self, q, k, v, omega):
        return favor(q, k, v, omega, self.causal)


class FavorAttention(nn.Module):
    """Self-attention by FAVOR+, projected as nn.MultiheadAttention does."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.zeros(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x, omega):
        apart = lambda part: part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, k, v = map(apart, (x @ self.in_proj_weight.T + self.in_proj_bias).chunk(3, dim=-1))
        return self.out_proj(favor(q, k, v, omega, False).transpose(1, 2).flatten(2))


class PerformerBlock(nn.Module):
    """x ← norm1(x + attention(x)), x ← norm2(x + dense(BiLSTM(x)))."""

    def __init__(self, width, heads):
        super().__init__()
        self.self_attn = FavorAttention(width, heads)
        self.lstm = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(2 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x, omega):
        x = self.norm1(x + self.self_attn(x, omega))
        return self.norm2(x + self.dense(self.lstm(x)[0]))


def attend(causal):
    """How to run nn.MultiheadAttention as self-attention."""
    later = torch.ones(STEPS, STEPS, dtype=torch.bool).triu(1) if causal else None
    return lambda net, x: net(x, x, x, attn_mask=later, need_weights=False)[0]


def main():
    book = Book(__file__)
    steps = lambda name: {"x": Draw(name)(BATCH, STEPS, WIDTH)}
    book.add("additive", Additive(WIDTH, 4), {"width": WIDTH, "hidden": 4}, steps("additive"))
    sizes = {"width": WIDTH, "heads": HEADS, "note": "in_proj: rows of queries, then keys, then values; head by head"}
    for name, causal in (("softmax", False), ("softmax_causal", True)):
        net = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        book.add(name, net, {**sizes, "causal": causal}, steps(name), call=attend(causal))
    kernel = {"features": FEATURES, "epsilon": EPSILON, "note": "see features() and favor() of the script"}
    for name, causal in (("favor", False), ("favor_causal", True)):
        draw = Draw(name)
        inputs = {part: draw(2, HEADS, STEPS, 4, low=-1.5, high=1.5) for part in "qkv"}
        given = {"omega": draw(FEATURES, 4, low=-2.0, high=2.0)}
        book.add(name, Favor(causal), {**kernel, "causal": causal}, inputs, given)
    for bend in ("relu", "gelu"):
        net = nn.TransformerEncoderLayer(WIDTH, HEADS, 8, dropout=0.0, activation=bend, batch_first=True)
        name = f"transformer_block_{bend}"
        book.add(name, net, {**sizes, "feed_forward": 8, "bend": bend, "norm": "post", "epsilon": 1e-5}, steps(name))
    given = {"omega": Draw("omega")(FEATURES, WIDTH // HEADS, low=-2.0, high=2.0)}
    settings = {**sizes, **kernel, "lstm_hidden": WIDTH, "norm": "post", "norm_epsilon": 1e-5}
    book.add("performer_block", PerformerBlock(WIDTH, HEADS), settings, steps("performer"), given)
    book.write()


if __name__ == "__main__":
    main()
