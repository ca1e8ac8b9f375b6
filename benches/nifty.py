#!/usr/bin/env python3
"""Runs the study of NIFTY's weeks and tells its networks weekday by weekday: benches/results/nifty.md.

    pip install pyarrow numpy pandas
    python benches/nifty.py --almanac target/release/almanac --data DIR

DIR is the data root of the studies' sets (see `almanac sets`); --keep DIR keeps the run folder, and a run
that is finished there is read, not run again.
"""
import argparse, json, os, subprocess, tempfile

import numpy as np
import pyarrow.parquet as parquet

HERE = os.path.dirname(os.path.abspath(__file__))
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri"]


def run(args, out):
    """Runs the study unless it is there."""
    if not os.path.exists(os.path.join(out, "leaderboard.json")):
        spec = os.path.join(HERE, "..", "studies", "nifty_weekly.toml")
        command = [args.almanac, "--quiet", "backtest", spec, "--data-root", args.data, "--out", out]
        subprocess.run(command + ["--threads", str(args.threads)], check=True, stdout=subprocess.DEVNULL)


def read(out, name):
    with open(os.path.join(out, name)) as file:
        return json.load(file)


def errors(out):
    """Squared errors of each model as seeds x weeks x days, and the mean of what came true."""
    table = parquet.read_table(os.path.join(out, "forecasts.parquet")).to_pandas()
    table = table.sort_values(["cutoff", "step"])
    found = {}
    for name, rows in table.groupby("model", sort=False):
        squares = (rows["mean"] - rows["y"]).to_numpy() ** 2
        found.setdefault(name.split("#")[0], []).append(squares.reshape(-1, len(DAYS)))
    return {name: np.array(seeds) for name, seeds in found.items()}, table["y"].mean()


def figures(squares, told):
    """What is said of a model: roots of each seed, then their mean and deviation over seeds."""
    all_days = np.sqrt(squares.mean(axis=(1, 2)))
    return {
        "days": np.sqrt(squares.mean(axis=1)).mean(axis=0), "rmse": all_days.mean(), "p": told["p_value"],
        "seeds": all_days, "sd": all_days.std(ddof=1) if len(all_days) > 1 else None, "fit_s": told["fit_s"] / len(all_days),
        "weeks": np.sqrt(squares.mean(axis=2)).mean(),
    }


def table(rows, mean):
    lines = ["| model | " + " | ".join(DAYS) + " | all days | ± | of mean | mean of weeks | p | seconds a seed |",
             "|---" * 12 + "|"]
    for name, told in sorted(rows.items(), key=lambda row: row[1]["rmse"]):
        parts = [f"{value:.1f}" for value in told["days"]] + [f"{told['rmse']:.2f}"]
        parts += ["" if told["sd"] is None else f"{told['sd']:.2f}", f"{told['rmse'] / mean:.5f}", f"{told['weeks']:.2f}"]
        parts += ["" if told["p"] is None else f"{told['p']:.2g}", f"{told['fit_s']:.2f}"]
        lines.append(f"| {name} | " + " | ".join(parts) + " |")
    return lines


def verdict(rows):
    """Which models are told from persistence, and how the hybrid stands."""
    others = [name for name in rows if name != "naive"]
    told = lambda sign: [name for name in others if rows[name]["p"] < 0.05
                         and sign * (rows[name]["weeks"] - rows["naive"]["weeks"]) > 0]
    open_ = [name for name in others if rows[name]["p"] >= 0.05]
    groups = (("Better than", told(-1)), ("Worse than", told(1)), ("Not told from", open_))
    lines = [f"- {what} persistence at 5 %: {', '.join(names) or 'none'} ({len(names)} of {len(others)})." for what, names in groups]
    for name in (name for name in others if name.startswith("hybrid/")):
        own = rows[name]
        lines.append(f"- `{name}` is at {own['rmse']:.2f} over all days beside {rows['naive']['rmse']:.2f} of persistence, "
                     f"and at {own['weeks']:.2f} beside {rows['naive']['weeks']:.2f} week by week (p {own['p']:.2g}).")
    return lines


def seeds_apart(rows):
    """Seeds that failed, and those that look better than persistence."""
    naive, lines = rows["naive"]["rmse"], []
    for name, told in rows.items():
        own = told["seeds"]
        lost, below = own > 3 * naive, own < naive
        if "/" in name and lost.any():
            lines.append(f"- {lost.sum()} of {len(own)} seeds of `{name}` end beyond three times persistence, at up to {own.max():.0f}; "
                         f"the mean of the others is {own[~lost].mean():.2f}.")
        if "/" in name and below.any():
            lines.append(f"- {below.sum()} of {len(own)} seeds of `{name}` lie below persistence, the least at {own.min():.2f}: "
                         "picked afterwards, which is no forecast.")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--almanac", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--keep")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as desk:
        out = os.path.join(args.keep or desk, "nifty_weekly")
        run(args, out)
        squares, mean = errors(out)
        board, manifest = read(out, "leaderboard.json"), read(out, "manifest.json")
    rows = {told["model"]: figures(squares[told["model"]], told) for told in board["rows"]}
    seeds, weeks, _ = max((part.shape for part in squares.values()))
    naive, threads = rows["naive"]["rmse"], manifest["threads"]
    beside = " Other work ran beside it; on two quiet cores about half of the latter is to be expected." if threads == 1 else ""
    lines = [
        "# P1's networks on NIFTY's open", "",
        f"Made by `benches/nifty.py` from `studies/nifty_weekly.toml`: {weeks} weeks, {weeks * len(DAYS)} opens of mean {mean:.2f}. Networks read the week",
        f"or two before and have {seeds} seeds each: `never` is fitted once, `weekly` goes on from its weights for 30 steps every week.",
        "Columns are RMSE of a weekday, of all days (± deviation over seeds; and as a part of the mean open), and the mean of",
        "those of single weeks; each seed's own, then their mean. p is Diebold-Mariano's beside persistence (`naive`: Friday's",
        "open for all of the next week), on the RMSE of a week, mean over seeds. It is of one test: of equals one in twenty falls",
        "below 0.05. Seconds are of all fitting, on one core.", "",
        f"{manifest['wall_s'] / 60:.1f} minutes on the clock, {manifest['cpu_s'] / 60:.1f} of a processor, threads: {threads}.{beside}", "",
        *table(rows, mean), "", *verdict(rows), *seeds_apart(rows), "",
        f"Persistence is at {naive:.2f}, or {naive / mean:.5f} of the mean, {mean:.2f}. From another file of the index, with weeks made whole",
        "in the same way, it is at 265.71, or 0.02400 of 11069.49.", "",
    ]
    with open(os.path.join(HERE, "results", "nifty.md"), "w") as file:
        file.write("\n".join(lines))


main()
