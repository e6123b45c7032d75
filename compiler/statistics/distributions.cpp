#include "statistics/distributions.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>

namespace nnc::statistics {

/// The continued fraction of I_x(a, b) without its factor; converges fast for x < (a + 1) / (a + b + 2).
static double betaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;  // stands for a denominator of 0
  const auto nonZero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / nonZero(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m <= 10'000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    result *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    result *= d * c;
    if (std::abs(d * c - 1) < std::numeric_limits<double>::epsilon()) break;
  }
  return result;
}

/// I_x(a, b) where y is 1 - x, given apart because it may be too small for the difference.
static double incompleteBeta(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, y, x);
  const double logFactor = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(y);
  return std::exp(logFactor) * betaFraction(a, b, x) / a;
}

double incompleteBeta(double a, double b, double x) { return incompleteBeta(a, b, x, 1 - x); }

/// The z >= 0 with tail(z) = `probability` <= 1/2, for a falling `tail` with density `density`: Newton's method from
/// `start`, kept between bounds.
template <typename Tail, typename Density>
static double invertTail(double probability, double start, const Tail& tail, const Density& density) {
  double low = 0, high = start;
  while (tail(high) > probability) low = high, high = 2 * high + 1;
  double z = start;
  for (int i = 0; i < 200; ++i) {
    const double excess = tail(z) - probability;
    (excess > 0 ? low : high) = z;
    double next = z + excess / density(z);
    if (!(next > low && next < high)) next = low + (high - low) / 2;
    if (std::abs(next - z) <= 2 * std::numeric_limits<double>::epsilon() * next) return next;
    z = next;
  }
  return z;
}

static double normalTail(double z) { return std::erfc(z / std::numbers::sqrt2) / 2; }

double normalCdf(double z) { return normalTail(-z); }

double normalQuantile(double probability) {
  assert(probability > 0 && probability < 1 && "quantiles of 0 and 1 are infinite");
  if (probability == 0.5) return 0;
  const double tail = std::min(probability, 1 - probability);
  const auto density = [](double z) { return std::exp(-z * z / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2; };
  // The tail is about exp(-z^2 / 2) / 2.
  const double z = invertTail(tail, std::sqrt(-2 * std::log(2 * tail)), normalTail, density);
  return probability < 0.5 ? -z : z;
}

/// P(T > t) for t >= 0.
static double tTail(double t, double degrees) {
  const double square = t * t, sum = degrees + square;
  return incompleteBeta(degrees / 2, 0.5, degrees / sum, square / sum) / 2;
}

double tCdf(double t, double degrees) { return t < 0 ? tTail(-t, degrees) : 1 - tTail(t, degrees); }

double tQuantile(double probability, double degrees) {
  assert(probability > 0 && probability < 1 && "quantiles of 0 and 1 are infinite");
  if (probability == 0.5) return 0;
  const double logScale =
      std::lgamma((degrees + 1) / 2) - std::lgamma(degrees / 2) - std::log(degrees * std::numbers::pi) / 2;
  const auto density = [&](double t) { return std::exp(logScale - (degrees + 1) / 2 * std::log1p(t * t / degrees)); };
  const auto tail = [&](double t) { return tTail(t, degrees); };
  const double start = std::abs(normalQuantile(probability));
  const double t = invertTail(std::min(probability, 1 - probability), start, tail, density);
  return probability < 0.5 ? -t : t;
}

}  // namespace nnc::statistics
