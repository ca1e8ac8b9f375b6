"""CRPS as the integral of (F(x) - 1{x >= y})^2, by quadrature. Run: python make.py > case.json"""
import json
import numpy as np
import scipy
from scipy.integrate import quad
from scipy.stats import norm

rng = np.random.default_rng(3)
cases = []


def integral(cdf, y, knots, low, high):
    def square(x):
        return (cdf(x) - (x >= y)) ** 2

    knots = sorted({low, high, y, *[k for k in knots if low < k < high]})
    return sum(quad(square, a, b, epsabs=1e-13, epsrel=1e-12, limit=200)[0] for a, b in zip(knots, knots[1:]))


for mean, sd, y in [(0.0, 1.0, 0.3), (10.0, 2.5, 4.0), (-3.0, 0.7, -3.0), (1.0, 0.1, 1.9)]:
    low, high = min(mean - 40 * sd, y), max(mean + 40 * sd, y)
    marks = [mean + k * sd for k in range(-40, 41)]
    cases.append({"kind": "normal", "mean": mean, "sd": sd, "y": y,
                  "crps": integral(lambda x: norm.cdf(x, mean, sd), y, marks, low, high)})
for n in (1, 2, 7, 40):
    draws = np.sort(rng.gamma(2.0, 3.0, size=n))
    for y in (float(draws[0]) - 1.0, float(np.median(draws)), float(draws[-1]) + 2.0):
        # The definition: E|X - y| - E|X - X'|/2 under the empirical distribution.
        value = np.abs(draws - y).mean() - np.abs(draws[:, None] - draws[None, :]).mean() / 2
        cases.append({"kind": "draws", "draws": draws.tolist(), "y": y, "crps": float(value)})
for levels in ([0.025, 0.1, 0.5, 0.9, 0.975], [0.1, 0.9], [0.25, 0.5, 0.6, 0.99]):
    values = np.sort(rng.normal(5.0, 3.0, size=len(levels)))

    def cdf(x):
        if x < values[0]:
            return 0.0
        if x >= values[-1]:
            return 1.0
        return float(np.interp(x, values, levels))

    for y in (float(values[0]) - 2.0, float(values.mean()), float(values[-1]) + 0.5):
        low, high = min(values[0], y) - 1.0, max(values[-1], y) + 1.0
        cases.append({"kind": "quantiles", "levels": levels, "values": values.tolist(), "y": y,
                      "crps": integral(cdf, y, values.tolist(), low, high)})
print(json.dumps({"made_by": f"scipy {scipy.__version__}, numpy {np.__version__}",
                  "tolerance": 1e-9, "cases": cases}, indent=1))
