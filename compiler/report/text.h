// Numbers and words as a reader sees them.
#pragma once
#include <string>
#include <string_view>

#include "study/study.h"

namespace nnc::report {

/// With `&`, `<`, `>` and `"` as entities, for HTML and SVG; characters that XML does not have are left out.
std::string escape(std::string_view text);

/// Three significant digits, without zeros at the end: `0.861`, `12400`, `2.3e-7`; a true minus sign. NaN: `n/a`.
std::string numberText(double value);
/// `decimals` digits behind the point, a true minus sign; `sign`: also a plus.
std::string fixedText(double value, int decimals, bool sign = false);
/// With a metric prefix: `36.2 G`.
std::string prefixedText(double value);
/// `1.5 s`, `4.2 min`, `3.1 h`, `12 days`, `3.4 years`.
std::string secondsText(double seconds);
/// The shortest text that reads back to the same number; `nan`, `inf`, `-inf`. For CSV.
std::string exactText(double value);
/// `1 run`, `3 runs`.
std::string countText(std::size_t count, std::string_view noun);

/// How values of a measure are written: shares as percent, their differences as points.
struct Unit {
  double scale = 1.0;
  int decimals = 3;
  std::string value, difference;  // ` %`, ` pt`: with the space before them
  bool isFixed = false;           // always `decimals`; else three significant digits

  std::string of(double number) const;
  std::string change(double number) const;  // with a sign
  /// `test (%)`
  std::string axis(std::string_view name) const;
};
Unit unitOf(const study::Measure& measure);
/// For a metric of a curve: an accuracy is a share.
Unit unitOfMetric(std::string_view metric);

}  // namespace nnc::report
