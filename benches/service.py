#!/usr/bin/env python3
"""The service under load on loopback, alone and while a backtest runs on every core.

    cargo build --release
    python benches/service.py --ours target/release/almanac --data nn5_daily.parquet --out benches/results/service.md

Takes wrk. The set is any panel of some 100 series with `unique_id`, `ds` and `y`; the job is auto_arima over all of
it. wrk, the server and the job share the machine's cores. `--minutes 10` loads the server for so long with a job
running all the while, and samples its resident memory every ten seconds.
"""
import argparse, json, math, os, re, signal, subprocess, sys, tempfile, threading, time, urllib.request

CONNECTIONS = 16


class Server:
    """A server over an empty store, until the end of the block."""

    def __init__(self, program, folder):
        self.folder, self.program = folder, program

    def __enter__(self):
        command = [self.program, "serve", "--addr", "127.0.0.1:0", "--store", os.path.join(self.folder, "store")]
        env = {**os.environ, "RUST_LOG": "error"}
        self.child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
        self.url = "http://" + re.search(r"http://([^,]+),", self.child.stderr.readline()).group(1)
        threading.Thread(target=lambda: [None for _ in self.child.stderr], daemon=True).start()
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGINT)
        self.child.wait()

    def ask(self, method, path, body=None, kind="application/json"):
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={"content-type": kind})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def resident(self):
        with open(f"/proc/{self.child.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def past(count):
    """An inline past: a slope, a week and some noise that is always the same."""
    days = [time.strftime("%Y-%m-%d", time.gmtime(1_600_000_000 + 86_400 * k)) for k in range(count)]
    return {"ds": days, "y": [round(50 + k / 10 + 9 * math.sin(k * math.tau / 7) + math.sin(k * k), 3) for k in range(count)]}


def asks():
    """What is asked: a name, and the body of a forecast or none."""
    inline = lambda model: {"rows": past(200), "model": model, "horizon": 14}
    return {
        "`/healthz`": None,
        "inline, 200 points, seasonal_naive": inline("seasonal_naive"),
        "inline, 200 points, theta": inline("theta"),
        "the stored set, seasonal_naive": {"set": "bench", "model": "seasonal_naive", "horizon": 1},
    }


def load(server, body, seconds, folder):
    """Requests a second, p50 and p99 in milliseconds, answers that were no 2xx."""
    script, path = [], "/healthz"
    if body is not None:
        lua = os.path.join(folder, "ask.lua")
        with open(lua, "w") as file:
            text = json.dumps(body)
            file.write(f'wrk.method="POST"\nwrk.headers["Content-Type"]="application/json"\nwrk.body=[==[{text}]==]\n')
        script, path = ["-s", lua], "/v1/forecasts"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "--timeout", "30s", *script, server.url + path]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    scale = {"us": 1e-3, "ms": 1, "s": 1e3}
    at = lambda share: (lambda m: float(m[1]) * scale[m[2]])(re.search(share + r"%\s+([\d.]+)(us|ms|s)", said))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), at("50"), at("99"), int(refused[1]) if refused else 0


def job(server):
    spec = {"data": {"set": "bench"}, "folds": {"horizon": 14, "count": 30}, "model": [{"use": "auto_arima"}]}
    return server.ask("POST", "/v1/backtests", json.dumps(spec).encode())["id"]


def running(server, which):
    state = server.ask("GET", f"/v1/jobs/{which}")
    if state["state"] != "running":
        sys.exit(f"the job is {state['state']}: it did not run beside the requests")
    return state["done"]


def rates(server, seconds, folder):
    """A row for each request, alone and beside a job; and how the job went on."""
    rows = []
    for beside in ("alone", "beside a job"):
        if beside != "alone":
            which = job(server)
            time.sleep(3)
            start, at = running(server, which), time.time()
            time.sleep(seconds)
            rows.append(("nothing", beside, "", "", "", 0, f"{(running(server, which) - start) / (time.time() - at):.2f}"))
        for name, body in asks().items():
            before, at = (running(server, which), time.time()) if beside != "alone" else (0, 0)
            rate, p50, p99, refused = load(server, body, seconds, folder)
            done = f"{(running(server, which) - before) / (time.time() - at):.2f}" if beside != "alone" else ""
            rows.append((name, beside, f"{rate:,.0f}", f"{p50:.2f}", f"{p99:.2f}", refused, done))
            print(rows[-1], flush=True)
    server.ask("DELETE", f"/v1/jobs/{which}")
    return rows


def memory(server, minutes, folder):
    """Resident MiB every ten seconds, under all requests in turn and a job."""
    which, seen, end = job(server), [], time.time() + 60 * minutes
    bodies, k = list(asks().values()), 0
    while time.time() < end:
        refused = load(server, bodies[k % len(bodies)], 10, folder)[3]
        if refused:
            sys.exit(f"{refused} requests were refused: the memory is that of nothing")
        seen.append(server.resident())
        k += 1
        if server.ask("GET", f"/v1/jobs/{which}")["state"] != "running":
            which = job(server)
    return seen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--target", default="y")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Server(args.ours, folder) as server:
        kind = "application/vnd.apache.parquet" if args.data.endswith(".parquet") else "text/csv"
        with open(args.data, "rb") as file:
            server.ask("PUT", f"/v1/sets/bench?target={args.target}", file.read(), kind)
        lines = [f"{os.cpu_count()} cores, wrk with one thread and {CONNECTIONS} connections, {args.seconds} s each, everything on one machine.", "",
                 "| asked | when | requests/s | p50 ms | p99 ms | no 2xx | the job's answers/s |", "|---|---|---|---|---|---|---|"]
        for row in rates(server, args.seconds, folder):
            lines.append("| " + " | ".join(str(cell) for cell in row) + " |")
        if args.minutes:
            seen = memory(server, args.minutes, folder)
            third = len(seen) // 3
            mean = lambda part: sum(part) / max(len(part), 1)
            lines += ["", f"Resident memory over {args.minutes:g} minutes of all four in turn beside a job, MiB every ten seconds: "
                      f"mean of the thirds {mean(seen[:third]):.0f}, {mean(seen[third:2 * third]):.0f}, {mean(seen[2 * third:]):.0f}; "
                      f"most {max(seen):.0f}.", "", ", ".join(f"{mib:.0f}" for mib in seen)]
    text = "# The service under load\n\n    python benches/service.py " + " ".join(sys.argv[1:]) + "\n\n" + "\n".join(lines) + "\n"
    print(text)
    if args.out:
        with open(args.out, "w") as file:
            file.write(text)


main()
