# usage: Rscript peers.R TASK FILE.csv REPS; prints the seconds that REPS repetitions take
arguments <- commandArgs(TRUE)
task <- arguments[1]; d <- read.csv(arguments[2]); reps <- as.integer(arguments[3])
set.seed(1)
model <- "M1 ~ a*X + W\nM2 ~ X + b*M1 + W\nY ~ X + M1 + c*M2 + W\nserial := a*b*c"
serial <- function(rows) {
  coef(lm(M1 ~ X + W, rows))[["X"]] * coef(lm(M2 ~ X + M1 + W, rows))[["M1"]] *
    coef(lm(Y ~ X + M1 + M2 + W, rows))[["M2"]]
}
work <- switch(task,
  boot = {
    library(boot)
    rows <- split(seq_len(nrow(d)), d$team)
    function() boot(seq_along(rows), function(ids, i) serial(d[unlist(rows[i]), ]), R = reps)
  },
  lavaan = {
    suppressMessages(library(lavaan))
    function() suppressWarnings(sem(model, d, se = "bootstrap", bootstrap = reps))
  },
  clubSandwich = {
    suppressMessages(library(clubSandwich))
    formula <- reformulate(setdiff(names(d), c("y", "team")), "y")
    function() for (i in seq_len(reps)) {
      fit <- lm(formula, d)
      coef_test(fit, vcov = vcovCR(fit, cluster = d$team, type = "CR2"), test = "Satterthwaite")
    }
  }
)
invisible(if (task == "clubSandwich") work())  # the first call compiles
cat(system.time(work())[["elapsed"]], "\n")
