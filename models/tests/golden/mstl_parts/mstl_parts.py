"""Writes case.json: components by statsmodels' MSTL. Run: python mstl_parts.py"""

import json
from importlib.metadata import version

import numpy as np
from statsmodels.tsa.seasonal import MSTL

rng = np.random.default_rng(5)
t = np.arange(24 * 7 * 3)
y = 30 + 0.01 * t + 4 * np.sin(2 * np.pi * t / 24) + 2 * np.cos(2 * np.pi * t / 168) + rng.standard_normal(len(t))
jumps = {"seasonal_jump": 2, "trend_jump": 3, "low_pass_jump": 3}
parts = MSTL(y, periods=(24, 168), windows=(11, 15), iterate=2, stl_kwargs={"seasonal_deg": 0} | jumps).fit()
case = {
    "made_by": f"statsmodels {version('statsmodels')}",
    "tolerance": 1e-6,
    "y": list(y),
    "periods": [24, 168],
    "windows": [11, 15],
    "jumps": [2, 3, 3],
    "low_pass": [25, 169],
    "inner": 5,
    "expect_seasonal": [list(parts.seasonal[:, 0]), list(parts.seasonal[:, 1])],
    "expect_trend": list(parts.trend),
}
with open("case.json", "w") as file:
    json.dump(case, file)
