source("../common.R")
e <- new.env(); data("lq2002", package = "multilevel", envir = e); d <- e$lq2002
write.csv(d, published("lq2002.csv"), row.names = FALSE); d <- read.csv(published("lq2002.csv")); g <- d$COMPID
Lit <- sprintf("LEAD%02d", 1:11); Tit <- sprintf("TSIG%02d", 1:3); Hit <- sprintf("HOSTIL%02d", 1:5)
nulls <- list(uniform_5pt = 2, slight_skew_5pt = 1.34, moderate_skew_5pt = .90, triangular_5pt = 1.32)
agg <- list(icc = sapply(c("LEAD", "TSIG", "HOSTILE"), function(v) icc_tab(d[[v]], g), simplify = FALSE),
  rwg_scale_score = sapply(c("LEAD", "TSIG", "HOSTILE"), function(v) rwg_tab(d[[v]], g, nulls), simplify = FALSE),
  rwg_single_item = list(LEAD01 = rwg_tab(d$LEAD01, g, nulls), HOSTIL01 = rwg_tab(d$HOSTIL01, g, nulls)),
  rwg_j = list(LEAD = rwgj_tab(d[, Lit], g, nulls), TSIG = rwgj_tab(d[, Tit], g, nulls), HOSTILE = rwgj_tab(d[, Hit], g, nulls)),
  awg_ad = list(LEAD_adm_mean = mean(multilevel::ad.m(d[, Lit], g, type = "mean")$AD.M), LEAD_adm_median = mean(multilevel::ad.m(d[, Lit], g, type = "median")$AD.M)))
rel <- list(LEAD = rel_tab(d[, Lit]), TSIG = rel_tab(d[, Tit]), HOSTILE = rel_tab(d[, Hit]))

m <- lm(HOSTILE ~ LEAD + TSIG, d)
est <- estimatr::lm_robust(HOSTILE ~ LEAD + TSIG, d, clusters = COMPID, se_type = "CR2")
ols <- c(list(iid = ols_tab(m), hc = hc_tab(m), cluster = cr_all(m, g)),
  list(wald_both_slopes_CR2 = wald_cr(m, g, 2:3, "CR2"), wald_both_slopes_CR1S = wald_cr(m, g, 2:3, "CR1S"),
  sandwich_vcovCL_HC1_cadjust_se = nl(sqrt(diag(vcovCL(m, cluster = ~COMPID, type = "HC1", cadjust = TRUE)))),
  sandwich_vcovCL_HC0_nocadjust_se = nl(sqrt(diag(vcovCL(m, cluster = ~COMPID, type = "HC0", cadjust = FALSE)))),
  estimatr_CR2 = list(se = nl(est$std.error), df = nl(est$df), p = nl(est$p.value), ci_low = nl(est$conf.low), ci_high = nl(est$conf.high))))
wild <- list(LEAD = wild_t(m, g, "LEAD", 99999, 101), TSIG = wild_t(m, g, "TSIG", 99999, 102),
  LEAD_1e6 = wild_t(m, g, "LEAD", 999999, 103), TSIG_1e6 = wild_t(m, g, "TSIG", 999999, 104))

d10 <- d[d$COMPID %in% sort(unique(d$COMPID))[1:10], ]; m10 <- lm(HOSTILE ~ LEAD + TSIG, d10); g10 <- d10$COMPID
first10 <- list(companies = sort(unique(g10)), ols = ols_tab(m10), cluster = cr_all(m10, g10),
  wild_exact_LEAD = wild_t(m10, g10, "LEAD", exact = TRUE), wild_exact_TSIG = wild_t(m10, g10, "TSIG", exact = TRUE))

mix <- list(reml = lmer_tab(HOSTILE ~ LEAD + TSIG + (1 | COMPID), d), ml = lmer_tab(HOSTILE ~ LEAD + TSIG + (1 | COMPID), d, FALSE),
  null_HOSTILE_reml = lmer_tab(HOSTILE ~ 1 + (1 | COMPID), d), null_LEAD_reml = lmer_tab(LEAD ~ 1 + (1 | COMPID), d),
  random_slope_reml = lmer_tab(HOSTILE ~ LEAD + TSIG + (LEAD | COMPID), d))
kr <- tryCatch({ f <- lmerTest::lmer(HOSTILE ~ LEAD + TSIG + (1 | COMPID), d); s <- summary(f, ddf = "Kenward-Roger")$coefficients
  list(df = nl(setNames(s[, 3], rownames(s))), se = nl(setNames(s[, 2], rownames(s)))) }, error = function(e) list(error = conditionMessage(e)))
mix$reml$kenward_roger <- kr

