#!/usr/bin/env python3
"""Almanac beside statsforecast: the same file, holdout and metrics, whole-process CPU seconds of each.

    pip install statsforecast==2.1.1 pyarrow
    python benches/peer.py --almanac target/release/almanac --data nn5_daily.parquet \
        --target y_filled --season 7 --horizon 56 --align calendar --out results/nn5.md

Every model runs alone, in a process of its own, on both sides, so that its CPU seconds (user + system, all
threads) are its own. A statsforecast process first fits one short series, so that what it compiles or loads
on first use is not counted; reading the file is counted on both sides.
"""
import argparse, json, os, resource, subprocess, sys, tempfile

MODELS = {
    "auto_arima": "AutoARIMA", "auto_ets": "AutoETS", "auto_theta": "AutoTheta",
    "mstl": "MSTL", "seasonal_naive": "SeasonalNaive",
}


def panel(args):
    """Past and truth of each series with truth, as the two sides cut them."""
    import pandas as pd
    frame = pd.read_parquet(args.data) if args.data.endswith("parquet") else pd.read_csv(args.data)
    frame = frame[[args.id, args.time, args.target]].set_axis(["unique_id", "ds", "y"], axis=1)
    frame = frame.sort_values(["unique_id", "ds"])
    if args.align == "calendar":
        cutoff = sorted(frame.ds.unique())[-args.horizon - 1]
        past, truth = frame[frame.ds <= cutoff], frame[frame.ds > cutoff]
    else:
        rank = frame.groupby("unique_id").cumcount(ascending=False)
        past, truth = frame[rank >= args.horizon], frame[rank < args.horizon]
    scored = truth.unique_id.unique()
    return past[past.unique_id.isin(scored)], truth


def peer(args):
    """The child process: fit, forecast, print scores and CPU seconds."""
    import numpy as np
    from statsforecast import StatsForecast, models
    past, truth = panel(args)
    season = args.season
    make = lambda: getattr(models, MODELS[args.peer])(season_length=season)
    first = past[past.unique_id == past.unique_id.iloc[0]].tail(max(3 * season, 30))
    freq = "D" if hasattr(past.ds.iloc[0], "year") else 1
    if freq == "D":
        import pandas as pd
        past, truth, first = (f.assign(ds=pd.to_datetime(f.ds)) for f in (past, truth, first))
    StatsForecast([make()], freq=freq).forecast(df=first, h=2)
    usage = lambda: sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    start = usage()
    answer = StatsForecast([make()], freq=freq, n_jobs=args.jobs).forecast(df=past, h=args.horizon)
    spent = usage() - start
    name = [c for c in answer.columns if c not in ("unique_id", "ds")][0]
    smape, mase = [], []
    past_of = {k: g.y.to_numpy() for k, g in past.groupby("unique_id")}
    truth_of = {k: g.y.to_numpy() for k, g in truth.groupby("unique_id")}
    for key, group in answer.groupby("unique_id"):
        y, f, x = truth_of[key], group[name].to_numpy()[: len(truth_of[key])], past_of[key]
        both = np.abs(y) + np.abs(f)
        smape.append(np.mean(np.where(both == 0, 0, 200 * np.abs(y - f) / np.where(both == 0, 1, both))))
        mase.append(np.mean(np.abs(y - f)) / np.mean(np.abs(x[season:] - x[:-season])))
    print(json.dumps({"smape": float(np.mean(smape)), "mase": float(np.mean(mase)), "cpu_s": spent, "series": len(smape)}))


def child(command):
    """Standard output and CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(args, model):
    with tempfile.TemporaryDirectory() as folder:
        command = [args.almanac, "--quiet", "backtest", "--data", args.data, "--id", args.id, "--time", args.time, "--target", args.target,
                   "--season", str(args.season), "--horizon", str(args.horizon), "--folds", "1", "--align", args.align,
                   "--set", f"score.baseline={model}", "--model", model, "--out", f"{folder}/run"]
        cpu = child(command)[1]
        board = json.load(open(f"{folder}/run/leaderboard.json"))
    row = next(row for row in board["rows"] if row["model"] == model)
    return {"smape": row["scores"]["smape"], "mase": row["scores"]["mase"], "cpu_s": cpu, "failures": row["failures"]}


def main():
    say = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    say.add_argument("--almanac"), say.add_argument("--data", required=True), say.add_argument("--out")
    say.add_argument("--id", default="unique_id"), say.add_argument("--time", default="ds"), say.add_argument("--target", default="y")
    say.add_argument("--season", type=int, required=True), say.add_argument("--horizon", type=int, required=True)
    say.add_argument("--align", default="series", choices=["series", "calendar"])
    say.add_argument("--models", nargs="*", default=list(MODELS)), say.add_argument("--jobs", type=int, default=1)
    say.add_argument("--peer", help=argparse.SUPPRESS)
    args = say.parse_args()
    if args.peer:
        return peer(args)
    lines = [f"{os.path.basename(args.data)}, horizon {args.horizon}, season {args.season}, one fold", "",
             "| model | sMAPE | peer | MASE | peer | CPU s | peer | peer / ours |", "|---|---|---|---|---|---|---|---|"]
    for model in args.models:
        a = ours(args, model)
        b = json.loads(child([sys.executable, __file__, *sys.argv[1:], "--peer", model])[0])
        lines.append(f"| {model} | {a['smape']:.3f} | {b['smape']:.3f} | {a['mase']:.4f} | {b['mase']:.4f} "
                     f"| {a['cpu_s']:.2f} | {b['cpu_s']:.2f} | {b['cpu_s'] / a['cpu_s']:.1f} |")
        print(lines[-1], flush=True)
    if args.out:
        open(args.out, "w").write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
