#!/usr/bin/env python3
"""Runs the studies and writes their leaderboards: benches/results/studies.md.

    pip install pyarrow
    python benches/studies.py --almanac target/release/almanac --data DIR [--only battery_life]

DIR is the data root of the studies' sets (see `almanac sets`).
"""
import argparse, collections, json, os, resource, statistics, subprocess, tempfile

STUDIES = ["slots_intraday", "slots_close", "slots_change", "atm_chaos", "atm_chaos_56", "battery_life"]


def run(args, name, out):
    """The leaderboard of a study, and its CPU seconds."""
    spent = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    before = spent()
    spec = os.path.join(os.path.dirname(__file__), "..", "studies", f"{name}.toml")
    command = [args.almanac, "--quiet", "backtest", spec, "--data-root", args.data, "--out", out]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(out, "leaderboard.json")) as file:
        return json.load(file), spent() - before


def board(found):
    """Models in rank order, as a table."""
    metrics = list(found["rows"][0]["scores"])
    lines = ["| model | " + " | ".join(metrics) + " | p | failures |", "|---" * (len(metrics) + 3) + "|"]
    number = lambda value, digits=4: "" if value is None else f"{value:.{digits}g}"
    for row in found["rows"]:
        name = row["model"] + (" (leak)" if row.get("leaks") else "")
        cells = [number(row["scores"][metric]) for metric in metrics]
        lines.append(f"| {name} | {' | '.join(cells)} | {number(row['p_value'], 2)} | {row['failures']} |")
    return lines


def sets(out, metric):
    """Scores of each test set, mean and deviation over its folds."""
    import pyarrow.parquet as parquet
    folds = collections.defaultdict(list)
    for row in parquet.read_table(os.path.join(out, "scores.parquet")).to_pylist():
        if row["metric"] == metric:
            folds[row["model"], row["unique_id"]].append(row["value"])
    names = sorted({name for _, name in folds})
    lines = [f"| {metric} | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for model in sorted({model for model, _ in folds}):
        cells = []
        for name in names:
            values = folds[model, name]
            spread = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
            cells.append(f"{statistics.mean(values):.2f}{spread}")
        lines.append(f"| {model} | {' | '.join(cells)} |")
    return lines


def contrasts(found):
    """Variants against each other, learner by learner."""
    listed = found.get("contrasts", [])
    if not listed:
        return []
    lines = ["", "| learner | first | second | mean difference | paired p | two-sample p | first wins |", "|---" * 7 + "|"]
    number = lambda value: "" if value is None else f"{value:.3g}"
    for row in listed:
        cells = [row["learner"], row["first"], row["second"]]
        cells += [number(row[key]) for key in ("difference", "p_paired", "p_two_sample", "wins")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--almanac", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "results", "studies.md"))
    parser.add_argument("--only", nargs="*", default=STUDIES)
    args = parser.parse_args()
    lines = ["# The studies", "", "Made by `benches/studies.py`. p is Diebold-Mariano's against the baseline.", ""]
    for name in args.only:
        with tempfile.TemporaryDirectory() as desk:
            out = os.path.join(desk, "run")
            found, seconds = run(args, name, out)
            lines += [f"## {name}", "", f"Baseline {found['baseline']}; {seconds:.0f} CPU seconds.", ""]
            lines += board(found) + contrasts(found)
            if found["task"] == "regress":
                for metric in found["rows"][0]["scores"]:
                    lines += [""] + sets(out, metric)
            lines.append("")
    with open(args.out, "w") as file:
        file.write("\n".join(lines))


main()
