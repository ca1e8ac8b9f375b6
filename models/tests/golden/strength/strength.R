# Writes case.json: the strength of a season as forecast's auto.arima measures it. Run: Rscript strength.R
suppressMessages(library(forecast))
list_of <- function(x) paste0("[", paste(sprintf("%.17g", x), collapse = ","), "]")
week <- ts(c(lynx)[1:70], frequency = 7)
run <- function(y) {
  fit <- mstl(y)
  rest <- fit[, "Remainder"]
  strength <- max(0, min(1, 1 - var(rest) / var(rest + fit[, 3])))
  sprintf('{"y": %s, "season": %d, "expect_strength": %.17g}', list_of(y), frequency(y), strength)
}
runs <- sapply(list(window(co2, end = c(1971, 6)), UKDriverDeaths, week, ts(c(Nile), frequency = 12)), run)
made_by <- paste("R", getRversion(), "forecast", packageVersion("forecast"))
case <- sprintf('{"made_by": "%s", "tolerance": 1e-9, "runs": [%s]}', made_by, paste(runs, collapse = ", "))
writeLines(case, "case.json")
