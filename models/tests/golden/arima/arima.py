"""Log-likelihoods, forecasts and variances of ARIMA models by statsmodels, at given coefficients.

Without holes statsmodels works on the differences (simple_differencing), which is the likelihood
given the first values. With holes it starts at the level, diffuse (approximate, with a
variance of 1e9), and leaves the first d + m·D values out; the case has none missing among those.
sigma2 is the maximum-likelihood one in all log-likelihoods and variances.

    python arima.py > case.json
"""

import json

import numpy as np
import statsmodels
import statsmodels.api as sm
from statsmodels.tsa.statespace.sarimax import SARIMAX

nile = sm.datasets.nile.load_pandas().data["volume"].to_numpy(float)
sunspots = sm.datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(float)
macro = sm.datasets.macrodata.load_pandas().data
gdp = np.log(macro["realgdp"].to_numpy(float)) * 100
elnino = sm.datasets.elnino.load_pandas().data.iloc[:, 1:].to_numpy(float).ravel()[-240:]


def holes(y, at):
    y = y.copy()
    y[at] = np.nan
    return y


CASES = [
    ("ar", sunspots, (2, 0, 0), (0, 0, 0), 1, [1.3, -0.6]),
    ("arma", nile, (1, 0, 1), (0, 0, 0), 1, [0.8, -0.5]),
    ("near unit root", nile, (1, 0, 0), (0, 0, 0), 1, [0.999]),
    ("ima", nile, (1, 1, 2), (0, 0, 0), 1, [0.25, -0.9, 0.05]),
    ("twice", gdp, (1, 2, 1), (0, 0, 0), 1, [0.2, -0.95]),
    ("seasonal", elnino, (1, 0, 1), (1, 1, 1), 12, [0.7, 0.2, 0.1, -0.8]),
    ("airline", elnino, (0, 1, 1), (0, 1, 1), 12, [0.3, -0.7]),
    ("long", elnino, (2, 1, 2), (2, 0, 1), 12, [0.4, 0.2, 0.3, 0.1, 0.5, 0.2, -0.6]),
    ("holes", holes(nile, [5, 6, 40, 77, 99]), (1, 0, 1), (0, 0, 0), 1, [0.8, -0.5]),
    ("holes after a difference", holes(gdp, [9, 50, 51, 52, 200]), (1, 1, 1), (0, 0, 0), 1, [0.4, -0.2]),
    ("holes in seasons", holes(elnino, [30, 90, 91, 180, 238]), (1, 1, 1), (0, 1, 1), 12, [0.3, 0.2, -0.7]),
]

DIFFUSE = 1e9


def unit_variance(y, order, seasonal, season, coefficients, simple):
    """The model at innovations of variance 1, and the sigma2 that then maximises."""
    seasonal = (*seasonal, season if any(seasonal) else 0)
    kwargs = dict(order=order, seasonal_order=seasonal, simple_differencing=simple)
    model = SARIMAX(y, initial_variance=DIFFUSE, **kwargs)
    smooth = model.smooth([*coefficients, 1.0])
    burn = model.loglikelihood_burn
    errors = smooth.filter_results.forecasts_error[0][burn:]
    sizes = smooth.filter_results.forecasts_error_cov[0, 0][burn:]
    seen = ~np.isnan(errors) & (smooth.filter_results.nmissing[burn:] == 0)
    sigma2 = float(np.mean(errors[seen] ** 2 / sizes[seen]))
    n = int(seen.sum())
    loglik = -0.5 * (n * (1 + np.log(2 * np.pi * sigma2)) + np.sum(np.log(sizes[seen])))
    return model, sigma2, float(loglik), n


out = []
for name, y, order, seasonal, season, coefficients in CASES:
    whole = not np.isnan(y).any()
    model, sigma2, loglik, n = unit_variance(y, order, seasonal, season, coefficients, whole)
    if whole:
        direct = model.loglike([*coefficients, sigma2])
        assert abs(direct / loglik - 1) < 1e-9, (name, direct, loglik)
    seasonal_order = (*seasonal, season if any(seasonal) else 0)
    level = SARIMAX(y, order=order, seasonal_order=seasonal_order, initial_variance=DIFFUSE)
    ahead = level.smooth([*coefficients, sigma2]).get_forecast(14)
    out.append(
        dict(
            name=name,
            y=[None if np.isnan(v) else v for v in y],
            order=order,
            seasonal_order=seasonal,
            season=season,
            coefficients=coefficients,
            count=n,
            sigma2=sigma2,
            log_likelihood=loglik,
            mean=[float(v) for v in ahead.predicted_mean],
            variance=[float(v) for v in ahead.var_pred_mean],
        )
    )

# A fit with a regressor: maximum of the exact likelihood, errors an AR(1) with a mean.
inflation = macro["infl"].to_numpy(float)
unemployment = macro["unemp"].to_numpy(float)
ones = np.column_stack([unemployment, np.ones(len(inflation))])
model = SARIMAX(inflation, exog=ones, order=(1, 0, 1), trend=None)
fit = model.fit(disp=False, maxiter=500, method="lbfgs")
fit = model.fit(fit.params, disp=False, maxiter=2000, method="nm", xtol=1e-10, ftol=1e-12)
fit = model.fit(fit.params, disp=False, maxiter=500, method="bfgs", gtol=1e-9)
ahead = fit.get_forecast(6, exog=np.column_stack([np.full(6, 7.0), np.ones(6)]))
regression = dict(
    y=list(inflation),
    x=list(unemployment),
    order=(1, 0, 1),
    beta=[float(v) for v in fit.params[:2]],
    coefficients=[float(v) for v in fit.params[2:4]],
    log_likelihood=float(fit.llf),
    x_ahead=[7.0] * 6,
    mean=[float(v) for v in ahead.predicted_mean],
)

print(
    json.dumps(
        dict(
            made_by=f"statsmodels {statsmodels.__version__}, numpy {np.__version__}",
            tolerance=1e-6,
            cases=out,
            regression=regression,
        ),
        indent=None,
    )
)
