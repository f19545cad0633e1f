source("../common.R")
# Slopes with known reliabilities: lavaan, latent predictors with fixed error variances
# (1 - reliability) * variance; a saturated model, so its ML slopes are those of moments.
library(lavaan)
fixed <- function(data, y, reliability) {
  x <- names(reliability); v <- sapply(data[x], var)
  model <- c(paste0("L", x, " =~ 1*", x), paste0(x, " ~~ ", (1 - reliability) * v, "*", x),
             paste(y, "~", paste0("L", x, collapse = " + ")))
  f <- sem(model, data, likelihood = "wishart", optim.method = "nlminb",
           control = list(rel.tol = 1e-15, x.tol = 1e-12, iter.max = 2000, eval.max = 4000))
  p <- parameterEstimates(f); p <- p[p$op == "~", ]
  list(outcome = y, reliability = as.list(reliability), uncorrected = nl(coef(lm(reformulate(x, y), data))[-1]),
       corrected = nl(setNames(p$est, sub("^L", "", p$rhs))), chisq = unname(fitMeasures(f, "chisq")))
}
alpha <- function(items) { C <- cov(items); k <- ncol(C); k / (k - 1) * (1 - sum(diag(C)) / sum(C)) }
w <- read.csv(published("lq2002.csv")); a <- read.csv(published("attitude.csv"))
lead <- paste0("LEAD", sprintf("%02d", 1:11)); tsig <- paste0("TSIG", sprintf("%02d", 1:3))
estimated <- c(LEAD = alpha(w[lead]), TSIG = alpha(w[tsig]))
wj(list(meta = list(versions = versions("lavaan"), R = as.character(getRversion()), datasets = c("lq2002", "attitude")),
        lq2002_known = fixed(w, "HOSTILE", c(LEAD = .9, TSIG = .7)),
        lq2002_alpha = fixed(w, "HOSTILE", estimated),
        attitude_known = fixed(a, "rating", c(complaints = .9, learning = .85, privileges = 1))))
