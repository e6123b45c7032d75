#include "synthetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "support/hash.h"

namespace nnc::report {

namespace {

/// A number in -1..1 that depends on the name alone.
double noise(const std::string& name) { return static_cast<double>(hashBytes(name) >> 11) * 0x1p-52 - 1.0; }

std::string idOf(const std::string& name) { return hexDigits(hashBytes(name)); }

constexpr int kLayers = 20;
constexpr std::int64_t kSteps = 400, kBatch = 128;

study::Factor factor(const char* name, study::Level oldLevel, study::Level newLevel) {
  study::Factor factor;
  factor.name = name;
  factor.targets = {name};
  factor.levels = {std::move(oldLevel), std::move(newLevel)};
  return factor;
}

/// How trainable a cell is, on a logistic scale: a skip or a norm suffices, and ReLU needs its initialisation.
struct Truth {
  bool relu = false, he = false, norm = false, skip = false, drop = false;
  double logit() const {
    return -3.2 + 4.4 * norm + 4.8 * skip - 3.6 * (norm && skip) + (relu && he ? 2.2 : 0.0) + 0.2 * relu - 0.5 * drop;
  }
  double accuracy() const { return 0.1 + 0.77 / (1.0 + std::exp(-logit())); }
  /// log10 of the factor by which gradients change from a layer to the one before it.
  double gradientSlope() const {
    return norm && skip ? 0.005 : skip ? 0.06 : norm ? 0.083 : relu ? (he ? 0.0 : -0.15) : -0.6;
  }
};

void addCurves(study::Run& run, const Truth& truth, double tunedLoss, const std::string& name) {
  study::Curve train{"train.loss", {}, {}}, loss{"valid.loss", {}, {}}, accuracy{"valid.accuracy", {}, {}};
  for (std::int64_t step = 0; step <= run.steps; step += run.steps / 8) {
    const double progress = 1.0 - std::exp(-4.0 * static_cast<double>(step) / static_cast<double>(kSteps));
    const double value = 0.1 + (truth.accuracy() - 0.1 + tunedLoss + 0.004 * noise(name + "final")) * progress;
    const double wiggle = 0.006 * noise(fmt::format("{} {}", name, step));
    accuracy.steps.push_back(step);
    accuracy.values.push_back(std::max(0.05, value + wiggle));
    loss.steps.push_back(step);
    loss.values.push_back(2.3026 * std::exp(-2.2 * (value - 0.1)) + 0.02 * (1 + wiggle));
    train.steps.push_back(step);
    train.values.push_back(loss.values.back() * (truth.drop ? 1.05 : 0.93));
    run.curveSeconds.push_back(0.0018 * static_cast<double>(step) * (1.0 + 0.2 * truth.norm));
  }
  run.curves = {std::move(train), std::move(loss), std::move(accuracy)};
}

study::ProbeSeries layerSeries(const char* probe, const char* suffix) {
  study::ProbeSeries series;
  series.probe = probe;
  for (int layer = 0; layer < kLayers; ++layer)
    series.paths.push_back(fmt::format("net.unit[{}].dense{}", layer, suffix));
  return series;
}

/// A bowl, steeper along the second direction; without a skip it has dents.
study::ProbeSeries planeOf(const Truth& truth) {
  study::ProbeSeries plane;
  plane.probe = "slice_2d";
  plane.steps = {kSteps};
  plane.values.emplace_back();
  const double floor = 2.3 * std::exp(-2.2 * (truth.accuracy() - 0.1));
  for (int j = -10; j <= 10; ++j) {
    for (int i = -10; i <= 10; ++i) {
      const double a = i / 10.0, b = j / 10.0;
      plane.paths.push_back(fmt::format("{:.1f},{:.1f}", a, b));
      plane.values.back().push_back(floor + (truth.norm && truth.skip ? 0.6 : 1.9) * (a * a + 2 * b * b) +
                                    (truth.skip ? 0.0 : 0.15 * std::sin(9 * a) * std::cos(7 * b)));
    }
  }
  return plane;
}

void addProbes(study::Run& run, const Truth& truth, const std::string& name) {
  study::ProbeSeries gradient = layerSeries("grad_norm", ".w"), delta = layerSeries("delta_norm", ""),
                     mean = layerSeries("act_mean", ""), deviation = layerSeries("act_std", ""),
                     dead = layerSeries("dead_frac", "");
  for (const std::int64_t step : {0, 50, 100, 200, 300, 400}) {
    for (study::ProbeSeries* const series : {&gradient, &delta, &mean, &deviation, &dead}) {
      series->steps.push_back(step);
      series->values.emplace_back();
    }
    const double recovery = 1.0 - 0.6 * truth.accuracy() * static_cast<double>(step) / static_cast<double>(kSteps);
    for (int layer = 0; layer < kLayers; ++layer) {
      const double depth = kLayers - 1 - layer, jitter = 0.08 * noise(fmt::format("{} {} {}", name, step, layer));
      const double slope = truth.gradientSlope() * (truth.gradientSlope() < -0.3 ? 2.6 : 1.0);
      const double logarithm = -1.0 + slope * depth * recovery + jitter;
      gradient.values.back().push_back(logarithm < -30 ? 0.0 : std::pow(10.0, logarithm));
      delta.values.back().push_back(std::pow(10.0, -1.3 + truth.gradientSlope() * depth * recovery + jitter / 2));
      mean.values.back().push_back(truth.relu ? 0.4 + jitter : 0.5 + 0.02 * jitter);
      deviation.values.back().push_back(std::pow(10.0, truth.norm || truth.skip ? jitter : -0.12 * layer + jitter));
      dead.values.back().push_back(truth.relu ? std::clamp(0.02 * layer * (truth.norm ? 0.2 : 1.0) + jitter, 0.0, 1.0)
                                              : 0.0);
    }
  }
  study::ProbeSeries theory{"depth_theory", {""}, {0}, {{std::nan("")}}};
  if (!truth.skip && (truth.relu || (!truth.norm && !truth.he)))
    theory.values[0][0] = truth.norm ? 1.211 : truth.relu ? (truth.he ? 1.0 : 0.7071) : 0.25;
  study::ProbeSeries slice;
  slice.probe = "slice";
  slice.steps = {kSteps};
  slice.values.emplace_back();
  for (int i = -10; i <= 10; ++i) {
    slice.paths.push_back(fmt::format("{}", i / 10.0));
    const double a = i / 10.0, floor = 2.3 * std::exp(-2.2 * (truth.accuracy() - 0.1));
    slice.values.back().push_back(floor + (truth.norm && truth.skip ? 0.6 : 1.9) * a * a +
                                  (truth.skip ? 0.0 : 0.05 * std::sin(12 * a)));
  }
  run.probes = {std::move(gradient), std::move(delta), std::move(mean),   std::move(deviation),
                std::move(dead),     std::move(slice), std::move(theory), planeOf(truth)};
}

void addMeasures(study::Run& run, const Truth& truth) {
  const std::vector<double>& accuracy = run.curves[2].values;
  const double best = *std::max_element(accuracy.begin(), accuracy.end());
  run.measures["test"] = {run.status == study::Status::Diverged ? 0.1 : best, false, false};
  study::MeasuredValue speed{static_cast<double>(run.steps), true, false};
  for (std::size_t i = 0; i < accuracy.size() && speed.isCensored; ++i)
    if (accuracy[i] >= 0.5) speed = {static_cast<double>(run.curves[2].steps[i]), false, false};
  run.measures["speed"] = speed;
  run.measures["vanish"] = {std::pow(10.0, truth.gradientSlope() * (kLayers - 1)), false, false};
  run.measures["cost"] = {run.trainSeconds / static_cast<double>(run.steps), false, true};
}

study::Run makeRun(const study::Cell& cell, const Truth& truth, int block, double rate, study::Run::Role role) {
  study::Run run;
  const bool isTrial = role == study::Run::Role::Trial;
  run.role = role;
  run.cell = cell.id;
  run.block = block;
  run.tuned = rate;
  run.steps = isTrial ? 160 : kSteps;
  const std::string name = fmt::format("{} {} {} {}", cell.id, block, rate, run.steps);
  run.id = idOf(name);
  run.examples = run.steps * kBatch;
  run.flops = cell.flopsPerStep * static_cast<double>(run.steps);
  run.trainSeconds = 0.0018 * static_cast<double>(run.steps) * (1.0 + 0.2 * truth.norm);
  run.wallSeconds = run.trainSeconds * 1.1;
  // Each cell likes one rate; others cost accuracy.
  const double wanted = truth.norm ? 0.1 : truth.skip ? 0.01 : 0.001;
  addCurves(run, truth, -0.03 * std::abs(std::log10(rate / wanted)), name);
  const bool isTooFast = !truth.norm && truth.skip && block == 1 && truth.drop;
  if (isTooFast) run.status = study::Status::Diverged;
  if (isTrial) return run;
  addProbes(run, truth, name);
  addMeasures(run, truth);
  return run;
}

void describe(study::Study& study) {
  study.name = "comeback";
  study.title = "Why did neural networks come back?";
  study.doc =
      "A 2^5 factorial over the usual suspects, replicated with paired seeds. Made by a generator: no network was "
      "trained.";
  study.file = "6_factorial.nn";
  study.train = "suspect_run";
  study.data = "a synthetic truth";
  study.scope = "deep_mlp, depth 20, width 64, batch 128, 400 steps";
  study.source = "experiment comeback {\n  run: suspect_run\n  vary act in [\"sigmoid\": sigmoid, \"ReLU\": relu]\n}\n";
  study.design = "factorial";
  study.bound = {{"head", "if act == relu then he_normal else glorot_uniform"}};
  study.tuning = study::Tuning{"lr", {0.001, 0.01, 0.1}, "valid.loss", true, "160 steps", 1};
  using Better = study::Measure::Better;
  study.measures = {{"test", "valid.accuracy.at(.best)", Better::Higher, false, 0.1, study::Measure::Scale::Fraction,
                     "", std::nullopt},
                    {"speed", "steps_to(valid.accuracy >= 0.5)", Better::Lower, true, std::nullopt,
                     study::Measure::Scale::Plain, "", std::nullopt},
                    {"vanish", "last(grad_norm.first) / last(grad_norm.final)", Better::Unknown, false, std::nullopt,
                     study::Measure::Scale::Plain, "", std::nullopt},
                    {"cost", "seconds_per_step", Better::Lower, false, std::nullopt, study::Measure::Scale::Seconds, "",
                     std::nullopt}};
  study.probes = {{"grad_norm", "l2(grad(loss, p))", ""},
                  {"delta_norm", "", ""},
                  {"act_mean", "", ""},
                  {"act_std", "", ""},
                  {"dead_frac", "", ""},
                  {"slice", "", ""},
                  {"slice_2d", "", ""}};
  study.provenance = {{"compiler", "nnc 0.1.0"}, {"processor", "a generator"}, {"BLAS kernels", "none"}};
}

void addBlocks(study::Study& study, int blocks) {
  study.seeds = std::to_string(blocks);
  for (int i = 0; i < blocks; ++i) study.blocks.push_back({i + 1, 100 + i, 200 + i});
}

}  // namespace

SyntheticStudy syntheticFactorial(int blocks) {
  SyntheticStudy made;
  study::Study& study = made.study;
  describe(study);
  addBlocks(study, blocks);
  study.factors = {factor("act", {"sigmoid", {"sigmoid"}, {}}, {"ReLU", {"relu"}, {}}),
                   factor("init", {"Glorot", {"glorot_uniform"}, {}}, {"He", {"he_normal"}, {}}),
                   factor("norm", {"none", {"identity"}, {}}, {"batch norm", {"batch_norm()"}, {}}),
                   factor("residual", {"plain", {"false"}, {}}, {"residual", {"true"}, {}}),
                   factor("drop", {"no drop", {"0.0"}, {}}, {"dropout", {"0.3"}, {}})};
  for (int index = 0; index < 32; ++index) {
    study::Cell cell;
    for (int f = 0; f < 5; ++f) {
      cell.levels.push_back(index >> (4 - f) & 1);
      const study::Factor& entry = study.factors[static_cast<std::size_t>(f)];
      cell.values.emplace_back(entry.name, entry.levels[static_cast<std::size_t>(cell.levels.back())].values[0]);
    }
    const Truth truth{cell.levels[0] == 1, cell.levels[1] == 1, cell.levels[2] == 1, cell.levels[3] == 1,
                      cell.levels[4] == 1};
    cell.id = idOf(fmt::format("cell {}", index));
    cell.program = idOf(fmt::format("program {}", index & ~8));
    cell.parameters = 132000 + 2560 * truth.norm;
    cell.steps = kSteps;
    cell.flopsPerStep = 8.9e7 * (1.0 + 0.12 * truth.norm + 0.02 * truth.drop + 0.01 * truth.skip);
    const double wanted = truth.norm ? 0.1 : truth.skip ? 0.01 : 0.001;
    for (const double rate : study.tuning->grid)
      made.runs.push_back(makeRun(cell, truth, 0, rate, study::Run::Role::Trial));
    for (int block = 0; block < blocks; ++block)
      made.runs.push_back(makeRun(cell, truth, block, wanted, study::Run::Role::Run));
    study.cells.push_back(std::move(cell));
  }
  made.verdicts = {{"effect(test, norm) > 0.0", "batch norm should help", "6_factorial.nn:61:3",
                    study::Verdict::Outcome::Held, "effect(test, norm) = 0.18 [0.17, 0.19]"},
                   {"effect(test, drop) > 0.0", "", "6_factorial.nn:62:3", study::Verdict::Outcome::Failed,
                    "effect(test, drop) = -0.03 [-0.04, -0.02]"},
                   {"interaction(test, act, drop) < 0.0", "", "6_factorial.nn:63:3", study::Verdict::Outcome::Undecided,
                    "the interval holds 0"}};
  return made;
}

SyntheticStudy syntheticSweep(int blocks) {
  SyntheticStudy made;
  study::Study& study = made.study;
  describe(study);
  addBlocks(study, blocks);
  study.name = "depth";
  study.title = "How deep can a network be?";
  study.tuning.reset();
  study::Factor depth;
  depth.name = "depth";
  depth.targets = {"depth"};
  for (const int layers : {3, 5, 11, 21, 51})
    depth.levels.push_back({std::to_string(layers), {std::to_string(layers)}, static_cast<double>(layers)});
  depth.newLevel = 4;
  depth.isOrdered = true;
  study.factors = {depth, factor("act", {"sigmoid", {"sigmoid"}, {}}, {"ReLU", {"relu"}, {}}),
                   factor("order", {"plain", {".none"}, {}}, {"pre-activation", {".pre"}, {}})};
  study.removed = {{{0, 0, 1}, "exclude when depth < 5 and order == .pre and act == sigmoid"}};
  study.caveats = {"Unbalanced: depth 3 lacks a sigmoid network with pre-activation."};
  for (int index = 0; index < 20; ++index) {
    study::Cell cell;
    cell.levels = {index / 4, index / 2 % 2, index % 2};
    if (cell.levels == study.removed[0].levels) continue;
    Truth truth{cell.levels[1] == 1, true, false, cell.levels[2] == 1, false};
    cell.id = idOf(fmt::format("deep {}", index));
    cell.program = cell.id;
    const double layers = *study.factors[0].levels[static_cast<std::size_t>(cell.levels[0])].number;
    cell.parameters = static_cast<std::int64_t>(50000 + 4160 * layers);
    cell.steps = kSteps;
    cell.flopsPerStep = 2.5e7 + 3.1e6 * layers;
    const bool isHopeless = !truth.skip && layers > (truth.relu ? 30 : 8);
    for (int block = 0; block < blocks; ++block) {
      study::Run run = makeRun(cell, truth, block, 0.01, study::Run::Role::Run);
      run.tuned.reset();
      if (isHopeless && truth.relu) run.status = study::Status::Diverged;
      const double reached =
          isHopeless ? 0.1 + 0.002 * noise(run.id)
                     : 0.88 - 0.0012 * layers * (truth.skip ? 0.3 : 2.0) - 0.03 * !truth.relu + 0.004 * noise(run.id);
      run.measures["test"].value = reached;
      made.runs.push_back(std::move(run));
    }
    study.cells.push_back(std::move(cell));
  }
  return made;
}

}  // namespace nnc::report
