# Writes case.json: forecasts by forecast::thetaf. Run: Rscript thetaf.R
# thetaf fits the smoothing alone and adds half the slope after; ours fits both at once. The numbers
# therefore meet at the parameters of thetaf's smoothing (`ses`), not at the optimum.
suppressMessages(library(forecast))
list_of <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ","), "]")
run <- function(y) {
  season <- if (frequency(y) > 1) decompose(y, type = "multiplicative") else NULL
  rest <- if (is.null(season)) y else seasadj(season)
  par <- ses(rest)$model$par
  sprintf(
    '{"y": %s, "season": %d, "alpha": %.17g, "start": %.17g, "expect_mean": %s}',
    list_of(y), frequency(y), par["alpha"], par["l"], list_of(thetaf(y, h = 12)$mean)
  )
}
runs <- sapply(list(window(co2, end = c(1971, 6)), Nile, UKDriverDeaths), run)
made_by <- paste("R", getRversion(), "forecast", packageVersion("forecast"))
case <- sprintf('{"made_by": "%s", "tolerance": 1e-9, "runs": [%s]}', made_by, paste(runs, collapse = ", "))
writeLines(case, "case.json")
