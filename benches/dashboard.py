#!/usr/bin/env python3
"""How quickly pages answer for a run of 10,000 series, 5 models and 10 folds.

    almanac serve --addr 127.0.0.1:8099 --store /tmp/pages
    benches/dashboard.py http://127.0.0.1:8099 [SERIES]

Uploads the set and makes the run where they are not there yet, then asks for each page a hundred times and
prints the size of the answer, the middle time and the slowest but one, in milliseconds.
"""

import json
import math
import random
import sys
import time
import urllib.request

SERVER, SERIES = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
ROWS, HORIZON, FOLDS = 200, 7, 10
MODELS = ["naive", "seasonal_naive", "drift", "ses", "theta"]
TIMES = 100


def ask(method, path, body=None, kind="application/json"):
    request = urllib.request.Request(SERVER + path, data=body, method=method, headers={"content-type": kind})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def panel():
    random.seed(7)
    lines = ["unique_id,ds,y"]
    for series in range(SERIES):
        level, name = 50 + 100 * random.random(), f"shop-{series:05d}"
        for row in range(ROWS):
            y = level * (1 + 0.2 * math.sin(row * math.tau / 7)) + random.gauss(0, 5)
            lines.append(f"{name},{row},{y:.2f}")
    return "\n".join(lines).encode()


def run():
    name = f"shops-{SERIES}"
    for job in json.loads(ask("GET", "/v1/runs?limit=1000"))["jobs"]:
        if job["title"].endswith(name):
            return name, job["id"]
    ask("PUT", f"/v1/sets/{name}?season=7", panel(), "text/csv")
    spec = {
        "data": {"set": name},
        "folds": {"horizon": HORIZON, "count": FOLDS},
        "model": [{"use": model} for model in MODELS],
        "score": {"levels": [80, 95]},
    }
    job = json.loads(ask("POST", "/v1/backtests", json.dumps(spec).encode()))
    while job["state"] in ("queued", "running"):
        time.sleep(1)
        job = json.loads(ask("GET", f"/v1/jobs/{job['id']}"))
    assert job["state"] == "done", job
    print(f"the run took {(job['ended'] - job['started']) / 1000:.1f} s")
    return name, job["id"]


def main():
    name, run_id = run()
    other = lambda k: f"shop-{(k * 7919) % SERIES:05d}"
    pages = {
        "run": lambda k: f"/runs/{run_id}",
        "run, another series and fold": lambda k: f"/runs/{run_id}?series={other(k)}&fold={k % FOLDS + 1}&model={MODELS[k % 5]}",
        "run, search": lambda k: f"/runs/{run_id}?q=0{k % 10}",
        "set": lambda k: f"/sets/{name}",
        "set, another series": lambda k: f"/sets/{name}?series={other(k)}",
        "new run": lambda k: f"/runs/new?set={name}&horizon={7 + k % 3}",
        "studio, theta": lambda k: f"/studio?set={name}&series={other(k)}&model=theta&horizon=14&back={k}",
        "studio, auto_ets": lambda k: f"/studio?set={name}&series={other(k)}&model=auto_ets&horizon=14&back={k}",
        "home": lambda k: "/",
    }
    print(f"{'page':32} {'first':>8} {'p50':>8} {'p99':>8} ms {'bytes':>9}")
    for page, path in pages.items():
        took, most = [], 0
        for k in range(TIMES + 1):
            since = time.perf_counter()
            most = max(most, len(ask("GET", path(k))))
            took.append(1000 * (time.perf_counter() - since))
        first, rest = took[0], sorted(took[1:])
        print(f"{page:32} {first:8.1f} {rest[TIMES // 2]:8.1f} {rest[TIMES * 99 // 100 - 1]:8.1f}    {most:9}")


main()
