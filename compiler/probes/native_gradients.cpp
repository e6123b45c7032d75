// grad_noise, ics and smooth: gradients at several examples and several settings of the parameters, compared.
#include <algorithm>
#include <cmath>

#include "diagnostics/kinds/probes.h"
#include "probes/bench.h"

namespace nnc::probes {

using elaborate::ProbeKind;

namespace {

/// The gradients that a run of the program of ProbeKind::Gradients gave, kept.
class GradientCopy {
 public:
  explicit GradientCopy(const Program& program) : loss_(program.result(0)[0]) {
    for (std::size_t i = 1; i < program.resultCount(); ++i) {
      const Numbers numbers = program.result(i);
      training::Buffer& buffer = buffers_.emplace_back(program.type(i).byteCount());
      std::memcpy(buffer.data(), numbers.bytes, static_cast<std::size_t>(buffer.size()));
      numbers_.push_back({numbers.dtype, numbers.count, buffer.data()});
    }
  }
  double loss() const { return loss_; }
  /// By the k-th trained parameter; the last one behind them may be the learning rate.
  const Numbers& at(std::size_t k) const { return numbers_[k]; }

 private:
  double loss_;
  std::vector<training::Buffer> buffers_;
  std::vector<Numbers> numbers_;
};

/// The number of each weight among the trained parameters, and its slot.
std::vector<std::pair<std::size_t, std::size_t>> weightsAmongTrained(const elaborate::TrainProgram& train) {
  std::vector<std::pair<std::size_t, std::size_t>> weights;
  const std::vector<std::size_t> trained = trainedSlots(train);
  for (std::size_t k = 0; k < trained.size(); ++k)
    if (train.slots[trained[k]].type.rank() >= 2) weights.emplace_back(k, trained[k]);
  return weights;
}

}  // namespace

bool measureGradNoise(Bench& bench, const Moment& moment, Rows& rows) {
  const Examples* const examples = bench.probeSet();
  if (examples == nullptr || !bench.requireExamples(*examples, 2, "grad_noise")) return false;
  const std::int64_t half = examples->count() / 2;
  Program* const program = bench.program(ProbeKind::Gradients, half);
  if (program == nullptr) return false;
  program->run(bench.train(), moment.slots, *examples, 0, moment.step + 1);
  const GradientCopy first(*program);
  program->run(bench.train(), moment.slots, *examples, half, moment.step + 1);
  Row row{"grad_noise", {}, {}};
  for (const auto& [k, slot] : weightsAmongTrained(bench.train())) {
    row.paths.push_back(bench.train().slots[slot].path);
    row.values.push_back(cosine(first.at(k), program->result(1 + k)));
  }
  rows.push_back(std::move(row));
  return true;
}

/// For each weight W_l: G at the slots before the step, G' with the parameters of the layers in front of it after it.
/// Source: Santurkar, Tsipras, Ilyas, Madry, "How does batch normalization help optimization?", 2018, definition 2.1.
bool measureIcs(Bench& bench, const Moment& moment, Rows& rows) {
  const Examples* const examples = bench.probeSet();
  Program* const program = examples ? bench.program(ProbeKind::Gradients, examples->count()) : nullptr;
  if (program == nullptr) return false;
  const elaborate::TrainProgram& train = bench.train();
  SlotCopy mixed(train, moment.before->view());
  program->run(train, mixed.view(), *examples, 0, moment.step);
  const GradientCopy before(*program);
  Row cosines{"ics.cos", {}, {}}, relative{"ics.relative", {}, {}}, distances{"ics.distance", {}, {}};
  std::size_t next = 0;  // slots below it are those after the step
  for (const auto& [k, slot] : weightsAmongTrained(train)) {
    for (; next < slot; ++next)
      if (train.slots[next].kind == elaborate::SlotKind::Parameter) mixed.set(next, moment.slots[next]);
    program->run(train, mixed.view(), *examples, 0, moment.step);
    const Numbers after = program->result(1 + k);
    const double change = distance(before.at(k), after), size = length(before.at(k));
    for (Row* const row : {&cosines, &relative, &distances}) row->paths.push_back(train.slots[slot].path);
    cosines.values.push_back(cosine(before.at(k), after));
    relative.values.push_back(size > 0.0 ? change / size : 0.0);
    distances.values.push_back(change);
  }
  for (Row* const row : {&cosines, &relative, &distances}) rows.push_back(std::move(*row));
  return true;
}

/// At p - r * lr * g for r = 1/4, 1/2, 1, 2, 4: the range of the loss; the greatest |g' - g| and |g' - g| / (r lr |g|).
/// Source: Santurkar et al. 2018, figure 4.
bool measureSmooth(Bench& bench, const Moment& moment, Rows& rows) {
  const Examples* const examples = bench.probeSet();
  Program* const program = examples ? bench.program(ProbeKind::Gradients, examples->count()) : nullptr;
  if (program == nullptr) return false;
  const elaborate::TrainProgram& train = bench.train();
  const std::vector<std::size_t> trained = trainedSlots(train);
  program->run(train, moment.slots, *examples, 0, moment.step + 1);
  if (program->resultCount() == 1 + trained.size()) {
    bench.diagnostics().emit<diag::ProbeRate>(train.span, "smooth", "the optimizer of the train has no `lr`");
    return false;
  }
  const GradientCopy start(*program);
  const double rate = start.at(trained.size())[0];
  double square = 0.0;
  for (std::size_t k = 0; k < trained.size(); ++k) square += dot(start.at(k), start.at(k));
  double low = start.loss(), high = start.loss(), greatest = 0.0, beta = 0.0;
  SlotCopy moved(train, moment.slots);
  for (const double factor : {0.25, 0.5, 1.0, 2.0, 4.0}) {
    for (std::size_t k = 0; k < trained.size(); ++k) {
      const Numbers from = slotNumbers(train, moment.slots, trained[k]);
      for (std::int64_t i = 0; i < from.count; ++i)
        setReal(from.dtype, moved.data(trained[k]) + i * ir::dtypeBytes(from.dtype),
                from[i] - factor * rate * start.at(k)[i]);
    }
    program->run(train, moved.view(), *examples, 0, moment.step + 1);
    double change = 0.0;
    for (std::size_t k = 0; k < trained.size(); ++k) {
      const double part = distance(start.at(k), program->result(1 + k));
      change += part * part;
    }
    change = std::sqrt(change);
    const double step = factor * std::abs(rate) * std::sqrt(square), loss = program->result(0)[0];
    low = std::min(low, loss);
    high = std::max(high, loss);
    greatest = std::max(greatest, change);
    if (step > 0.0) beta = std::max(beta, change / step);
  }
  rows.push_back({"smooth.low", {""}, {low}});
  rows.push_back({"smooth.high", {""}, {high}});
  rows.push_back({"smooth.gradient", {""}, {greatest}});
  rows.push_back({"smooth.beta", {""}, {beta}});
  return true;
}

}  // namespace nnc::probes
