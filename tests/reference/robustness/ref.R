source("../common.R")
# Cinelli & Hazlett (2020) formulas, own code
rv <- function(t, df, q = 1, alpha = NULL) { f <- abs(t) / sqrt(df); fq <- q * f
  if (!is.null(alpha)) { fc <- abs(qt(alpha / 2, df - 1)) / sqrt(df - 1); fqa <- fq - fc
    if (fqa < 0) return(0); r <- .5 * (sqrt(fqa^4 + 4 * fqa^2) - fqa^2); if (fqa > 0 && fq > 1 / fc) r <- (fq^2 - fc^2) / (1 + fq^2); return(r) }
  .5 * (sqrt(fq^4 + 4 * fq^2) - fq^2) }
one <- function(m, x, bench = NULL, ks = 1:3) { s <- summary(m)$coefficients; df <- m$df.residual; t <- s[x, 3]; b <- s[x, 1]; se <- s[x, 2]
  o <- list(est = b, se = se, t = t, df = df, partial_r2_yd_x = t^2 / (t^2 + df), f2 = t^2 / df, RV_q1 = rv(t, df), RV_q0.5 = rv(t, df, .5), RV_q1_alpha05 = rv(t, df, 1, .05), RV_q1_alpha01 = rv(t, df, 1, .01))
  if (!is.null(bench)) { dform <- lm(reformulate(setdiff(names(coef(m))[-1], x), x), model.frame(m)); td <- summary(dform)$coefficients[bench, 3]; r2dxj <- td^2 / (td^2 + dform$df.residual)
    ty <- s[bench, 3]; r2yxj <- ty^2 / (ty^2 + df); o$benchmark <- list(covariate = bench, r2dxj_x = r2dxj, r2yxj_dx = r2yxj, bounds = lapply(ks, function(k) {
      r2dz <- k * r2dxj / (1 - r2dxj); r2zxj <- k * r2dxj^2 / ((1 - k * r2dxj) * (1 - r2dxj)); r2yz <- suppressWarnings(((sqrt(k) + sqrt(r2zxj)) / sqrt(1 - r2zxj))^2) * r2yxj / (1 - r2yxj)
      bias <- sqrt(r2yz * r2dz / (1 - r2dz)) * se * sqrt(df); adj <- sign(b) * (abs(b) - bias); ase <- suppressWarnings(sqrt((1 - r2yz) / (1 - r2dz))) * se * sqrt(df / (df - 1))
      list(k = k, exists = isTRUE(r2dz < 1 && r2zxj < 1 && r2yz < 1), r2dz_x = r2dz, r2yz_dx = r2yz, bias = bias, adjusted_estimate = adj, adjusted_se = ase, adjusted_t = adj / ase) })) }
  o }
w <- read.csv(published("lq2002.csv")); m <- lm(HOSTILE ~ LEAD + TSIG, w); a <- read.csv(published("attitude.csv")); ma <- lm(rating ~ complaints + privileges + learning, a)
out <- list(meta = list(source = "formulas of Cinelli & Hazlett (2020), own R code; iid OLS t and residual df", datasets = c("lq2002", "attitude")),
  lq2002_LEAD = one(m, "LEAD", "TSIG"), lq2002_TSIG = one(m, "TSIG", "LEAD", 1), attitude_complaints = one(ma, "complaints", "learning"), attitude_learning = one(ma, "learning", "complaints", 1), attitude_privileges = one(ma, "privileges"))
wj(out)
