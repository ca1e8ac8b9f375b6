"""Writes case.json: scikit-learn's histogram gradient boosting on 240 rows with missing values.

Columns have fewer distinct values than bins, so that both sides cut them at the same places. The peer keeps
slopes in 32 bits, which is where the tolerance comes from.

    pip install scikit-learn==1.9.1
    python gradient_boosting.py > case.json
"""
import json
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

ROWS = 240
rng = np.random.default_rng(11)
x = np.round(rng.uniform(size=(ROWS, 4)), 2)
signal = 10 * np.sin(3 * x[:, 0]) + 8 * x[:, 1] * x[:, 2] + rng.normal(scale=0.5, size=ROWS)
x[rng.uniform(size=x.shape) < 0.08] = np.nan
y = np.round(signal + 3 * np.isnan(x[:, 1]), 6)
two = (y > np.quantile(y, 0.7)).astype(int)
three = np.digitize(y, np.quantile(y, [0.3, 0.8]))
shared = {"early_stopping": False, "min_samples_leaf": 8}

runs = []
for loss, ours, extra in (
    ("squared_error", "squared", {}),
    ("squared_error", "squared", {"max_depth": 3, "l2_regularization": 2.0, "learning_rate": 0.3}),
    ("absolute_error", "absolute", {}),
    ("quantile", "quantile", {"quantile": 0.8}),
):
    # Slopes of two values make many splits gain the same; few rounds and leaves keep clear of ties.
    rounds, leaves = (30, 9) if ours == "squared" else (3, 4)
    model = HistGradientBoostingRegressor(loss=loss, max_iter=rounds, max_leaf_nodes=leaves, **shared, **extra)
    settings = {"loss": ours, "rounds": rounds, "leaves": leaves, "min_leaf": 8}
    names = {"max_depth": "depth", "l2_regularization": "l2", "learning_rate": "learning_rate", "quantile": "alpha"}
    settings |= {names[key]: value for key, value in extra.items()}
    runs.append({"task": "regress", "settings": settings, "expect": model.fit(x, y).predict(x).tolist()})
for name, classes, weight in (("two", two, None), ("two", two, "balanced"), ("three", three, None)):
    model = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=6, class_weight=weight, **shared)
    settings = {"rounds": 20, "leaves": 6, "min_leaf": 8, "class_weight": weight or "none"}
    chances = model.fit(x, classes).predict_proba(x)
    runs.append({"task": name, "settings": settings, "expect": chances.ravel().tolist()})

print(json.dumps({
    "origin": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
    "tolerance": 1e-5,
    "x": [[None if np.isnan(value) else value for value in row] for row in x],
    "y": y.tolist(), "two": two.tolist(), "three": three.tolist(), "runs": runs,
}))
