"""Half of what schemathesis draws at random is made to mean something: rows that are rows, names of
sets, runs and models that are there. The rest stays as drawn."""

import json
import os
import zlib

import schemathesis

# What `benches/fuzz.py` made on the server.
THERE = json.loads(os.environ.get("ALMANAC_THERE", "{}"))
DAYS = [f"2024-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)]
ROWS = {"unique_id": ["a"] * 56, "ds": DAYS, "y": [float(k % 7 + k) for k in range(56)]}
CSV = "unique_id,ds,y\n" + "".join(f"a,{day},{k % 7 + k}\n" for k, day in enumerate(DAYS))
MODELS = ["naive", "theta", "auto", ["naive", "ses"], {"use": "ridge"}, [{"use": "drift"}]]


def draw(value, count):
    """A number below `count` that follows from a drawn value."""
    return zlib.crc32(repr(value).encode()) % count


@schemathesis.hook
def before_call(context, case, kwargs):
    # What is drawn to be refused stays as it is.
    if not case.meta.generation.mode.is_positive:
        return
    method, path = case.operation.method.upper(), case.operation.path
    if method in ("PUT", "POST") and draw(case.body, 2) == 0:
        case.body = meant(path, case.body)
    # What is there stays there: only routes that do not delete meet it.
    if case.path_parameters and method != "DELETE" and draw(case.path_parameters, 2) == 0:
        for kind in ("sets", "runs", "jobs", "models"):
            if path.startswith(f"/v1/{kind}/") and kind in THERE:
                name = "name" if kind == "sets" else "id"
                case.path_parameters = {**case.path_parameters, name: THERE[kind]}


def meant(path, body):
    if path in ("/v1/sets/{name}", "/v1/sets/{name}/rows"):
        if isinstance(body, str):
            return CSV
        return ROWS if isinstance(body, (dict, list)) else body
    if not isinstance(body, dict):
        return body
    model = MODELS[draw(body, len(MODELS))]
    horizon = 1 + draw(body, 9)
    if path == "/v1/forecasts" and "ask" not in body:
        kept = {name: body[name] for name in ("levels", "naming", "seed") if name in body}
        past = {"rows": ROWS} if draw(model, 2) else {"set": THERE.get("set", "nile")}
        return {**kept, **past, "model": model, "horizon": horizon}
    spec = {"data": {"set": THERE.get("set", "nile")}, "folds": {"horizon": horizon, "count": 2}}
    if path == "/v1/backtests":
        return {**spec, "model": [{"use": "naive"}, {"use": "theta"}]}
    if path == "/v1/models":
        return {"name": "fuzz", "spec": {**spec, "model": [{"use": "theta"}]}, "watch": [80]}
    if path == "/v1/models/{id}/predict" and "ask" not in body:
        return {"horizon": horizon, "levels": [80], "naming": "wide"}
    return body
