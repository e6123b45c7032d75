#include "driver/command_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/experiment.h"
#include "driver/session.h"
#include "experiment/estimate.h"
#include "experiment/expect.h"
#include "experiment/planner.h"
#include "experiment/print_plan.h"
#include "experiment/probe_study.h"
#include "experiment/run_study.h"
#include "experiment/study_probes.h"
#include "report/report.h"

namespace nnc::driver {

std::optional<std::string> namedExperiment(const elaborate::Project& project, const std::string& name) {
  const std::vector<std::string> experiments = project.experiments();
  if (name.empty()) return experiments.size() == 1 ? std::optional(experiments[0]) : std::nullopt;
  const bool isOne = std::find(experiments.begin(), experiments.end(), name) != experiments.end();
  return isOne ? std::optional(name) : std::nullopt;
}

namespace {

std::string commandText(const CommandLine& line, const std::string& name) {
  std::string text = fmt::format("nnc run {} {}", line.file(), name);
  if (line.options.quick) text += " --quick";
  for (const elaborate::Override& override : line.overrides)
    text += fmt::format(" --{} {}", override.name, override.value);
  return line.options.out ? text + " --out " + *line.options.out : text;
}

/// The values of the command line; `--quick` is one of them.
std::vector<elaborate::Override> overridesOf(const CommandLine& line) {
  std::vector<elaborate::Override> overrides = line.overrides;
  if (line.options.quick) overrides.push_back({"quick", "true"});
  return overrides;
}

std::string folderOf(const CommandLine& line, const std::string& name) {
  if (line.options.out) return *line.options.out;
  return fmt::format("runs/{}{}", name, line.options.quick ? "-quick" : "");
}

/// The outcomes of the expectations as messages; those that held are not mentioned.
void reportVerdicts(const experiment::ExperimentPlan& plan, const std::vector<study::Verdict>& verdicts,
                    Diagnostics& diagnostics) {
  using Outcome = study::Verdict::Outcome;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const study::Verdict& verdict = verdicts[i];
    if (verdict.outcome == Outcome::Held) continue;
    const Span span = plan.spec().expects[i].second;
    DiagnosticBuilder message = verdict.outcome == Outcome::Failed
                                    ? diagnostics.emit<diag::ExpectFailed>(span, verdict.text)
                                    : diagnostics.emit<diag::ExpectUndecided>(span, verdict.text);
    message.note(verdict.detail);
    if (!verdict.message.empty()) message.note(verdict.message);
  }
}

std::string outcomeText(const experiment::StudyOutcome& outcome, const std::string& folder, const std::string& page) {
  std::string text = fmt::format("{} trainings made, {} there already", outcome.finished, outcome.reused);
  for (const auto& [count, what] : {std::pair(outcome.diverged, "diverged"), std::pair(outcome.failed, "failed"),
                                    std::pair(outcome.timedOut, "timed out"), std::pair(outcome.missing, "missing")})
    if (count > 0) text += fmt::format(", {} {}", count, what);
  text += fmt::format("; the report is {}/{}\n", folder, page);
  const study::Spent& spent = outcome.spent;
  if (spent.processorSeconds > 0.0)
    text += fmt::format("code generation: {:.1f} s, {:.1f} % of {:.1f} s of the processor\n", spent.codeSeconds,
                        100.0 * spent.codeSeconds / spent.processorSeconds, spent.processorSeconds);
  return text;
}

std::string outcomeJson(const study::Study& study, const experiment::StudyOutcome& outcome, const std::string& folder,
                        const std::vector<study::Verdict>& verdicts) {
  using Json = nlohmann::ordered_json;
  static constexpr const char* kOutcomes[] = {"held", "failed", "undecided"};
  Json expectations = Json::array();
  for (const study::Verdict& verdict : verdicts)
    expectations.push_back({{"expect", verdict.text},
                            {"outcome", kOutcomes[static_cast<int>(verdict.outcome)]},
                            {"detail", verdict.detail}});
  const Json result = {{"experiment", study.name},
                       {"folder", folder},
                       {"cells", study.cells.size()},
                       {"made", outcome.finished},
                       {"reused", outcome.reused},
                       {"missing", outcome.missing},
                       {"diverged", outcome.diverged},
                       {"failed", outcome.failed},
                       {"timed_out", outcome.timedOut},
                       {"processor_seconds", outcome.spent.processorSeconds},
                       {"code_seconds", outcome.spent.codeSeconds},
                       {"expectations", expectations}};
  return result.dump() + "\n";
}

/// Runs what the folder lacks; then expectations and report.
int runPlan(Context& context, experiment::ExperimentPlan& plan, const std::string& folder,
            experiment::StudyMeter& meter) {
  const Options& options = context.line.options;
  const study::Study& study = plan.study();
  const std::unique_ptr<study::ResultsFile> results = study::ResultsFile::open(folder, context.diagnostics);
  if (results == nullptr || !results->write("study.json", study::studyText(study), context.diagnostics)) return 1;
  experiment::StudyOptions run;
  run.workers = threadCount(options);
  run.command = commandText(context.line, study.name);
  if (options.json) run.progress = training::Progress::None;
  run.engine = engineOptions(context);
  run.meter = &meter;
  experiment::StudyProbes probes(plan.probes(), run.engine);
  if (!plan.probes().empty())
    run.probes = [&probes](std::size_t, experiment::CellPrograms& programs, Diagnostics&) {
      return probes.make(programs);
    };
  std::optional<experiment::StudyOutcome> outcome = experiment::runStudy(plan, *results, run, context.diagnostics);
  while (outcome && outcome->missing == 0 && plan.grow(results->runs())) {
    if (!results->write("study.json", study::studyText(study), context.diagnostics)) return 1;
    const std::size_t before = outcome->finished;
    outcome = experiment::runStudy(plan, *results, run, context.diagnostics);
    if (outcome) outcome->finished += before;
  }
  if (!outcome || context.diagnostics.hasErrors()) return 1;
  const std::vector<study::Verdict> verdicts =
      experiment::decideExpectations({context.sources, plan.spec(), plan.cells(), study}, results->runs());
  if (!results->write("verdicts.json", study::verdictsText(verdicts), context.diagnostics)) return 1;
  const std::optional<report::Report> report = report::writeReport(folder, context.diagnostics);
  if (!report) return 1;
  writeResult(options.json ? outcomeJson(study, *outcome, folder, verdicts)
                           : report->terminal + outcomeText(*outcome, folder, report->pageName));
  if (outcome->isInterrupted) return 130;
  reportVerdicts(plan, verdicts, context.diagnostics);
  return 0;
}

}  // namespace

