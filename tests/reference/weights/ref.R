source("../common.R")
# Simulated: 8 unbalanced clusters, two of them single rows, a cluster-level z, weights in
# (0.5, 3) and a dummy d that is one whole cluster.
set.seed(20150608, sample.kind = "Rejection")
sizes <- c(25, 17, 14, 11, 9, 8, 1, 1); g <- rep(seq_along(sizes), sizes); n <- length(g)
d <- data.frame(g = g, x = 4 + 1.2 * rnorm(n) + rnorm(8)[g], z = round(rnorm(8), 2)[g],
                d = as.numeric(g == 4), w = runif(n, .5, 3))
d$y <- 2 + .4 * d$x - .3 * d$z + .5 * d$d + .6 * rnorm(8)[g] + rnorm(n)
write.csv(d, "weights.csv", row.names = FALSE); d <- read.csv("weights.csv")

block <- function(m) {
  b <- coef(m)
  one <- function(type) { V <- vcovCR(m, cluster = d$g, type = type)
    list(vcov = unname(lapply(seq_len(nrow(V)), function(i) as.numeric(V[i, ])))) }
  cr2 <- vcovCR(m, cluster = d$g, type = "CR2")
  ct <- as.data.frame(coef_test(m, vcov = cr2, test = "Satterthwaite"))
  df <- nl(setNames(ct[[grep("^df", names(ct))[1]]], names(b)))
  jack <- t(sapply(unique(d$g), function(k) coef(update(m, data = d[d$g != k, ]))))
  jack <- jack[, colSums(is.na(jack)) == 0, drop = FALSE]
  G <- length(unique(d$g)); D <- sweep(jack, 2, b[colnames(jack)])
  list(n = nobs(m), G = G, coef = nl(b), r2 = summary(m)$r.squared,
       iid_se = nl(sqrt(diag(vcov(m)))), HC3_se = nl(sqrt(diag(sandwich::vcovHC(m, "HC3")))),
       CR1S = one("CR1S"), CR2 = c(one("CR2"), list(df_satt = df)),
       CRV3_se = nl(sqrt((G - 1) / G * colSums(D^2))))
}
f <- y ~ x + z + d
wj(list(meta = list(data = "simulated", versions = versions("clubSandwich", "sandwich")),
        weighted = block(lm(f, d, weights = w)), plain = block(lm(f, d)),
        weighted_without_d = block(lm(y ~ x + z, d, weights = w))))
