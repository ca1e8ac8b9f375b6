"""What many random forests of scikit-learn reach on fixed small data: pip install scikit-learn==1.9.1

Random methods agree in distribution alone: the mean and the deviation, over 40 seeds, of the error on asked
rows, and of the importance of each column. The test holds the mean of a few of ours against them.
"""
import json, pathlib
import numpy as np
import sklearn
from sklearn.datasets import make_friedman1
from sklearn import ensemble as en
from sklearn.tree import DecisionTreeRegressor as Tree

SEEDS = 40
x, y = make_friedman1(700, 8, noise=1.0, random_state=3)
x = np.round(x * 4096) / 4096
classes = np.digitize(y, np.quantile(y, [0.3, 0.7]))
fit, ask = slice(0, 400), slice(400, 700)
runs = []


def run(kind, name, settings, make):
    errors, shares = [], []
    for seed in range(SEEDS):
        learner = make(seed).fit(x[fit], (y if kind == "regress" else classes)[fit])
        if kind == "regress":
            errors.append(np.sqrt(np.mean((learner.predict(x[ask]) - y[ask]) ** 2)))
        else:
            chances = learner.predict_proba(x[ask])
            errors.append(np.mean(np.sum((chances - np.eye(3)[classes[ask]]) ** 2, axis=1)))
        if hasattr(learner, "feature_importances_"):
            shares.append(learner.feature_importances_)
    runs.append({"kind": kind, "name": name, "settings": settings, "error": float(np.mean(errors)),
                 "deviation": float(np.std(errors)),
                 "importance": np.mean(shares, axis=0).tolist() if shares else None})


run("regress", "random_forest", {"trees": 50}, lambda s: en.RandomForestRegressor(50, random_state=s))
run("regress", "random_forest", {"trees": 50, "features": 3, "min_leaf": 3},
    lambda s: en.RandomForestRegressor(50, max_features=3, min_samples_leaf=3, random_state=s))
run("regress", "extra_trees", {"trees": 50}, lambda s: en.ExtraTreesRegressor(50, random_state=s))
run("regress", "extra_trees", {"trees": 50, "features": "sqrt", "bootstrap": True, "depth": 6},
    lambda s: en.ExtraTreesRegressor(50, max_features="sqrt", bootstrap=True, max_depth=6, random_state=s))
run("regress", "bagging", {"trees": 50, "rows": 0.5, "bootstrap": False},
    lambda s: en.BaggingRegressor(n_estimators=50, max_samples=0.5, bootstrap=False, random_state=s))
for loss in ("linear", "square", "exponential"):
    run("regress", "adaboost", {"trees": 40, "depth": 4, "rate": 0.5, "loss": loss},
        lambda s: en.AdaBoostRegressor(Tree(max_depth=4), n_estimators=40, learning_rate=0.5, loss=loss, random_state=s))
run("classify", "random_forest", {"trees": 50}, lambda s: en.RandomForestClassifier(50, random_state=s))
run("classify", "random_forest", {"trees": 50, "criterion": "entropy", "class_weight": "balanced", "depth": 5},
    lambda s: en.RandomForestClassifier(50, criterion="entropy", class_weight="balanced", max_depth=5, random_state=s))
run("classify", "extra_trees", {"trees": 50}, lambda s: en.ExtraTreesClassifier(50, random_state=s))
run("classify", "bagging", {"trees": 50}, lambda s: en.BaggingClassifier(n_estimators=50, random_state=s))

case = {
    "made_with": f"scikit-learn {sklearn.__version__}, {SEEDS} seeds",
    "tolerance": "the mean of 8 seeds within 4 deviations of a mean of 8 and of 40; importance within 0.02",
    "x": x.tolist(), "y": y.tolist(), "classes": classes.tolist(), "fit_rows": 400, "runs": runs,
}
pathlib.Path(__file__).with_name("case.json").write_text(json.dumps(case))
