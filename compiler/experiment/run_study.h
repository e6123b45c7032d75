// Runs what a plan asks for and the results file does not hold yet.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiment/plan.h"
#include "experiment/study_meter.h"
#include "study/results.h"
#include "training/step_observer.h"

namespace nnc::experiment {

/// The probes of one run.
class RunProbes : public training::StepObserver {
 public:
  /// As probes::ProbeRun has it.
  virtual std::string lookKind(std::int64_t step) const = 0;
  /// What was seen, when the run is over.
  virtual std::vector<study::ProbeSeries> take() = 0;
};

/// Makes the probes of a run; called in the thread of the run. Null: reported.
using ProbeMaker =
    std::function<std::unique_ptr<RunProbes>(std::size_t cell, CellPrograms& programs, Diagnostics& diagnostics)>;

struct StudyOptions {
  int workers = 0;      // runs at a time, each in one thread; 0: one per core. No byte but times depends on it
  std::string command;  // shown when the study can go on: `nnc run f.nn comeback`
  training::Progress progress = training::Progress::Auto;
  engine::Options engine;
  std::string origin;           // of study::Run
  StudyMeter* meter = nullptr;  // that counts since the study began in this process; null: since runStudy was called
  ProbeMaker probes;            // empty: there are none. Trials of a tuning have none either
};

/// What runStudy did and what the file holds now.
struct StudyOutcome {
  bool isInterrupted = false;  // by SIGINT or SIGTERM: exit code 130
  std::size_t reused = 0;      // runs and trials of the plan that the file held when it was opened, and that stand
  std::size_t finished = 0;    // that were made, whatever their status
  std::size_t missing = 0;     // that the budget or an interrupt left out; trials of unknown number count as they are
  std::size_t foreign = 0;     // lines of the file that belong to no run of this plan; kept
  std::size_t diverged = 0, failed = 0, timedOut = 0;  // of the runs of this plan in the file, trials left out
  study::Spent spent;                                  // on the runs of this plan in the file, by all processes
  std::vector<std::size_t> edge;                       // cells whose tuned parameter came out at an end of its grid
};

/// Runs block by block and, within a block, the cells in an order drawn by a fixed hash, so that what a budget leaves
/// is balanced; the trials of a cell come before its runs. Each result is in the file before the next one starts.
///
/// Called again on the same folder it does what is missing; the file then has the bytes, apart from times, of a study
/// that was never interrupted. Runs that diverge are results; so are those that fail or are out of time, until the next
/// process: it makes the former again, and the latter if its limit is higher.
/// Errors  E12xx when the data of the first cell cannot be read; E1401 when a result cannot be written: reported,
/// empty.
std::optional<StudyOutcome> runStudy(Plan& plan, study::ResultsFile& results, const StudyOptions& options,
                                     Diagnostics& diagnostics);

}  // namespace nnc::experiment
