"""Makes case.json: local-constant kernel regressions of statsmodels, which are GRNNs.

Run: python grnn.py
"""
import json

import numpy as np
import statsmodels
from statsmodels.nonparametric.kernel_regression import KernelReg

rng = np.random.default_rng(5)
x = rng.normal(size=(150, 3)).round(4)
y = (np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] + 0.1 * rng.normal(size=150)).round(4)
ask = rng.normal(size=(15, 3)).round(4)


def regression(bw):
    return KernelReg(y, x, "ccc", reg_type="lc", bw=bw)


def left_out(bw):
    """Mean squared error of rows left out, from the package's own objective."""
    model = regression(bw)
    return np.asarray(model.cv_loo(np.asarray(bw), model.est[model.reg_type])).item()


runs = []
for sigma in (0.2, 0.5, 2.0):
    bw = [sigma] * 3
    runs.append({"sigma": sigma, "asked": regression(bw).fit(ask)[0].tolist(), "left_out": left_out(bw)})
one = min(np.exp(np.linspace(np.log(0.15), np.log(3), 400)), key=lambda s: left_out([s] * 3))
each = regression("cv_ls").bw
case = {
    "made_with": f"statsmodels {statsmodels.__version__}, numpy {np.__version__}",
    "tolerance": 1e-9,
    "x": x.tolist(),
    "y": y.tolist(),
    "ask": ask.tolist(),
    "runs": runs,
    "one": {"sigma": float(one), "left_out": left_out([one] * 3)},
    "each": {"sigma": np.asarray(each).tolist(), "left_out": left_out(list(each)),
             "asked": regression(list(each)).fit(ask)[0].tolist()},
}
json.dump(case, open("case.json", "w"), indent=1)
