source("../common.R")
suppressWarnings(suppressMessages(library(ordinal)))
w <- read.csv(published("lq2002.csv")); b <- read.csv("../bfi/bfi.csv")
ct <- clm.control(gradTol = 1e-10, maxIter = 200L)
tab <- function(f) { s <- summary(f)$coefficients; o <- list(coef = nl(setNames(s[, 1], rownames(s))), se = nl(setNames(s[, 2], rownames(s))), z = nl(setNames(s[, 3], rownames(s))), p = nl(setNames(s[, 4], rownames(s))),
  logLik = as.numeric(logLik(f)), AIC = AIC(f), nobs = as.numeric(f$nobs), npar = length(coef(f))); if (!is.null(f$ST)) o$random_sd <- as.numeric(f$ST[[1]]) ; o$max_gradient <- max(abs(f$gradient)); o }
cm <- function(form, data, nAGQ) { f <- clmm(form, data = data, nAGQ = nAGQ, control = clmm.control(gradTol = 1e-6)); o <- tab(f); o$nAGQ <- nAGQ; o$random_variance <- o$random_sd^2; o }
w$H1 <- factor(w$HOSTIL01, ordered = TRUE); w$T1 <- factor(w$TSIG01, ordered = TRUE); w$COMP <- factor(w$COMPID)
b <- b[complete.cases(b[, c("N1", "age", "gender", "education")]), ]; b$N1o <- factor(b$N1, ordered = TRUE); b$female <- as.numeric(b$gender == 2); b$age10 <- b$age / 10; b$edu <- factor(b$education)
agq <- function(y, form, data, g, nq = 25) { X <- model.matrix(form, data)[, -1, drop = FALSE]; c0 <- clm(update(form, Y_ ~ .), data = cbind(data, Y_ = y), control = ct); clmm_agq(as.integer(y), X, g, nq, coef(c0)) }
out <- list(meta = list(parameterisation = "logit P(Y<=j) = theta_j - x'beta", versions = versions("ordinal", "MASS")),
  lq2002_HOSTIL01 = list(counts = as.list(table(w$H1)), clm_logit = tab(clm(H1 ~ LEAD + TSIG, data = w, control = ct)), clm_probit = tab(clm(H1 ~ LEAD + TSIG, data = w, link = "probit", control = ct)),
    clmm_laplace = cm(H1 ~ LEAD + TSIG + (1 | COMP), w, 1), clmm_agq10 = cm(H1 ~ LEAD + TSIG + (1 | COMP), w, 10),
    own_agq25 = agq(w$H1, ~ LEAD + TSIG, w, w$COMPID), own_laplace_agq1 = agq(w$H1, ~ LEAD + TSIG, w, w$COMPID, 1)),
  lq2002_TSIG01 = list(counts = as.list(table(w$T1)), clm_logit = tab(clm(T1 ~ LEAD, data = w, control = ct)), clmm_agq10 = cm(T1 ~ LEAD + (1 | COMP), w, 10), own_agq25 = agq(w$T1, ~ LEAD, w, w$COMPID)),
  bfi_N1 = list(n = nrow(b), counts = as.list(table(b$N1o)), clm_logit = tab(clm(N1o ~ age10 + female, data = b, control = ct)), clmm_edu_laplace = cm(N1o ~ age10 + female + (1 | edu), b, 1)))
wj(out)

