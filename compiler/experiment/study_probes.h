// The probes of a study: its clauses resolved, and what looks at each run.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "experiment/run_study.h"
#include "experiment/spec.h"
#include "probes/probe_run.h"

namespace nnc::experiment {

/// The probes of an experiment with their periods, in order.
///
/// Errors  E1801, E1802, E1809.
[[nodiscard]] std::optional<std::vector<probes::PeriodicProbe>> readProbes(elaborate::ProjectState& state,
                                                                           const Spec& spec);

/// Makes what looks at the runs of a study. Runs of one train, such as the blocks of a cell, share compiled programs
/// one after the other. Any thread.
class StudyProbes {
 public:
  StudyProbes(std::vector<probes::PeriodicProbe> probes, engine::Options options);
  ~StudyProbes();

  /// For one run. Owner  keeps references to `programs` and to this.
  std::unique_ptr<RunProbes> make(CellPrograms& programs, probes::Looks looks = probes::Looks::Periodic);

  /// The bench of a train, from an earlier run or new; and back.
  std::unique_ptr<probes::Bench> take(const elaborate::TrainProgram& train);
  void give(const elaborate::TrainProgram& train, std::unique_ptr<probes::Bench> bench);

 private:
  std::vector<probes::PeriodicProbe> probes_;
  engine::Options options_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::unique_ptr<probes::Bench>>> benches_;  // by the values of the train
};

}  // namespace nnc::experiment
