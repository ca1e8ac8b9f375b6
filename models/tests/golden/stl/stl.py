"""Writes case.json: decompositions by statsmodels' STL. Run: python stl.py"""

import json
from importlib.metadata import version

import numpy as np
from statsmodels.datasets import co2
from statsmodels.tsa.seasonal import STL


def decompose(y, period, seasonal, trend, low_pass, inner, outer):
    """Each of the smoothers is [window, degree, jump]."""
    three = {"seasonal": seasonal, "trend": trend, "low_pass": low_pass}
    settings = {name: window for name, (window, _, _) in three.items()}
    settings |= {f"{name}_deg": degree for name, (_, degree, _) in three.items()}
    settings |= {f"{name}_jump": jump for name, (_, _, jump) in three.items()}
    parts = STL(y, period=period, robust=outer > 0, **settings).fit(inner_iter=inner, outer_iter=outer)
    asked = {"y": list(y), "period": period, "inner": inner, "outer": outer}
    got = {"expect_seasonal": list(parts.seasonal), "expect_trend": list(parts.trend)}
    return asked | three | got


carbon = co2.load_pandas().data["co2"].resample("MS").mean().ffill().to_numpy()[:150]
rng = np.random.default_rng(3)
place = np.arange(80)
wild = 5 + np.sin(2 * np.pi * place / 7) + rng.standard_normal(80) + 20.0 * (place % 31 == 5)
runs = [
    decompose(carbon, 12, [7, 1, 1], [23, 1, 1], [13, 1, 1], 5, 0),
    decompose(carbon, 12, [11, 0, 2], [21, 1, 3], [13, 1, 2], 2, 0),
    decompose(carbon[:31], 12, [7, 1, 1], [23, 1, 1], [13, 1, 1], 2, 0),
    decompose(wild, 7, [9, 0, 1], [13, 0, 1], [9, 1, 1], 2, 15),
    decompose(wild, 7, [9, 1, 2], [13, 1, 4], [9, 1, 1], 1, 3),
]
case = {"made_by": f"statsmodels {version('statsmodels')}", "tolerance": 1e-9, "runs": runs}
with open("case.json", "w") as file:
    json.dump(case, file)
