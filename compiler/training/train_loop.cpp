#include "training/train_loop.h"

#include <algorithm>
#include <cmath>

#include "training/evaluate_part.h"

namespace nnc::training {

std::string bestMetricName(const elaborate::TrainProgram& train, const DataSet& data) {
  if (!train.patienceMetric.empty()) return train.patienceMetric;
  return data.findPart("valid") >= 0 ? "valid.loss" : "train.loss";
}

bool isLowerBetter(const std::string& metric) {
  for (const char* const word : {"loss", "error", "perplexity", "mse", "mae"})
    if (metric.find(word) != std::string::npos) return true;
  return false;
}

/// Null: the metric is not among them.
static const Metric* findMetric(const std::vector<Metric>& metrics, const std::string& name) {
  const auto found =
      std::find_if(metrics.begin(), metrics.end(), [&](const Metric& metric) { return metric.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

TrainLoop::TrainLoop(const elaborate::TrainProgram& train, Session& session, const PassPlan& plan, BatchStream& stream,
                     const InterruptGuard& interrupt, TrainJournal& journal, LoopOptions options, RunState& state)
    : train_(train),
      session_(session),
      plan_(plan),
      stream_(stream),
      interrupt_(interrupt),
      journal_(journal),
      options_(std::move(options)),
      state_(state),
      bestMetric_(bestMetricName(train, session.data())),
      windowExamples_(state.position) {
  state_.sums.resize(1 + train.metrics.size(), 0.0);
  for (const Buffer& slot : session.slots()) slots_.push_back(slot.data());
}

std::optional<Outcome> TrainLoop::run() {
  Next next = Next::Continue;
  for (std::int64_t number = 0; next == Next::Continue; ++number) {
    const std::optional<Pass> pass = plan_.pass(number);
    if (!pass) break;
    if (!pass->isTraining) continue;
    next = trainPass(*pass);
    if (next == Next::Continue) next = finishPass(*pass, number + 1);
  }
  if (next == Next::Fail) return std::nullopt;
  if (outcome_ == Outcome::Interrupted && !journal_.interrupted(state_)) return std::nullopt;
  const bool isOver = outcome_ != Outcome::Interrupted && outcome_ != Outcome::Diverged;
  if (isOver && !observe(/*next=*/nullptr)) return std::nullopt;
  return outcome_;
}

TrainLoop::Next TrainLoop::stop(Outcome outcome) {
  outcome_ = outcome;
  return Next::Stop;
}

TrainLoop::Next TrainLoop::trainPass(const Pass& pass) {
  if (isLate(clock_.processorSeconds())) return stop(Outcome::TimedOut);
  journal_.beginPass(state_, pass);
  state_.isLogged = false;
  clock_.resume();
  const Next next = trainBatches(pass);
  clock_.pause();
  return next;
}

TrainLoop::Next TrainLoop::trainBatches(const Pass& pass) {
  while (state_.position < pass.end) {
    const Batch* const batch = stream_.next(session_.messages());
    if (batch == nullptr) return Next::Fail;
    const Next next = step(*batch);
    if (next != Next::Continue) return next;
    if (interrupt_.isInterrupted()) return stop(Outcome::Interrupted);
    // Reading the clock each step would show in a step of a few microseconds.
    if (state_.step % 16 == 0 && isLate(clock_.runningProcessorSeconds())) return stop(Outcome::TimedOut);
    if (!journal_.isSaveDue(state_)) continue;
    clock_.pause();
    const bool isSaved = journal_.save(state_, /*isBest=*/false);
    clock_.resume();
    if (!isSaved) return Next::Fail;
  }
  return Next::Continue;
}

/// A program that is not there yet is compiled in this thread or waited for: neither is time in steps.
BatchCall* TrainLoop::stepCall(std::int64_t batch) {
  if (BatchCall* const made = session_.madeCall(ProgramKind::Step, batch)) return made;
  clock_.pause();
  BatchCall* const call = session_.call(ProgramKind::Step, batch);
  clock_.resume();
  return call;
}

TrainLoop::Next TrainLoop::step(const Batch& batch) {
  BatchCall* const call = stepCall(batch.count);
  if (call == nullptr) return Next::Fail;
  session_.counters().setStep(state_.step + 1);
  if (!observe(&batch)) return Next::Fail;
  call->run(batch);
  ++processSteps_;
  const double loss = call->value(0);
  if (!std::isfinite(loss)) {
    journal_.diverged(state_, loss, batch);
    return stop(Outcome::Diverged);
  }
  ++state_.step;
  state_.position += batch.count;
  state_.examples += batch.count;
  windowExamples_ += batch.count;
  for (std::size_t k = 0; k < state_.sums.size(); ++k)
    state_.sums[k] += call->value(k) * static_cast<double>(batch.count);
  return journal_.stepped(state_, *call) ? Next::Continue : Next::Fail;
}

bool TrainLoop::observe(const Batch* next) {
  if (options_.observer == nullptr || !options_.observer->isDue(state_.step)) return true;
  if (next != nullptr) clock_.pause();  // it runs between batches, not after the last one
  const StepView view{state_.step, train_, slots_, session_.data(), next, session_.programs().fields(), options_.seeds};
  const bool isFine = options_.observer->observe(view, session_.messages());
  if (next != nullptr) clock_.resume();
  return isFine;
}

TrainLoop::Next TrainLoop::finishPass(const Pass& trained, std::int64_t firstEvaluation) {
  bool isBest = false;
  if (trained.isReported) {
    const Next next = report(firstEvaluation);
    if (next != Next::Continue) return next;
    isBest = updateBest();
    updateTarget();
  }
  const bool isWholeEpoch = trained.end == session_.data().parts()[static_cast<std::size_t>(trained.part)].size();
  if (isWholeEpoch) {
    ++state_.epoch;
    state_.position = 0;
  }
  if (trained.endsWindow) {
    windowExamples_ = 0;
    std::fill(state_.sums.begin(), state_.sums.end(), 0.0);
  }
  if (!trained.isReported) return Next::Continue;
  state_.isLogged = !isWholeEpoch;  // a run of `steps` may end within an epoch
  if (!journal_.save(state_, isBest)) return Next::Fail;
  if (train_.patience && state_.epochsSinceBest >= *train_.patience) {
    journal_.stoppedEarly(state_);
    return stop(Outcome::StoppedEarly);
  }
  if (options_.stopsAtTarget && state_.targetStep != 0) return stop(Outcome::StoppedEarly);
  return interrupt_.isInterrupted() ? stop(Outcome::Interrupted) : Next::Continue;
}

std::vector<Metric> TrainLoop::windowMetrics() const {
  std::vector<Metric> metrics;
  if (windowExamples_ == 0) return metrics;
  const std::vector<std::string> names = metricNames(train_, "train");
  for (std::size_t i = 0; i < names.size(); ++i)
    metrics.push_back({names[i], state_.sums[i] / static_cast<double>(windowExamples_)});
  return metrics;
}

TrainLoop::Next TrainLoop::report(std::int64_t firstEvaluation) {
  const Clock::time_point begun = Clock::now();
  std::vector<Metric> metrics = windowMetrics();
  if (!evaluate(firstEvaluation, metrics)) {
    if (session_.messages().hasErrors()) return Next::Fail;
    return interrupt_.isInterrupted() ? stop(Outcome::Interrupted) : Next::Fail;
  }
  state_.metrics = std::move(metrics);
  const double evaluationSeconds = std::chrono::duration<double>(Clock::now() - begun).count();
  const PeriodTimes times{clock_.wallSeconds() - periodBegun_, evaluationSeconds, clock_.processorSeconds()};
  periodBegun_ = clock_.wallSeconds();
  return journal_.evaluated(state_, times) ? Next::Continue : Next::Fail;
}

bool TrainLoop::evaluate(std::int64_t firstPass, std::vector<Metric>& metrics) {
  const auto goOn = [this](const BatchCall&, const Batch&) { return !interrupt_.isInterrupted(); };
  for (std::int64_t number = firstPass;; ++number) {
    const std::optional<Pass> pass = plan_.pass(number);
    if (!pass || pass->isTraining) return true;
    if (!evaluatePart(session_, stream_, train_, *pass, metrics, goOn)) return false;
  }
}

bool TrainLoop::updateBest() {
  const Metric* const metric = findMetric(state_.metrics, bestMetric_);
  ++state_.epochsSinceBest;
  if (metric == nullptr || std::isnan(metric->value)) return false;
  const bool isBetter =
      isLowerBetter(bestMetric_) ? metric->value < state_.bestValue : metric->value > state_.bestValue;
  if (state_.bestEpoch != 0 && !isBetter) return false;
  state_.bestEpoch = state_.epoch;
  state_.bestValue = metric->value;
  state_.epochsSinceBest = 0;
  return true;
}

void TrainLoop::updateTarget() {
  if (!options_.target || state_.targetStep != 0) return;
  const Metric* const metric = findMetric(state_.metrics, options_.target->metric);
  if (metric == nullptr) return;
  const bool isReached =
      options_.target->isAtMost ? metric->value <= options_.target->value : metric->value >= options_.target->value;
  if (!isReached) return;
  state_.targetStep = state_.step;
  state_.targetEpoch = state_.epoch;
  targetSeconds_ = clock_.wallSeconds();
}

}  // namespace nnc::training
