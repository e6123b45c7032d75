// slice: the loss along a random direction of the parameters.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "probes/bench.h"

namespace nnc::probes {

namespace {

constexpr int kPoints = 21;  // from -1 to 1

/// A normal direction whose part for each output unit is as long as the unit's weights. Biases stay.
std::vector<std::vector<double>> direction(const elaborate::TrainProgram& train, Slots slots) {
  std::vector<std::vector<double>> all;
  for (const std::size_t i : weightSlots(train)) {
    const Numbers weights = slotNumbers(train, slots, i);
    const std::int64_t units = train.slots[i].type.shape.back();
    std::vector<double>& d = all.emplace_back(static_cast<std::size_t>(weights.count));
    std::vector<double> weightSquares(static_cast<std::size_t>(units)), squares(static_cast<std::size_t>(units));
    for (std::int64_t k = 0; k < weights.count; ++k) {
      const auto unit = static_cast<std::size_t>(k % units);
      double& element = d[static_cast<std::size_t>(k)];
      element = normalAt("slice/" + train.slots[i].path, 0, k);
      squares[unit] += element * element;
      weightSquares[unit] += weights[k] * weights[k];
    }
    for (std::int64_t k = 0; k < weights.count; ++k) {
      const auto unit = static_cast<std::size_t>(k % units);
      d[static_cast<std::size_t>(k)] *= std::sqrt(weightSquares[unit] / squares[unit]);
    }
  }
  return all;
}

/// Mean loss over the whole batches of the examples.
double meanLoss(Program& program, const elaborate::TrainProgram& train, Slots slots, const Examples& examples,
                std::int64_t step) {
  const std::int64_t batches = examples.count() / program.batch();
  double sum = 0.0;
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    program.run(train, slots, examples, batch * program.batch(), step);
    sum += program.result(0)[0];
  }
  return sum / static_cast<double>(batches);
}

}  // namespace

/// f(a) = loss(theta + a d) on the first 2000 training examples, with the statistics of batches of 500.
/// sharp = (f(-1/2) + f(1/2)) / 2 - f(0); rough: how many minima lie inside besides one. A unit is the last axis of a
/// weight. Source: Li, Xu, Taylor, Studer, Goldstein, "Visualizing the loss landscape of neural nets", 2018.
bool measureSlice(Bench& bench, const Moment& moment, Rows& rows) {
  constexpr std::int64_t kBatch = 500;
  const Examples* const examples = bench.trainingSet();
  Program* const program =
      examples ? bench.program(elaborate::ProbeKind::Loss, std::min(kBatch, examples->count())) : nullptr;
  if (program == nullptr) return false;
  const elaborate::TrainProgram& train = bench.train();
  const std::vector<std::vector<double>> d = direction(train, moment.slots);
  const std::vector<std::size_t> weights = weightSlots(train);
  SlotCopy moved(train, moment.slots);
  Row curve{"slice", {}, {}};
  for (int point = 0; point < kPoints; ++point) {
    const double a = -1.0 + 2.0 * point / (kPoints - 1);
    for (std::size_t w = 0; w < weights.size(); ++w) {
      const Numbers from = slotNumbers(train, moment.slots, weights[w]);
      for (std::int64_t k = 0; k < from.count; ++k)
        setReal(from.dtype, moved.data(weights[w]) + k * ir::dtypeBytes(from.dtype),
                from[k] + a * d[w][static_cast<std::size_t>(k)]);
    }
    curve.paths.push_back(fmt::format("{:.1f}", point == (kPoints - 1) / 2 ? 0.0 : a));
    curve.values.push_back(meanLoss(*program, train, moved.view(), *examples, moment.step + 1));
  }
  const std::vector<double>& f = curve.values;
  constexpr int kMiddle = (kPoints - 1) / 2;
  int minima = 0;
  for (std::size_t i = 1; i + 1 < f.size(); ++i) minima += f[i] < f[i - 1] && f[i] <= f[i + 1] ? 1 : 0;
  const double sharp = (f[kMiddle - kMiddle / 2] + f[kMiddle + kMiddle / 2]) / 2.0 - f[kMiddle];
  rows.push_back({"slice.sharp", {""}, {sharp}});
  rows.push_back({"slice.rough", {""}, {static_cast<double>(std::max(minima - 1, 0))}});
  rows.push_back(std::move(curve));
  return true;
}

}  // namespace nnc::probes
