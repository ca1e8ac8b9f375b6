"""Makes case.json: perceptrons of scikit-learn at given weights: answers, loss, slopes, Adam's steps.

Also how well scikit-learn learns Friedman's first function, standardised, over ten seeds.
Run: python mlp.py
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
rng = np.random.default_rng(11)
x = rng.normal(size=(25, 3)).round(4)
values = (np.sin(x[:, 0]) + x[:, 1] * x[:, 2]).round(4)
classes = np.digitize(values, [-0.5, 0.5])
hidden, l2, rate = (6, 4), 0.7, 0.01


def flat(net_weights, net_biases):
    """Layer by layer: weights by inputs, then biases."""
    return np.concatenate([part for w, b in zip(net_weights, net_biases) for part in (w.ravel(), b)])


def run(bend, asked):
    kind = MLPRegressor if asked == "values" else MLPClassifier
    net = kind(hidden_layer_sizes=hidden, activation=bend, alpha=l2, max_iter=1, batch_size=25, random_state=3)
    y = values if asked == "values" else classes
    net.fit(x, y)
    start = flat(net.coefs_, net.intercepts_).tolist()
    answers = net.predict(x) if asked == "values" else net.predict_proba(x)
    wanted = values[:, None] if asked == "values" else np.eye(3)[classes]
    adam = AdamOptimizer(net.coefs_ + net.intercepts_, rate)
    steps = []
    for step in range(5):
        layers = [x] + [None] * (len(hidden) + 1)
        deltas = [None] * (len(hidden) + 1)
        slopes = [np.empty_like(w) for w in net.coefs_], [np.empty_like(b) for b in net.intercepts_]
        loss, w, b = net._backprop(x, wanted, None, layers, deltas, *slopes)
        steps.append({"loss": float(loss), "slopes": flat(w, b).tolist()})
        adam.update_params(net.coefs_ + net.intercepts_, w + b)
    return {"bend": bend, "asked": asked, "start": start, "answers": np.ravel(answers).tolist(),
            "wanted": wanted.ravel().tolist(), "steps": steps,
            "end": flat(net.coefs_, net.intercepts_).tolist()}


def friedman(count, seed):
    own = np.random.default_rng(seed)
    z = own.random((count, 10)).round(5)
    noise = own.normal(size=count)
    y = 10 * np.sin(np.pi * z[:, 0] * z[:, 1]) + 20 * (z[:, 2] - 0.5) ** 2 + 10 * z[:, 3] + 5 * z[:, 4]
    return z, (y + noise).round(5), y


learnt, seen, _ = friedman(300, 1)
asked, _, truth = friedman(300, 2)
scale, target = StandardScaler().fit(learnt), StandardScaler().fit(seen[:, None])
errors = []
for seed in range(10):
    net = MLPRegressor(hidden_layer_sizes=(32,), activation="tanh", solver="lbfgs", alpha=1.0, random_state=seed)
    net.fit(scale.transform(learnt), target.transform(seen[:, None]).ravel())
    said = target.inverse_transform(net.predict(scale.transform(asked))[:, None]).ravel()
    errors.append(float(np.sqrt(np.mean((said - truth) ** 2))))
case = {
    "made_with": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}",
    "tolerance": 1e-9,
    "hidden": hidden, "l2": l2, "rate": rate, "x": x.tolist(),
    "runs": [run(bend, asked) for bend in ("relu", "tanh", "logistic") for asked in ("values", "chances")],
    "friedman": {"x": learnt.tolist(), "y": seen.tolist(), "ask": asked.tolist(), "truth": truth.tolist(),
                 "rmse": errors, "tolerance": 0.1},
}
json.dump(case, open("case.json", "w"))
print(np.mean(errors), np.std(errors))
