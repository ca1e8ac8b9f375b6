"""Writes case.json: log-likelihoods and forecasts of statsmodels' ETSModel at given weights and
first states, for forms whose season is not multiplied: there it divides by the new level, where
Hyndman et al. divide by the level expected. Run: python ets_loglike.py"""
import json
import numpy as np
import statsmodels
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

y = [30.1, 21.4, 26.8, 33.2, 31.9, 23.5, 28.4, 36.0, 34.1, 24.9, 31.2, 38.5, 36.2, 26.1, 33.7, 40.9,
     37.8, 28.3, 34.4, 43.1, 41.5, 29.6, 37.2, 44.8]
runs = []
for season in ["N", "A"]:
    for trend in ["N", "A", "Ad"]:
        for error in ["A", "M"]:
            words = {"N": None, "A": "add", "Ad": "add", "M": "mul"}
            model = ETSModel(
                np.array(y), error=words[error], trend=words[trend], damped_trend=trend == "Ad",
                seasonal=words[season], seasonal_periods=4 if season != "N" else None)
            alpha, beta, gamma, phi = 0.35, 0.12, 0.2, 0.93
            level, slope = 27.0, 0.6
            states = {"A": [2.0, -6.0, -1.0, 5.0], "N": []}[season]
            value = {
                "smoothing_level": alpha, "smoothing_trend": beta, "smoothing_seasonal": gamma,
                "damping_trend": phi, "initial_level": level, "initial_trend": slope}
            # The first seasonal state of statsmodels is the newest, the one used last.
            value |= {f"initial_seasonal.{k}": s for k, s in enumerate(reversed(states))}
            fit = model.smooth([value[name] for name in model.param_names])
            runs.append({
                "model": error + trend + season,
                "weights": [alpha, beta if trend != "N" else 0.0, gamma if season != "N" else 0.0,
                            phi if trend == "Ad" else 1.0],
                "level": level, "slope": slope if trend != "N" else 0.0, "season": states,
                "loglik": fit.llf, "expect_point": list(fit.forecast(4))})
case = {"made_by": f"statsmodels {statsmodels.__version__}", "tolerance": 1e-9, "y": y, "runs": runs}
with open("case.json", "w") as file:
    file.write(json.dumps(case) + "\n")
