// grad_ratio and depth_rate: what the lengths of gradients say about depth; update_ratio.
#include <algorithm>
#include <cmath>
#include <limits>

#include "probes/bench.h"

namespace nnc::probes {

/// Below this a length is what rounding left of it.
static constexpr double kUnderflow = 1e-35;

/// The columns of the hidden layers, all but the last one, that are as large as the last of them.
static std::vector<std::size_t> equalHidden(const std::vector<std::int64_t>& sizes) {
  std::vector<std::size_t> columns;
  if (sizes.size() < 2) return columns;
  const std::int64_t size = sizes[sizes.size() - 2];
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    if (sizes[i] == size) columns.push_back(i);
  return columns;
}

/// NaN without two layers of one shape; 0 when the first length underflowed.
bool measureGradRatio(Bench& bench, const Moment& moment, Rows& rows) {
  std::vector<std::int64_t> sizes;
  const std::optional<Row> lengths = bench.standard("grad_norm", moment, sizes);
  if (!lengths) return false;
  const std::vector<std::size_t> hidden = equalHidden(sizes);
  double ratio = std::numeric_limits<double>::quiet_NaN();
  if (hidden.size() >= 2) {
    const double first = lengths->values[hidden.front()], last = lengths->values[hidden.back()];
    if (last >= kUnderflow) ratio = first >= kUnderflow ? first / last : 0.0;
  }
  rows.push_back({"grad_ratio", {""}, {ratio}});
  return true;
}

/// Least squares of ln d on l: slope = sum (l - mean l)(ln d - mean ln d) / sum (l - mean l)^2, over the layers whose
/// length did not underflow.
bool measureDepthRate(Bench& bench, const Moment& moment, Rows& rows) {
  std::vector<std::int64_t> sizes;
  const std::optional<Row> lengths = bench.standard("delta_norm", moment, sizes);
  if (!lengths) return false;
  double n = 0.0, sumL = 0.0, sumD = 0.0, sumLL = 0.0, sumLD = 0.0;
  const std::vector<std::size_t> hidden = equalHidden(sizes);
  for (std::size_t l = 0; l < hidden.size(); ++l) {
    const double d = lengths->values[hidden[l]];
    if (!(d >= kUnderflow)) continue;
    const auto x = static_cast<double>(l);
    n += 1.0;
    sumL += x;
    sumD += std::log(d);
    sumLL += x * x;
    sumLD += x * std::log(d);
  }
  const double slope = (sumLD - sumL * sumD / n) / (sumLL - sumL * sumL / n);  // NaN with fewer than two layers
  rows.push_back({"depth_rate", {""}, {std::exp(-slope)}});
  return true;
}

bool measureUpdateRatio(Bench& bench, const Moment& moment, Rows& rows) {
  Row row{"update_ratio", {}, {}};
  for (const std::size_t i : weightSlots(bench.train())) {
    const Numbers before = slotNumbers(bench.train(), moment.before->view(), i);
    row.paths.push_back(bench.train().slots[i].path);
    row.values.push_back(distance(slotNumbers(bench.train(), moment.slots, i), before) / length(before));
  }
  rows.push_back(std::move(row));
  return true;
}

}  // namespace nnc::probes
