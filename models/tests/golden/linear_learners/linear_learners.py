"""Writes case.json: linear learners and nearest neighbours by scikit-learn.

Run: python linear_learners.py"""

import json

import numpy as np
import sklearn
from sklearn import linear_model, neighbors
from sklearn.model_selection import KFold

rng = np.random.default_rng(3)
TIGHT = {"tol": 1e-12, "max_iter": 1_000_000}


def data(rows, width, kind):
    """Raw columns of several scales; the target follows some of them."""
    x = rng.normal(size=(rows, width)) * 10.0 ** rng.integers(-1, 2, width) + rng.integers(-5, 5, width)
    if kind == "collinear":
        x[:, 1] = x[:, 0]
        x[:, 3] = 2 * x[:, 2] - x[:, 0]
        x[:, 4] = 7.0
    weights = np.where(np.arange(width) % 3 == 1, 0, 1 / x.std(axis=0).clip(0.1))
    return x, 4 + x @ weights + rng.normal(size=rows)


def ridge_chosen(x, y):
    """The penalty for one row with the least mean error over five ordered blocks, and its answers."""
    shares = [10 ** (2 - k / 4) for k in range(25)]
    def error(share):
        errors = []
        for learn, held in KFold(5).split(x):
            fitted = linear_model.Ridge(share * len(learn)).fit(x[learn], y[learn])
            errors.append(np.mean((fitted.predict(x[held]) - y[held]) ** 2))
        return np.mean(errors)
    return linear_model.Ridge(min(shares, key=error) * len(y))


runs = []
for kind, rows, width in [("tall", 60, 6), ("collinear", 40, 7), ("wide", 15, 30)]:
    x, y = data(rows, width, kind)
    asked, _ = data(8, width, kind)
    learners = {
        "linear {}": linear_model.LinearRegression(),
        'ridge {"alpha": 3.0}': linear_model.Ridge(3.0, solver="svd"),
        "ridge {}": ridge_chosen(x, y),
        'lasso {"alpha": 0.2}': linear_model.Lasso(0.2, **TIGHT),
        'elastic_net {"alpha": 0.3, "l1_ratio": 0.4}': linear_model.ElasticNet(0.3, l1_ratio=0.4, **TIGHT),
        "lasso {}": linear_model.LassoCV(cv=KFold(5), **TIGHT),
        "elastic_net {}": linear_model.ElasticNetCV(cv=KFold(5), **TIGHT),
        "bayesian_ridge {}": linear_model.BayesianRidge(),
        "knn {}": neighbors.KNeighborsRegressor(),
        'knn {"neighbours": 7, "weights": "distance"}': neighbors.KNeighborsRegressor(7, weights="distance"),
    }
    answers = {name: learner.fit(x, y).predict(asked).tolist() for name, learner in learners.items()}
    classes = (y > np.median(y)).astype(int) + (y > np.quantile(y, 0.8))
    near = neighbors.KNeighborsClassifier(5, weights="distance").fit(x, classes)
    runs.append({"kind": kind, "x": x.tolist(), "y": y.tolist(), "asked": asked.tolist(), "answers": answers,
                 "classes": classes.tolist(), "knn_chances": near.predict_proba(asked).tolist()})

with open("case.json", "w") as file:
    json.dump({"made_by": f"scikit-learn {sklearn.__version__}", "tolerance": 1e-8, "searched": 1e-5, "runs": runs}, file)
