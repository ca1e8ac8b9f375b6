"""Records what PyTorch computes, in float64, for one network, layer or loss; the nets_* scripts use it.

A case.json holds `made_with`, `tolerance` (relative to the largest value of a tensor; single precision
keeps it) and `cases`, by name. A case has
    settings   numbers and words that rebuild the network; `note` says what the name leaves open
    weights    by PyTorch's names and in its shapes (recurrent gates: LSTM i f g o, GRU r z n, with two
               biases of which only the sum matters; dense weights are outputs by inputs)
    inputs     tensors that have a gradient
    given      tensors that have none: targets, class weights, random features
    output     one tensor, and `cotangent`, a fixed random one of its shape
    gradients  of the sum of cotangent times output, for every input and every weight, by name
A tensor is {"shape": [..], "values": [..]}, the last axis fastest. Inputs and weights have 4 decimals.
Sequences are batch × steps × channels, except before a convolution or pooling: batch × channels × steps.
"""

import copy
import json
import pathlib
import zlib

import numpy as np
import torch

TOLERANCE = 1e-5


class Draw:
    """Random tensors of four decimals, the same for the same name."""

    def __init__(self, name):
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))

    def __call__(self, *shape, low=-1.0, high=1.0):
        return torch.tensor(self.rng.uniform(low, high, shape).round(4), dtype=torch.float64)


def told(tensor):
    values = [float(f"{value:.9g}") for value in tensor.detach().double().reshape(-1).tolist()]
    return {"shape": list(tensor.shape), "values": values}


def traced(net, call, inputs, given, cotangent):
    """The output, and the gradients by name."""
    inputs = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    output = call(net, *inputs.values(), *given.values())
    if cotangent is None:
        return output, {}
    net.zero_grad()
    (output * cotangent).sum().backward()
    gradients = {name: value.grad for name, value in [*inputs.items(), *net.named_parameters()]}
    return output, gradients


def single(tensor):
    return tensor.float() if tensor.is_floating_point() else tensor


def off(got, want):
    """The largest difference, relative to the largest value."""
    got, want = got.detach().double(), want.detach()
    return float((got - want).abs().max() / want.abs().max())


class Book:
    """The cases of one folder."""

    def __init__(self, folder):
        self.folder, self.cases, self.worst = pathlib.Path(folder).parent, {}, ("", 0.0)

    def add(self, name, net, settings, inputs, given=None, call=None, zeros=0.75):
        """`net` gets random weights; `call` says how to run it where it is not `net(*inputs, *given)`; a
        share of `zeros` and more would hold nothing."""
        draw, given = Draw(name + " weights"), given or {}
        call = call or (lambda net, *tensors: net(*tensors))
        net = net.double()
        with torch.no_grad():
            for weight in net.parameters():
                weight.copy_(draw(*weight.shape, low=-0.4, high=0.6))
        weights = {key: weight.detach().clone() for key, weight in net.named_parameters()}
        assert not (weights.keys() & inputs.keys())
        output, _ = traced(net, call, inputs, given, None)
        cotangent = draw(*output.shape) if output.shape else torch.ones((), dtype=torch.float64)
        output, gradients = traced(net, call, inputs, given, cotangent)
        self.try_single(name, (net, call, inputs, given, cotangent), {**gradients, "output": output}, zeros)
        parts = {"weights": weights, "inputs": inputs, "given": given, "gradients": gradients}
        self.cases[name] = {
            "settings": settings,
            **{part: {key: told(value) for key, value in tensors.items()} for part, tensors in parts.items()},
            "output": told(output),
            "cotangent": told(cotangent),
        }

    def try_single(self, name, run, want, zeros):
        """A case that single precision cannot keep within the tolerance would be a bad one."""
        net, call, inputs, given, cotangent = run
        inputs, given = ({key: single(value) for key, value in part.items()} for part in (inputs, given))
        output, got = traced(copy.deepcopy(net).float(), call, inputs, given, cotangent.float())
        got["output"] = output
        for part, value in want.items():
            assert (value == 0).double().mean() < zeros, f"{name}, {part}: nearly all zero"
            error = off(got[part], value)
            assert error < TOLERANCE / 3, f"{name}, {part}: {error}"
            self.worst = max(self.worst, (f"{name}, {part}", error), key=lambda pair: pair[1])

    def write(self, **more):
        made_with = f"PyTorch {torch.__version__.split('+')[0]}, numpy {np.__version__}"
        case = {"made_with": made_with, "tolerance": TOLERANCE, **more, "cases": self.cases}
        (self.folder / "case.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")
        print(f"{len(self.cases)} cases; single precision is off most in {self.worst[0]}: {self.worst[1]:.1e}")