int runExperiment(Context& context, elaborate::Project& project, const std::string& name) {
  const Options& options = context.line.options;
  experiment::StudyMeter meter(&context.code);
  std::unique_ptr<experiment::ExperimentPlan> plan;
  {
    ScopedTimer timer(&context.timings, "plan");
    plan = experiment::makePlan(project, name, overridesOf(context.line));
  }
  if (plan == nullptr) return 1;
  if (!options.plan) return runPlan(context, *plan, folderOf(context.line, name), meter);
  const std::optional<double> seconds =
      experiment::estimateSeconds(*plan, threadCount(options), engineOptions(context), context.diagnostics);
  writeResult(options.json ? experiment::planJson(plan->study(), seconds)
                           : experiment::planText(plan->study(), seconds));
  return 0;
}

int probeExperiment(Context& context, elaborate::Project& project, const std::string& name) {
  const Options& options = context.line.options;
  const std::unique_ptr<experiment::ExperimentPlan> plan =
      experiment::makePlan(project, name, overridesOf(context.line));
  if (plan == nullptr) return 1;
  const std::optional<std::vector<study::Run>> runs =
      experiment::probeStudy(*plan, engineOptions(context), context.diagnostics);
  if (!runs) return 1;
  std::string lines;
  for (const study::Run& run : *runs) lines += study::runText(run);
  writeResult(options.json ? lines : experiment::probeTable(*plan, *runs));
  reportVerdicts(*plan,
                 experiment::decideExpectations({context.sources, plan->spec(), plan->cells(), plan->study()}, *runs),
                 context.diagnostics);
  return 0;
}

int runFolder(Context& context) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(context.line.file(), error))
    if (entry.path().extension() == ".nn") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  int worst = 0;
  bool isAny = false;
  for (const std::string& file : files) {
    Context inner;
    inner.line = context.line;
    inner.line.positional[0] = file;
    const std::unique_ptr<elaborate::Project> project = loadProject(inner);
    int code = project == nullptr ? 1 : 0;
    for (const std::string& name : project != nullptr ? project->experiments() : std::vector<std::string>()) {
      isAny = true;
      fmt::print(stderr, "{}: {}\n", file, name);
      if (context.line.options.out) inner.line.options.out = *context.line.options.out + "/" + name;
      code = std::max(code, runExperiment(inner, *project, name));
      if (code == 130) return code;
    }
    showMessages(inner);
    worst = std::max({worst, code, exitCode(inner.diagnostics)});
  }
  if (!isAny) context.diagnostics.emit<diag::NoExperiments>({}, context.line.file());
  return worst;
}

}  // namespace nnc::driver
