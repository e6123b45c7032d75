#include "training/folder_journal.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "training/not_finite.h"
#include "training/train_loop.h"

namespace nnc::training {

using Json = nlohmann::ordered_json;

static double secondsSince(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

FolderJournal::FolderJournal(const elaborate::TrainProgram& train, const RunOptions& options, Session& session,
                             RunFolder& folder, const RunIdentity& identity, Clock::time_point begun)
    : train_(train),
      options_(options),
      session_(session),
      folder_(folder),
      identity_(identity),
      display_(options.progress),
      begun_(begun),
      saved_(Clock::now()) {}

std::string FolderJournal::epochTitle(const RunState& state) const {
  return train_.epochs ? fmt::format("epoch {}/{}", state.epoch, *train_.epochs) : fmt::format("epoch {}", state.epoch);
}

void FolderJournal::beginPass(const RunState& state, const Pass& pass) {
  display_.begin(epochTitle(state), pass.begin / train_.batch, (pass.end + train_.batch - 1) / train_.batch);
}

bool FolderJournal::stepped(const RunState& state, const BatchCall& call) {
  if (firstStepSeconds_ == 0.0) firstStepSeconds_ = secondsSince(begun_);
  if (options_.logEvery > 0 && state.step % options_.logEvery == 0 && !logStep(state, call)) return false;
  display_.step(state.position / train_.batch, state.sums[0] / static_cast<double>(state.position));
  return true;
}

bool FolderJournal::logStep(const RunState& state, const BatchCall& call) {
  Json line = {{"step", state.step}, {"epoch", state.epoch}, {"loss", call.value(0)}};
  for (std::size_t k = 0; k < train_.metrics.size(); ++k) line[train_.metrics[k]] = call.value(1 + k);
  return folder_.logMetrics(line.dump() + "\n", session_.messages());
}

bool FolderJournal::evaluated(const RunState& state, const PeriodTimes& times) {
  Json line = {{"epoch", state.epoch}, {"step", state.step}};
  std::string shown = epochTitle(state);
  for (const Metric& metric : state.metrics) {
    line[metric.name] = metric.value;
    shown += fmt::format("  {} {:.4f}", metric.name, metric.value);
  }
  if (!folder_.logMetrics(line.dump() + "\n", session_.messages())) return false;
  const Json timing = {{"epoch", state.epoch},
                       {"step", state.step},
                       {"train_seconds", times.trainSeconds},
                       {"evaluation_seconds", times.evaluationSeconds}};
  if (!folder_.logTiming(timing.dump() + "\n", session_.messages())) return false;
  display_.line(shown + fmt::format("  ({})", durationText(times.trainSeconds + times.evaluationSeconds)));
  return true;
}

bool FolderJournal::isSaveDue(const RunState& state) {
  if (train_.checkpoint.steps) return state.step % *train_.checkpoint.steps == 0;
  // Reading the clock each step would show in a step of a few microseconds.
  return state.step % 16 == 0 && secondsSince(saved_) >= train_.checkpoint.seconds.value_or(options_.checkpointSeconds);
}

bool FolderJournal::save(const RunState& state, bool isBest) {
  RunState saved = state;
  saved.metricsBytes = folder_.metricsBytes();
  const runtime::TensorFile file = encodeCheckpoint(train_.slots, session_.slots(), saved, identity_);
  const bool isSaved = folder_.saveCheckpoint(file, state.step, isBest, session_.messages());
  saved_ = Clock::now();
  return isSaved;
}

bool FolderJournal::interrupted(const RunState& state) {
  if (!save(state, /*isBest=*/false)) return false;
  display_.line(fmt::format("interrupted after step {}; the checkpoint is {}/last", state.step, folder_.directory()));
  display_.line(fmt::format("go on with: {} --resume --out {}{}",
                            options_.command.empty() ? "nnc run FILE" : options_.command, folder_.directory(),
                            options_.commandTail));
  return true;
}

void FolderJournal::diverged(const RunState& state, double loss, const Batch& batch) {
  const char* const what = std::isnan(loss) ? "NaN" : loss > 0.0 ? "infinite" : "minus infinity";
  DiagnosticBuilder message = session_.messages().emit<diag::Diverged>(train_.span, what, state.step + 1, state.epoch);
  if (state.step > 0 && state.position > 0)
    message.note(fmt::format("mean loss of the {} examples before it in this epoch: {:.6g}", state.position,
                             state.sums[0] / static_cast<double>(state.position)));
  if (const std::optional<std::string> last = folder_.lastCheckpoint())
    message.note(fmt::format("the last good checkpoint is {}", *last));
  if (const std::optional<std::string> fault = notFiniteIn(batch, session_.programs().fields(), session_.data())) {
    message.note("it comes from the data: " + *fault);
    message.help("correct the file, or replace such numbers in a `let` of the data block: `where(x == x, x, 0.0)`");
    return;
  }
  message.help("try a smaller learning rate, clipped gradients (`clip`), scaled inputs or another initialisation");
}

void FolderJournal::stoppedEarly(const RunState& state) {
  display_.line(fmt::format("stopped: no better {} for {} epochs", bestMetricName(train_, session_.data()),
                            state.epochsSinceBest));
}

}  // namespace nnc::training
