"""Chaos tools in plain quadratic loops over Hénon's map, the logistic map and noise; writes case.json."""
import json
from pathlib import Path
import numpy as np

def henon(keep):
    x, y, out = 0.1, 0.1, []
    for step in range(100 + keep):
        x, y = 1 - 1.4 * x * x + y, 0.3 * x
        if step >= 100:
            out.append(x)
    return np.array(out)

def logistic(keep):
    x, out = 0.3, []
    for step in range(100 + keep):
        x = 4 * x * (1 - x)
        if step >= 100:
            out.append(x)
    return np.array(out)

def embed(x, m, tau, rows):
    return np.column_stack([x[j * tau : j * tau + rows] for j in range(m)])

def cao(x, tau, most):
    e, star = [], []
    for d in range(1, most + 2):
        rows = len(x) - d * tau
        own, wide = embed(x, d, tau, rows), embed(x, d + 1, tau, rows)
        a, s = [], []
        for i in range(rows):
            far = np.abs(own - own[i]).max(axis=1)
            far[far == 0] = np.inf
            j = int(np.argmin(far))
            if not np.isfinite(far[j]):
                continue
            a.append(np.abs(wide[i] - wide[j]).max() / far[j])
            s.append(abs(x[i + d * tau] - x[j + d * tau]))
        e.append(np.mean(a)); star.append(np.mean(s))
    e, star = np.array(e), np.array(star)
    return e[1:] / e[:-1], star[1:] / star[:-1]

def divergence(x, m, tau, apart, steps):
    """Mean log distance k = 0 .. steps - 1 rows on, over rows that have `steps` later ones."""
    rows = len(x) - (m - 1) * tau - steps
    y = embed(x, m, tau, len(x) - (m - 1) * tau)
    logs = [[] for _ in range(steps)]
    for i in range(rows):
        far = np.sqrt(((y[:rows] - y[i]) ** 2).sum(axis=1))
        far[np.abs(np.arange(rows) - i) <= apart] = np.inf
        j = int(np.argmin(far))
        for k in range(steps):
            d = np.sqrt(((y[i + k] - y[j + k]) ** 2).sum())
            if d > 0:
                logs[k].append(np.log(d))
    return np.array([np.mean(own) for own in logs])


def slope(s):
    return np.polyfit(np.arange(len(s)), s, 1)[0]

def acf(x, most):
    c = x - x.mean()
    return np.array([(c[: len(c) - k] * c[k:]).sum() / (c * c).sum() for k in range(most + 1)])

def period(x):
    c = x - x.mean()
    power = np.abs(np.fft.rfft(c)) ** 2
    freq = np.fft.rfftfreq(len(x))
    return power[1:].sum() / (freq[1:] * power[1:]).sum()


def noise(keep):
    """A fixed linear congruence, so that the series needs no library to be made again."""
    state, out = 12345, []
    for _ in range(keep):
        state = (1103515245 * state + 12345) % 2**31
        out.append(state / 2**31)
    return np.array(out)


def described(x):
    e1, e2 = cao(x, 1, 7)
    s = divergence(x, 2, 1, 1, 6)
    far1, far2 = cao(x, 3, 4)
    return {
        "first": [float(x[0]), float(x[1]), float(x[-1])],
        "e1": e1.tolist(), "e2": e2.tolist(), "e1_lag_3": far1.tolist(), "e2_lag_3": far2.tolist(),
        "divergence": s.tolist(), "exponent": float(slope(s)),
        "divergence_3_2_10": divergence(x, 3, 2, 10, 6).tolist(),
        "acf": acf(x, 10).tolist(), "period": float(period(x)),
    }


case = {
    "made_with": {"numpy": np.__version__},
    "tolerance": 1e-9,
    "maps": {"henon": described(henon(1000)), "logistic": described(logistic(1000)), "noise": described(noise(500))},
}
Path(__file__).with_name("case.json").write_text(json.dumps(case))
