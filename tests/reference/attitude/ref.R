source("../common.R")
d <- datasets::attitude; write.csv(d, published("attitude.csv"), row.names = FALSE); d <- read.csv(published("attitude.csv"))
all6 <- setdiff(names(d), "rating")
m1 <- lm(rating ~ complaints + privileges + learning, d)
m2 <- lm(learning ~ privileges + complaints, d)
m6 <- lm(reformulate(all6, "rating"), d)
beta <- function(f) { X <- model.matrix(f)[, -1, drop = FALSE]; nl(coef(f)[-1] * apply(X, 2, sd) / sd(model.response(model.frame(f)))) }
r2 <- function(S) if (!length(S)) 0 else summary(lm(reformulate(S, "rating"), d))$r.squared
p <- length(all6); subs <- lapply(0:(2^p - 1), function(i) all6[bitwAnd(i, 2^(0:(p - 1))) > 0])
R2 <- sapply(subs, r2)
lmg <- sapply(all6, function(v) sum(sapply(seq_along(subs), function(i) { S <- subs[[i]]; if (v %in% S) return(0)
  j <- (i - 1) + 2^(match(v, all6) - 1) + 1; s <- length(S)
  factorial(s) * factorial(p - s - 1) / factorial(p) * (R2[j] - R2[i]) })))
first <- sapply(all6, function(v) r2(v)); last <- sapply(all6, function(v) r2(all6) - r2(setdiff(all6, v)))
spr <- function(f) { s <- summary(f); t <- s$coefficients[-1, 3]; df <- f$df.residual
  list(partial_r = nl(t / sqrt(t^2 + df)), partial_r2 = nl(t^2 / (t^2 + df)), semipartial_r2 = nl(t^2 * (1 - s$r.squared) / df)) }
out <- list(meta = list(dataset = "datasets::attitude", n = nrow(d), versions = versions("sandwich", "psych", "lavaan", "car", "semTools")),
  descriptives = list(mean = nl(sapply(d, mean)), sd = nl(sapply(d, sd)), cor = unname(lapply(1:7, function(i) as.numeric(cor(d)[i, ]))), columns = names(d)),
  model_rating = c(ols_tab(m1), list(std_beta = beta(m1), hc = hc_tab(m1), vif = nl(car::vif(m1))), spr(m1)),
  model_learning = c(ols_tab(m2), list(std_beta = beta(m2), hc = hc_tab(m2), vif = nl(car::vif(m2))), spr(m2)),
  model_all6 = c(ols_tab(m6), list(std_beta = beta(m6), hc = hc_tab(m6), vif = nl(car::vif(m6))), spr(m6)),
  influence_model_rating = list(hat = unname(hatvalues(m1)), cooks = unname(cooks.distance(m1)), rstudent = unname(rstudent(m1))),
  breusch_pagan_studentized_model_rating = { b <- bptest(m1); list(stat = unname(b$statistic), df = unname(b$parameter), p = unname(b$p.value)) },
  lmg = list(r2_total = r2(all6), lmg = nl(lmg), lmg_percent = nl(100 * lmg / sum(lmg)), first = nl(first), last = nl(last), sum_check = sum(lmg)),
  r2_all_subsets = setNames(as.list(R2), sapply(subs, function(s) if (length(s)) paste(s, collapse = "+") else "(none)")),
  reliability_6_predictors = rel_tab(d[, all6]))
wj(out)
