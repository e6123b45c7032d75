#include "driver/command_experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/driver.h"
#include "diagnostics/kinds/experiment.h"
#include "diagnostics/kinds/study.h"
#include "driver/session.h"
#include "elaborate/project.h"
#include "experiment/estimate.h"
#include "experiment/expect.h"
#include "experiment/machine.h"
#include "experiment/planner.h"
#include "experiment/print_plan.h"
#include "experiment/probe_study.h"
#include "experiment/run_study.h"
#include "experiment/study_probes.h"
#include "report/report.h"
#include "training/interrupt.h"

namespace nnc::driver {

std::optional<std::string> namedExperiment(const elaborate::Project& project, const std::string& name) {
  const std::vector<std::string> experiments = project.experiments();
  if (name.empty()) return experiments.size() == 1 ? std::optional(experiments[0]) : std::nullopt;
  const bool isOne = std::find(experiments.begin(), experiments.end(), name) != experiments.end();
  return isOne ? std::optional(name) : std::nullopt;
}

namespace {

std::string commandText(CommandLine line, const std::string& name) {
  std::vector<std::string> options;
  if (line.options.quick) options.emplace_back("--quick");
  if (line.options.out) options.push_back("--out " + *line.options.out);
  line.positional = {line.file(), name};
  const CommandText text = driver::commandText(line, options);
  return text.head + text.tail;
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

experiment::ProbeMaker makerOf(const experiment::ExperimentPlan& plan, experiment::StudyProbes& probes) {
  if (plan.probes().empty()) return {};
  return [&probes](std::size_t, experiment::CellPrograms& programs, Diagnostics&) { return probes.make(programs); };
}

/// Whether the folder holds the study of another file, whose page and study.json would be overwritten: reported. The
/// same file under another name, or one that is gone, is no other one.
bool isTaken(const std::string& folder, const experiment::ExperimentPlan& plan, Diagnostics& diagnostics) {
  const std::optional<study::StudyOrigin> origin = study::studyOrigin(folder);
  std::error_code error;
  if (!origin || !std::filesystem::exists(origin->file, error) ||
      std::filesystem::equivalent(origin->file, plan.study().file, error))
    return false;
  diagnostics.emit<diag::StudyFolderTaken>(plan.spec().decl->name.span, folder, origin->name, origin->file)
      .help(fmt::format("rename this experiment, or run it with `--out FOLDER`; or delete {}/study.json to go on there "
                        "with this file: results stay",
                        folder));
  return true;
}

/// Runs what the folder lacks; then expectations and report. A file that is being written when the user interrupts is
/// written to its end.
int runPlan(Context& context, experiment::ExperimentPlan& plan, const std::string& folder,
            experiment::StudyMeter& meter) {
  const Options& options = context.line.options;
  const study::Study& study = plan.study();
  const training::InterruptGuard interrupt;
  codegen::Backend* const backend = engine::backend(context.diagnostics);
  if (backend == nullptr) return 4;
  const experiment::Machine machine = experiment::thisMachine("nnc " NNC_VERSION ", LLVM " NNC_LLVM_VERSION, *backend);
  experiment::StudyOptions run;
  run.workers = threadCount(options);
  run.origin = machine.origin();
  const std::unique_ptr<study::ResultsFile> results = study::ResultsFile::open(folder, context.diagnostics);
  const auto writeStudy = [&] {
    study::Study described = study;
    experiment::describeMachine(machine, run.workers, described);
    return results->write("study.json", study::studyText(described), context.diagnostics);
  };
  if (results == nullptr || isTaken(folder, plan, context.diagnostics) || !writeStudy()) return 1;
  run.command = commandText(context.line, study.name);
  if (options.json) run.progress = training::Progress::None;
  run.engine = engineOptions(context);
  run.meter = &meter;
  experiment::StudyProbes probes(plan.probes(), run.engine);
  run.probes = makerOf(plan, probes);
  std::optional<experiment::StudyOutcome> outcome = experiment::runStudy(plan, *results, run, context.diagnostics);
  while (outcome && outcome->missing == 0 && plan.grow(results->runs())) {
    if (!writeStudy()) return 1;
    const std::size_t before = outcome->finished;
    outcome = experiment::runStudy(plan, *results, run, context.diagnostics);
    if (outcome) outcome->finished += before;
  }
  if (!outcome || context.diagnostics.hasErrors()) return 1;
  experiment::reportOrigins(study, results->runs(), run.origin, context.diagnostics);
  const std::vector<study::Verdict> verdicts =
      experiment::decideExpectations({context.sources, plan.spec(), plan.cells(), study}, results->runs());
  if (!results->write("verdicts.json", study::verdictsText(verdicts), context.diagnostics)) return 1;
  const std::optional<report::Report> report = report::writeReport(folder, context.diagnostics);
  if (!report) return 1;
  writeResult(options.json ? outcomeJson(study, *outcome, folder, verdicts)
                           : report->terminal + outcomeText(*outcome, folder, report->pageName));
  if (interrupt.isInterrupted()) return 130;
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
    plan = experiment::makePlan(project, name, overridesOf(context.line), experiment::PlanFor::Running,
                                options.json ? training::Progress::None : training::Progress::Auto);
  }
  if (plan == nullptr) return 1;
  if (!options.plan) return runPlan(context, *plan, folderOf(context.line, name), meter);
  const double planning = meter.sinceTaken().wallSeconds;
  experiment::StudyProbes probes(plan->probes(), engineOptions(context));
  experiment::Prediction prediction{experiment::estimateSeconds(*plan, threadCount(options), engineOptions(context),
                                                                makerOf(*plan, probes), context.diagnostics),
                                    plan->mostCells()};
  if (prediction.seconds) *prediction.seconds += planning;  // the study will be planned again
  writeResult(options.json ? experiment::planJson(plan->study(), prediction)
                           : experiment::planText(plan->study(), prediction));
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

namespace {

/// A file of a folder: its messages and places are its own.
struct FolderFile {
  Context context;
  std::unique_ptr<elaborate::Project> project;  // null: reported
};

std::vector<std::unique_ptr<FolderFile>> loadFolder(const CommandLine& line) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(line.file(), error))
    if (entry.path().extension() == ".nn") paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  std::vector<std::unique_ptr<FolderFile>> files;
  for (std::string& path : paths) {
    FolderFile& file = *files.emplace_back(std::make_unique<FolderFile>());
    file.context.line = line;
    file.context.line.positional[0] = std::move(path);
    file.project = loadProject(file.context);
  }
  return files;
}

/// Whether every experiment has a name, and so a study folder, of its own. What has not is reported in its file.
bool checkDistinct(const std::vector<std::unique_ptr<FolderFile>>& files) {
  std::map<std::string, std::string> places;
  bool isFine = true;
  for (const std::unique_ptr<FolderFile>& file : files) {
    if (file->project == nullptr) continue;
    for (const syntax::Decl& decl : file->project->state().file().declarations) {
      const auto* const experiment = std::get_if<syntax::ExperimentDecl>(&decl.node);
      if (experiment == nullptr) continue;
      const syntax::Ident& name = experiment->name;
      const Place place = file->context.sources.place(name.span.file, name.span.begin);
      const auto [other, isNew] =
          places.emplace(name.text, fmt::format("{}:{}:{}", file->context.line.file(), place.line, place.column));
      if (isNew) continue;
      isFine = false;
      file->context.diagnostics.emit<diag::ExperimentTwice>(name.span, name.text)
          .note(fmt::format("the other one is at {}", other->second));
    }
  }
  return isFine;
}

}  // namespace

int runFolder(Context& context) {
  if (!context.line.name().empty()) {
    context.diagnostics.emit<diag::TooManyArguments>({}, context.line.name(), "run FOLDER")
        .help("the experiments of all files in a folder are run; one of them by its file: nnc run FILE NAME");
    return 2;
  }
  const std::vector<std::unique_ptr<FolderFile>> files = loadFolder(context.line);
  const bool isDistinct = checkDistinct(files);
  const bool areOptionsFine =
      checkSubject(context.line, Subject::Experiment, context.line.file() + "/*", /*note=*/"", context.diagnostics);
  int worst = 0;
  bool isAny = false;
  for (const std::unique_ptr<FolderFile>& file : files) {
    Context& inner = file->context;
    int code = file->project == nullptr ? 1 : 0;
    for (const std::string& name :
         file->project != nullptr ? file->project->experiments() : std::vector<std::string>()) {
      isAny = true;
      if (!isDistinct || !areOptionsFine) continue;
      fmt::print(stderr, "{}: {}\n", inner.line.file(), name);
      if (context.line.options.out) inner.line.options.out = *context.line.options.out + "/" + name;
      code = std::max(code, runExperiment(inner, *file->project, name));
      if (code == 130) return code;
    }
    showMessages(inner);
    worst = std::max({worst, code, exitCode(inner.diagnostics)});
  }
  if (!isAny) context.diagnostics.emit<diag::NoExperiments>({}, context.line.file());
  return worst;
}

}  // namespace nnc::driver
