"""Writes case.json: forecasts by statsforecast's theta models. Run: python theta.py

statsforecast's own simplex search often stops before the optimum of its objective, so the search is
taken on by scipy's until it stands; recursion, objective and decomposition stay statsforecast's.
"""

import json
from importlib.metadata import version

import numpy as np
from scipy.optimize import minimize
from statsforecast.theta import auto_theta, forecast_theta
from statsmodels.datasets import co2, macrodata, nile

FORMS = {"STM": "theta", "OTM": "optimized_theta", "DSTM": "dynamic_theta", "DOTM": "dynamic_optimized_theta"}


def first_level(par, first):
    """Where the smoothing starts once the line is measured from the first value."""
    return par["initial_smoothed"] + (1 - 1 / par["theta"]) * first


def best(y, season, form):
    """The model at the optimum, and the sum of squares there over the mean size of a value."""
    free = form in ("OTM", "DOTM")

    def at(x):
        theta = 1 / max(1 - x[2], 1e-10) if free else 2.0
        return auto_theta(y=y, m=season, model=form, initial_smoothed=x[0], alpha=x[1], theta=theta)

    start = auto_theta(y=y, m=season, model=form)["par"]
    x = [start["initial_smoothed"], start["alpha"]] + ([1 - 1 / start["theta"]] if free else [])
    bounds = [(None, None), (0.1, 0.99)] + ([(0.0, 1.0)] if free else [])
    tight = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000, "maxfev": 8000}
    for _ in range(3):
        found = minimize(lambda x: at(x)["mse"], x, method="Nelder-Mead", bounds=bounds, options=tight)
        x = found.x
    return at(x)


carbon = co2.load_pandas().data["co2"].resample("MS").mean().ffill().to_numpy()[:150]
river = nile.load_pandas().data["volume"].to_numpy()
rate = macrodata.load_pandas().data["unemp"].to_numpy()
rng = np.random.default_rng(2)
place = np.arange(90)
below = np.cumsum(rng.standard_normal(90)) + 3 * np.sin(2 * np.pi * place / 7)

prices = macrodata.load_pandas().data["cpi"].to_numpy()[:80]
SERIES = {
    "carbon": (carbon, 12),
    "river": (river, 1),
    "brook": (river[:15], 1),
    "prices": (prices, 4),
    "rate": (rate, 4),
    "below": (below, 7),
}

runs = []
for name, (y, season) in SERIES.items():
    for form, model in FORMS.items():
        fit = best(y, season, form)
        runs.append(
            {
                "series": name,
                "season": season,
                "model": model,
                "seasonal": bool(fit.get("decompose", False)),
                "start_in_range": bool(abs(first_level(fit["par"], y[0]) - y[0]) < 2 * np.ptp(y)),
                "parameters": {key: float(value) for key, value in fit["par"].items()},
                "expect_mean": list(forecast_theta(fit, 14)["mean"]),
            }
        )

case = {
    "made_by": f"statsforecast {version('statsforecast')}, scipy {version('scipy')}",
    "tolerance": 1e-4,
    "series": {name: list(y) for name, (y, _) in SERIES.items()},
    "runs": runs,
}
with open("case.json", "w") as file:
    json.dump(case, file)
