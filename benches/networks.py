#!/usr/bin/env python3
"""Training of Almanac's networks beside PyTorch's: the same windows, batches, optimiser and epochs.

    pip install torch numpy
    cargo build --release -p almanac-models --example networks
    python benches/networks.py --ours target/release/examples/networks --out benches/results/networks.md

Each training is a process of its own and the two sides take turns; of the repeats the least times are kept.
PyTorch trains in the plainest loop: shuffled batches by index, Adam, mean squared error; its time starts after a
warm-up of one epoch. Ours includes the cutting of windows and has no warm-up. Many fits: PyTorch does them one
after another with its threads, ours side by side with one thread each.
"""
import argparse, json, os, subprocess, sys

ROWS = 2400
# What is trained: its settings, window, horizon, batch, epochs, fits.
CASES = {
    "LSTM(50) x 10 steps": ("lstm", {"units": 50, "dense": []}, 10, 1, 32, 10, 1),
    "BiLSTM(50) x 10 steps": ("bilstm", {"units": 50, "dense": []}, 10, 1, 32, 10, 1),
    "GRU(50) x 10 steps": ("gru", {"units": 50, "dense": []}, 10, 1, 32, 10, 1),
    "LSTM encoder-decoder (200)": ("encoder_decoder", {"units": 200, "dense": [100], "relu": False}, 10, 5, 16, 3, 1),
    "small CNN": ("cnn", {"filters": [64, 64], "width": 3, "dense": [50]}, 10, 1, 32, 10, 1),
    "60 small fits, LSTM(32), 300 windows": ("lstm", {"units": 32, "dense": []}, 10, 1, 32, 5, 60),
}


def peer(case, threads):
    """The child process: the same for PyTorch."""
    import time
    import numpy as np, torch
    from torch import nn
    torch.set_num_threads(threads)
    name, settings, window, horizon, batch, epochs, fits = CASES[case]
    rows = 300 if fits > 1 else ROWS
    t = np.arange(rows + window + horizon - 1)
    y = (np.sin(t * 0.3) + 0.5 * np.cos(t * 0.05)).astype(np.float32)
    x = torch.tensor(np.stack([y[k:k + rows] for k in range(window)], 1)).unsqueeze(2)
    z = torch.tensor(np.stack([y[window + k:window + k + rows] for k in range(horizon)], 1))

    class Last(nn.Module):
        def __init__(self, cell, **more):
            super().__init__()
            units = settings["units"]
            self.cell = cell(1, units, batch_first=True, **more)
            self.out = nn.Linear(units * (2 if more else 1), horizon)

        def forward(self, x):
            said, last = self.cell(x)
            if self.cell.bidirectional:
                half = settings["units"]
                return self.out(torch.cat([said[:, -1, :half], said[:, 0, half:]], 1))
            return self.out(said[:, -1])

    class Decoder(nn.Module):
        def __init__(self):
            super().__init__()
            units = settings["units"]
            self.read, self.tell = nn.LSTM(1, units, batch_first=True), nn.LSTM(units, units, batch_first=True)
            self.sums = nn.Sequential(nn.Linear(units, 100), nn.ReLU(), nn.Linear(100, 1))

        def forward(self, x):
            last = self.read(x)[0][:, -1]
            return self.sums(self.tell(last.unsqueeze(1).repeat(1, horizon, 1))[0]).squeeze(2)

    class Cnn(nn.Module):
        def __init__(self):
            super().__init__()
            self.filters = nn.Sequential(nn.Conv1d(1, 64, 3), nn.ReLU(), nn.Conv1d(64, 64, 3), nn.ReLU(), nn.MaxPool1d(2))
            self.sums = nn.Sequential(nn.Flatten(), nn.Linear(64 * 3, 50), nn.ReLU(), nn.Linear(50, horizon))

        def forward(self, x):
            return self.sums(self.filters(x.transpose(1, 2)))

    build = {"lstm": lambda: Last(nn.LSTM), "gru": lambda: Last(nn.GRU), "bilstm": lambda: Last(nn.LSTM, bidirectional=True),
             "encoder_decoder": Decoder, "cnn": Cnn}[name]

    def train(seed, epochs):
        torch.manual_seed(seed)
        net = build()
        optimiser = torch.optim.Adam(net.parameters(), lr=0.001)
        for _ in range(epochs):
            order, total = torch.randperm(rows), 0.0
            for part in order.split(batch):
                optimiser.zero_grad(set_to_none=True)
                loss = ((net(x[part]) - z[part]) ** 2).mean()
                loss.backward()
                optimiser.step()
                total += loss.item() * len(part)
        return total / rows

    train(0, 1)
    wall, cpu = time.perf_counter(), time.process_time()
    losses = [train(seed, epochs) for seed in range(fits)]
    print(json.dumps({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu, "loss": float(np.mean(losses))}))


def ours(program, case, threads):
    name, settings, window, horizon, batch, epochs, fits = CASES[case]
    settings = {**settings, "train": {"epochs": epochs, "batch": batch}}
    rows = 300 if fits > 1 else ROWS
    numbers = [str(n) for n in (rows, window, horizon, fits, threads)]
    return json.loads(subprocess.run([program, name, json.dumps(settings), *numbers], check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", default="target/release/examples/networks")
    parser.add_argument("--out")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="trainings with this in their name")
    parser.add_argument("--peer", nargs=2)
    words = parser.parse_args()
    if words.peer:
        return peer(words.peer[0], int(words.peer[1]))
    import torch
    lines = ["# Training beside PyTorch", "",
             f"PyTorch {torch.__version__} on the processor; made by `benches/networks.py`, the two sides in turn, the least of "
             f"{words.repeats} runs each. Times in seconds; `faster` is PyTorch's time over ours, on the clock.", "",
             "| training | threads | ours | PyTorch | faster | ours, processor | PyTorch, processor | last loss, ours / PyTorch |",
             "|---|---|---|---|---|---|---|---|"]
    for case in (case for case in CASES if words.only in case):
        for threads in (1, 2):
            ran = {"ours": [], "peer": []}
            for _ in range(words.repeats):
                ran["ours"].append(ours(words.ours, case, threads))
                child = [sys.executable, os.path.abspath(__file__), "--peer", case, str(threads)]
                ran["peer"].append(json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout))
            least = {side: {key: min(run[key] for run in runs) for key in ("wall_s", "cpu_s")} for side, runs in ran.items()}
            own, other = least["ours"], least["peer"]
            losses = [runs[0]["loss"] for runs in ran.values()]
            lines.append(f"| {case} | {threads} | {own['wall_s']:.3f} | {other['wall_s']:.3f} | {other['wall_s'] / own['wall_s']:.2f} | "
                         f"{own['cpu_s']:.3f} | {other['cpu_s']:.3f} | {losses[0]:.4f} / {losses[1]:.4f} |")
            print(lines[-1], flush=True)
    if words.out:
        with open(words.out, "w") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
