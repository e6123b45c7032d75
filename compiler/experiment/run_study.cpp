#include "experiment/run_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "experiment/run_task.h"
#include "experiment/schedule.h"
#include "experiment/study_progress.h"

namespace nnc::experiment {

using study::Run;

namespace {

std::string plural(std::size_t count, const char* word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::set<std::string> cellsOf(const study::Study& study) {
  std::set<std::string> cells;
  for (const study::Cell& cell : study.cells) cells.insert(cell.id);
  return cells;
}

/// A run is kept for what was trained, and the experiment may measure something else since. False: reported.
bool measureAgain(const Plan& plan, study::ResultsFile& results, Diagnostics& diagnostics) {
  const std::set<std::string> cells = cellsOf(plan.study());
  return results.revise(
      [&](Run& run) {
        if (run.role == Run::Role::Run && cells.contains(run.cell)) run.measures = plan.measure(run);
      },
      diagnostics);
}

/// Whether a run of an earlier process stands. A limit that is not what was computed by is no part of a run's id: what
/// it cut off is made again when it is higher now. A failure may be the machine's, of memory or of the disk, so that it
/// is tried again.
bool stands(const Run& run, const Rules& rules) {
  switch (run.status) {
    case study::Status::Ok:
    case study::Status::Diverged:
      return true;
    case study::Status::Failed:
      return false;
    case study::Status::TimedOut:
      return run.limitSeconds && rules.run.seconds && *rules.run.seconds <= *run.limitSeconds;
  }
  return true;
}

/// What need not be made: by this process, or in a way that still counts.
std::vector<Run> standing(const study::ResultsFile& results, const Rules& rules) {
  std::vector<Run> runs;
  for (const Run& run : results.runs())
    if (results.isNew(run.id) || stands(run, rules)) runs.push_back(run);
  return runs;
}

/// Lines of the file whose cells are not in the plan.
std::size_t countForeign(const study::Study& study, const std::vector<Run>& runs) {
  const std::set<std::string> cells = cellsOf(study);
  return static_cast<std::size_t>(
      std::count_if(runs.begin(), runs.end(), [&](const Run& run) { return !cells.contains(run.cell); }));
}

/// One call of runStudy: the threads that train, and what they share.
class StudyRunner {
 public:
  StudyRunner(Plan& plan, study::ResultsFile& results, const StudyOptions& options, Diagnostics& diagnostics)
      : plan_(plan),
        results_(results),
        options_(options),
        diagnostics_(diagnostics),
        ownMeter_(options.engine.cache),
        meter_(options.meter != nullptr ? *options.meter : ownMeter_),
        spent_(study::spentOn(plan.study(), results.runs())),
        schedule_(plan.study(), standing(results, plan.rules())),
        progress_(options.progress, plan.study(), schedule_),
        tasks_(plan, options, interrupt_) {}

  std::optional<StudyOutcome> run() {
    outcome_.foreign = countForeign(plan_.study(), results_.runs());
    if (outcome_.foreign > 0)
      progress_.line(fmt::format("{} of the folder belong to other programs or plans: kept, and not used",
                                 plural(outcome_.foreign, "result")));
    sayOverLimit();
    for (const Run* const run : finishedRuns()) progress_.count(*run);
    if (!trainAll() || !results_.sort(schedule_.idsInPlanOrder(), diagnostics_)) return std::nullopt;
    finishOutcome();
    return outcome_;
  }

 private:
  /// Those of the plan that need not be made, or were made. Valid until a run is kept.
  std::vector<const Run*> finishedRuns() const {
    std::vector<const Run*> runs;
    for (const std::string& id : schedule_.idsInPlanOrder())
      if (const Run* const run = results_.find(id)) runs.push_back(run);
    return runs;
  }

  /// Runs that were made under a higher limit than there is now are kept, but not without a word.
  void sayOverLimit() {
    // Time is looked at every few steps, so that a run ends somewhat after its limit.
    constexpr double kClearly = 2.0;
    const std::optional<double>& limit = plan_.rules().run.seconds;
    if (!limit) return;
    std::size_t count = 0;
    for (const Run* const run : finishedRuns())
      count += run->limitSeconds ? *run->limitSeconds > *limit : run->trainSeconds > kClearly * *limit;
    if (count > 0)
      progress_.line(fmt::format("{} of the folder took longer than the limit of {}: made under another one, and kept",
                                 plural(count, "result"), training::durationText(*limit)));
  }

  /// False: reported.
  bool trainAll() {
    const std::optional<Task> first = isBudgetSpent() ? std::nullopt : schedule_.start();
    if (!first) return true;
    if (!tasks_.readData(*first, diagnostics_)) return false;
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    working_ = std::max(options_.workers > 0 ? options_.workers : cores, 1);
    std::vector<std::thread> workers;
    for (int i = 0, count = working_; i < count; ++i)
      workers.emplace_back([this, task = i == 0 ? first : std::nullopt] { work(task); });
    {
      std::unique_lock lock(mutex_);
      while (working_ > 0) {
        progress_.show();
        changed_.wait_for(lock, std::chrono::milliseconds(100));
      }
      progress_.show();
    }
    for (std::thread& worker : workers) worker.join();
    return !hasFailed_;
  }

  /// What a worker thread does, beginning with `task` if there is one.
  void work(std::optional<Task> task) {
    std::unique_lock lock(mutex_);
    if (!task) task = waitForTask(lock);
    while (task) {
      lock.unlock();
      std::optional<Run> run = tasks_.run(*task);
      lock.lock();
      if (run) keep(std::move(*run));
      changed_.notify_all();
      task = waitForTask(lock);
    }
    --working_;
    changed_.notify_all();
  }

  /// A task may have to wait for the trials of its cell. Empty: there is none left, or no more is to be done.
  std::optional<Task> waitForTask(std::unique_lock<std::mutex>& lock) {
    while (!hasFailed_ && !interrupt_.isInterrupted() && !isBudgetSpent()) {
      if (std::optional<Task> task = schedule_.start()) return task;
      if (schedule_.running() == 0) return std::nullopt;
      changed_.wait(lock);
    }
    return std::nullopt;
  }

  void keep(Run run) {
    run.spent = meter_.take();
    run.origin = options_.origin;
    spent_ += run.spent;
    // What was spent on the run that this one replaces was spent on the study.
    if (const Run* const old = results_.find(run.id)) run.spent += old->spent;
    if (!results_.append(run, diagnostics_)) {
      hasFailed_ = true;
      return;
    }
    schedule_.finish(run);
    progress_.count(run);
    ++outcome_.finished;
  }

  bool isBudgetSpent() const { return !spentBudget().empty(); }

  /// The limit of the study that is reached, as text; empty: none is. All but time is counted as it was planned, so
  /// that what runs within a limit does not depend on the number of workers.
  std::string spentBudget() const {
    return spentLimit(plan_.rules().study, schedule_.started(), spent_.wallSeconds + meter_.sinceTaken().wallSeconds);
  }

  void finishOutcome() {
    outcome_.missing = schedule_.total() - schedule_.finished();
    outcome_.spent = spent_;
    outcome_.isInterrupted = outcome_.missing > 0 && interrupt_.isInterrupted();
    for (const Run* const run : finishedRuns()) {
      outcome_.reused += results_.isNew(run->id) ? 0 : 1;
      if (run->role != Run::Role::Run) continue;
      outcome_.diverged += run->status == study::Status::Diverged ? 1 : 0;
      outcome_.failed += run->status == study::Status::Failed ? 1 : 0;
      outcome_.timedOut += run->status == study::Status::TimedOut ? 1 : 0;
    }
    outcome_.edge = schedule_.edgeCells();
    if (outcome_.missing == 0) return;
    const std::string done = fmt::format("{} of {} are done", schedule_.finished(), plural(schedule_.total(), "run"));
    const std::string command = options_.command.empty() ? "nnc run FILE" : options_.command;
    if (outcome_.isInterrupted) {
      progress_.line(fmt::format("interrupted: {}", done));
      progress_.line(fmt::format("go on with: {}", command));
      return;
    }
    progress_.line(fmt::format("the study's budget of {} is spent: {}", spentBudget(), done));
    progress_.line(fmt::format("to go on, raise `budget` and call: {}", command));
  }

  Plan& plan_;
  study::ResultsFile& results_;
  const StudyOptions& options_;
  Diagnostics& diagnostics_;
  training::InterruptGuard interrupt_;
  StudyMeter ownMeter_;
  std::mutex mutex_;  // of all below
  StudyMeter& meter_;
  study::Spent spent_;  // up to the last result
  std::condition_variable changed_;
  Schedule schedule_;
  StudyProgress progress_;
  StudyOutcome outcome_;
  bool hasFailed_ = false;  // a result could not be written
  int working_ = 0;         // threads
  TaskRunner tasks_;
};

}  // namespace

std::optional<StudyOutcome> runStudy(Plan& plan, study::ResultsFile& results, const StudyOptions& options,
                                     Diagnostics& diagnostics) {
  if (!measureAgain(plan, results, diagnostics)) return std::nullopt;
  return StudyRunner(plan, results, options, diagnostics).run();
}

}  // namespace nnc::experiment
