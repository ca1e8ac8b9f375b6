#!/usr/bin/env python3
"""Almanac's learners beside scikit-learn's, two threads each: seconds of fit and predict, and the error.

    pip install scikit-learn==1.9.1
    cargo build --release -p almanac-models --example learners
    python benches/learners.py --ours target/release/examples/learners --out benches/results/learners.md

The data are Friedman's first function with noise of deviation 1: ten columns of the twenty bear nothing.
Each fit is a process of its own and the two sides take turns, a seed after another; of the repeats the least
times are kept, and the mean of the errors.
"""
import argparse, json, os, subprocess, sys, tempfile

THREADS = 2
# Rows to learn from and to be judged on, columns.
DATA = {"friedman": (10_000, 2_000, 20), "friedman_small": (2_000, 1_000, 20)}
# Data, our name and settings, scikit-learn's class and settings.
CASES = [
    ("friedman", "mean", {}, "dummy.DummyRegressor", {}),
    ("friedman", "random_forest", {}, "ensemble.RandomForestRegressor", {"n_jobs": 2}),
    ("friedman", "random_forest", {"features": 7}, "ensemble.RandomForestRegressor", {"max_features": 7, "n_jobs": 2}),
    ("friedman", "extra_trees", {}, "ensemble.ExtraTreesRegressor", {"n_jobs": 2}),
    ("friedman", "gradient_boosting", {}, "ensemble.HistGradientBoostingRegressor", {}),
    ("friedman", "bagging", {}, "ensemble.BaggingRegressor", {"n_estimators": 100, "n_jobs": 2}),
    ("friedman", "tree", {}, "tree.DecisionTreeRegressor", {}),
    ("friedman", "adaboost", {}, "ensemble.AdaBoostRegressor", {}),
    ("friedman_small", "svr", {"c": 1, "gamma": 0.6}, "svm.SVR", {"C": 1, "gamma": 0.6}),
    ("friedman_small", "svr", {"c": 10, "gamma": 0.6}, "svm.SVR", {"C": 10, "gamma": 0.6}),
    ("friedman", "linear", {}, "linear_model.LinearRegression", {}),
    ("friedman", "lasso", {}, "linear_model.LassoCV", {"cv": 5}),
    ("friedman", "bayesian_ridge", {}, "linear_model.BayesianRidge", {}),
    ("friedman", "knn", {}, "neighbors.KNeighborsRegressor", {}),
]


def draw(name, folder):
    """Writes train and test of a data set, the target last."""
    import numpy as np
    from sklearn.datasets import make_friedman1
    train, test, width = DATA[name]
    x, y = make_friedman1(train + test, width, noise=1.0, random_state=7)
    rows = np.column_stack([x.astype(np.float32).astype(float), y])
    paths = [f"{folder}/{name}_{part}.csv" for part in ("train", "test")]
    for path, part in zip(paths, (rows[:train], rows[train:])):
        np.savetxt(path, part, fmt="%.17g", delimiter=",")
    return paths


def peer(train, test, name, settings, seed):
    """The child process: the same as the Rust program, for scikit-learn."""
    import time, importlib
    import numpy as np
    module, kind = name.split(".")
    learner = getattr(importlib.import_module(f"sklearn.{module}"), kind)(**json.loads(settings))
    if "random_state" in learner.get_params():
        learner.set_params(random_state=int(seed))
    train, test = (np.loadtxt(path, delimiter=",") for path in (train, test))
    clocks = lambda: (time.perf_counter(), time.process_time())
    start = clocks()
    learner.fit(train[:, :-1], train[:, -1])
    fitted = clocks()
    got = learner.predict(test[:, :-1])
    end = clocks()
    print(json.dumps({
        "fit_s": fitted[0] - start[0], "fit_cpu_s": fitted[1] - start[1],
        "predict_s": end[0] - fitted[0], "predict_cpu_s": end[1] - fitted[1],
        "rmse": float(np.sqrt(np.mean((got - test[:, -1]) ** 2))),
    }))


def run(command):
    """What a child says in its last line."""
    threads = {key: str(THREADS) for key in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | threads).stdout
    return json.loads(out.splitlines()[-1])


def least(runs):
    """The least of each clock, the mean of the errors."""
    both = {key: min(run[key] for run in runs) for key in runs[0]}
    return both | {"rmse": sum(run["rmse"] for run in runs) / len(runs)}


def side_by_side(args, case, folder):
    """Both sides in turn, with one seed after another."""
    data, name, settings, theirs, their_settings = case
    paths = [f"{folder}/{data}_{part}.csv" for part in ("train", "test")]
    both = ([args.ours, *paths, name, json.dumps(settings)],
            [sys.executable, __file__, "--peer", *paths, theirs, json.dumps(their_settings)])
    turns = [[run([*command, str(seed)]) for command in both] for seed in range(args.repeats)]
    return [least(side) for side in zip(*turns)]


def row(case, ours, theirs):
    data, name, settings, _, _ = case
    label = " ".join([f"`{name}`", *(f"{key} {value}" for key, value in settings.items())])
    pair = lambda key, digits: f"{ours[key]:.{digits}f} · {theirs[key]:.{digits}f}"
    times = lambda key: f"{theirs[key] / ours[key]:.1f}"
    cells = [label, f"{DATA[data][0]:,} × {DATA[data][2]}", pair("fit_s", 3), times("fit_s"), pair("fit_cpu_s", 2),
             pair("predict_s", 4), times("predict_s"), pair("rmse", 4), f"{100 * (ours['rmse'] / theirs['rmse'] - 1):+.2f} %"]
    return "| " + " | ".join(cells) + " |"


HEAD = """# Learners beside scikit-learn

`benches/learners.py`, scikit-learn {version}, {threads} threads on both sides, {repeats} runs in turn with a seed each: least times, mean errors; ours · scikit-learn.
Friedman's first function with noise of deviation 1, {rows}. Seconds on the clock; fit CPU is that of all threads.

| learner | data | fit s | times faster | fit CPU s | predict s | times faster | RMSE | against |
|---|---|---|---|---|---|---|---|---|"""


def main():
    if sys.argv[1:2] == ["--peer"]:
        return peer(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True, help="the example `learners`, built for release")
    parser.add_argument("--only", nargs="*", help="names of ours to run; all")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", help="a markdown file to write; else printed alone")
    args = parser.parse_args()
    import sklearn
    rows = "; ".join(f"{test:,} rows judged after {train:,}" for train, test, _ in DATA.values())
    lines = [HEAD.format(version=sklearn.__version__, threads=THREADS, repeats=args.repeats, rows=rows)]
    print(lines[0])
    with tempfile.TemporaryDirectory() as folder:
        for name in DATA:
            draw(name, folder)
        for case in CASES:
            if not args.only or case[1] in args.only:
                lines.append(row(case, *side_by_side(args, case, folder)))
                print(lines[-1], flush=True)
    if args.out:
        with open(args.out, "w") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
