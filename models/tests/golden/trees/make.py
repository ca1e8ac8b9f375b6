"""Trees and boosted trees of scikit-learn on fixed small data: pip install scikit-learn==1.9.1

Of equally good splits each side draws one, so a case is kept only where twenty seeds give scikit-learn the same
answers. Features are sixty-fourths, so that its 32-bit copy of them loses nothing.
"""
import json, pathlib
import numpy as np
import sklearn
from sklearn.ensemble import AdaBoostClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

random = np.random.default_rng(5)
n, asked = 300, 40


def table(rows):
    x = np.round(random.normal(size=(rows, 5)) * 64) / 64
    x[:, 3] = np.round(x[:, 3])
    return x


x, ask = table(n), table(asked)
holes = x.copy(), ask.copy()
for part in holes:
    part[random.random(part.shape) < 0.15] = np.nan
signal = np.sin(2 * x[:, 0]) + x[:, 1] * (x[:, 3] > 0) + 0.5 * x[:, 2]
y = 10 + signal + random.normal(size=n) / 2
classes = np.digitize(signal + random.normal(size=n) / 2, [-0.7, 0.6])
weight = {None: "none", "balanced": "balanced"}
runs = []


def run(kind, name, settings, learner, train, asking):
    target = y if kind == "regress" else classes
    answers = []
    for seed in range(20):
        learner.set_params(random_state=seed)
        if hasattr(learner, "estimator"):
            learner.estimator.set_params(random_state=seed)
        learner.fit(train, target)
        answers.append(learner.predict(asking) if kind == "regress" else learner.predict_proba(asking))
    answer = answers[0]
    if any(np.abs(other - answer).max() > 1e-12 for other in answers):
        return print("not unique:", kind, name, settings)
    runs.append({"kind": kind, "name": name, "settings": settings, "holes": train is holes[0],
                 "expect": np.asarray(answer).ravel().tolist(),
                 "expect_importance": learner.feature_importances_.tolist()})


for train, asking in ((x, ask), holes):
    for depth, min_leaf, min_split in ((None, 20, 2), (None, 8, 2), (4, 5, 2), (3, 5, 60), (2, 5, 2)):
        ours = {"min_leaf": min_leaf, "min_split": min_split} | ({"depth": depth} if depth else {})
        theirs = dict(max_depth=depth, min_samples_leaf=min_leaf, min_samples_split=min_split, random_state=0)
        run("regress", "tree", ours, DecisionTreeRegressor(**theirs), train, asking)
        for criterion in ("gini", "entropy"):
            for balanced in weight:
                run("classify", "tree", ours | {"criterion": criterion, "class_weight": weight[balanced]},
                    DecisionTreeClassifier(criterion=criterion, class_weight=balanced, **theirs), train, asking)
for depth, rate, trees in ((1, 1.0, 30), (1, 0.5, 12), (2, 0.5, 20)):
    base = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=5, random_state=0)
    run("classify", "adaboost", {"depth": depth, "min_leaf": 5, "rate": rate, "trees": trees},
        AdaBoostClassifier(base, n_estimators=trees, learning_rate=rate, random_state=0), x, ask)

number = lambda part: [[None if np.isnan(v) else v for v in row] for row in part.tolist()]
case = {
    "made_with": f"scikit-learn {sklearn.__version__}", "tolerance": 1e-9,
    "x": number(x), "ask": number(ask), "x_holes": number(holes[0]), "ask_holes": number(holes[1]),
    "y": y.tolist(), "classes": classes.tolist(), "runs": runs,
}
pathlib.Path(__file__).with_name("case.json").write_text(json.dumps(case))
