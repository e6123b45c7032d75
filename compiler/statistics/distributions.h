// Distribution functions and quantiles, to near double precision.
#pragma once

namespace nnc::statistics {

/// Regularised incomplete beta function I_x(a, b); a, b > 0, x in [0, 1]. Continued fraction by the modified method of
/// Lentz: Press et al., Numerical Recipes, section 6.4. Relative error below 1e-12 for a, b up to 1000.
double incompleteBeta(double a, double b, double x);

/// Standard normal distribution function.
double normalCdf(double z);

/// Its inverse. Needs 0 < probability < 1.
double normalQuantile(double probability);

/// Distribution function of Student's t with `degrees` > 0 degrees of freedom.
double tCdf(double t, double degrees);

/// Its inverse. Needs 0 < probability < 1.
double tQuantile(double probability, double degrees);

}  // namespace nnc::statistics
