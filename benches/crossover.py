#!/usr/bin/env python3
"""Attention by random features against softmax over all pairs, as the window grows: time and memory.

    cargo build --release -p almanac-models --example crossover
    python benches/crossover.py --ours target/release/examples/crossover

Writes results/crossover.md and results/crossover.svg. Each figure is a process of its own; processor
seconds, the least of the repeats of at least half a second.
"""
import argparse, json, math, os, subprocess

STEPS = [64, 128, 256, 512, 1024, 2048, 4096, 8192]
WAYS = ["softmax", "favor"]
COLOURS = {"softmax": "#b5442d", "favor": "#1f6f8b"}
HERE = os.path.dirname(os.path.abspath(__file__))


def crossing(found, key):
    """Where the two lines meet, on logarithmic axes, from the last change of order."""
    apart = [math.log(found["favor", steps][key] / found["softmax", steps][key]) for steps in STEPS]
    for at in range(len(STEPS) - 1, 0, -1):
        if apart[at - 1] > 0 >= apart[at]:
            share = apart[at - 1] / (apart[at - 1] - apart[at])
            return f"{STEPS[at - 1] * (STEPS[at] / STEPS[at - 1]) ** share:.0f} steps"
    return "below 64 steps" if apart[0] <= 0 else "not by 8192 steps"


def table(found):
    head = ["steps"] + [f"{way} {what}" for what in ("forward ms", "with slopes ms", "with slopes MiB") for way in WAYS]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for steps in STEPS:
        cells = [str(steps)]
        for key, scale in (("forward_s", 1e3), ("both_s", 1e3), ("both_mib", 1)):
            cells += [f"{scale * found[way, steps][key]:.3g}" for way in WAYS]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def figure(found):
    """Two panels on logarithmic axes: milliseconds and MiB against steps."""
    wide, high, gap = 360, 260, 70
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * (wide + gap) + 30}" height="{high + 90}" '
             'font-family="sans-serif" font-size="12">']
    for panel, (key, scale, title) in enumerate((("both_s", 1e3, "ms, forward and slopes"), ("both_mib", 1, "MiB held"))):
        values = {(way, steps): max(scale * found[way, steps][key], 0.1) for way in WAYS for steps in STEPS}
        low = math.floor(math.log10(min(values.values())))
        top = math.ceil(math.log10(max(values.values())))
        left = gap + panel * (wide + gap)
        x = lambda steps: left + wide * math.log2(steps / 64) / 7
        y = lambda value: 40 + high * (1 - (math.log10(value) - low) / (top - low))
        parts.append(f'<text x="{left}" y="24" font-size="14">{title}</text>')
        for power in range(low, top + 1):
            at = y(10.0**power)
            parts.append(f'<line x1="{left}" x2="{left + wide}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
            parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
        for steps in STEPS:
            parts.append(f'<text x="{x(steps):.1f}" y="{high + 58}" text-anchor="middle">{steps}</text>')
        for way in WAYS:
            points = " ".join(f"{x(steps):.1f},{y(values[way, steps]):.1f}" for steps in STEPS)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[way]}" stroke-width="2"/>')
            end = y(values[way, STEPS[-1]])
            parts.append(f'<text x="{left + wide - 4}" y="{end - 8:.1f}" text-anchor="end" fill="{COLOURS[way]}">{way}</text>')
    parts.append(f'<text x="{gap}" y="{high + 80}">steps of the window</text></svg>')
    return "\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True)
    args = parser.parse_args()
    found = {}
    for steps in STEPS:
        for way in WAYS:
            said = subprocess.run([args.ours, way, str(steps)], check=True, capture_output=True, text=True).stdout
            found[way, steps] = json.loads(said)
    lines = [
        "# Where random features overtake softmax", "",
        "Made by `benches/crossover.py`: one attention layer, one window, 64 numbers a step in four heads, 44",
        "features a head, one thread. Memory is what was held at most above the start.", "",
        *table(found), "",
        f"Random features are faster from {crossing(found, 'forward_s')} on forward, from {crossing(found, 'both_s')} with",
        f"slopes, and hold less from {crossing(found, 'both_mib')} on. Figure: crossover.svg.", "",
    ]
    with open(os.path.join(HERE, "results", "crossover.md"), "w") as file:
        file.write("\n".join(lines))
    with open(os.path.join(HERE, "results", "crossover.svg"), "w") as file:
        file.write(figure(found))


main()
