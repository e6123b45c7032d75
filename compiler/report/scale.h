// From numbers to pixels: linear and logarithmic scales with ticks at round values.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace nnc::report {

/// Smallest and largest of the numbers that were added; those that are not finite are passed over.
class Range {
 public:
  void add(double value);
  void add(std::span<const double> values) {
    for (const double value : values) add(value);
  }
  bool isEmpty() const { return low_ > high_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  double low_ = 1.0, high_ = -1.0;
  bool hasAny_ = false;
};

enum class ScaleKind { Linear, Log };

class Scale {
 public:
  /// Maps `range` to the pixels from..to. An empty range counts as 0..1, one number as a range around it; a logarithmic
  /// scale leaves out what is not above 0. `isRounded`: widened to the next ticks.
  Scale(Range range, double from, double to, ScaleKind kind = ScaleKind::Linear, bool isRounded = true);

  double operator()(double value) const;
  double low() const { return low_; }
  double high() const { return high_; }
  double from() const { return from_; }
  double to() const { return to_; }
  bool isLog() const { return kind_ == ScaleKind::Log; }
  bool contains(double value) const { return value >= low_ && value <= high_; }

  /// Round values, ascending, about `count` of them.
  std::vector<double> ticks(int count = 5) const;
  /// All with the same number of digits behind the point; powers of ten on a logarithmic scale.
  static std::vector<std::string> labels(const std::vector<double>& ticks, ScaleKind kind);

 private:
  double low_ = 0.0, high_ = 1.0, from_, to_;
  ScaleKind kind_;
};

/// 10 to this power: `10⁻⁷`.
std::string powerOfTen(int exponent);

}  // namespace nnc::report
