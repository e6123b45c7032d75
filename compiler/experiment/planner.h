// From an experiment of a file to a plan: every cell elaborated and checked before anything runs.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "elaborate/elaborate.h"
#include "experiment/cells.h"
#include "experiment/plan.h"
#include "experiment/spec.h"
#include "probes/probe_run.h"

namespace nnc::experiment {

/// A plan with what expectations need of it. Keeps a reference to the project.
class ExperimentPlan : public Plan {
 public:
  virtual const Spec& spec() const = 0;
  virtual const CellList& cells() const = 0;
  /// Adds the cells that a design which goes by results needs next (`path`). True: there are new ones to be run. Needs:
  /// the runs of all cells so far are there, or have failed.
  ///
  /// Errors  those of a cell that cannot be built: reported, false.
  [[nodiscard]] virtual bool grow(std::span<const study::Run> runs) = 0;
  virtual const std::vector<probes::PeriodicProbe>& probes() const = 0;
  /// Of a design that goes by results: how many cells it can come to have. Empty: those that there are.
  virtual std::optional<std::size_t> mostCells() const = 0;
};

/// To check, no data file is opened: numbers of rows and steps are then those of one batch.
enum class PlanFor : std::uint8_t { Checking, Running };

/// `name` empty: the only experiment of the file. Null: reported.
///
/// Errors  those of readExperiment and listCells; E0613 after the messages of a cell that cannot be built; E0615-E0618;
///         E12xx when the data cannot be found.
[[nodiscard]] std::unique_ptr<ExperimentPlan> makePlan(elaborate::Project& project, const std::string& name,
                                                       const std::vector<elaborate::Override>& overrides,
                                                       PlanFor purpose = PlanFor::Running,
                                                       training::Progress progress = training::Progress::None);

}  // namespace nnc::experiment
