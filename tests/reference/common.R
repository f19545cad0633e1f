# Shared helpers for the reference scripts. Each ref.R is run from its own
# directory:  cd <topic> && Rscript ref.R
# Two data sets have their place in data/published, and are not stored here once more.
suppressWarnings(suppressMessages({
  library(jsonlite); library(clubSandwich); library(sandwich); library(lmtest)
}))
options(digits = 15, stringsAsFactors = FALSE)

published <- function(name) file.path("../../../data/published", name)

wj <- function(obj, path = "results.json")
  writeLines(toJSON(obj, digits = NA, auto_unbox = TRUE, pretty = TRUE,
                    na = "null", null = "null"), path)
nl <- function(x) as.list(setNames(as.numeric(x), names(x)))     # named list
versions <- function(...) as.list(sapply(c(...), function(p) as.character(packageVersion(p))))

# ---- OLS table --------------------------------------------------------------
ols_tab <- function(fit, level = .95) {
  s <- summary(fit); cf <- s$coefficients; ci <- confint(fit, level = level)
  list(n = nobs(fit), k = fit$rank, df_resid = fit$df.residual,
       coef = nl(setNames(cf[, 1], rownames(cf))), se = nl(setNames(cf[, 2], rownames(cf))),
       t = nl(setNames(cf[, 3], rownames(cf))), p = nl(setNames(cf[, 4], rownames(cf))),
       ci_low = nl(ci[, 1]), ci_high = nl(ci[, 2]),
       r2 = s$r.squared, adj_r2 = s$adj.r.squared, sigma = s$sigma,
       f = unname(s$fstatistic[1]), f_df1 = unname(s$fstatistic[2]), f_df2 = unname(s$fstatistic[3]),
       f_p = unname(pf(s$fstatistic[1], s$fstatistic[2], s$fstatistic[3], lower.tail = FALSE)),
       logLik = as.numeric(logLik(fit)), AIC = AIC(fit), BIC = BIC(fit))
}
hc_tab <- function(fit, types = c("HC0", "HC1", "HC2", "HC3", "HC4")) {
  df <- fit$df.residual
  sapply(types, function(ty) {
    se <- sqrt(diag(vcovHC(fit, type = ty))); t <- coef(fit) / se
    list(se = nl(se), t = nl(t), p_t_resid_df = nl(2 * pt(-abs(t), df)))
  }, simplify = FALSE)
}

