#include "probes/probe_run.h"

#include <algorithm>
#include <utility>

namespace nnc::probes {

ProbeRun::ProbeRun(ProbeSource& source, Bench& bench, std::vector<PeriodicProbe> probes, Looks looks)
    : source_(source), bench_(bench), probes_(std::move(probes)), looks_(looks) {
  bench_.forgetExamples();
}

bool ProbeRun::isBehindStep(const PeriodicProbe& probe, std::int64_t step) const {
  return step > 0 && looksAtStep(probe.definition.name) && isDue(probe, step - 1);
}

bool ProbeRun::isDue(std::int64_t step) const {
  return std::any_of(probes_.begin(), probes_.end(),
                     [&](const PeriodicProbe& probe) { return isBehindStep(probe, step) || isDue(probe, step); });
}

std::string ProbeRun::lookKind(std::int64_t step) const {
  std::string kind;
  for (const PeriodicProbe& probe : probes_) {
    kind += isBehindStep(probe, step) ? "f" : "";
    kind += isDue(probe, step) ? "o," : ",";
  }
  return kind.find_first_not_of(',') == std::string::npos ? "" : kind;
}

bool ProbeRun::observe(const training::StepView& view, Diagnostics& diagnostics) {
  bench_.attend(source_, view.train, view.data, diagnostics);
  const training::Part& part = view.data.parts()[static_cast<std::size_t>(view.data.findPart("train"))];
  stepsPerEpoch_ = (part.size() + view.train.batch - 1) / view.train.batch;
  if (before_ && !finishStep(view)) return false;
  const Moment moment{view.slots, view.step, nullptr};
  if (!measureSeries(moment)) return false;
  for (const PeriodicProbe& probe : probes_) {
    if (!probe.definition.isNative() || !isDue(probe, view.step)) continue;
    if (looksAtStep(probe.definition.name)) {
      if (view.next != nullptr && !before_) before_.emplace(view.train, view.slots);
      beforeStep_ = view.step;
      continue;
    }
    Rows rows;
    if (!measureNative(probe.definition.name, bench_, moment, rows)) return false;
    add(probe, view.step, std::move(rows));
  }
  return true;
}

/// The probes that look at the step which has just been made.
bool ProbeRun::finishStep(const training::StepView& view) {
  const Moment moment{view.slots, view.step, &*before_};
  for (const PeriodicProbe& probe : probes_) {
    if (!looksAtStep(probe.definition.name) || !isDue(probe, beforeStep_) || view.step != beforeStep_ + 1) continue;
    Rows rows;
    if (!measureNative(probe.definition.name, bench_, moment, rows)) return false;
    add(probe, beforeStep_, std::move(rows));
  }
  before_.reset();
  return true;
}

/// All probes with a text that are due come from one program.
bool ProbeRun::measureSeries(const Moment& moment) {
  std::vector<const PeriodicProbe*> due;
  std::vector<elaborate::ProbeDefinition> definitions;
  for (const PeriodicProbe& probe : probes_) {
    if (probe.definition.isNative() || !isDue(probe, moment.step)) continue;
    due.push_back(&probe);
    definitions.push_back(probe.definition);
  }
  if (due.empty()) return true;
  Program* const program = bench_.series(definitions);
  if (program == nullptr) return false;
  program->run(bench_.train(), moment.slots, *bench_.probeSet(), 0, moment.step + 1);
  Rows rows = rowsOf(*program);
  // A list has one series for each entry: `act_stats.mean`.
  for (const PeriodicProbe* const probe : due) {
    const std::string& name = probe->definition.name;
    Rows own;
    for (Row& row : rows)
      if (row.series == name || row.series.starts_with(name + ".")) own.push_back(std::move(row));
    add(*probe, moment.step, std::move(own));
  }
  return true;
}

void ProbeRun::add(const PeriodicProbe& probe, std::int64_t step, Rows rows) {
  const auto number = static_cast<std::size_t>(&probe - probes_.data());
  for (Row& row : rows) {
    auto kept = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& k) { return k.series.probe == row.series; });
    if (kept == kept_.end()) {
      kept_.push_back({number, {row.series, std::move(row.paths), {}, {}}});
      kept = kept_.end() - 1;
    }
    kept->series.steps.push_back(step);
    kept->series.values.push_back(std::move(row.values));
  }
}

std::vector<study::ProbeSeries> ProbeRun::take() {
  std::stable_sort(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) { return a.probe < b.probe; });
  std::vector<study::ProbeSeries> series;
  for (Kept& kept : kept_) series.push_back(std::move(kept.series));
  kept_.clear();
  return series;
}

}  // namespace nnc::probes
