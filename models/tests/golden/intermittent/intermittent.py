"""Writes case.json: intermittent demand by statsforecast, and by R's forecast::croston.

Run: python intermittent.py (Rscript on the path)."""

import json
import subprocess
from importlib.metadata import version

import numpy as np
from statsforecast.models import TSB, CrostonClassic, CrostonOptimized, CrostonSBA


def r_croston(y, alpha):
    """R's mean, and the version of its package."""
    numbers = ",".join(map(repr, y))
    code = f"""library(forecast); y <- c({numbers})
    cat(format(croston(y, h = 1, alpha = {alpha})$mean[1], digits = 17), format(packageVersion("forecast")))"""
    out = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    mean, package = out.stdout.split()
    return float(mean), package


def mean(model, y):
    return float(model.forecast(y=np.array(y), h=1)["mean"][0])


rng = np.random.default_rng(5)
runs = []
for chance in [0.1, 0.4, 0.9]:
    demanded = rng.random(60) < chance
    y = [float(v) for v in np.where(demanded, rng.poisson(6, 60) + 1, 0)]
    from_r, package = r_croston(y, 0.25)
    runs.append({
        "y": y,
        "croston_0.1": mean(CrostonClassic(), y),
        "sba_0.1": mean(CrostonSBA(), y),
        "tsb_0.2_0.15": mean(TSB(alpha_d=0.2, alpha_p=0.15), y),
        "croston_0.25": from_r,
        "croston_fitted": mean(CrostonOptimized(), y),
    })
made_by = f"statsforecast {version('statsforecast')}, R forecast {package}"
with open("case.json", "w") as file:
    json.dump({"made_by": made_by, "tolerance": 1e-9, "fitted_tolerance": 1e-4, "runs": runs}, file)
