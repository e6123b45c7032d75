#include "report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace nnc::report {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
      out += c;
  }
  return out;
}

static std::string withMinus(std::string digits) {
  if (digits.empty() || digits[0] != '-') return digits;
  // -0.00 is not below zero.
  if (digits.find_first_of("123456789") == std::string::npos) return digits.substr(1);
  return "\u2212" + digits.substr(1);
}

/// Without the zeros behind the point of `1.500` or `1.500e-7`.
static std::string withoutZeros(const std::string& digits) {
  const std::size_t exponent = digits.find('e');
  std::string front = digits.substr(0, exponent);
  if (front.find('.') != std::string::npos) {
    front.erase(front.find_last_not_of('0') + 1);
    if (front.back() == '.') front.pop_back();
  }
  if (exponent == std::string::npos) return front;
  return front + "e" + std::to_string(std::stoi(digits.substr(exponent + 1)));
}

std::string numberText(double value) {
  if (std::isnan(value)) return "n/a";
  if (std::isinf(value)) return value > 0 ? "\u221E" : "\u2212\u221E";
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e6)) return withMinus(withoutZeros(fmt::format("{:.2e}", value)));
  // Below 1000 as many digits behind the point as make three significant ones.
  const int decimals = size == 0 ? 0 : std::clamp(2 - static_cast<int>(std::floor(std::log10(size))), 0, 5);
  return withMinus(withoutZeros(fmt::format("{:.{}f}", value, decimals)));
}

std::string fixedText(double value, int decimals, bool sign) {
  if (!std::isfinite(value)) return numberText(value);
  const std::string text = withMinus(fmt::format("{:.{}f}", value, decimals));
  const bool isPositive = value > 0 && text.find_first_of("123456789") != std::string::npos;
  return sign && isPositive ? "+" + text : text;
}

std::string prefixedText(double value) {
  static constexpr std::array<const char*, 7> kPrefixes = {"", "k", "M", "G", "T", "P", "E"};
  std::size_t step = 0;
  while (std::abs(value) >= 999.5 && step + 1 < kPrefixes.size()) {
    value /= 1000;
    ++step;
  }
  return numberText(value) + "\u00A0" + kPrefixes[step];
}

std::string secondsText(double seconds) {
  struct Step {
    double size;
    const char* name;
  };
  static constexpr std::array<Step, 5> kSteps = {
      {{31557600, "years"}, {86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}}};
  for (const Step& step : kSteps)
    if (seconds >= step.size) return numberText(seconds / step.size) + "\u00A0" + step.name;
  return seconds > 0 ? numberText(seconds * 1000) + "\u00A0ms" : "0\u00A0s";
}

std::string exactText(double value) {
  if (std::isnan(value)) return "nan";
  return fmt::format("{}", value);
}

std::string countText(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string Unit::of(double number) const {
  if (std::isnan(number)) return "n/a";
  return (isFixed ? fixedText(number * scale, decimals) : numberText(number * scale)) + value;
}

std::string Unit::change(double number) const {
  if (std::isnan(number)) return "n/a";
  if (isFixed) return fixedText(number * scale, decimals, /*sign=*/true) + difference;
  return (number > 0 ? "+" : "") + numberText(number * scale) + difference;
}

std::string Unit::axis(std::string_view name) const {
  return value.empty() ? std::string(name)
                       : fmt::format("{} ({})", name, value.substr(value.find_first_not_of(" \u00A0")));
}

static Unit percent() { return {100.0, 1, "\u00A0%", "\u00A0pt", true}; }

Unit unitOf(const study::Measure& measure) {
  switch (measure.scale) {
    case study::Measure::Scale::Fraction:
      return percent();
    case study::Measure::Scale::Seconds:
      return {1.0, 3, "\u00A0s", "\u00A0s", false};
    case study::Measure::Scale::Plain:
      break;
  }
  return {};
}

Unit unitOfMetric(std::string_view metric) { return metric.ends_with("accuracy") ? percent() : Unit{}; }

}  // namespace nnc::report
