// grad_ratio, depth_rate and depth_theory: what the lengths of gradients say about depth; update_ratio.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

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

/// Root of the mean square of the derivative of an activation: half of the inputs of relu have derivative 1; tanh has 1
/// and sigmoid 1/4 around 0, where inputs lie as long as weights do not make them larger. NaN: no closed form.
static double gainOf(const std::string& activation) {
  if (activation == "relu") return std::numbers::sqrt2 / 2.0;
  if (activation == "tanh") return 1.0;
  return activation == "sigmoid" ? 0.25 : std::numeric_limits<double>::quiet_NaN();
}

/// gain sqrt(n Var W) per layer of n units. Sources: Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015. Batch norm
/// before relu gives sqrt(pi / (pi - 1)), whatever the weights: Yang et al., "A mean field theory of batch
/// normalization", ICLR 2019. NaN: the network is not of that form.
bool measureDepthTheory(Bench& bench, const Moment& moment, Rows& rows) {
  const auto chain = bench.layerChain();
  if (!chain) return false;
  double factor = std::numeric_limits<double>::quiet_NaN();
  if (*chain && (*chain)->isNormed) {
    if ((*chain)->activation == "relu") factor = std::sqrt(std::numbers::pi / (std::numbers::pi - 1.0));
  } else if (*chain) {
    double logarithm = 0.0;
    const elaborate::TrainProgram& train = bench.train();
    for (const std::size_t i : weightSlots(train)) {
      if (std::find((*chain)->weights.begin(), (*chain)->weights.end(), train.slots[i].path) == (*chain)->weights.end())
        continue;
      // n^2 elements: n Var W is the sum of their squares over n.
      const auto units = static_cast<double>(train.slots[i].type.shape.back());
      logarithm += std::log(length(slotNumbers(train, moment.slots, i)) / std::sqrt(units));
    }
    const double spread = std::exp(logarithm / static_cast<double>((*chain)->weights.size()));
    constexpr double kLargest = 1.05;  // with room for the chance in a drawn matrix: 1 keeps inputs near 0
    const bool isKnown = (*chain)->activation == "relu" || spread <= kLargest;
    if (isKnown) factor = gainOf((*chain)->activation) * spread;
  }
  rows.push_back({"depth_theory", {""}, {factor}});
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
