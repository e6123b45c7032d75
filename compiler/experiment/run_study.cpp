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
        earlier_(results.runs()),
        spent_(study::spentOn(plan.study(), earlier_)),
        schedule_(plan.study(), earlier_),
        progress_(options.progress, plan.study(), schedule_),
        tasks_(plan, options, interrupt_) {}

  std::optional<StudyOutcome> run() {
    outcome_.reused = schedule_.finished();
    outcome_.foreign = countForeign(plan_.study(), earlier_);
    if (outcome_.foreign > 0)
      progress_.line(fmt::format("{} of the folder belong to other programs or plans: kept, and not used",
                                 plural(outcome_.foreign, "result")));
    for (const std::string& id : schedule_.idsInPlanOrder()) countEarlier(id);
    if (!trainAll() || !results_.sort(schedule_.idsInPlanOrder(), diagnostics_)) return std::nullopt;
    finishOutcome();
    return outcome_;
  }

 private:
  void countEarlier(const std::string& id) {
    const auto found = std::find_if(earlier_.begin(), earlier_.end(), [&](const Run& run) { return run.id == id; });
    if (found != earlier_.end()) progress_.count(*found);
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
    spent_ += run.spent;
    if (!results_.append(run, diagnostics_)) {
      hasFailed_ = true;
      return;
    }
    schedule_.finish(run);
    progress_.count(run);
    ++outcome_.finished;
  }

  bool isBudgetSpent() const {
    const std::optional<double>& seconds = plan_.rules().studySeconds;
    return seconds && spent_.wallSeconds + meter_.sinceTaken().wallSeconds >= *seconds;
  }

  void finishOutcome() {
    outcome_.missing = schedule_.total() - schedule_.finished();
    outcome_.spent = spent_;
    outcome_.isInterrupted = outcome_.missing > 0 && interrupt_.isInterrupted();
    outcome_.diverged = progress_.diverged();
    outcome_.failed = progress_.failed();
    outcome_.timedOut = progress_.timedOut();
    outcome_.edge = schedule_.edgeCells();
    if (outcome_.missing == 0) return;
    const std::string done = fmt::format("{} of {} are done", schedule_.finished(), plural(schedule_.total(), "run"));
    const std::string command = options_.command.empty() ? "nnc run FILE" : options_.command;
    if (outcome_.isInterrupted) {
      progress_.line(fmt::format("interrupted: {}", done));
      progress_.line(fmt::format("go on with: {}", command));
      return;
    }
    progress_.line(fmt::format("the study's budget of {} is spent: {}",
                               training::durationText(*plan_.rules().studySeconds), done));
    progress_.line(fmt::format("to go on, raise `budget` and call: {}", command));
  }

  Plan& plan_;
  study::ResultsFile& results_;
  const StudyOptions& options_;
  Diagnostics& diagnostics_;
  training::InterruptGuard interrupt_;
  StudyMeter ownMeter_;
  std::mutex mutex_;  // of all below but `earlier_`
  StudyMeter& meter_;
  const std::vector<Run> earlier_;
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
