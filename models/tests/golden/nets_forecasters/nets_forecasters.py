"""Whole networks by PyTorch: P1's seven shapes, small, DLinear, N-HiTS, patches. Format: see ../nets.py.

Also how many parameters P1's ten networks have, at full size, as Keras counts them (one bias per LSTM).

    python nets_forecasters.py
"""

import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

sys.path[:0] = [str(pathlib.Path(__file__).parents[1]), str(pathlib.Path(__file__).parents[1] / "nets_layers")]
from nets import Book, Draw
from nets_layers import ConvLstm, Lstm

BATCH = 3


def dense(widths):
    """Dense layers with ReLU between them; the last is linear; none for one width."""
    layers = [part for a, b in zip(widths, widths[1:]) for part in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def convolutions(plan, channels):
    """`plan` lists widths of convolutions of 3 with ReLU, and "pool" for a max pooling of 2."""
    layers = []
    for part in plan:
        if part == "pool":
            layers.append(nn.MaxPool1d(2))
        else:
            layers += [nn.Conv1d(channels, part, 3), nn.ReLU()]
            channels = part
    return nn.Sequential(*layers)


class Cnn(nn.Module):
    """Rows 1, 2, 3: x is batch × steps × channels; flattened channel by channel; dense layers, if any."""

    def __init__(self, plan, steps, channels, widths):
        super().__init__()
        self.conv = convolutions(plan, channels)
        self.dense = dense([self.conv(torch.zeros(1, channels, steps)).numel(), *widths])

    def forward(self, x):
        return self.dense(self.conv(x.transpose(1, 2)).flatten(1))


class Heads(nn.Module):
    """Row 4: a Cnn without its dense layers for each channel, side by side."""

    def __init__(self, plan, steps, channels, widths):
        super().__init__()
        self.head = nn.ModuleList(convolutions(plan, 1) for _ in range(channels))
        self.dense = dense([channels * self.head[0](torch.zeros(1, 1, steps)).numel(), *widths])

    def forward(self, x):
        heads = [head(x[:, None, :, place]).flatten(1) for place, head in enumerate(self.head)]
        return self.dense(torch.cat(heads, dim=1))


class LastState(nn.Module):
    """Rows 5, 6: the last h of an LSTM, then dense layers, if any."""

    def __init__(self, channels, hidden, widths):
        super().__init__()
        self.lstm, self.dense = Lstm(channels, hidden, torch.relu), dense([hidden, *widths])

    def forward(self, x):
        return self.dense(self.lstm(x)[:, -1])


class Decoder(nn.Module):
    """A code repeated `ahead` times, an LSTM over it, dense layers at each step."""

    def __init__(self, code, hidden, widths, ahead):
        super().__init__()
        self.ahead, self.lstm, self.dense = ahead, Lstm(code, hidden, torch.relu), dense([hidden, *widths, 1])

    def forward(self, code):
        return self.dense(self.lstm(code[:, None].expand(-1, self.ahead, -1)))[..., 0]


class EncoderDecoder(nn.Module):
    """Rows 7, 8, 9, 10: an encoder to a flat code, then the decoder."""

    def __init__(self, encoder, code, hidden, widths, ahead):
        super().__init__()
        self.encoder, self.decoder = encoder, Decoder(code, hidden, widths, ahead)

    def forward(self, x):
        return self.decoder(self.encoder(x).flatten(1))


def lstm_pair(channels, hidden, widths, ahead):
    return EncoderDecoder(LastState(channels, hidden, []), hidden, hidden, widths, ahead)


def cnn_lstm(plan, steps, hidden, widths, ahead):
    encoder = Cnn(plan, steps, 1, [])
    return EncoderDecoder(encoder, encoder(torch.zeros(1, steps, 1)).numel(), hidden, widths, ahead)


def conv_lstm(maps, hidden, widths, ahead):
    """x is batch × frames × 1 × 1 × 5; the state is maps × 1 × 3, flattened map by map."""
    return EncoderDecoder(ConvLstm(1, maps, (1, 3), torch.relu), 3 * maps, hidden, widths, ahead)


class DLinear(nn.Module):
    """A line for the trend (a moving average with both ends repeated), one for the rest; shared by channels."""

    def __init__(self, steps, ahead, kernel):
        super().__init__()
        self.half, self.kernel = (kernel - 1) // 2, kernel
        self.Linear_Seasonal, self.Linear_Trend = nn.Linear(steps, ahead), nn.Linear(steps, ahead)

    def forward(self, x):
        x = x.transpose(1, 2)
        trend = F.avg_pool1d(F.pad(x, (self.half, self.half), "replicate"), self.kernel, 1)
        return (self.Linear_Seasonal(x - trend) + self.Linear_Trend(trend)).transpose(1, 2)


class HitsBlock(nn.Module):
    """Max pooling by `pool` (a last part window counts), two hidden layers with ReLU, one linear layer.

    It gives a backcast of all steps, then `knots` values that are drawn out to the forecast: at step j
    the place is p = (j + ½) knots / ahead − ½, held within the knots, and the value is on the line
    between the knots on both sides of p.
    """

    def __init__(self, steps, ahead, pool, knots, hidden):
        super().__init__()
        self.steps, self.ahead, self.pool, self.knots = steps, ahead, pool, knots
        self.dense = dense([-(-steps // pool), hidden, hidden, steps + knots])

    def forward(self, x):
        pooled = F.max_pool1d(x[:, None], self.pool, ceil_mode=True)[:, 0]
        backcast, knots = self.dense(pooled).split([self.steps, self.knots], dim=1)
        return backcast, F.interpolate(knots[:, None], size=self.ahead, mode="linear")[:, 0]


class Hits(nn.Module):
    """Each block sees what the backcasts before it left over; the forecasts add up. No dense skip, no last value."""

    def __init__(self, steps, ahead, blocks, hidden):
        super().__init__()
        self.blocks = nn.ModuleList(HitsBlock(steps, ahead, pool, knots, hidden) for pool, knots in blocks)

    def forward(self, x):
        forecast = 0
        for block in self.blocks:
            backcast, more = block(x)
            x, forecast = x - backcast, forecast + more
        return forecast


class Patches(nn.Module):
    """Patches of each channel, the last value repeated `stride` times behind, a dense layer, a place code.

    x is batch × channels × steps; the output batch × channels × patches × width.
    """

    def __init__(self, steps, length, stride, width):
        super().__init__()
        self.length, self.stride = length, stride
        self.value = nn.Linear(length, width)
        self.position = nn.Parameter(torch.zeros((steps + stride - length) // stride + 1, width))

    def forward(self, x):
        x = F.pad(x, (0, self.stride), "replicate")
        return self.value(x.unfold(-1, self.length, self.stride)) + self.position


def p1():
    """The ten networks at full size: how many parameters Keras counts."""
    row_3 = Cnn([32, 32, "pool", 16], 10, 5, [100, 5])
    row_4 = Heads([32, 32, "pool"], 10, 5, [200, 100, 5])
    nets = [Cnn([16, "pool"], 5, 1, [10, 5]), Cnn([16, "pool"], 10, 1, [10, 5]), row_3, row_4]
    nets += [LastState(1, 200, [100, 5, 5]), LastState(1, 200, [100, 5, 5])]
    nets += [lstm_pair(1, 200, [100], 5), lstm_pair(5, 200, [100], 5)]
    nets += [cnn_lstm([64, 64, "pool"], 10, 200, [100], 5), conv_lstm(64, 200, [100], 5)]
    inputs = [(5, 1), (10, 1), (10, 5), (10, 5), (5, 1), (10, 1), (10, 1), (10, 5), (10, 1), (2, 1, 1, 5)]
    assert all(net(torch.zeros(1, *shape)).shape == (1, 5) for net, shape in zip(nets, inputs))
    counted = lambda net: sum(w.numel() for name, w in net.named_parameters() if "bias_hh" not in name)
    counts = [counted(net) for net in nets]
    assert counts == [289, 769, 7373, 132965, 182235, 182235, 502601, 505801, 347209, 384777], counts
    return counts


def main():
    book = Book(__file__)
    add = lambda name, net, settings, *shape: book.add(name, net, settings, {"x": Draw(name)(BATCH, *shape)})
    small = {"kernel": 3, "pool": 2, "bend": "relu"}
    settings = {**small, "row": 1, "conv": [4, "pool"], "dense": [6, 5]}
    add("cnn", Cnn([4, "pool"], 10, 1, [6, 5]), settings, 10, 1)
    settings = {**small, "row": 3, "conv": [6, 5, "pool", 4], "dense": [8, 5]}
    add("cnn_channels", Cnn([6, 5, "pool", 4], 10, 2, [8, 5]), settings, 10, 2)
    settings = {**small, "row": 4, "conv": [3, 2, "pool"], "dense": [6, 4, 5]}
    add("cnn_heads", Heads([3, 2, "pool"], 10, 2, [6, 4, 5]), settings, 10, 2)
    settings = {"row": 5, "hidden": 4, "bend": "relu", "dense": [6, 5, 5]}
    add("lstm", LastState(1, 4, [6, 5, 5]), settings, 5, 1)
    settings = {"row": 8, "hidden": 4, "bend": "relu", "dense": [3, 1], "ahead": 5}
    add("lstm_decoder", lstm_pair(2, 4, [3], 5), settings, 6, 2)
    settings = {**settings, **small, "row": 9, "conv": [3, 2, "pool"]}
    add("cnn_lstm", cnn_lstm([3, 2, "pool"], 10, 4, [3], 5), settings, 10, 1)
    settings = {"row": 10, "maps": 3, "kernel": [1, 3], "hidden": 5, "bend": "relu", "dense": [4, 1], "ahead": 5}
    add("conv_lstm", conv_lstm(3, 5, [4], 5), settings, 2, 1, 1, 5)
    settings = {"steps": 8, "ahead": 3, "kernel": 5}
    add("dlinear", DLinear(8, 3, 5), settings, 8, 2)
    settings = {"steps": 10, "ahead": 6, "pool": 4, "knots": 2, "hidden": 7, "note": "the backcast, then the forecast"}
    joined = lambda net, x: torch.cat(net(x), dim=1)
    book.add("nhits_block", HitsBlock(10, 6, 4, 2, 7), settings, {"x": Draw("nhits_block")(BATCH, 10)}, call=joined)
    settings = {"steps": 10, "ahead": 6, "blocks": [[4, 2], [2, 3], [1, 6]], "hidden": 7, "note": "blocks: pool, knots"}
    add("nhits", Hits(10, 6, settings["blocks"], 7), settings, 10)
    settings = {"steps": 9, "length": 4, "stride": 2, "width": 3}
    add("patches", Patches(9, 4, 2, 3), settings, 2, 9)
    book.write(p1_parameters=p1())


if __name__ == "__main__":
    main()
