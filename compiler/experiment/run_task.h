// One training of a study.
#pragma once
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "experiment/run_study.h"
#include "experiment/schedule.h"
#include "training/in_memory_run.h"

namespace nnc::experiment {

/// Makes the runs of a plan. Any number of threads at a time.
class TaskRunner {
 public:
  TaskRunner(Plan& plan, const StudyOptions& options, const training::InterruptGuard& interrupt)
      : plan_(plan), options_(options), interrupt_(interrupt) {}

  /// Reads the data of a task, so that a file that is missing is said once and not in every run. A task
  /// without a program has none to read: its run says why. False: reported.
  [[nodiscard]] bool readData(const Task& task, Diagnostics& diagnostics);
  /// Trains. What goes wrong is the run's status. Empty: interrupted.
  std::optional<study::Run> run(const Task& task);

 private:
  using Programs = std::shared_ptr<CellPrograms>;
  /// The programs of a task, for its thread alone until they are given back. Null: reported.
  Programs takePrograms(const Task& task, Diagnostics& diagnostics);
  void givePrograms(const Task& task, Programs programs);
  std::string programKey(const Task& task) const;
  /// Of its network with the tuned value. Empty: reported.
  std::optional<double> flopsPerStep(const Task& task, CellPrograms& programs, Diagnostics& diagnostics);
  training::InMemoryOptions trainingOptions(const Task& task, const elaborate::TrainProgram& train) const;

  Plan& plan_;
  const StudyOptions& options_;
  const training::InterruptGuard& interrupt_;
  training::RunCache cache_;
  std::mutex mutex_;
  std::map<std::string, double> flops_;                   // of a step, by program key
  std::list<std::pair<std::string, Programs>> programs_;  // that no run uses, given back last at the end
};

/// Reads the data of a train into the sources of `cache`. `splitSeed`: of random splits. False: reported.
[[nodiscard]] bool readData(const elaborate::TrainProgram& train, std::int64_t splitSeed, training::RunCache& cache,
                            Diagnostics& diagnostics);

/// The evaluations of a training as a curve for each metric, in the order in which they first appear.
std::vector<study::Curve> curvesOf(const std::vector<training::Evaluation>& evaluations);

}  // namespace nnc::experiment
