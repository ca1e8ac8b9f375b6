"""Model confidence sets by arch. Run: python make.py > case.json"""
import json
import arch
import numpy as np
from arch.bootstrap import MCS

rng = np.random.default_rng(5)
cases = []
for units, models, gap, bootstrap in [(30, 4, 0.5, "iid"), (60, 6, 0.2, "stationary"), (25, 3, 0.0, "iid")]:
    shared = rng.normal(size=(units, 1))
    losses = (shared + rng.normal(size=(units, models))) ** 2 + gap * np.arange(models)
    block = 1 if bootstrap == "iid" else 4
    mcs = MCS(losses, size=0.1, reps=80, block_size=block, method="max", bootstrap="stationary", seed=7)
    mcs.compute()
    cases.append({
        "losses": losses.T.tolist(),
        "samples": [index.tolist() for index in mcs._bootstrap_indices],
        "p_values": mcs.pvalues["Pvalue"].sort_index().tolist(),
    })
print(json.dumps({"made_by": f"arch {arch.__version__}, numpy {np.__version__}",
                  "tolerance": 1e-12, "cases": cases}))
