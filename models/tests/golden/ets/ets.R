# Writes case.json: fits, likelihoods and forecasts by forecast::ets. Run: Rscript ets.R
# Weights and first states are R's optimum: at them likelihood, means and variances must be equal.
# `aic` is what R's search reached: ours must reach it, or better.
suppressMessages(library(forecast))
list_of <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ","), "]")
run <- function(name, y, error, trend, season) {
  damped <- trend == "Ad"
  fit <- ets(y, model = paste0(error, substr(trend, 1, 1), season), damped = damped)
  ahead <- forecast(fit, h = 14, level = 95)
  sd <- (ahead$upper[, 1] - ahead$lower[, 1]) / (2 * qnorm(0.975))
  weight <- function(name, none) if (is.na(fit$par[name])) none else fit$par[name]
  states <- fit$initstate
  # R keeps the season newest first.
  seasons <- if (season == "N") numeric(0) else rev(states[grep("^s", names(states))])
  slope <- if (trend == "N") 0 else states["b"]
  sprintf(
    '{"series": "%s", "model": "%s", "weights": %s, "level": %.17g, "slope": %.17g, "season": %s,
 "loglik": %.17g, "aic": %.17g, "sigma2": %.17g, "expect_mean": %s, "expect_sd": %s}',
    name, paste0(error, trend, season),
    list_of(c(weight("alpha", 0), weight("beta", 0), weight("gamma", 0), weight("phi", 1))),
    states["l"], slope, list_of(seasons), fit$loglik, fit$aic, fit$sigma2,
    list_of(ahead$mean), list_of(sd)
  )
}
series <- list(USAccDeaths = USAccDeaths, JohnsonJohnson = JohnsonJohnson, Nile = Nile, WWWusage = WWWusage)
runs <- c()
for (name in names(series)) {
  y <- series[[name]]
  for (season in if (frequency(y) > 1) c("N", "A", "M") else "N") {
    for (trend in c("N", "A", "Ad")) {
      for (error in if (season == "M") "M" else c("A", "M")) {
        runs <- c(runs, run(name, y, error, trend, season))
      }
    }
  }
}
data <- sapply(names(series), function(name) {
  y <- series[[name]]
  sprintf('"%s": {"season": %d, "y": %s}', name, frequency(y), list_of(y))
})
made_by <- paste("R", getRversion(), "forecast", packageVersion("forecast"))
case <- sprintf('{"made_by": "%s", "tolerance": 1e-6, "series": {%s}, "runs": [%s]}',
  made_by, paste(data, collapse = ",\n"), paste(runs, collapse = ",\n"))
writeLines(case, "case.json")
