// Distribution functions and quantiles, to near double precision.
#pragma once

namespace nnc::statistics {

/// Regularised incomplete beta function I_x(a, b); a, b > 0, x in [0, 1]. Continued fraction, modified Lentz; source:
/// Didonato and Morris, ACM TOMS 18:360-373, 1992, and Numerical Recipes, section 6.4.
double incompleteBeta(double a, double b, double x);

/// Standard normal distribution function and its inverse. The inverse: Wichura, algorithm AS 241, Appl. Stat.
/// 37:477-484, 1988. Needs 0 < probability < 1.
double normalCdf(double z);
double normalQuantile(double probability);

/// Student's t with `degrees` > 0 degrees of freedom. Needs 0 < probability < 1.
double tCdf(double t, double degrees);
double tQuantile(double probability, double degrees);

/// P(X <= successes) for X binomial.
double binomialCdf(int successes, int trials, double probability);

}  // namespace nnc::statistics
