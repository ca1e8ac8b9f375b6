"""Probability of overfitting and Sharpe probabilities, as their papers define them, with numpy,
scipy and itertools. Run: python make.py > case.json

Periods are a multiple of the blocks, as in the paper; ranks among equals are means."""
import itertools
import json

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(21)


def overfitting(returns, blocks):
    parts = np.array_split(returns, blocks, axis=1)
    models = len(returns)
    logits = []
    for half in itertools.combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[b] for b in half], axis=1)
        outside = np.concatenate([parts[b] for b in range(blocks) if b not in half], axis=1)
        best = np.argmax(inside.mean(axis=1) / inside.std(axis=1))
        rank = stats.rankdata(outside.mean(axis=1) / outside.std(axis=1))[best]
        share = rank / (models + 1)
        logits.append(np.log(share / (1 - share)))
    return float(np.mean(np.array(logits) <= 0))


def above(own, bar):
    s = own.mean() / own.std(ddof=1)
    spread = 1 - stats.skew(own) * s + (stats.kurtosis(own, fisher=False) - 1) / 4 * s * s
    return float(stats.norm.cdf((s - bar) * np.sqrt(len(own) - 1) / np.sqrt(spread)))


cases = []
for models, periods, blocks, skill in [(5, 128, 16, 0.0), (8, 256, 16, 0.15), (3, 32, 8, 0.3)]:
    returns = 0.01 * rng.standard_t(5, (models, periods))
    returns[1] += 0.01 * skill
    ratios = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
    z = stats.norm.ppf
    gamma = np.euler_gamma
    bar = ratios.std(ddof=1) * ((1 - gamma) * z(1 - 1 / models) + gamma * z(1 - 1 / (models * np.e)))
    cases.append({
        "returns": [list(own) for own in returns],
        "overfitting": overfitting(returns, blocks),
        "bar": float(bar),
        "probabilistic": [above(own, 0.0) for own in returns],
        "deflated": [above(own, bar) for own in returns],
    })
made_by = f"numpy {np.__version__}, scipy {scipy.__version__}"
print(json.dumps({"made_by": made_by, "tolerance": 1e-8, "cases": cases}))
