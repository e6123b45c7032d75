// slice and slice_2d: the loss along a random direction of the parameters, and in the plane of two.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "probes/bench.h"

namespace nnc::probes {

namespace {

constexpr int kPoints = 21;  // from -1 to 1
constexpr int kMiddle = (kPoints - 1) / 2;

double position(int point) { return point == kMiddle ? 0.0 : -1.0 + 2.0 * point / (kPoints - 1); }

/// A change of each weight, in the order of weightSlots.
using Direction = std::vector<std::vector<double>>;

/// A normal direction whose part for each output unit is as long as the unit's weights. Biases stay. `number`: which of
/// several independent ones.
Direction direction(const elaborate::TrainProgram& train, Slots slots, std::int64_t number) {
  Direction all;
  for (const std::size_t i : weightSlots(train)) {
    const Numbers weights = slotNumbers(train, slots, i);
    const std::int64_t units = train.slots[i].type.shape.back();
    std::vector<double>& d = all.emplace_back(static_cast<std::size_t>(weights.count));
    std::vector<double> weightSquares(static_cast<std::size_t>(units)), squares(static_cast<std::size_t>(units));
    for (std::int64_t k = 0; k < weights.count; ++k) {
      const auto unit = static_cast<std::size_t>(k % units);
      double& element = d[static_cast<std::size_t>(k)];
      element = normalAt("slice/" + train.slots[i].path, number, k);
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

/// The mean loss over the first 2000 training examples at settings around that of a moment.
class Landscape {
 public:
  /// Empty: reported.
  static std::optional<Landscape> of(Bench& bench, const Moment& moment) {
    constexpr std::int64_t kBatch = 500;
    const Examples* const examples = bench.trainingSet();
    Program* const program =
        examples ? bench.program(elaborate::ProbeKind::Loss, std::min(kBatch, examples->count())) : nullptr;
    return program ? std::optional(Landscape(bench.train(), moment, *examples, *program)) : std::nullopt;
  }

  /// At theta + a d + b e, over the whole batches of the examples, with the statistics of each.
  double at(double a, const Direction& d, double b, const Direction& e) {
    for (std::size_t w = 0; w < weights_.size(); ++w) {
      const Numbers from = slotNumbers(train_, moment_.slots, weights_[w]);
      for (std::int64_t k = 0; k < from.count; ++k) {
        const auto i = static_cast<std::size_t>(k);
        setReal(from.dtype, moved_.data(weights_[w]) + k * ir::dtypeBytes(from.dtype),
                from[k] + (a * d[w][i] + b * e[w][i]));
      }
    }
    const std::int64_t batches = examples_.count() / program_.batch();
    double sum = 0.0;
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      program_.run(train_, moved_.view(), examples_, batch * program_.batch(), moment_.step + 1);
      sum += program_.result(0)[0];
    }
    return sum / static_cast<double>(batches);
  }

 private:
  Landscape(const elaborate::TrainProgram& train, const Moment& moment, const Examples& examples, Program& program)
      : train_(train),
        moment_(moment),
        examples_(examples),
        program_(program),
        weights_(weightSlots(train)),
        moved_(train, moment.slots) {}

  const elaborate::TrainProgram& train_;
  const Moment& moment_;
  const Examples& examples_;
  Program& program_;
  std::vector<std::size_t> weights_;
  SlotCopy moved_;
};

}  // namespace

/// f(a) = loss(theta + a d) on the first 2000 training examples, with the statistics of batches of 500.
/// sharp = (f(-1/2) + f(1/2)) / 2 - f(0); rough: how many minima lie inside besides one. A unit is the last axis of a
/// weight. Source: Li, Xu, Taylor, Studer, Goldstein, "Visualizing the loss landscape of neural nets", 2018.
bool measureSlice(Bench& bench, const Moment& moment, Rows& rows) {
  std::optional<Landscape> landscape = Landscape::of(bench, moment);
  if (!landscape) return false;
  const Direction d = direction(bench.train(), moment.slots, 0);
  Row curve{"slice", {}, {}};
  for (int point = 0; point < kPoints; ++point) {
    curve.paths.push_back(fmt::format("{:.1f}", position(point)));
    curve.values.push_back(landscape->at(position(point), d, 0.0, d));
  }
  const std::vector<double>& f = curve.values;
  int minima = 0;
  for (std::size_t i = 1; i + 1 < f.size(); ++i) minima += f[i] < f[i - 1] && f[i] <= f[i + 1] ? 1 : 0;
  const double sharp = (f[kMiddle - kMiddle / 2] + f[kMiddle + kMiddle / 2]) / 2.0 - f[kMiddle];
  rows.push_back({"slice.sharp", {""}, {sharp}});
  rows.push_back({"slice.rough", {""}, {static_cast<double>(std::max(minima - 1, 0))}});
  rows.push_back(std::move(curve));
  return true;
}

/// f(a, b) = loss(theta + a d + b e) on the same examples; d is that of `slice`, e another one, drawn independently.
/// The paths are `a,b`, a within b. Source: Li et al. 2018, figure 5.
bool measureSlice2d(Bench& bench, const Moment& moment, Rows& rows) {
  std::optional<Landscape> landscape = Landscape::of(bench, moment);
  if (!landscape) return false;
  const Direction d = direction(bench.train(), moment.slots, 0), e = direction(bench.train(), moment.slots, 1);
  Row plane{"slice_2d", {}, {}};
  for (int down = 0; down < kPoints; ++down) {
    for (int across = 0; across < kPoints; ++across) {
      plane.paths.push_back(fmt::format("{:.1f},{:.1f}", position(across), position(down)));
      plane.values.push_back(landscape->at(position(across), d, position(down), e));
    }
  }
  rows.push_back(std::move(plane));
  return true;
}

}  // namespace nnc::probes
