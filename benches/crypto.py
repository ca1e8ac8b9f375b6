#!/usr/bin/env python3
"""Runs the crypto studies and tells them apart by horizon: benches/results/crypto.md.

    pip install pyarrow numpy scipy
    python benches/crypto.py --almanac target/release/almanac --data DIR

DIR is the data root of the studies' sets (see `almanac sets`); --keep DIR keeps the run folders, and runs
that are finished there are read, not run again.
"""
import argparse, json, os, subprocess, tempfile

import numpy as np
import pyarrow.parquet as parquet
from scipy.stats import t as student

HERE = os.path.dirname(os.path.abspath(__file__))
# Study, its name in the tables, horizons asked, rows from one cutoff to the next.
STUDIES = [("crypto_performer", "hours", (1, 6, 24), 25), ("crypto_performer_daily", "days", (1, 7), 1)]
COINS = ["BTCUSDT", "ETHUSDT", "LTCUSDT"]


def run(args, name, out):
    """Runs a study unless it is there; its manifest."""
    if not os.path.exists(os.path.join(out, "leaderboard.json")):
        spec = os.path.join(HERE, "..", "studies", f"{name}.toml")
        command = [args.almanac, "--quiet", "backtest", spec, "--data-root", args.data, "--out", out]
        subprocess.run(command + ["--threads", str(args.threads)], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(out, "manifest.json")) as file:
        return json.load(file)


def cells(out):
    """Truth, forecast and last value as arrays of origins, by model, coin and step."""
    table = parquet.read_table(os.path.join(out, "forecasts.parquet")).to_pandas()
    table = table.sort_values(["model", "unique_id", "step", "cutoff"])
    found = {}
    for key, rows in table.groupby(["model", "unique_id", "step"], sort=False):
        found[key] = rows[["y", "mean"]].to_numpy(float).T
    return found


def diebold_mariano(differences, overlap):
    """The two-sided p-value, with the correction of Harvey, Leybourne and Newbold."""
    d, n = differences - differences.mean(), len(differences)
    around = lambda h: (d @ d + 2 * sum(d[k:] @ d[: n - k] for k in range(1, h))) / n
    h = overlap if around(overlap) > 0 else 1
    if around(h) <= 0:
        return float("nan")
    statistic = differences.mean() / np.sqrt(around(h) / n) * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    return 2 * student.sf(abs(statistic), n - 1)


def row(found, model, step, overlap):
    """What is said of a model at a step."""
    r2, mape, rmse, returns, levels = [], [], [], [], []
    for coin in COINS:
        (y, f), last = found[model, coin, step], found["naive", coin, step][1]
        known = ~np.isnan(y)
        naive = np.nanmean((y - last) ** 2)
        y_known, f_known = y[known], f[known]
        r2.append(1 - ((y_known - f_known) ** 2).sum() / ((y_known - y_known.mean()) ** 2).sum())
        mape.append(100 * np.mean(np.abs(y_known - f_known) / y_known))
        rmse.append(np.sqrt(np.mean((y_known - f_known) ** 2)))
        levels.append(((y - f) ** 2 / naive, (y - last) ** 2 / naive))
        returns.append((100 * (f - y) / last, 100 * (last - y) / last))
    loss = np.nanmean([own for own, _ in levels], axis=0)
    loss_naive = np.nanmean([naive for _, naive in levels], axis=0)
    squares = np.nanmean([own**2 for own, _ in returns], axis=0)
    squares_naive = np.nanmean([naive**2 for _, naive in returns], axis=0)
    pooled = [np.concatenate([pair[side] for pair in returns]) for side in (0, 1)]
    errors, unchanged = (part[~np.isnan(part)] for part in pooled)
    return {
        "R²": np.mean(r2), "MAPE": np.mean(mape), "RMSE": rmse, "skill": 1 - np.nanmean(loss) / np.nanmean(loss_naive),
        "p": test(loss - loss_naive, overlap), "return RMSE": np.sqrt(np.mean(errors**2)),
        "return MAE": np.mean(np.abs(errors)), "return R²": 1 - (errors @ errors) / (unchanged @ unchanged),
        "return p": test(squares - squares_naive, overlap),
    }


