"""Wilson's interval by scipy.stats. Run: python make.py > case.json"""
import json

import scipy
from scipy import stats

cases = []
for hits, trials, level in [(1, 7, 0.95), (520, 1000, 0.95), (3, 3, 0.8), (11_000, 21_000, 0.99)]:
    ends = stats.binomtest(hits, trials).proportion_ci(level, method="wilson")
    cases.append({"hits": hits, "trials": trials, "level": level,
                  "low": ends.low, "high": ends.high})
print(json.dumps({"made_by": f"scipy {scipy.__version__}", "tolerance": 1e-9, "cases": cases},
                 indent=1))