# ---- cluster-robust ---------------------------------------------------------
cr_one <- function(fit, cl, type, level = .95) {
  b <- coef(fit)[!is.na(coef(fit))]
  V <- vcovCR(fit, cluster = cl, type = type)
  se <- sqrt(diag(V)); t <- b / se; G <- length(unique(cl)); df <- rep(G - 1, length(b)); names(df) <- names(b)
  q <- qt(1 - (1 - level) / 2, df)
  out <- list(se = nl(se), t = nl(t),
              df_Gminus1 = G - 1,
              p_Gminus1 = nl(2 * pt(-abs(t), df)),
              ci_low_Gminus1 = nl(b - q * se), ci_high_Gminus1 = nl(b + q * se))
  if (type %in% c("CR1S", "CR2", "CR3")) {
    ct <- as.data.frame(coef_test(fit, vcov = V, test = "Satterthwaite"))
    dfn <- grep("^df", names(ct), value = TRUE)[1]; d <- setNames(ct[[dfn]], names(b))
    qq <- suppressWarnings(qt(1 - (1 - level) / 2, d))
    out$df_satt <- nl(d); out$p_satt <- nl(setNames(2 * pt(-abs(t), d), names(b)))
    out$ci_low_satt <- nl(setNames(b - qq * se, names(b))); out$ci_high_satt <- nl(setNames(b + qq * se, names(b)))
  }
  out$vcov <- unname(lapply(seq_len(nrow(V)), function(i) as.numeric(V[i, ])))
  out
}
jack_cl <- function(fit, cl) {           # delete-one-cluster jackknife by refitting
  X <- model.matrix(fit); keep <- !is.na(coef(fit)); X <- X[, keep, drop = FALSE]
  y <- model.response(model.frame(fit)); b <- coef(fit)[keep]; gs <- unique(cl); G <- length(gs)
  B <- t(sapply(gs, function(g) { q <- lm.fit(X[cl != g, , drop = FALSE], y[cl != g]); q$coefficients }))
  if (length(b) == 1) B <- matrix(B, ncol = 1)
  colnames(B) <- names(b)
  bad <- apply(B, 1, function(r) any(is.na(r)))
  D <- sweep(B, 2, b); M <- sweep(B, 2, colMeans(B))
  f <- (G - 1) / G
  if (any(bad)) return(list(unidentified_omissions = as.list(as.character(gs[bad])),
                            note = "some delete-one-cluster fits are rank deficient; CRV3 undefined without a g-inverse"))
  list(factor = f, se_centred_at_estimate = nl(sqrt(f * diag(crossprod(D)))),
       se_centred_at_mean = nl(sqrt(f * diag(crossprod(M)))),
       se_no_factor_centred_at_estimate = nl(setNames(sqrt(diag(crossprod(D))), names(b))),
       jackknife_mean = nl(colMeans(B)))
}
cr_all <- function(fit, cl, est = TRUE) {
  G <- length(unique(cl)); n <- nobs(fit); k <- fit$rank
  out <- list(n = n, G = G, k = k, cluster_size_min = min(table(cl)), cluster_size_max = max(table(cl)),
              factor_CR1 = G / (G - 1), factor_CR1S = G / (G - 1) * (n - 1) / (n - k),
              coef = nl(coef(fit)))
  for (ty in c("CR0", "CR1", "CR1S", "CR2", "CR3"))
    out[[ty]] <- tryCatch(cr_one(fit, cl, ty), error = function(e) list(error = conditionMessage(e)))
  out$CRV3_jackknife <- tryCatch(jack_cl(fit, cl), error = function(e) list(error = conditionMessage(e)))
  out
}
wald_cr <- function(fit, cl, idx, type = "CR2") {
  V <- vcovCR(fit, cluster = cl, type = type)
  w <- lapply(c("HTZ", "Naive-F"), function(t) {
    r <- as.data.frame(Wald_test(fit, constraints = constrain_zero(idx), vcov = V, test = t))
    list(F = r$Fstat, df1 = r$df_num, df2 = r$df_denom, p = r$p_val) })
  setNames(w, c("HTZ_AHT", "naive_F"))
}

# ---- wild cluster bootstrap-t, Rademacher, null (beta_j = 0) imposed ---------
wild_t <- function(fit, cl, term, B = 99999, seed = 1, exact = FALSE, chunk = 20000) {
  X <- model.matrix(fit); y <- model.response(model.frame(fit)); j <- match(term, colnames(X))
  gs <- unique(cl); G <- length(gs); k <- ncol(X)
  Ai <- solve(crossprod(X)); b <- Ai %*% crossprod(X, y); u <- y - X %*% b
  br <- numeric(k)
  br[-j] <- solve(crossprod(X[, -j, drop = FALSE]), crossprod(X[, -j, drop = FALSE], y))
  ur <- y - X %*% br
  S <- sapply(gs, function(g) crossprod(X[cl == g, , drop = FALSE], ur[cl == g]))    # k x G
  S0 <- sapply(gs, function(g) crossprod(X[cl == g, , drop = FALSE], u[cl == g]))
  P <- t(sapply(gs, function(g) Ai[j, ] %*% crossprod(X[cl == g, , drop = FALSE])))  # G x k
  t0 <- b[j] / sqrt(sum((Ai[j, ] %*% S0)^2))
  cg <- as.numeric(Ai[j, ] %*% S)
  tstar <- function(V) { D <- Ai %*% S %*% V; Q <- cg * V - P %*% D; D[j, ] / sqrt(colSums(Q^2)) }
  tol <- 1e-10 * abs(t0); cnt <- 0; right <- 0; left <- 0; tot <- 0
  acc <- function(ts) { ok <- is.finite(ts); bad <<- bad + sum(!ok); ts <- ts[ok]
    cnt <<- cnt + sum(abs(ts) >= abs(t0) - tol); right <<- right + sum(ts >= t0 - tol)
    left <<- left + sum(ts <= t0 + tol); tot <<- tot + length(ts) }
  bad <- 0
  if (exact) { V <- t(as.matrix(expand.grid(rep(list(c(1, -1)), G)))); acc(tstar(V))
  } else { set.seed(seed); left_ <- B
    while (left_ > 0) { m <- min(chunk, left_)
      acc(tstar(matrix(sample(c(-1, 1), G * m, TRUE), G))); left_ <- left_ - m } }
  p <- cnt / tot
  list(term = term, t_CR0 = t0, reps = tot, non_finite = bad, exact_enumeration = exact,
       seed = if (exact) NA else seed, count_abs_ge = cnt,
       p_symmetric = p, p_symmetric_plus1 = (cnt + 1) / (tot + 1),
       p_equal_tail = 2 * min(right, left) / tot,
       mc_se = if (exact) 0 else sqrt(p * (1 - p) / tot))
}