def test(differences, overlap):
    differences = differences[~np.isnan(differences)]
    return float("nan") if np.allclose(differences, 0) else diebold_mariano(differences, overlap)


def verdict(rows):
    """How many networks are told from no change, and how far those are that learn levels."""
    networks = [model for model in rows if "/" in model]
    told = []
    for way, sign in (("better", 1), ("worse", -1)):
        parts = []
        for what, value, p in (("skill", "skill", "p"), ("return R²", "return R²", "return p")):
            names = [model for model in networks if sign * rows[model][value] > 0 and rows[model][p] < 0.05]
            parts.append(f"{', '.join(names) if 0 < len(names) < 3 else len(names) or 'none'} by {what}")
        told.append(f"{way} at 5 %: {' and '.join(parts)}")
    of = [rows[model]["return RMSE"] / rows["naive"]["return RMSE"] for model in networks if model.endswith("/levels")]
    return (f"Of {len(networks)} networks, {'; '.join(told)}. "
            f"Learning levels costs {min(of):.2g} to {max(of):.2g} times the return RMSE of no change.")


def tables(found, unit, horizons, every):
    lines = []
    models = list(dict.fromkeys(model for model, _, _ in found))
    number = lambda value, digits=3: "" if np.isnan(value) else f"{value:.{digits}g}"
    for step in horizons:
        overlap = -(-step // every)
        rows = {model: row(found, model, step, overlap) for model in models}
        origins = len(next(iter(found.values()))[0])
        unit_of = unit[:-1] if step == 1 else unit
        lines += [f"### {step} {unit_of} ahead, {origins} origins", "",
                  "| model | R² | MAPE % | RMSE BTC | ETH | LTC | skill | p | return RMSE % | MAE % | R² | p |", "|---" * 12 + "|"]
        for model in sorted(models, key=lambda model: rows[model]["return RMSE"]):
            told = rows[model]
            parts = [f"{told['R²']:.4f}", number(told["MAPE"])] + [number(value, 4) for value in told["RMSE"]]
            parts += [f"{told['skill']:+.4f}", number(told["p"], 2), number(told["return RMSE"], 4)]
            parts += [number(told["return MAE"], 4), f"{told['return R²']:+.4f}", number(told["return p"], 2)]
            lines.append(f"| {model} | " + " | ".join(parts) + " |")
        lines += ["", verdict(rows), ""]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--almanac", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--keep")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    lines = [
        "# The crypto studies", "",
        "Made by `benches/crypto.py`. R², MAPE and skill (1 − MSE / MSE of no change) are means over the three coins,",
        "return figures pool them; returns are from the last value known. p is Diebold-Mariano's against no change",
        "(`naive`), on squared errors of an origin, mean over coins; a p below 0.05 with a negative skill or R² says worse.",
        "Each p is of one test: were all networks as good as no change, one in twenty would still fall below 0.05.",
        "Each network was trained once, from one seed, and fitted once before the first origin: differences between networks",
        "are not told from those between seeds.", "",
        "![Time and memory of one attention layer by the length of its window, softmax beside random features](crossover.svg)",
        "", "What the Performer's attention is for, from [crossover.md](crossover.md): its time grows with the length of the window,",
        "that of softmax with the square. The windows of these studies, 72 and 60 steps, lie below the length from which it is",
        "the faster.", "",
    ]
    with tempfile.TemporaryDirectory() as desk:
        for name, unit, horizons, every in STUDIES:
            out = os.path.join(args.keep or desk, name)
            told = run(args, name, out)
            spent = f"{told['cpu_s']:.0f} CPU seconds, {told['wall_s']:.0f} on the clock, threads: {told['threads']}."
            half = " On two quiet cores about half that time is to be expected." if told["threads"] == 1 else ""
            lines += [f"## {name}", "", spent + half, ""]
            lines += tables(cells(out), unit, horizons, every)
    with open(os.path.join(HERE, "results", "crypto.md"), "w") as file:
        file.write("\n".join(lines))


main()
