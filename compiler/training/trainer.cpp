#include "training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "nnc/npz.h"
#include "training/evaluate_part.h"

namespace nnc::training {

namespace {

using Json = nlohmann::ordered_json;

double secondsSince(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

std::vector<std::string> metricNames(const elaborate::TrainProgram& train, const std::string& part) {
  std::vector<std::string> names = {part + ".loss"};
  for (const std::string& metric : train.metrics) names.push_back(part + "." + metric);
  return names;
}

}  // namespace

std::string bestMetricName(const elaborate::TrainProgram& train, const DataSet& data) {
  if (!train.patienceMetric.empty()) return train.patienceMetric;
  return data.findPart("valid") >= 0 ? "valid.loss" : "train.loss";
}

bool isLowerBetter(const std::string& metric) {
  for (const char* const word : {"loss", "error", "perplexity", "mse", "mae"})
    if (metric.find(word) != std::string::npos) return true;
  return false;
}

Trainer::Trainer(const elaborate::TrainProgram& train, const RunOptions& options, Session& session, RunFolder& folder,
                 const RunIdentity& identity, RunState state, Clock::time_point begun)
    : train_(train),
      options_(options),
      session_(session),
      folder_(folder),
      identity_(identity),
      state_(std::move(state)),
      stream_(openStream()),
      display_(options.progress),
      begun_(begun),
      saved_(Clock::now()),
      bestMetric_(bestMetricName(train, session.data())) {
  state_.sums.resize(1 + train.metrics.size(), 0.0);
  session_.counters().setSeed(identity.seed);
}

BatchStream& Trainer::openStream() {
  auto plan = std::make_unique<const TrainingPlan>(train_, session_.data(), state_);
  plan_ = plan.get();
  return session_.openStream(std::move(plan), identity_.seed);
}

bool Trainer::run(RunResult& result) {
  Next next = Next::Continue;
  for (std::int64_t number = 0; next == Next::Continue; number += plan_->passesPerEpoch()) {
    const std::optional<Pass> pass = plan_->pass(number);
    if (!pass) break;
    const double before = trainSeconds_;
    next = trainPass(*pass);
    if (next == Next::Continue) next = finishEpoch(*pass, number + 1, trainSeconds_ - before);
  }
  if (next == Next::Fail) return false;
  result.outcome = outcome_;
  result.epochs = state_.epoch - 1;
  result.steps = state_.step;
  result.examples = state_.examples;
  result.metrics = state_.metrics;
  result.bestMetric = bestMetric_;
  result.bestValue = state_.bestValue;
  result.bestEpoch = state_.bestEpoch;
  result.secondsToFirstStep = firstStepSeconds_;
  result.trainSeconds = trainSeconds_;
  result.processSteps = processSteps_;
  result.stepsPerSecond = trainSeconds_ > 0.0 ? static_cast<double>(processSteps_) / trainSeconds_ : 0.0;
  return true;
}

std::string Trainer::epochTitle() const {
  return train_.epochs ? fmt::format("epoch {}/{}", state_.epoch, *train_.epochs)
                       : fmt::format("epoch {}", state_.epoch);
}

Trainer::Next Trainer::trainPass(const Pass& pass) {
  const std::int64_t batches = (pass.end + train_.batch - 1) / train_.batch;
  display_.begin(epochTitle(), pass.begin / train_.batch, batches);
  state_.isLogged = false;
  Clock::time_point resumed = Clock::now();
  while (state_.position < pass.end) {
    const Batch& batch = stream_.next();
    const Next next = step(batch);
    if (next == Next::Fail) return next;
    if (next == Next::Stop || interrupt_.isInterrupted()) {
      trainSeconds_ += secondsSince(resumed);
      return next == Next::Stop ? next : interrupted();
    }
    display_.step(state_.position / train_.batch, state_.sums[0] / static_cast<double>(state_.position));
    if (!isCheckpointDue()) continue;
    trainSeconds_ += secondsSince(resumed);
    if (!save(/*isBest=*/false)) return Next::Fail;
    resumed = Clock::now();
  }
  trainSeconds_ += secondsSince(resumed);
  return Next::Continue;
}

Trainer::Next Trainer::step(const Batch& batch) {
  BatchCall* const call = session_.call(ProgramKind::Step, batch.count);
  if (call == nullptr) return Next::Fail;
  session_.counters().setStep(state_.step + 1);
  if (processSteps_ == 0 && !options_.dumpGradients.empty() && !dumpGradients(batch)) return Next::Fail;
  call->run(batch);
  if (processSteps_++ == 0) firstStepSeconds_ = secondsSince(begun_);
  const double loss = call->value(0);
  if (!std::isfinite(loss)) return diverged(loss);
  ++state_.step;
  state_.position += batch.count;
  state_.examples += batch.count;
  for (std::size_t k = 0; k < state_.sums.size(); ++k)
    state_.sums[k] += call->value(k) * static_cast<double>(batch.count);
  const bool isLogged = options_.logEvery > 0 && state_.step % options_.logEvery == 0;
  return isLogged && !logStep(*call) ? Next::Fail : Next::Continue;
}

bool Trainer::logStep(const BatchCall& call) {
  Json line = {{"step", state_.step}, {"epoch", state_.epoch}, {"loss", call.value(0)}};
  for (std::size_t k = 0; k < train_.metrics.size(); ++k) line[train_.metrics[k]] = call.value(1 + k);
  return folder_.logMetrics(line.dump() + "\n", session_.messages());
}

bool Trainer::dumpGradients(const Batch& batch) {
  BatchCall* const call = session_.call(ProgramKind::Gradient, batch.count);
  if (call == nullptr) return false;
  call->run(batch);
  std::vector<runtime::NamedArray> arrays;
  for (std::size_t i = 0; i < call->resultCount(); ++i) {
    runtime::NamedArray& array = arrays.emplace_back();
    array.name = call->name(i);
    array.array.element = elementOf(call->type(i).dtype);
    array.array.shape = call->type(i).shape;
    array.array.bytes.assign(call->result(i), call->result(i) + call->type(i).byteCount());
  }
  return writeOutput(options_.dumpGradients, runtime::encodeNpz(arrays), session_.messages());
}

Trainer::Next Trainer::interrupted() {
  if (!save(/*isBest=*/false)) return Next::Fail;
  outcome_ = Outcome::Interrupted;
  display_.line(fmt::format("interrupted after step {}; the checkpoint is {}/last", state_.step, folder_.directory()));
  display_.line(fmt::format("go on with: {} --resume --out {}",
                            options_.command.empty() ? "nnc run FILE" : options_.command, folder_.directory()));
  return Next::Stop;
}

Trainer::Next Trainer::diverged(double loss) {
  outcome_ = Outcome::Diverged;
  const char* const what = std::isnan(loss) ? "NaN" : loss > 0.0 ? "infinite" : "minus infinity";
  DiagnosticBuilder message =
      session_.messages().emit<diag::Diverged>(train_.span, what, state_.step + 1, state_.epoch);
  if (state_.step > 0 && state_.position > 0)
    message.note(fmt::format("mean loss of the {} examples before it in this epoch: {:.6g}", state_.position,
                             state_.sums[0] / static_cast<double>(state_.position)));
  if (const std::optional<std::string> last = folder_.lastCheckpoint())
    message.note(fmt::format("the last good checkpoint is {}", *last));
  message.help("try a smaller learning rate, clipped gradients (`clip`), scaled inputs or another initialisation");
  return Next::Stop;
}

bool Trainer::evaluate(std::int64_t firstPass, std::vector<Metric>& metrics) {
  const auto goOn = [this](const BatchCall&, const Batch&) { return !interrupt_.isInterrupted(); };
  for (std::size_t k = 0; k < plan_->evaluated().size(); ++k) {
    const Pass pass = *plan_->pass(firstPass + static_cast<std::int64_t>(k));
    std::vector<double> means;
    if (!evaluatePart(session_, stream_, pass, train_.metrics.size(), means, goOn)) return false;
    const std::string& part = session_.data().parts()[static_cast<std::size_t>(pass.part)].name;
    const std::vector<std::string> names = metricNames(train_, part);
    for (std::size_t i = 0; i < names.size(); ++i) metrics.push_back({names[i], means[i]});
  }
  return true;
}

Trainer::Next Trainer::finishEpoch(const Pass& trained, std::int64_t firstEvaluation, double trainSeconds) {
  const Clock::time_point evaluated = Clock::now();
  std::vector<Metric> metrics;
  const std::vector<std::string> names = metricNames(train_, "train");
  for (std::size_t i = 0; i < names.size(); ++i)
    metrics.push_back({names[i], state_.sums[i] / static_cast<double>(state_.position)});
  if (!evaluate(firstEvaluation, metrics))
    return session_.messages().hasErrors() || !interrupt_.isInterrupted() ? Next::Fail : interrupted();
  const double evaluationSeconds = secondsSince(evaluated);
  state_.metrics = std::move(metrics);

  Json line = {{"epoch", state_.epoch}, {"step", state_.step}};
  std::string shown = epochTitle();
  for (const Metric& metric : state_.metrics) {
    line[metric.name] = metric.value;
    shown += fmt::format("  {} {:.4f}", metric.name, metric.value);
  }
  if (!folder_.logMetrics(line.dump() + "\n", session_.messages())) return Next::Fail;
  const Json timing = {{"epoch", state_.epoch},
                       {"step", state_.step},
                       {"train_seconds", trainSeconds},
                       {"evaluation_seconds", evaluationSeconds}};
  if (!folder_.logTiming(timing.dump() + "\n", session_.messages())) return Next::Fail;
  display_.line(shown + fmt::format("  ({})", durationText(trainSeconds + evaluationSeconds)));

  const bool isBest = updateBest();
  const bool isWhole = trained.end == session_.data().parts()[static_cast<std::size_t>(trained.part)].size();
  if (isWhole) {
    ++state_.epoch;
    state_.position = 0;
    std::fill(state_.sums.begin(), state_.sums.end(), 0.0);
  }
  state_.isLogged = !isWhole;  // a run of `steps` may end within an epoch
  if (!save(isBest)) return Next::Fail;
  if (train_.patience && state_.epochsSinceBest >= *train_.patience) {
    outcome_ = Outcome::StoppedEarly;
    display_.line(fmt::format("stopped: no better {} for {} epochs", bestMetric_, state_.epochsSinceBest));
    return Next::Stop;
  }
  return interrupt_.isInterrupted() ? interrupted() : Next::Continue;
}

bool Trainer::updateBest() {
  const auto found = std::find_if(state_.metrics.begin(), state_.metrics.end(),
                                  [&](const Metric& metric) { return metric.name == bestMetric_; });
  ++state_.epochsSinceBest;
  if (found == state_.metrics.end() || std::isnan(found->value)) return false;
  const bool isBetter = isLowerBetter(bestMetric_) ? found->value < state_.bestValue : found->value > state_.bestValue;
  if (state_.bestEpoch != 0 && !isBetter) return false;
  state_.bestEpoch = state_.epoch;
  state_.bestValue = found->value;
  state_.epochsSinceBest = 0;
  return true;
}

bool Trainer::isCheckpointDue() const {
  if (train_.checkpoint.steps) return state_.step % *train_.checkpoint.steps == 0;
  // Reading the clock each step would show in a step of a few microseconds.
  return state_.step % 16 == 0 &&
         secondsSince(saved_) >= train_.checkpoint.seconds.value_or(options_.checkpointSeconds);
}

bool Trainer::save(bool isBest) {
  state_.metricsBytes = folder_.metricsBytes();
  const runtime::TensorFile file = encodeCheckpoint(train_.slots, session_.slots(), state_, identity_);
  const bool isSaved = folder_.saveCheckpoint(file, state_.step, isBest, session_.messages());
  saved_ = Clock::now();
  return isSaved;
}

}  // namespace nnc::training
