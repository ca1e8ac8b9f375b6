"""Writes case.json: GARCH(1,1) by the arch package. Run: python garch.py"""

import json
from importlib.metadata import version

import numpy as np
from arch import arch_model

rng = np.random.default_rng(11)
drawn = rng.standard_t(6, 1500) * np.sqrt(4 / 6)
y, variance = [], 1.0
for z in drawn:
    y.append(round(0.05 + float(np.sqrt(variance) * z), 6))
    variance = 0.05 + 0.12 * (y[-1] - 0.05) ** 2 + 0.83 * variance
y = np.array(y[500:])

runs = []
for mean in ["Zero", "Constant"]:
    for dist in ["normal", "t"]:
        model = arch_model(y, mean=mean, vol="GARCH", p=1, q=1, dist=dist, rescale=False)
        fit = model.fit(disp="off", options={"ftol": 1e-13, "maxiter": 1000})
        names = {"mu": "mean", "omega": "omega", "alpha[1]": "alpha", "beta[1]": "beta", "nu": "freedom"}
        params = {names[name]: float(value) for name, value in fit.params.items()}
        fixed = {"mean": 0.02, "omega": 0.07, "alpha": 0.1, "beta": 0.8, "freedom": 7.0}
        at = [fixed[names[name]] for name in fit.params.index]
        errors = y - (y.mean() if mean == "Constant" else 0.0)
        runs.append({
            "mean": mean.lower(),
            "errors": {"normal": "normal", "t": "student"}[dist],
            "first": float(model.volatility.backcast(errors)),
            "fixed": {name: fixed[name] for name in params},
            "fixed_log_likelihood": float(model.fix(at).loglikelihood),
            "params": params,
            "log_likelihood": float(fit.loglikelihood),
            "variance": [float(v) for v in fit.forecast(horizon=10).variance.to_numpy()[0]],
        })
case = {"made_by": f"arch {version('arch')}", "tolerance": 1e-9, "fitted_tolerance": 1e-4}
with open("case.json", "w") as file:
    json.dump(case | {"y": list(y), "runs": runs}, file)
