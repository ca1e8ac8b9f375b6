"""Student's t-tests by scipy.stats. Run: python make.py > case.json"""
import json

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(5)
cases = []


def add(kind, a, b):
    test = stats.ttest_rel(a, b) if kind == "paired" else stats.ttest_ind(a, b, equal_var=False)
    low, high = test.confidence_interval(0.95)
    cases.append({"kind": kind, "a": list(a), "b": list(b), "statistic": test.statistic,
                  "p_value": test.pvalue, "freedom": float(test.df), "low": low, "high": high})


hard = rng.gamma(3.0, 7.0, 80)
add("paired", hard + rng.normal(0.0, 1.0, 80), hard + rng.normal(0.4, 1.0, 80))
add("paired", rng.normal(0.0, 1.0, 5), rng.normal(3.0, 0.1, 5))
add("welch", hard + rng.normal(0.0, 1.0, 80), hard + rng.normal(0.4, 1.0, 80))
add("welch", rng.normal(0.0, 1.0, 7), rng.normal(2.0, 9.0, 30))
add("welch", rng.normal(0.0, 1.0, 40), rng.normal(4.0, 1.0, 3))
print(json.dumps({"made_by": f"scipy {scipy.__version__}", "tolerance": 1e-8, "cases": cases},
                 indent=1))
