"""Losses and their gradients by PyTorch; each is a mean over all values. Format: see ../nets.py.

    python nets_losses.py
"""

import pathlib
import sys

import torch
from torch import nn
from torch.distributions import Normal, StudentT
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from nets import Book, Draw

BATCH, STEPS = 3, 5


class Loss(nn.Module):
    """A function of tensors as a network without weights."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *tensors):
        return self.function(*tensors)


def quantile(levels):
    """Predictions: batch × steps × levels. max(τ e, (τ − 1) e) of e = truth − prediction."""

    def loss(prediction, truth):
        tau, error = prediction.new_tensor(levels), truth[..., None] - prediction
        return torch.maximum(tau * error, (tau - 1) * error).mean()

    return loss


def main():
    book = Book(__file__)
    add = lambda name, function, settings, inputs, given: book.add(name, Loss(function), settings, inputs, given)
    truths = lambda name: {"truth": Draw(name + " truth")(BATCH, STEPS)}
    pair = lambda name: ({"prediction": Draw(name)(BATCH, STEPS, low=-2, high=2)}, truths(name))
    add("mse", lambda prediction, truth: F.mse_loss(prediction, truth), {}, *pair("mse"))
    add("mae", lambda prediction, truth: F.l1_loss(prediction, truth), {}, *pair("mae"))
    for delta in (0.5, 1.0):
        name = f"huber_{delta}"
        settings = {"delta": delta, "note": "e²/2 up to delta, then delta (|e| − delta/2)"}
        add(name, lambda prediction, truth: F.huber_loss(prediction, truth, delta=delta), settings, *pair(name))
    levels = [0.1, 0.5, 0.9]
    predictions = {"prediction": Draw("quantile")(BATCH, STEPS, len(levels))}
    add("quantile", quantile(levels), {"levels": levels}, predictions, truths("quantile"))
    place, scale = Draw("loc")(BATCH, STEPS), Draw("scale")(BATCH, STEPS, low=0.3, high=2.0)
    truth, df = {"truth": Draw("truth")(BATCH, STEPS, low=-3, high=3)}, Draw("df")(BATCH, STEPS, low=2.5, high=9.0)
    whole = {"note": "with the constant: minus the log density"}
    normal = lambda loc, scale, truth: -Normal(loc, scale).log_prob(truth).mean()
    add("normal", normal, whole, {"loc": place, "scale": scale}, truth)
    student = lambda df, loc, scale, truth: -StudentT(df, loc, scale).log_prob(truth).mean()
    add("student_t", student, whole, {"df": df, "loc": place, "scale": scale}, truth)
    chances = {"logits": Draw("logits")(6, 3, low=-2, high=2)}
    given = {"label": torch.tensor([0, 2, 1, 1, 0, 2]), "class_weight": torch.tensor([0.5, 1.0, 2.5]).double()}
    weighted = lambda logits, label, class_weight: F.cross_entropy(logits, label, class_weight)
    note = {"note": "sum of weight times loss over the sum of the weights of the labels"}
    add("cross_entropy_weighted", weighted, note, chances, given)
    plain = lambda logits, label: F.cross_entropy(logits, label)
    add("cross_entropy", plain, {}, chances, {"label": given["label"]})
    book.write()


if __name__ == "__main__":
    main()
