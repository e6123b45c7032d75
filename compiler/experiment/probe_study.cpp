#include "experiment/probe_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiment/study_probes.h"
#include "probes/look.h"
#include "training/first_step.h"
#include "training/weights.h"

namespace nnc::experiment {

namespace {

/// Looks at one cell after the other.
class Prober {
 public:
  Prober(ExperimentPlan& plan, const engine::Options& options, Diagnostics& diagnostics)
      : plan_(plan), engine_(options), probes_(plan.probes(), options), diagnostics_(diagnostics) {}

  std::optional<study::Run> look(std::size_t cell, int block) {
    const std::shared_ptr<CellPrograms> programs = plan_.programs(cell, std::nullopt, diagnostics_);
    if (programs == nullptr) return std::nullopt;
    const study::Block& seeds = plan_.study().blocks[static_cast<std::size_t>(block)];
    const std::unique_ptr<RunProbes> probes = probes_.make(*programs, probes::Looks::Initial);
    if (!show(*probes, *programs, cell, seeds)) return std::nullopt;
    study::Run run;
    run.cell = plan_.study().cells[cell].id;
    run.id = runId(plan_.study(), plan_.study().cells[cell], block, std::nullopt, 0);
    run.block = block;
    run.probes = probes->take();
    run.measures = plan_.measure(run);
    return run;
  }

 private:
  /// The initial values, and the first step if a probe looks at it.
  bool show(RunProbes& observer, CellPrograms& programs, std::size_t cell, const study::Block& block) {
    const elaborate::TrainProgram& train = programs.train();
    const training::RunSeeds seeds{block.init, block.data, block.noise};
    const std::vector<ir::Tensor> tensors = training::initialTensors(train.initModule, train.init, seeds.init);
    if (observer.isDue(1)) {
      const training::FirstStepOptions options{seeds, seeds.data, plan_.study().cells[cell].id, engine_};
      return training::makeFirstStep(programs, train, tensors, options, cache_, observer, diagnostics_);
    }
    std::optional<training::DataSet> data =
        training::DataSet::locate(train.data, cache_.sources(), diagnostics_, seeds.data);
    if (!data || !data->read(diagnostics_)) return false;
    std::vector<const std::byte*> pointers;
    for (const ir::Tensor& tensor : tensors) pointers.push_back(tensor.bytes.data());
    const probes::SlotCopy slots(train, pointers);
    return observer.observe({0, train, slots.view(), *data, nullptr, {}, seeds}, diagnostics_);
  }

  ExperimentPlan& plan_;
  engine::Options engine_;
  StudyProbes probes_;
  Diagnostics& diagnostics_;
  training::RunCache cache_;
};

}  // namespace

std::optional<std::vector<study::Run>> probeStudy(ExperimentPlan& plan, const engine::Options& options,
                                                  Diagnostics& diagnostics) {
  Prober prober(plan, options, diagnostics);
  const study::Study& study = plan.study();
  std::vector<study::Run> runs;
  for (std::size_t cell = 0; cell < study.cells.size(); ++cell) {
    for (std::size_t block = 0; block < study.blocks.size(); ++block) {
      std::optional<study::Run> run = prober.look(cell, static_cast<int>(block));
      if (!run) return std::nullopt;
      runs.push_back(std::move(*run));
    }
  }
  return runs;
}

/// The numbers of a run under their names.
static std::vector<std::pair<std::string, double>> numbersOf(const study::Run& run) {
  std::vector<std::pair<std::string, double>> numbers;
  for (const study::ProbeSeries& series : run.probes)
    if (series.paths.size() == 1) numbers.emplace_back(series.probe, series.values[0][0]);
  for (const auto& [name, measured] : run.measures) numbers.emplace_back(name, measured.value);
  return numbers;
}

std::string probeTable(const ExperimentPlan& plan, const std::vector<study::Run>& runs) {
  const study::Study& study = plan.study();
  std::vector<std::string> names;
  std::map<std::string, std::map<std::string, double>> means;  // of a cell, by name
  for (const study::Run& run : runs) {
    for (const auto& [name, value] : numbersOf(run)) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      means[run.cell][name] += value / static_cast<double>(study.blocks.size());
    }
  }
  std::size_t width = 4;
  for (const study::Cell& cell : study.cells) width = std::max(width, cellName(study.factors, cell.levels).size());
  const auto widthOf = [](const std::string& name) { return std::max<std::size_t>(name.size(), 10); };
  std::string text = fmt::format("{:<{}}", "cell", width);
  for (const std::string& name : names) text += fmt::format("  {:>{}}", name, widthOf(name));
  text += "\n";
  for (const study::Cell& cell : study.cells) {
    text += fmt::format("{:<{}}", cellName(study.factors, cell.levels), width);
    for (const std::string& name : names) {
      const auto found = means[cell.id].find(name);
      const std::string value = found != means[cell.id].end() ? probes::valueText(name, found->second) : "";
      text += fmt::format("  {:>{}}", value, widthOf(name));
    }
    text += "\n";
  }
  return text +
         fmt::format("initial values, mean of {} seed{}\n", study.blocks.size(), study.blocks.size() == 1 ? "" : "s");
}

}  // namespace nnc::experiment
