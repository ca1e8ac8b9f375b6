"""Dense, convolutional, recurrent and normalising layers, and bends, by PyTorch. Format: see ../nets.py.

    python nets_layers.py
"""

import pathlib
import sys

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from nets import Book, Draw

BATCH, STEPS, CHANNELS, HIDDEN = 3, 5, 2, 4


class Lstm(nn.Module):
    """An LSTM whose candidate and output are bent by `bend`: the whole sequence of h."""

    def __init__(self, channels, hidden, bend):
        super().__init__()
        self.hidden, self.bend = hidden, bend
        self.weight_ih_l0 = nn.Parameter(torch.zeros(4 * hidden, channels))
        self.weight_hh_l0 = nn.Parameter(torch.zeros(4 * hidden, hidden))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(4 * hidden))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(4 * hidden))

    def forward(self, x):
        h = c = x.new_zeros(x.shape[0], self.hidden)
        states = []
        for step in x.unbind(1):
            gates = step @ self.weight_ih_l0.T + h @ self.weight_hh_l0.T + self.bias_ih_l0 + self.bias_hh_l0
            i, f, g, o = gates.chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * self.bend(g)
            h = o.sigmoid() * self.bend(c)
            states.append(h)
        return torch.stack(states, dim=1)


class ConvLstm(nn.Module):
    """Keras' ConvLSTM2D: no peepholes, `valid` on the input, `same` on the state; the last h.

    Frames are batch × frames × channels × rows × columns; gates i f g o along the output channels.
    """

    def __init__(self, channels, hidden, kernel, bend):
        super().__init__()
        self.hidden, self.bend = hidden, bend
        self.input = nn.Conv2d(channels, 4 * hidden, kernel)
        self.state = nn.Conv2d(hidden, 4 * hidden, kernel, padding="same", bias=False)

    def forward(self, frames):
        h = c = None
        for frame in frames.unbind(1):
            gates = self.input(frame)
            if h is None:
                h = c = gates.new_zeros(gates.shape[0], self.hidden, *gates.shape[2:])
            i, f, g, o = (gates + self.state(h)).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * self.bend(g)
            h = o.sigmoid() * self.bend(c)
        return h


def sequence(net, x):
    return net(x)[0]


def main():
    book = Book(__file__)
    steps = lambda name: {"x": Draw(name)(BATCH, STEPS, CHANNELS)}
    image = lambda name: {"x": Draw(name)(BATCH, CHANNELS, 4, STEPS)}
    turned = lambda name: {"x": Draw(name)(BATCH, CHANNELS, 7)}
    book.add("dense", nn.Linear(CHANNELS, HIDDEN), {"in": CHANNELS, "out": HIDDEN}, steps("dense"))
    book.add("conv1d", nn.Conv1d(CHANNELS, HIDDEN, 3), {"kernel": 3, "padding": "valid"}, turned("conv1d"))
    book.add("conv2d", nn.Conv2d(CHANNELS, HIDDEN, (2, 3)), {"kernel": [2, 3], "padding": "valid"}, image("conv2d"))
    around = nn.Conv2d(CHANNELS, HIDDEN, (2, 3), padding="same")
    book.add("conv2d_same", around, {"kernel": [2, 3], "padding": "same"}, image("conv2d_same"))
    strided = nn.Conv2d(CHANNELS, HIDDEN, (2, 3), stride=(2, 1))
    sizes = {"kernel": [2, 3], "padding": "valid", "stride": [2, 1], "note": "the last row is left out"}
    book.add("conv2d_stride", strided, sizes, {"x": Draw("conv2d_stride")(BATCH, CHANNELS, 5, 4)})
    halved = {"kernel": 2, "stride": 2, "note": "an odd last row or column is left out"}
    book.add("max_pool2d", nn.MaxPool2d(2), halved, image("max_pool2d"), zeros=0.85)
    book.add(
        "max_pool1d",
        nn.MaxPool1d(2),
        {"kernel": 2, "stride": 2, "note": "an odd last step is left out"},
        turned("max_pool1d"),
    )
    sizes = {"in": CHANNELS, "hidden": HIDDEN, "note": "starts at zero; the output is h at every step"}
    lstm = lambda hidden, **more: nn.LSTM(CHANNELS, hidden, batch_first=True, **more)
    book.add("lstm", lstm(HIDDEN), {**sizes, "bend": "tanh"}, steps("lstm"), call=sequence)
    book.add("lstm_9", lstm(9), {**sizes, "hidden": 9, "bend": "tanh"}, steps("lstm_9"), call=sequence)
    book.add("lstm_relu", Lstm(CHANNELS, HIDDEN, torch.relu), {**sizes, "bend": "relu"}, steps("lstm_relu"))
    both_ways = {**sizes, "bend": "tanh", "note": "forward's h, then backward's h of the same step"}
    book.add("bilstm", lstm(HIDDEN, bidirectional=True), both_ways, steps("bilstm"), call=sequence)
    book.add(
        "gru",
        nn.GRU(CHANNELS, HIDDEN, batch_first=True),
        {**sizes, "note": "n = tanh(W x + b + r * (U h + c)); h = (1 - z) * n + z * h; at every step"},
        steps("gru"),
        call=sequence,
    )
    for bend in ("tanh", "relu"):
        rnn = nn.RNN(CHANNELS, HIDDEN, nonlinearity=bend, batch_first=True)
        book.add(f"rnn_{bend}", rnn, {**sizes, "bend": bend}, steps(f"rnn_{bend}"), call=sequence)
        name = f"conv_lstm_{bend}"
        book.add(
            name,
            ConvLstm(CHANNELS, HIDDEN, (1, 3), getattr(torch, bend)),
            {"in": CHANNELS, "hidden": HIDDEN, "kernel": [1, 3], "bend": bend, "note": "gates are sigmoids; the last h"},
            {"frames": Draw(name)(BATCH, 2, CHANNELS, 1, 5)},
        )
    wide = {"x": Draw("layer_norm")(BATCH, STEPS, HIDDEN)}
    book.add("layer_norm", nn.LayerNorm(HIDDEN), {"width": HIDDEN, "epsilon": 1e-5}, wide)
    bends = [("gelu", nn.GELU(), "x Φ(x)"), ("gelu_tanh", nn.GELU("tanh"), "the approximation by tanh")]
    bends.append(("mish", nn.Mish(), "x tanh(ln(1 + exp x))"))
    for name, bend, note in bends:
        call = lambda bend, x: bend(x)
        book.add(name, bend, {"note": note}, {"x": Draw(name)(BATCH, STEPS, low=-4.0, high=4.0)}, call=call)
    book.write()


if __name__ == "__main__":
    main()
