// The trainings of a study in the order in which they are made, and which of them may start.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "experiment/plan.h"
#include "study/study.h"
#include "study/tuning.h"

namespace nnc::experiment {

/// One training.
struct Task {
  study::Run::Role role = study::Run::Role::Run;
  std::size_t cell = 0;  // the first of the cells with its id
  int block = 0;
  std::optional<double> tuned;  // of a run: known when the trials of its cell are over
  std::int64_t steps = 0;
  std::string id;  // of its run; empty as long as `tuned` is not known
};

/// Work as the plan counts it: it does not depend on when runs end.
struct Planned {
  double steps = 0.0, examples = 0.0, flops = 0.0;
  Planned& operator+=(const Planned& other);
};
Planned plannedFor(const study::Study& study, const Task& task);

/// The limit of a study that is reached after so many seconds and so much planned work, as text; empty: none is.
std::string spentLimit(const Budget& limit, const Planned& planned, double seconds);

/// All trainings of a study in the order in which they start: block after block and, within a block, the cells in an
/// order drawn by a hash of their ids; the trials of a cell before its first run. Cells with equal ids are one. Ids are
/// empty.
std::vector<Task> tasksOf(const study::Study& study);

/// The tasks of a study, each to be started once; any prefix of them is balanced. One thread at a time.
class Schedule {
 public:
  /// `done` are runs of earlier processes; those of other programs do not matter.
  Schedule(const study::Study& study, const std::vector<study::Run>& done);

  /// The next task that can start; it counts as started. Empty: none can, or all have.
  std::optional<Task> start();
  void finish(const study::Run& run);

  std::size_t total() const { return items_.size(); }
  std::size_t finished() const { return finished_; }
  std::size_t running() const { return running_; }
  std::size_t cells() const { return cells_.size(); }
  /// Cells whose runs have all finished.
  std::size_t finishedCells() const;
  /// Work that is done, and all work, in operations; in steps when the plan does not know operations.
  double finishedWork() const { return finishedWork_; }
  double totalWork() const { return totalWork_; }

  /// What all that was started, by this process or an earlier one, was planned to take.
  Planned started() const { return started_; }

  /// Ids of the trainings that are finished, in the order of the plan: for each cell its trials, then its runs.
  std::vector<std::string> idsInPlanOrder() const;
  /// Cells whose tuned parameter came out at an end of its grid.
  std::vector<std::size_t> edgeCells() const;

 private:
  enum class State { Waiting, Running, Finished };
  struct Item {
    Task task;
    State state = State::Waiting;
  };
  /// What is known of one cell.
  struct CellState {
    std::size_t trialsLeft = 0, runsLeft = 0;
    std::vector<study::Run> trials;  // finished: without probes
    std::optional<study::TunedChoice> choice;
  };

  void resolve(Item& item);  // finds the id of a run once its cell is tuned
  void noteFinished(Item& item, const study::Run& run);
  double workOf(const Task& task) const;

  const study::Study& study_;
  std::unordered_map<std::string, study::Run> done_;  // by id, of trials and runs that are not yet accounted for
  std::vector<Item> items_;
  std::map<std::size_t, CellState> cells_;  // by the first cell with the id
  std::unordered_map<std::string, std::size_t> itemOf_;
  std::size_t finished_ = 0, running_ = 0;
  double finishedWork_ = 0.0, totalWork_ = 0.0;
  Planned started_;
};

/// The id of a trial: of the same recipe stopped early, without the final look at the test part.
std::string trialId(const study::Study& study, const study::Cell& cell, int block, double tuned);

}  // namespace nnc::experiment
