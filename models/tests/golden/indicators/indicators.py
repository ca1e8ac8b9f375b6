"""Technical indicators by TA-Lib over a made-up price; writes case.json beside this file."""
import json
from pathlib import Path

import numpy as np
import talib

rng = np.random.default_rng(7)
n = 150
close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.02, n))), 2)
high = np.round(close + rng.uniform(0.05, 2, n), 2)
low = np.round(close - rng.uniform(0.05, 2, n), 2)
volume = np.round(rng.uniform(1e3, 9e3, n), 0)

upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
k, d = talib.STOCHF(high, low, close, 14, 3, 0)
want = {
    "sma_10": [talib.SMA(close, 10)],
    "wma_10": [talib.WMA(close, 10)],
    "ema_10": [talib.EMA(close, 10)],
    "rsi_14": [talib.RSI(close, 14)],
    "bollinger_20_2": [(close - lower) / (upper - lower), (upper - lower) / middle],
    "cci_20": [talib.CCI(high, low, close, 20)],
    "macd_12_26_9": list(talib.MACD(close, 12, 26, 9)),
    "roc_12": [talib.ROC(close, 12)],
    "momentum_10": [talib.MOM(close, 10)],
    "atr_14": [talib.ATR(high, low, close, 14)],
    "stochastic_14_3": [k, d],
    "williams_14": [talib.WILLR(high, low, close, 14)],
    "obv": [talib.OBV(close, volume)],
    "mfi_14": [talib.MFI(high, low, close, volume, 14)],
    "adx_14": [talib.ADX(high, low, close, 14), talib.PLUS_DI(high, low, close, 14), talib.MINUS_DI(high, low, close, 14)],
}
rows = [60, 61, 77, 99, 120, 149]
case = {
    "made_with": {"TA-Lib": talib.__version__, "numpy": np.__version__},
    "tolerance": 1e-9,
    "bars": {"high": list(high), "low": list(low), "close": list(close), "volume": list(volume)},
    "rows": rows,
    "expect": {name: [[float(column[row]) for row in rows] for column in columns] for name, columns in want.items()},
    "first": {name: [int(np.flatnonzero(~np.isnan(column))[0]) for column in columns] for name, columns in want.items()},
}
Path(__file__).with_name("case.json").write_text(json.dumps(case))
