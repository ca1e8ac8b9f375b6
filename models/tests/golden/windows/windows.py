"""Windows, weights and dates by pandas; writes case.json beside this file."""
import json
from pathlib import Path

import numpy as np
import pandas as pd

rng = np.random.default_rng(11)
n = 80
days = pd.date_range("2023-11-05", periods=n, freq="D")
y = pd.Series(np.round(50 + 10 * np.sin(np.arange(n) / 3) + rng.normal(0, 4, n), 3))

rolling = y.rolling(9)
same = y.groupby(np.arange(n) % 7)
columns = {
    "rolling_mean_9": rolling.mean(), "rolling_std_9": rolling.std(), "rolling_min_9": rolling.min(),
    "rolling_max_9": rolling.max(), "rolling_median_9": rolling.median(), "rolling_sum_9": rolling.sum(),
    "rolling_q15_9": rolling.quantile(0.15),
    "rolling_mean_5_before_3": y.shift(3).rolling(5).mean(),
    "expanding_mean": y.expanding().mean(), "expanding_std": y.expanding().std(),
    "expanding_min": y.expanding().min(), "expanding_max": y.expanding().max(),
    "ewm_0.2": y.ewm(alpha=0.2, adjust=False).mean(), "ewm_0.9": y.ewm(alpha=0.9, adjust=False).mean(),
    "difference_1": y.diff(1), "difference_7": y.diff(7),
}
seasonal = {"rolling_seasonal_mean_4": same.transform(lambda s: s.shift(1).rolling(4).mean())}
dates = {
    "weekday_number": days.dayofweek + 1, "day_of_year": days.dayofyear,
    "week": days.isocalendar().week.to_numpy(), "month": days.month, "quarter": days.quarter, "year": days.year,
    "month_start": days.is_month_start, "month_end": days.is_month_end, "weekend": days.dayofweek >= 5,
}
rows = [40, 41, 55, 56, 57, 78]
case = {
    "made_with": {"pandas": pd.__version__, "numpy": np.__version__},
    "tolerance": 1e-9,
    "first_day": str(days[0].date()),
    "y": y.tolist(),
    "rows": rows,
    "until": {name: [float(column[row]) for row in rows] for name, column in columns.items()},
    "at": {name: [float(column[row]) for row in rows] for name, column in {**seasonal, **dates}.items()},
}
Path(__file__).with_name("case.json").write_text(json.dumps(case))
