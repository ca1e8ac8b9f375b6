#!/usr/bin/env python3
"""Accuracy on the public competitions, beside the published scores: writes benches/results/competitions.md.

    pip install pyarrow
    python benches/competitions.py --almanac target/release/almanac --data DIR [--only m3 hospital]

DIR holds m3.parquet, m3_series.parquet, tourism.parquet, tourism_series.parquet, m4_hourly.parquet,
m4_weekly.parquet and hospital.parquet (unique_id, ds, y; the official holdout is the end of each series).
"""
import argparse, json, os, resource, subprocess, tempfile

MODELS = ["auto_ets", "auto_theta", "auto_arima", "combine"]
# (name, file, frequency in the series table, season, horizon, published sMAPE and MASE)
SETS = [
    ("M3 yearly", "m3", "yearly", 1, 6, "Theta 16.97, ForecastPro 17.27, ARIMA 17.73"),
    ("M3 quarterly", "m3", "quarterly", 4, 8, "Theta 8.96, ForecastPro 9.82, ARIMA 10.26"),
    ("M3 monthly", "m3", "monthly", 12, 18, "Theta 13.89, ForecastPro 13.90, ARIMA 14.80"),
    ("M3 other", "m3", "other", 1, 8, "Theta 4.41, ForecastPro 4.60, ARIMA 5.06"),
    ("Tourism yearly", "tourism", "yearly", 1, 4, "MASE: Theta 3.015, ETS 3.395, ARIMA 3.775 (another split)"),
    ("Tourism quarterly", "tourism", "quarterly", 4, 8, "MASE: Theta 1.661, ETS 1.592, ARIMA 1.782"),
    ("Tourism monthly", "tourism", "monthly", 12, 24, "MASE: Theta 1.649, ETS 1.526, ARIMA 1.589"),
    ("M4 hourly", "m4_hourly", None, 24, 48, "sMAPE / MASE: Theta 18.138 / 2.455, seasonal naive 13.912 / 1.193"),
    ("M4 weekly", "m4_weekly", None, 1, 13, "sMAPE / MASE: Theta 9.093 / 2.637, naive 9.161 / 2.777"),
    ("Hospital", "hospital", None, 12, 12, "MASE: Theta 0.761, ETS 0.765, ARIMA 0.787"),
]


def part(folder, name, freq, into):
    """The file of one frequency."""
    if freq is None:
        return f"{folder}/{name}.parquet"
    import pyarrow.compute as pc, pyarrow.parquet as pq
    about = pq.read_table(f"{folder}/{name}_series.parquet")
    ids = about.filter(pc.equal(about["freq"], freq))["unique_id"]
    rows = pq.read_table(f"{folder}/{name}.parquet")
    path = f"{into}/{name}_{freq}.parquet"
    pq.write_table(rows.filter(pc.is_in(rows["unique_id"], value_set=ids.combine_chunks())), path)
    return path


def run(almanac, path, model, season, horizon, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [almanac, "--quiet", "backtest", "--data", path, "--target", "y", "--season", str(season), "--horizon", str(horizon), "--folds", "1",
               "--set", f"score.baseline={model}", "--model", model, "--out", f"{folder}/run-{model}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    board = json.load(open(f"{folder}/run-{model}/leaderboard.json"))
    row = next(row for row in board["rows"] if row["model"] == model)
    manifest = json.load(open(f"{folder}/run-{model}/manifest.json"))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return row, manifest["series"], cpu


def main():
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--almanac", required=True), say.add_argument("--data", required=True)
    say.add_argument("--only", nargs="*"), say.add_argument("--models", nargs="*", default=MODELS)
    say.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "results/competitions.md"))
    args = say.parse_args()
    lines = ["# Public competitions", "",
             "Made by `benches/competitions.py`: one fold, the official holdout, defaults of each model. sMAPE is the 0-200 % definition,",
             "MASE scales by the in-sample seasonal naive with the season shown, both are means over series. CPU seconds are of the",
             "whole process (reading, fitting, scoring, report), all threads.", "",
             "| set | series | season | horizon | model | sMAPE | MASE | failures | CPU s | published |", "|---|---|---|---|---|---|---|---|---|---|"]
    m3 = {}
    for title, name, freq, season, horizon, published in SETS:
        if args.only and name not in args.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = part(args.data, name, freq, folder)
            for model in args.models:
                row, series, cpu = run(args.almanac, path, model, season, horizon, folder)
                scores = row["scores"]
                lines.append(f"| {title} | {series} | {season} | {horizon} | {model} | {scores['smape']:.3f} | {scores['mase']:.4f} "
                             f"| {row['failures']} | {cpu:.1f} | {published} |")
                print(lines[-1], flush=True)
                if name == "m3":
                    points, total = m3.get(model, (0, 0.0))
                    m3[model] = (points + series * horizon, total + series * horizon * scores["smape"])
    for model, (points, total) in m3.items():
        lines.append(f"| M3, all points | 3003 | | | {model} | {total / points:.3f} | | | | Theta 13.05, ForecastPro 13.23, ARIMA 14.00 |")
        print(lines[-1])
    open(args.out, "w").write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
