"""Battery features of made-up discharge curves by numpy and scipy; writes case.json beside this file."""
import json
from pathlib import Path

import numpy as np
import scipy
from scipy.stats import kurtosis, skew

rng = np.random.default_rng(3)
points, cycles = 40, np.array([2, 5, 10, 20, 40, 60, 80, 100, 120])
cells = []
for cell in range(5):
    v = np.linspace(0, 1, points)
    wear = rng.uniform(1e-4, 6e-4)
    curves = [1.08 * v**1.3 - wear * c * np.exp(-((v - 0.6) ** 2) / 0.02) - wear * 0.3 * c * v for c in cycles]
    curves = np.array(curves, dtype=np.float32)
    q = curves.astype(float)
    dq = q[list(cycles).index(100)] - q[list(cycles).index(10)]
    until = cycles <= 100
    capacity = q[until, -1]
    slope, intercept = np.polyfit(cycles[until].astype(float), capacity, 1)
    want = {
        "var_dq": np.log10(np.var(dq)), "min_dq": np.log10(abs(dq.min())), "skew_dq": np.log10(abs(skew(dq))),
        "kurt_dq": np.log10(kurtosis(dq, fisher=False)), "q_2": q[0, -1], "q_max_less_q_2": capacity.max() - q[0, -1],
        "q_slope": slope, "q_intercept": intercept,
    }
    cells.append({"curves": [float(x) for x in curves.ravel()], "expect": {k: float(x) for k, x in want.items()}})
case = {
    "made_with": {"numpy": np.__version__, "scipy": scipy.__version__},
    "tolerance": 1e-9, "points": points, "cycles": cycles.tolist(), "cells": cells,
}
Path(__file__).with_name("case.json").write_text(json.dumps(case))
