# Diebold-Mariano tests by forecast::dm.test. Run: Rscript make.R > case.json
suppressMessages(library(forecast))
set.seed(11)
errors <- function(n, ar) as.numeric(arima.sim(list(ar = ar), n))
number <- function(x) sprintf("%.17g", x)
cases <- character()
add <- function(e1, e2, h, power) {
  test <- suppressWarnings(dm.test(e1, e2, h = h, power = power))
  d <- abs(e1)^power - abs(e2)^power
  cases <<- c(cases, sprintf(
    '{"differences": [%s], "horizon": %d, "statistic": %s, "p_value": %s}',
    paste(number(d), collapse = ", "), h, number(test$statistic), number(test$p.value)))
}
add(errors(40, 0.3), errors(40, 0.1) * 1.4, 1, 2)
add(errors(40, 0.6), errors(40, 0.6) * 1.2, 4, 2)
add(errors(25, 0.5), errors(25, 0.2), 3, 1)
add(errors(12, 0.0), errors(12, 0.0), 1, 1)
add(errors(200, 0.7), errors(200, 0.7) * 1.1, 12, 2)
# Alternating losses: the variance at h = 2 is not positive, and h = 1 is used.
add(rep(c(1, 2), 10) + 0.01 * (1:20), rep(1.4, 20), 2, 1)
cat(sprintf('{"made_by": "R %s, forecast %s", "tolerance": 1e-9, "cases": [\n%s\n]}\n',
            getRversion(), packageVersion("forecast"), paste(cases, collapse = ",\n")))
