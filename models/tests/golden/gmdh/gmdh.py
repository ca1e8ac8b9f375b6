"""Makes case.json: the group method of data handling, written again in NumPy.

No package with this variant is at hand, so this is the second implementation: least squares by
NumPy, layers and choices as Ivakhnenko (1971) has them. Run: python gmdh.py
"""
import itertools
import json

import numpy as np

rng = np.random.default_rng(8)
x = rng.normal(size=(80, 4)).round(4)
y = (x[:, 0] * x[:, 1] * x[:, 2] + np.sin(x[:, 3]) + 0.2 * rng.normal(size=80)).round(4)
ask = rng.normal(size=(15, 4)).round(4)


def gmdh(x, y, ask, layers, units, share, ridge=1e-8):
    scale = lambda z: (z - x.mean(0)) / x.std(0)
    target = (y - y.mean()) / y.std()
    most = 3 * np.abs(target).max()
    steps = np.floor(np.arange(len(y) + 1) * share + 1e-9)
    aside = np.diff(steps) > 0
    basis = lambda u, v: np.column_stack([np.ones_like(u), u, v, u * v, u * u, v * v])
    seen, asked, answer, least = scale(x), scale(ask), None, np.square(target[aside]).sum()
    sizes = []
    for _ in range(layers):
        tried = []
        for u, v in itertools.combinations(range(seen.shape[1]), 2):
            a = basis(seen[~aside, u], seen[~aside, v])
            tiny = np.sqrt(ridge * len(a)) * np.eye(6)[1:]
            full, goal = np.vstack([a, tiny]), np.concatenate([target[~aside], np.zeros(5)])
            weights = np.linalg.lstsq(full, goal, rcond=None)[0]
            say = lambda z: np.clip(basis(z[:, u], z[:, v]) @ weights, -most, most)
            z = say(seen)
            tried.append((np.square(z - target)[aside].sum(), z, say(asked)))
        tried = sorted(tried, key=lambda t: t[0])[:units]
        if tried[0][0] >= least:
            break
        least, _, answer = tried[0]
        seen = np.column_stack([t[1] for t in tried])
        asked = np.column_stack([t[2] for t in tried])
        sizes.append(least)
    return {"asked": (y.mean() + y.std() * answer).tolist(), "criteria": sizes}


runs = []
for settings in ({"layers": 1, "units": 4, "share": 0.3}, {"layers": 5, "units": 6, "share": 0.3},
                 {"layers": 8, "units": 5, "share": 0.5}):
    runs.append({"settings": settings, **gmdh(x, y, ask, **settings)})
case = {"made_with": f"numpy {np.__version__}", "tolerance": 1e-6, "x": x.tolist(), "y": y.tolist(),
        "ask": ask.tolist(), "runs": runs}
json.dump(case, open("case.json", "w"), indent=1)
print([len(run["criteria"]) for run in runs])
