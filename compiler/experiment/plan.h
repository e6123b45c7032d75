// An experiment as it will be run: its cells, elaborated and checked, and the rules by which they are run.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/elaborate.h"
#include "study/study.h"
#include "training/run.h"

namespace nnc::experiment {

/// A cell with its tuned parameter at one value: what training needs of it. Any thread; elaborates one at a time.
class CellPrograms : public training::ProgramSource {
 public:
  virtual const elaborate::TrainProgram& train() const = 0;
  /// A program that looks at the network of the cell, and a probe of the stdlib.
  virtual std::optional<elaborate::ProbeProgram> probe(const elaborate::ProbeRequest& request) = 0;
  virtual elaborate::ProbeDefinition standardProbe(const std::string& name) = 0;
};

/// What a run, or all of a study together, may take. Empty: as much as it likes.
struct Budget {
  std::optional<double> seconds, steps, examples, flops;
};

/// When a run is looked at, and what ends it or the study early. Steps of a run itself are the train's.
struct Rules {
  std::int64_t probeEvery = 0;  // steps; a probe's own period is a multiple of it. 0: no probes
  std::string targetMetric;     // `target: valid.accuracy >= 0.8`; empty: none
  double target = 0.0;
  bool stopAtTarget = false;  // a run ends when it reached the target
  // A run that takes longer in its steps, on one processor, ends as TimedOut. The other limits are in Cell::steps: by
  // them a run ends regularly.
  Budget run;
  Budget study;  // no run starts that would begin beyond it
};

/// How many rows the runs of a cell train on, look at in each evaluation and look at in the end. 0: not known.
struct CellRows {
  std::int64_t train = 0, evaluated = 0, test = 0;
  bool operator==(const CellRows&) const = default;
};

class Plan {
 public:
  virtual ~Plan() = default;
  virtual const study::Study& study() const = 0;
  virtual const Rules& rules() const = 0;
  /// The programs of a cell, kept as long as somebody holds them. `tuned`: the value of the tuned parameter, if there
  /// is one. Null: reported. Any thread.
  virtual std::shared_ptr<CellPrograms> programs(std::size_t cell, std::optional<double> tuned,
                                                 Diagnostics& diagnostics) = 0;
  virtual CellRows rows(std::size_t cell) const = 0;
  /// The measures of a finished run, from its curves and probes. For runs that diverged: what guessing gives.
  virtual std::map<std::string, study::MeasuredValue> measure(const study::Run& run) const = 0;
};

/// The id of a run: cell, block, tuned value and number of steps.
std::string runId(const study::Study& study, const study::Cell& cell, int block, std::optional<double> tuned,
                  std::int64_t steps);

}  // namespace nnc::experiment
