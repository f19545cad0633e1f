source("../common.R")
# TOST for a slope against symmetric/asymmetric bounds in raw and standardised units
d <- read.csv(published("attitude.csv")); m <- lm(rating ~ complaints + privileges + learning, d)
tost <- function(b, se, df, lo, hi, alpha = .05) { tl <- (b - lo) / se; tu <- (b - hi) / se; pl <- pt(tl, df, lower.tail = FALSE); pu <- pt(tu, df)
  list(est = b, se = se, df = df, low = lo, high = hi, t_lower = tl, t_upper = tu, p_lower = pl, p_upper = pu, p_tost = max(pl, pu),
    ci90_low = b - qt(1 - alpha, df) * se, ci90_high = b + qt(1 - alpha, df) * se, equivalent = max(pl, pu) < alpha,
    p_nhst_two_sided = 2 * pt(-abs(b / se), df), min_symmetric_bound_equivalent = abs(b) + qt(1 - alpha, df) * se) }
s <- summary(m)$coefficients; df <- m$df.residual; Vh <- vcovHC(m, "HC3"); z <- as.data.frame(scale(d)); mz <- lm(rating ~ complaints + privileges + learning, z); sz <- summary(mz)$coefficients
out <- list(meta = list(dataset = "datasets::attitude", model = "rating ~ complaints + privileges + learning", alpha = .05),
  privileges_raw_pm_0.30 = tost(s["privileges", 1], s["privileges", 2], df, -.30, .30), privileges_raw_pm_0.15 = tost(s["privileges", 1], s["privileges", 2], df, -.15, .15),
  privileges_HC3_pm_0.30 = tost(s["privileges", 1], sqrt(Vh["privileges", "privileges"]), df, -.30, .30),
  learning_raw_asym = tost(s["learning", 1], s["learning", 2], df, -.10, .50),
  privileges_std_pm_0.30 = tost(sz["privileges", 1], sz["privileges", 2], df, -.30, .30))
w <- read.csv(published("lq2002.csv")); mm <- lm(HOSTILE ~ LEAD + TSIG, w); ct <- as.data.frame(coef_test(mm, vcov = vcovCR(mm, cluster = w$COMPID, type = "CR2"), test = "Satterthwaite")); dd <- grep("^df", names(ct))[1]
out$lq2002_TSIG_CR2_pm_0.25 <- tost(coef(mm)[["TSIG"]], ct$SE[3], ct[3, dd], -.25, .25); out$lq2002_TSIG_CR2_pm_0.30 <- tost(coef(mm)[["TSIG"]], ct$SE[3], ct[3, dd], -.30, .30)
wj(out)
