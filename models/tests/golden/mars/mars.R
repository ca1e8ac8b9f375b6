# Makes case.json: MARS fits of R's earth. Run: Rscript mars.R
# fast.k = 0 turns off a shortcut of the forward pass, Adjust.endspan = 1 a widening of the ends
# for products; the rest are earth's defaults. Products are compared in small fits alone: in larger
# ones earth passes over knots that would lower the squares more, by a rule that is not published.
suppressMessages({library(earth); library(jsonlite)})
set.seed(3)
n <- 120
x <- matrix(round(runif(n * 4), 4), n)
y <- round(10 * sin(pi * x[, 1] * x[, 2]) + 20 * (x[, 3] - .5)^2 + 5 * x[, 4] + rnorm(n), 4)
ask <- matrix(round(runif(20 * 4, -0.2, 1.2), 4), 20)
run <- function(settings, ...) {
  m <- earth(x, y, fast.k = 0, Adjust.endspan = 1, ...)
  list(settings = settings, gcv = m$gcv, rss = m$rss, terms = length(m$selected.terms),
       fitted = as.vector(predict(m, x)), asked = as.vector(predict(m, ask)))
}
none <- setNames(list(), character(0))
out <- list(
  made_with = paste(R.version.string, "earth", packageVersion("earth")),
  tolerance = 1e-6, x = t(x), y = y, ask = t(ask),
  runs = list(
    run(none),
    run(list(min_span = 3, end_span = 20), minspan = 3, endspan = 20),
    run(list(penalty = 4, thresh = 0.02), penalty = 4, thresh = 0.02),
    run(list(degree = 2, min_span = 1, end_span = 12, terms = 11, penalty = 0),
        degree = 2, minspan = 1, endspan = 12, nk = 11, penalty = 0)))
write(toJSON(out, digits = 15, auto_unbox = TRUE), "case.json")