# ---- mediation by cross-products --------------------------------------------
# eqs: list(lhs = c(rhs...)), '1' is the intercept
cp_fit <- function(CP, eqs) unlist(lapply(names(eqs), function(l) {
  r <- eqs[[l]]; b <- solve(CP[r, r], CP[r, l]); setNames(b, paste0(l, "~", r)) }))
cp_list <- function(d, vars, cl) {
  Z <- cbind(1, as.matrix(d[, vars])); colnames(Z) <- c("1", vars); p <- ncol(Z)
  gs <- unique(cl)
  A <- sapply(gs, function(g) as.numeric(crossprod(Z[cl == g, , drop = FALSE])))
  list(A = A, p = p, nm = colnames(Z), G = length(gs))
}
boot_cp <- function(cp, eqs, stat, R = 20000, seed = 20240601, level = .95, type = 7) {
  set.seed(seed); G <- cp$G; one <- function(w) {
    CP <- matrix(cp$A %*% w, cp$p, cp$p, dimnames = list(cp$nm, cp$nm)); stat(cp_fit(CP, eqs)) }
  t0 <- one(rep(1, G))
  B <- matrix(NA_real_, R, length(t0), dimnames = list(NULL, names(t0)))
  for (r in seq_len(R)) B[r, ] <- tryCatch(one(tabulate(sample.int(G, G, TRUE), G)), error = function(e) NA_real_)
  J <- t(sapply(seq_len(G), function(g) { w <- rep(1, G); w[g] <- 0; tryCatch(one(w), error = function(e) rep(NA_real_, length(t0))) }))
  if (length(t0) == 1) J <- matrix(J, ncol = 1)
  a <- (1 - level) / 2
  out <- lapply(seq_along(t0), function(i) { x <- B[, i]; x <- x[is.finite(x)]
    q <- quantile(x, c(a, 1 - a), type = type, names = FALSE)
    nb <- 20; blk <- split(x, rep_len(1:nb, length(x)))
    mcq <- apply(sapply(blk, quantile, c(a, 1 - a), type = type), 1, sd) / sqrt(nb)
    L <- mean(J[, i]) - J[, i]; acc <- sum(L^3) / (6 * sum(L^2)^1.5)
    z0 <- qnorm(mean(x < t0[i])); zz <- qnorm(c(a, 1 - a)); al <- pnorm(z0 + (z0 + zz) / (1 - acc * (z0 + zz)))
    bca <- if (all(is.finite(al))) quantile(x, al, type = type, names = FALSE) else c(NA, NA)
    list(estimate = unname(t0[i]), boot_mean = mean(x), boot_sd = sd(x),
         pct_low = q[1], pct_high = q[2], mc_se_low = unname(mcq[1]), mc_se_high = unname(mcq[2]),
         bca_low = bca[1], bca_high = bca[2], bca_z0 = z0, bca_acc = acc,
         jackknife_se = sqrt((G - 1) / G * sum((J[, i] - mean(J[, i]))^2)),
         p_two_sided = 2 * min(mean(x <= 0), mean(x >= 0)), reps_used = length(x)) })
  list(reps = R, seed = seed, units = G, quantile_type = type, level = level, stats = setNames(out, names(t0)))
}
# exact (numerical integration) CDF/quantile of a product of two independent normals
prod_ci <- function(a, sa, b, sb, level = .95) {
  cdf <- function(q) { f <- function(z) { A <- a + sa * z
      dnorm(z) * ifelse(A > 0, pnorm((q / A - b) / sb), pnorm((q / A - b) / sb, lower.tail = FALSE)) }
    z0 <- -a / sa
    br <- sort(unique(c(-9, if (abs(z0) < 9) z0, 9)))
    sum(sapply(seq_len(length(br) - 1), function(i)
      integrate(f, br[i], br[i + 1], rel.tol = 1e-12, abs.tol = 1e-14, subdivisions = 2000)$value)) }
  s <- sqrt(a^2 * sb^2 + b^2 * sa^2 + sa^2 * sb^2)
  qf <- function(p) uniroot(function(q) cdf(q) - p, a * b + c(-8, 8) * s, tol = 1e-13)$root
  al <- (1 - level) / 2
  list(low = qf(al), high = qf(1 - al), method = "numerical integration of the product of two independent normals")
}
delta_ab <- function(a, sa, b, sb, level = .95) {
  se <- sqrt(a^2 * sb^2 + b^2 * sa^2); z <- a * b / se; q <- qnorm(1 - (1 - level) / 2)
  list(se_sobel = se, z = z, p = 2 * pnorm(-abs(z)), ci_low = a * b - q * se, ci_high = a * b + q * se,
       se_aroian = sqrt(a^2 * sb^2 + b^2 * sa^2 + sa^2 * sb^2))
}

