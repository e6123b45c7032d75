#include "report/scale.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "report/text.h"

namespace nnc::report {

void Range::add(double value) {
  if (!std::isfinite(value)) return;
  low_ = hasAny_ ? std::min(low_, value) : value;
  high_ = hasAny_ ? std::max(high_, value) : value;
  hasAny_ = true;
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `size`.
static double niceStep(double size) {
  const double power = std::pow(10.0, std::floor(std::log10(size)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= size * (1 - 1e-9)) return factor * power;
  return 10.0 * power;
}

static constexpr int kRoundingTicks = 5;

Scale::Scale(Range range, double from, double to, ScaleKind kind, bool isRounded) : from_(from), to_(to), kind_(kind) {
  if (!range.isEmpty()) {
    low_ = range.low();
    high_ = range.high();
  }
  if (isLog()) {
    if (high_ <= 0) high_ = 1.0;
    if (low_ <= 0) low_ = high_ / 1000;
    if (isRounded) {
      low_ = std::pow(10.0, std::floor(std::log10(low_) + 1e-9));
      high_ = std::pow(10.0, std::ceil(std::log10(high_) - 1e-9));
    }
    if (low_ >= high_) {
      low_ /= 10;
      high_ *= 10;
    }
    return;
  }
  if (low_ >= high_) {
    const double margin = low_ == 0 ? 1.0 : std::abs(low_) * 0.1;
    low_ -= margin;
    high_ += margin;
  }
  if (!isRounded) return;
  const double step = niceStep((high_ - low_) / kRoundingTicks);
  low_ = std::floor(low_ / step + 1e-9) * step;
  high_ = std::ceil(high_ / step - 1e-9) * step;
}

double Scale::operator()(double value) const {
  const double share = isLog() ? std::log(std::max(value, low_ * 1e-3) / low_) / std::log(high_ / low_)
                               : (value - low_) / (high_ - low_);
  return from_ + share * (to_ - from_);
}

std::vector<double> Scale::ticks(int count) const {
  std::vector<double> ticks;
  if (isLog()) {
    const int first = static_cast<int>(std::ceil(std::log10(low_) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(high_) + 1e-9));
    // Less than two decades have few powers of ten: 2 and 5 times them as well.
    if (std::log10(high_ / low_) < 2)
      for (int power = first - 1; power <= last; ++power)
        for (const double factor : {1.0, 2.0, 5.0})
          if (contains(factor * std::pow(10.0, power))) ticks.push_back(factor * std::pow(10.0, power));
    if (ticks.size() > 1) return ticks;
    ticks.clear();
    const int step = std::max(1, (last - first + count) / std::max(1, count));
    for (int power = first; power <= last; power += step) ticks.push_back(std::pow(10.0, power));
    return ticks;
  }
  const double step = niceStep((high_ - low_) / std::max(1, count));
  const double first = std::ceil(low_ / step - 1e-9);
  for (double i = first; i * step <= high_ + step * 1e-9; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string powerOfTen(int exponent) {
  static constexpr std::array<const char*, 10> kDigits = {"\u2070", "\u00B9", "\u00B2", "\u00B3", "\u2074",
                                                          "\u2075", "\u2076", "\u2077", "\u2078", "\u2079"};
  if (exponent == 0) return "1";
  if (exponent == 1) return "10";
  std::string text = "10";
  for (const char c : std::to_string(exponent))
    text += c == '-' ? "\u207B" : kDigits[static_cast<std::size_t>(c - '0')];
  return text;
}

std::vector<std::string> Scale::labels(const std::vector<double>& ticks, ScaleKind kind) {
  std::vector<std::string> labels;
  if (kind == ScaleKind::Log) {
    const bool isPlain = !ticks.empty() && ticks.back() <= 100 * ticks.front();
    for (const double tick : ticks)
      labels.push_back(isPlain ? numberText(tick) : powerOfTen(static_cast<int>(std::lround(std::log10(tick)))));
    return labels;
  }
  double largest = 0;
  for (const double tick : ticks) largest = std::max(largest, std::abs(tick));
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : largest;
  const int decimals = step > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 6) : 0;
  for (const double tick : ticks) {
    if (largest >= 1e4)
      labels.push_back(tick == 0 ? "0" : prefixedText(tick));
    else if (decimals > 4)
      labels.push_back(numberText(tick));
    else
      labels.push_back(fixedText(tick, decimals));
  }
  return labels;
}

}  // namespace nnc::report