d$LEAD_g <- ave(d$LEAD, g); d$LEAD_w <- d$LEAD - d$LEAD_g
mc <- lm(HOSTILE ~ LEAD_w + LEAD_g, d); mm <- lm(HOSTILE ~ LEAD + LEAD_g, d)
wild$contextual_LEAD_g <- wild_t(mc, g, "LEAD_g", 99999, 105); wild$mundlak_LEAD_g <- wild_t(mm, g, "LEAD_g", 99999, 106)
ctxV <- vcovCR(mc, cluster = g, type = "CR2"); L <- matrix(c(0, -1, 1), 1)
ctx <- list(ols = c(list(iid = ols_tab(mc)), list(cluster = cr_all(mc, g))), mundlak_ols = list(iid = ols_tab(mm), cluster = cr_all(mm, g)),
  contextual_effect_ols = list(est = as.numeric(L %*% coef(mc)), se_CR2 = as.numeric(sqrt(L %*% ctxV %*% t(L)))),
  lmer_within_between_reml = lmer_tab(HOSTILE ~ LEAD_w + LEAD_g + (1 | COMPID), d),
  lmer_mundlak_reml = lmer_tab(HOSTILE ~ LEAD + LEAD_g + (1 | COMPID), d))

eq <- list(TSIG = c("1", "LEAD"), HOSTILE = c("1", "LEAD", "TSIG"))
ma <- lm(TSIG ~ LEAD, d); mb <- lm(HOSTILE ~ LEAD + TSIG, d); mt <- lm(HOSTILE ~ LEAD, d)
a <- coef(ma)[["LEAD"]]; b <- coef(mb)[["TSIG"]]
ses <- function(ty) list(a = cr_one(ma, g, ty)$se$LEAD, b = cr_one(mb, g, ty)$se$TSIG, c = cr_one(mt, g, ty)$se$LEAD, c_prime = cr_one(mb, g, ty)$se$LEAD)
iid <- list(a = ols_tab(ma)$se$LEAD, b = ols_tab(mb)$se$TSIG, c = ols_tab(mt)$se$LEAD, c_prime = ols_tab(mb)$se$LEAD)
S <- c(list(iid = iid), sapply(c("CR0", "CR1", "CR1S", "CR2"), ses, simplify = FALSE))
med <- list(n = nrow(d), a = a, b = b, c = coef(mt)[["LEAD"]], c_prime = coef(mb)[["LEAD"]], indirect = a * b,
  proportion_mediated = a * b / coef(mt)[["LEAD"]], se = S,
  delta = lapply(S, function(s) delta_ab(a, s$a, b, s$b)), product_distribution_ci = lapply(S, function(s) prod_ci(a, s$a, b, s$b)),
  cluster_bootstrap = boot_cp(cp_list(d, c("LEAD", "TSIG", "HOSTILE"), g), eq,
    function(x) c(a = x[["TSIG~LEAD"]], b = x[["HOSTILE~TSIG"]], c_prime = x[["HOSTILE~LEAD"]],
      c = x[["HOSTILE~LEAD"]] + x[["TSIG~LEAD"]] * x[["HOSTILE~TSIG"]], indirect = x[["TSIG~LEAD"]] * x[["HOSTILE~TSIG"]]), 20000, 20240601),
  iid_bootstrap = boot_cp(cp_list(d, c("LEAD", "TSIG", "HOSTILE"), seq_len(nrow(d))), eq, function(x) c(indirect = x[["TSIG~LEAD"]] * x[["HOSTILE~TSIG"]]), 5000, 20240602))
med$delta_stacked_CR1 <- stacked_delta(list(ma, mb), c("LEAD", "TSIG"), c(a, b), g)
mod <- "TSIG ~ a*LEAD\nHOSTILE ~ b*TSIG + cp*LEAD\nab := a*b\ntotal := cp + a*b"
med$lavaan <- list(ml_normal = lav_tab(mod, d), ml_wishart = lav_tab(mod, d, likelihood = "wishart"), mlr_iid = lav_tab(mod, d, estimator = "MLR"),
  cluster_robust = lav_tab(mod, d, cluster = "COMPID"))
out <- list(meta = list(dataset = "multilevel::lq2002", n = nrow(d), G = length(unique(g)), versions = versions("multilevel", "clubSandwich", "sandwich", "estimatr", "lme4", "lmerTest", "lavaan", "psych")),
  aggregation = agg, reliability = rel, ols_HOSTILE_LEAD_TSIG = ols, wild_cluster_bootstrap = wild, first_10_companies = first10, mixed = mix, contextual = ctx, mediation = med)
wj(out)