# ---- multilevel agreement ---------------------------------------------------
icc_tab <- function(x, g) {
  ok <- !is.na(x) & !is.na(g); x <- x[ok]; g <- factor(g[ok])
  m <- aov(x ~ g); s <- summary(m)[[1]]; MSB <- s[1, 3]; MSW <- s[2, 3]
  ni <- as.numeric(table(g)); G <- length(ni); N <- sum(ni)
  kbar <- N / G; k0 <- (N - sum(ni^2) / N) / (G - 1)
  list(n = N, G = G, MSB = MSB, MSW = MSW, F = MSB / MSW, df1 = G - 1, df2 = N - G,
       p = pf(MSB / MSW, G - 1, N - G, lower.tail = FALSE),
       k_mean = kbar, k0_unbalanced = k0,
       ICC1_k_mean = (MSB - MSW) / (MSB + (kbar - 1) * MSW),
       ICC1_k0 = (MSB - MSW) / (MSB + (k0 - 1) * MSW),
       ICC2 = (MSB - MSW) / MSB,
       ICC1_multilevel_pkg = multilevel::ICC1(m), ICC2_multilevel_pkg = multilevel::ICC2(m),
       eta_squared = s[1, 2] / sum(s[, 2]))
}
sumv <- function(v) list(mean = mean(v, na.rm = TRUE), median = median(v, na.rm = TRUE), sd = sd(v, na.rm = TRUE),
                         min = min(v, na.rm = TRUE), max = max(v, na.rm = TRUE), n = sum(!is.na(v)))
rwg_tab <- function(x, g, nulls) sapply(names(nulls), function(nm) {
  r <- multilevel::rwg(x, g, ranvar = nulls[[nm]]); c(list(null_variance = nulls[[nm]]), sumv(r$rwg), list(prop_ge_70 = mean(r$rwg >= .7, na.rm = TRUE)))
}, simplify = FALSE)
rwgj_tab <- function(X, g, nulls, per_group = TRUE) sapply(names(nulls), function(nm) {
  r <- multilevel::rwg.j(X, g, ranvar = nulls[[nm]]); l <- multilevel::rwg.j.lindell(X, g, ranvar = nulls[[nm]])
  o <- c(list(null_variance = nulls[[nm]], items = ncol(X)), sumv(r$rwg.j), list(prop_ge_70 = mean(r$rwg.j >= .7, na.rm = TRUE), lindell = sumv(l$rwg.lindell)))
  if (per_group) o$per_group <- as.list(setNames(r$rwg.j, r$grpid)); o
}, simplify = FALSE)

