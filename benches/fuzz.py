#!/usr/bin/env python3
"""The service against its own OpenAPI document, by schemathesis with all checks.

    python3 -m venv venv && venv/bin/pip install schemathesis
    venv/bin/python benches/fuzz.py target/release/almanac --examples 1000

Starts a server on a store of its own, makes a set, a run and a model, and runs every route: with
anybody an admin, with an admin's key, and without a key where one is needed. Exit code 1 where any
check failed.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
PORT = 8091
ROOT = f"http://127.0.0.1:{PORT}"


def ask(method, path, body=None, kind="application/json", key=None):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(ROOT + path, data, {"Content-Type": kind}, method=method)
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def furnish(key):
    """A set, a finished run and a model, by the names that the hooks use."""
    sys.path.insert(0, str(HERE))
    rows = "unique_id,ds,y\n" + "".join(
        f"{name},2024-{month:02}-{day:02},{day % 7 + month}\n"
        for name in "ab"
        for month in range(1, 7)
        for day in range(1, 29)
    )
    ask("PUT", "/v1/sets/kept", rows.encode(), "text/csv", key)
    spec = {"data": {"set": "kept"}, "folds": {"horizon": 7, "count": 2}}
    run = {**spec, "model": [{"use": "naive"}, {"use": "theta"}], "score": {"levels": [80]}}
    run = json.loads(ask("POST", "/v1/backtests", run, key=key))["id"]
    while json.loads(ask("GET", f"/v1/jobs/{run}", key=key))["state"] in ("queued", "running"):
        time.sleep(0.1)
    train = {"name": "kept", "spec": {**spec, "model": [{"use": "theta"}]}, "watch": [80]}
    model = json.loads(ask("POST", "/v1/models", train, key=key))["id"]
    return {"set": "kept", "sets": "kept", "runs": run, "jobs": run, "models": model}


def fuzz(arguments, keys, send):
    """One pass over all routes; what schemathesis said at its end."""
    with tempfile.TemporaryDirectory() as store:
        serve = [arguments.program, "serve", "--addr", f"127.0.0.1:{PORT}", "--store", store]
        made = [arguments.program, "key", "create", "fuzz", "--role", "admin", "--store", store]
        key = subprocess.run(made, capture_output=True, text=True, check=True).stdout
        key = re.search(r"alm_\w+", key).group() if keys else None
        command = serve + (["--keys"] if keys else []) + ["--set", "limits.forecast_s=5"]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait()
            there = json.dumps(furnish(key))
            run = [arguments.schemathesis, "--config-file", HERE / "schemathesis.toml", "run"]
            run += [f"{ROOT}/openapi.json", "--checks", "all"]
            run += ["--max-examples", str(arguments.examples), "--seed", str(arguments.seed)]
            for pattern in arguments.include or []:
                run += ["--include-path-regex", pattern]
            if key and send:
                run += ["--header", f"Authorization: Bearer {key}"]
            own = {**os.environ, "ALMANAC_THERE": there, "SCHEMATHESIS_HOOKS": "fuzz_hooks"}
            own["PYTHONPATH"] = str(HERE)
            end = subprocess.run(run, env=own)
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode}")
            return end.returncode
        finally:
            server.terminate()
            server.wait()


def wait():
    for _ in range(200):
        try:
            ask("GET", "/healthz")
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("the server does not answer")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schemathesis", default=str(pathlib.Path(sys.executable).parent / "st"))
    parser.add_argument("--include", action="append", help="a regex of paths; left out, all")
    parser.add_argument("--pass", dest="passes", action="append", choices=["open", "key", "none"])
    arguments = parser.parse_args()
    passes = {"open": (False, False), "key": (True, True), "none": (True, False)}
    wrong = 0
    for name in arguments.passes or passes:
        start = time.time()
        code = fuzz(arguments, *passes[name])
        print(f"== {name}: exit code {code} in {time.time() - start:.0f} s", flush=True)
        wrong |= code != 0
    sys.exit(int(wrong))


if __name__ == "__main__":
    main()
