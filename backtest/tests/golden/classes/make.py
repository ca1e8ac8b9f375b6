"""Metrics of two classes by scikit-learn. Run: python make.py > case.json

Probabilities are the middles of the 128 bins, so that binning loses nothing of the area."""
import json

import numpy as np
import sklearn
from sklearn import metrics as m

rng = np.random.default_rng(8)
cases = []
for n, signal in [(40, 1.0), (300, 0.2), (60, -0.8)]:
    y = rng.integers(0, 2, n)
    p = 1 / (1 + np.exp(-signal * (2 * y - 1) - rng.normal(0.0, 1.0, n)))
    p = (np.floor(p * 128) + 0.5) / 128
    call = (p > 0.5).astype(int)
    scores = {
        "accuracy": m.accuracy_score(y, call),
        "sensitivity": m.recall_score(y, call),
        "specificity": m.recall_score(1 - y, 1 - call),
        "ppv": m.precision_score(y, call),
        "npv": m.precision_score(1 - y, 1 - call),
        "f1": m.f1_score(y, call),
        "balanced_accuracy": m.balanced_accuracy_score(y, call),
        "mcc": m.matthews_corrcoef(y, call),
        "auc": m.roc_auc_score(y, p),
        "brier": m.brier_score_loss(y, p),
        "log_loss": m.log_loss(y, p),
        "base_rate": y.mean(),
    }
    cases.append({"y": [float(v) for v in y], "p": list(p),
                  "scores": {name: float(score) for name, score in scores.items()}})
print(json.dumps({"made_by": f"scikit-learn {sklearn.__version__}", "tolerance": 1e-9,
                  "cases": cases}))
