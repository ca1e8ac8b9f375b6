"""Writes case.json: support vectors, logistic regression and Gaussian processes by scikit-learn.

Run: python kernel_learners.py

Probabilities of support vectors are put together here from scikit-learn's distances, since its own depend
on a random split: every fifth row of each class of a pair is held back in turn, Platt's two numbers are
minimised by scipy, and pairs are coupled by solving the conditions of the minimum.
"""

import json
import warnings
from itertools import combinations

import numpy as np
import sklearn
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC, SVR

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
TIGHT = {"tol": 1e-6, "cache_size": 500}


def data(kind, rows, width):
    """Rows whose target bends; columns of one scale, one of them twice where they are collinear."""
    x = rng.normal(size=(rows, width))
    if kind == "collinear":
        x[:, 1] = x[:, 0]
    return x, 2 * np.sin(x[:, 0]) + x[:, -1] ** 2 + 0.3 * rng.normal(size=rows)


def platt(distances, first):
    yes, no = first.sum(), (~first).sum()
    target = np.where(first, (yes + 1) / (yes + 2), 1 / (no + 2))
    def loss(ab):
        z = ab[0] * distances + ab[1]
        return np.sum(target * np.logaddexp(0, z) + (1 - target) * np.logaddexp(0, -z))
    return minimize(loss, [0.0, np.log((no + 1) / (yes + 1))], method="BFGS", options={"gtol": 1e-10}).x


def couple(of):
    """Σ p = 1 and Qp the same in every place."""
    k = len(of)
    q = np.array([[sum(of[m, i] ** 2 for m in range(k) if m != i) if i == j else -of[j, i] * of[i, j]
                   for j in range(k)] for i in range(k)])
    left = np.block([[q, np.ones((k, 1))], [np.ones((1, k)), np.zeros((1, 1))]])
    return np.linalg.solve(left, np.append(np.zeros(k), 1))[:k]


def svc_chances(x, classes, asked, weight, **settings):
    """One classifier for every two classes, C and gamma as for all rows together."""
    seen = np.unique(classes)
    costs = np.ones(len(x)) if weight is None else len(x) / (len(seen) * np.bincount(classes)[classes])
    of = np.full((len(asked), len(seen), len(seen)), 0.5)
    for i, j in combinations(range(len(seen)), 2):
        rows = np.flatnonzero((classes == seen[i]) | (classes == seen[j]))
        first = classes[rows] == seen[i]
        part = np.where(first, np.cumsum(first) - 1, np.cumsum(~first) - 1) % 5
        def distances(learn, to):
            fitted = SVC(**settings, **TIGHT).fit(x[rows[learn]], first[learn], sample_weight=costs[rows[learn]])
            return fitted.decision_function(to)
        held = np.empty(len(rows))
        for p in range(5):
            held[part == p] = distances(part != p, x[rows[part == p]])
        slope, intercept = platt(held, first)
        of[:, i, j] = expit(-(slope * distances(part >= 0, asked) + intercept))
        of[:, j, i] = 1 - of[:, i, j]
    return np.array([couple(one) for one in of])


runs = []
for kind, rows, width in [("tall", 80, 3), ("collinear", 60, 4), ("wide", 20, 30)]:
    x, y = data(kind, rows, width)
    asked, _ = data(kind, 8, width)
    gamma = 1 / (width * x.var())
    svr = {
        "": SVR(**TIGHT),
        '"c": 10, "epsilon": 0.3, "gamma": 0.2': SVR(C=10, epsilon=0.3, gamma=0.2, **TIGHT),
        '"kernel": "linear", "c": 0.5': SVR(kernel="linear", C=0.5, **TIGHT),
        '"kernel": "poly", "degree": 2, "coef0": 1, "epsilon": 0': SVR(kernel="poly", degree=2, coef0=1, epsilon=0, **TIGHT),
    }
    answers = {f'svr {{{name + ", " if name else ""}"tolerance": 1e-6}}': one.fit(x, y).predict(asked).tolist()
               for name, one in svr.items()}
    if kind != "wide":
        lengths = {"false": 1.0, "true": np.ones(width)}
        for ard in ["false"] if kind == "collinear" else ["false", "true"]:
            kernel = ConstantKernel() * RBF(lengths[ard], (1e-3, 1e4)) + WhiteKernel()
            process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=8, random_state=1)
            answers[f'gaussian_process {{"ard": {ard}}}'] = process.fit(x, y).predict(asked).tolist()
    chances = []
    for count in [2, 3]:
        classes = np.searchsorted(np.quantile(y, [0.6, 0.85][:count - 1]), y)
        for weight, name in [(None, "none"), ("balanced", "balanced")]:
            logistic = LogisticRegression(C=2.0, class_weight=weight, tol=1e-10, max_iter=100_000).fit(x, classes)
            want = {
                "logistic": [{"c": 2.0}, logistic.predict_proba(asked)],
                "svc": [{"tolerance": 1e-6}, svc_chances(x, classes, asked, weight, gamma=gamma)],
            }
            for learner, (settings, p) in want.items():
                chances.append({"name": learner, "settings": settings | {"class_weight": name},
                                "classes": classes.tolist(), "chances": p.ravel().tolist()})
    runs.append({"kind": kind, "x": x.tolist(), "y": y.tolist(), "asked": asked.tolist(),
                 "answers": answers, "chances": chances})

with open("case.json", "w") as file:
    json.dump({"made_by": f"scikit-learn {sklearn.__version__}", "tolerance": 1e-4, "runs": runs}, file)