# ---- reliability ------------------------------------------------------------
alpha_cov <- function(C) { k <- ncol(C); k / (k - 1) * (1 - sum(diag(C)) / sum(C)) }
feldt <- function(a, n, k, level = .95) { q <- (1 - level) / 2
  list(low = 1 - (1 - a) * qf(1 - q, n - 1, (n - 1) * (k - 1)), high = 1 - (1 - a) * qf(q, n - 1, (n - 1) * (k - 1)),
       n = n, k = k, df1 = n - 1, df2 = (n - 1) * (k - 1)) }
rel_tab <- function(X, use = "pairwise") {
  X <- as.data.frame(X); k <- ncol(X); n <- nrow(X); cc <- X[complete.cases(X), , drop = FALSE]
  C <- cov(X, use = "pairwise.complete.obs"); Cl <- cov(cc); R <- cor(X, use = "pairwise.complete.obs"); Rl <- cor(cc)
  pa <- suppressWarnings(suppressMessages(psych::alpha(X, check.keys = FALSE, warnings = FALSE)))
  a <- alpha_cov(C); al <- alpha_cov(Cl); mod <- paste0("f =~ ", paste(names(X), collapse = " + "))
  itot <- sapply(names(X), function(v) cor(cc[[v]], rowSums(cc[, setdiff(names(X), v), drop = FALSE])))
  cong <- function(D, ...) { f <- lavaan::cfa(mod, D, std.lv = TRUE, ...); p <- lavaan::parameterEstimates(f)
    lam <- p$est[p$op == "=~"]; th <- p$est[p$op == "~~" & p$lhs %in% names(X)]
    S <- lavaan::lavInspect(f, "sampstat")$cov; im <- lavaan::fitted(f)$cov
    fm <- lavaan::fitMeasures(f, c("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "logl"))
    list(loadings = nl(setNames(lam, names(X))), residual_variances = nl(setNames(th, names(X))),
         omega_model_implied_total = sum(lam)^2 / (sum(lam)^2 + sum(th)), omega_observed_total = sum(lam)^2 / sum(S),
         n = lavaan::lavInspect(f, "nobs"), fit = nl(fm)) }
  om <- suppressWarnings(suppressMessages(psych::omega(X, nfactors = 1, plot = FALSE)))
  list(n_rows = n, n_complete = nrow(cc), k = k,
       alpha_raw_pairwise = a, alpha_raw_listwise = al,
       alpha_std_pairwise = { rb <- mean(R[lower.tri(R)]); k * rb / (1 + (k - 1) * rb) },
       alpha_std_listwise = { rb <- mean(Rl[lower.tri(Rl)]); k * rb / (1 + (k - 1) * rb) },
       average_r_pairwise = mean(R[lower.tri(R)]),
       psych_alpha = list(raw_alpha = pa$total$raw_alpha, std_alpha = pa$total$std.alpha, G6 = pa$total[["G6(smc)"]],
          average_r = pa$total$average_r, ase = pa$total$ase, mean = pa$total$mean, sd = pa$total$sd,
          alpha_if_dropped = nl(setNames(pa$alpha.drop$raw_alpha, names(X))),
          r_drop = nl(setNames(pa$item.stats$r.drop, names(X))), r_cor = nl(setNames(pa$item.stats$r.cor, names(X))),
          raw_r = nl(setNames(pa$item.stats$raw.r, names(X)))),
       item_rest_r_listwise = nl(itot),
       feldt_ci_listwise = feldt(al, nrow(cc), k), feldt_ci_pairwise_alpha_all_rows = feldt(a, n, k),
       omega_total_psych_nfactors1 = om$omega.tot,
       congeneric_lavaan_ml_normal_listwise = cong(cc),
       congeneric_lavaan_ml_wishart_listwise = cong(cc, likelihood = "wishart"),
       congeneric_lavaan_fiml = if (nrow(cc) < n) cong(X, missing = "fiml") else NULL,
       semTools_compRelSEM = { f <- lavaan::cfa(mod, cc, std.lv = TRUE)
          list(obs_var_TRUE = as.numeric(semTools::compRelSEM(f, obs.var = TRUE)), obs_var_FALSE = as.numeric(semTools::compRelSEM(f, obs.var = FALSE)),
               alpha_tau_eq = as.numeric(semTools::compRelSEM(f, tau.eq = TRUE))) })
}

# ---- mixed models -----------------------------------------------------------
lmer_tab <- function(form, data, REML = TRUE) {
  ctl <- lme4::lmerControl(optimizer = "nloptwrap", optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14, maxeval = 10000))
  f <- suppressMessages(lmerTest::lmer(form, data = data, REML = REML, control = ctl))
  s <- summary(f)$coefficients; vc <- as.data.frame(lme4::VarCorr(f))
  list(REML = REML, n = nobs(f), groups = as.list(lme4::ngrps(f)),
       coef = nl(setNames(s[, 1], rownames(s))), se = nl(setNames(s[, 2], rownames(s))),
       df_satterthwaite = nl(setNames(s[, 3], rownames(s))), t = nl(setNames(s[, 4], rownames(s))),
       p = nl(setNames(s[, 5], rownames(s))),
       variance_components = lapply(seq_len(nrow(vc)), function(i) list(grp = vc$grp[i], var1 = vc$var1[i], var2 = vc$var2[i], vcov = vc$vcov[i], sdcor = vc$sdcor[i])),
       logLik = as.numeric(logLik(f)), AIC = AIC(f), BIC = BIC(f), singular = lme4::isSingular(f))
}

# ---- lavaan -----------------------------------------------------------------
lav_tab <- function(model, data, ...) {
  f <- lavaan::sem(model, data, ...); p <- lavaan::parameterEstimates(f, standardized = TRUE)
  keep <- p$op %in% c("~", ":=", "~~", "~1")
  rows <- lapply(which(keep), function(i) list(lhs = p$lhs[i], op = p$op[i], rhs = p$rhs[i], label = p$label[i],
    est = p$est[i], se = p$se[i], z = p$z[i], p = p$pvalue[i], ci_low = p$ci.lower[i], ci_high = p$ci.upper[i], std_all = p$std.all[i]))
  list(n = lavaan::lavInspect(f, "ntotal"), converged = lavaan::lavInspect(f, "converged"),
       se_type = lavaan::lavInspect(f, "options")$se, likelihood = lavaan::lavInspect(f, "options")$likelihood,
       information = lavaan::lavInspect(f, "options")$information[1], logLik = unname(lavaan::fitMeasures(f, "logl")),
       npar = unname(lavaan::fitMeasures(f, "npar")), rows = rows)
}

# ---- stacked-equation cluster covariance of coefficients across OLS fits ------
# returns covariance (CR0 meat, times G/(G-1) for CR1) of coefficient terms[i] in fits[[i]]
stacked_cov <- function(fits, terms, cl) {
  gs <- unique(cl); G <- length(gs)
  U <- sapply(seq_along(fits), function(i) { X <- model.matrix(fits[[i]]); r <- X %*% solve(crossprod(X))[, match(terms[i], colnames(X))]
    z <- as.numeric(r) * resid(fits[[i]]); sapply(gs, function(g) sum(z[cl == g])) })
  V <- crossprod(U); colnames(V) <- rownames(V) <- NULL; V * G / (G - 1)
}
stacked_delta <- function(fits, terms, est, cl) {      # indirect = product of the coefficients in est
  V <- stacked_cov(fits, terms, cl); gr <- sapply(seq_along(est), function(i) prod(est[-i]))
  se <- sqrt(as.numeric(gr %*% V %*% gr)); z <- prod(est) / se
  list(cov_CR1 = lapply(seq_len(nrow(V)), function(i) V[i, ]), se = se, z = z, p = 2 * pnorm(-abs(z)),
       ci_low = prod(est) - qnorm(.975) * se, ci_high = prod(est) + qnorm(.975) * se,
       se_ignoring_cross_covariance = sqrt(sum(gr^2 * diag(V))))
}

# ---- cumulative logit with random intercept, adaptive Gauss-Hermite, own code --
gh_nodes <- function(n) { i <- seq_len(n - 1); J <- matrix(0, n, n); J[cbind(i, i + 1)] <- J[cbind(i + 1, i)] <- sqrt(i / 2)
  e <- eigen(J, symmetric = TRUE); list(x = e$values, w = e$vectors[1, ]^2 * sqrt(pi)) }
clmm_agq <- function(y, X, g, nq = 25, start_clm) {   # y integer 1..K, X without intercept
  K <- max(y); q <- ncol(X); G <- length(unique(g)); gi <- match(g, unique(g)); gh <- gh_nodes(nq)
  prep <- function(par) { th <- c(-Inf, cumsum(c(par[1], exp(par[2:(K - 1)]))), Inf); eta <- as.numeric(X %*% par[K:(K + q - 1)]); list(hi = th[y + 1] - eta, lo = th[y] - eta, s = exp(par[K + q])) }
  nll <- function(par, modes = FALSE) { p <- prep(par); u <- rep(0, G)
    for (it in 1:100) { A <- p$hi - p$s * u[gi]; B <- p$lo - p$s * u[gi]; FA <- plogis(A); FB <- plogis(B); pr <- FA - FB; fA <- FA * (1 - FA); fB <- FB * (1 - FB)
      d1 <- -p$s * (fA - fB) / pr; dfA <- fA * (1 - 2 * FA); dfB <- fB * (1 - 2 * FB); d2 <- p$s^2 * ((dfA - dfB) / pr - ((fA - fB) / pr)^2)
      gr <- rowsum(d1, gi)[, 1] - u; he <- rowsum(d2, gi)[, 1] - 1; st <- gr / he; u <- u - st; if (anyNA(st)) return(1e10); if (max(abs(st)) < 1e-12) break }
    sd <- 1 / sqrt(-he); ll <- sapply(seq_len(nq), function(k) { v <- u + sqrt(2) * sd * gh$x[k]; pr <- plogis(p$hi - p$s * v[gi]) - plogis(p$lo - p$s * v[gi])
      rowsum(log(pr), gi)[, 1] + dnorm(v, log = TRUE) + gh$x[k]^2 + log(gh$w[k]) })
    m <- apply(ll, 1, max); -sum(m + log(rowSums(exp(ll - m))) + log(sqrt(2) * sd)) }
  s0 <- c(start_clm[1], log(diff(start_clm[1:(K - 1)])), start_clm[K:(K + q - 1)], log(.3))
  o <- nlminb(s0, nll, lower = c(rep(-Inf, length(s0) - 1), -4), upper = c(rep(Inf, length(s0) - 1), 2), control = list(rel.tol = 1e-12, eval.max = 2000, iter.max = 500))
  for (r in 1:6) { gr <- numDeriv::grad(nll, o$par); H <- numDeriv::hessian(nll, o$par); o$par <- o$par - solve(H, gr) }
  par <- o$par; H <- numDeriv::hessian(nll, par)
  Jm <- numDeriv::jacobian(function(z) c(cumsum(c(z[1], exp(z[2:(K - 1)]))), z[K:(K + q - 1)], exp(z[K + q])), par)
  V <- Jm %*% solve(H) %*% t(Jm); est <- c(cumsum(c(par[1], exp(par[2:(K - 1)]))), par[K:(K + q - 1)], exp(par[K + q])); nm <- c(paste0("theta", 1:(K - 1)), colnames(X), "random_sd")
  list(coef = nl(setNames(est, nm)), se = nl(setNames(sqrt(diag(V)), nm)), logLik = -nll(par), nq = nq, G = G, n = length(y), max_abs_gradient = max(abs(numDeriv::grad(nll, par))))
}
