#!/usr/bin/env python3
"""The walk of docs/clients.md with a client generated from the OpenAPI document.

    pip install openapi-python-client
    openapi-python-client generate --path api/openapi.json --config docs/python_client.yml
    pip install ./almanac-client
    python benches/client.py http://127.0.0.1:8080 nn5.csv
"""

import sys
import time

from almanac_client import Client
from almanac_client.api.backtests import create_backtest, show_job, show_leaderboard
from almanac_client.api.forecasts import create_forecast
from almanac_client.api.models import delete_model, predict, train_model
from almanac_client.api.sets import delete_set, show_set
from almanac_client.models import BacktestSpec, Predict, ProblemDetails, Train, Wanted


def main(address, path):
    client = Client(base_url=address)
    with open(path, "rb") as rows:
        # Files go as they are: the generator writes no code that could send one.
        client.get_httpx_client().put(
            "/v1/sets/client-walk", content=rows, headers={"Content-Type": "text/csv"}
        ).raise_for_status()
    kept = show_set.sync("client-walk", client=client)
    print(f"set: {kept.series} series, {kept.rows} rows")

    asked = {"set": "client-walk", "model": "auto_theta", "horizon": 14, "levels": [80]}
    made = create_forecast.sync(client=client, body=Wanted.from_dict(asked))
    print("forecast:", made.models, made.forecasts[0].to_dict())

    spec = {"data": {"set": "client-walk"}, "folds": {"horizon": 14, "count": 2}}
    run = BacktestSpec.from_dict({**spec, "model": [{"use": "auto_theta"}, {"use": "naive"}]})
    job = create_backtest.sync(client=client, body=run)
    while job.state in ("queued", "running"):
        time.sleep(0.2)
        job = show_job.sync(job.id, client=client)
    board = show_leaderboard.sync(job.id, client=client).to_dict()
    print("backtest:", [row["model"] for row in board["rows"]])

    spec = BacktestSpec.from_dict({**spec, "model": [{"use": "auto_ets"}]})
    model = train_model.sync(client=client, body=Train("client-walk", spec))
    said = predict.sync("client-walk", client=client, body=Predict(horizon=7))
    print("model:", model.version, said.forecasts[0].to_dict())

    wrong = Wanted.from_dict({**asked, "model": "auto_thta"})
    refusal = create_forecast.sync(client=client, body=wrong)
    assert isinstance(refusal, ProblemDetails), refusal
    print("refusal:", refusal.code, refusal.detail, refusal.hint)
    delete_model.sync_detailed(model.id, client=client)
    delete_set.sync_detailed("client-walk", client=client)


if __name__ == "__main__":
    main(*sys.argv[1:])
