// nnc check: elaborates everything, runs nothing, opens no data file.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "diagnostics/kinds/elaborate.h"
#include "driver/session.h"
#include "driver/stages.h"
#include "engine/compare_derivatives.h"
#include "experiment/planner.h"

namespace nnc::driver {

/// Every cell of every experiment, with the defaults of its parameters.
static bool checkExperiments(elaborate::Project& project) {
  bool isFine = true;
  for (const std::string& name : project.experimentsWithDefaults())
    isFine &= experiment::makePlan(project, name, {}, experiment::PlanFor::Checking) != nullptr;
  return isFine;
}

static bool checkProject(elaborate::Project& project, Context& context) {
  ScopedTimer timer(&context.timings, "elaborate");
  return project.check() && checkExperiments(project);
}

using Json = nlohmann::ordered_json;

/// What became of one function, as a line of text or as JSON.
struct Comparison {
  std::string text;
  Json json;
};

static Comparison notCompared(const std::string& name, const std::string& reason) {
  return {fmt::format("{}: not compared, {}\n", name, reason), {{"fn", name}, {"not_compared", reason}}};
}

static Comparison compared(const std::string& name, const engine::DerivativeDifference& difference) {
  return {
      fmt::format("{}: derivative by {}: off by {:.1e}\n", name, difference.parameter, difference.relative),
      {{"fn", name}, {"by", difference.parameter}, {"relative_difference", difference.relative}},
  };
}

/// Compares every derivative that is written by hand with the derived one.
static int checkDerivatives(elaborate::Project& project, Context& context) {
  // Both are computed in f64 with a few dozen operations.
  constexpr double kMost = 1e-9;
  std::vector<Comparison> comparisons;
  for (const elaborate::DerivativeProgram& program : project.derivatives()) {
    const std::vector<engine::DerivativeDifference> differences =
        program.refused.empty() ? engine::compareDerivatives(program.module, program.function, program.name)
                                : std::vector<engine::DerivativeDifference>();
    if (differences.empty())
      comparisons.push_back(
          notCompared(program.name, program.refused.empty() ? "it is not finite where it was tried" : program.refused));
    for (const engine::DerivativeDifference& difference : differences) {
      comparisons.push_back(compared(program.name, difference));
      if (difference.relative <= kMost) continue;
      context.diagnostics
          .emit<diag::VjpDiffers>(program.span, program.name, difference.parameter, difference.element,
                                  difference.written, difference.derived)
          .note(
              "compared in f64 at made-up values; a derivative that is meant to differ (straight through a step) does");
    }
  }
  std::string text;
  Json all = Json::array();
  for (const Comparison& comparison : comparisons) {
    text += comparison.text;
    all.push_back(comparison.json);
  }
  if (context.line.options.json)
    writeResult(Json({{"derivatives", all}}).dump() + "\n");
  else
    writeResult(text.empty() ? "no fn has a derivative of its own\n" : text);
  return context.diagnostics.hasErrors() ? 1 : 0;
}

int checkCommand(Context& context) {
  const std::string stage = context.line.options.emit.value_or("");
  if (stage == "ast") return printTree(context);
  const std::unique_ptr<elaborate::Project> project = loadProject(context);
  if (project == nullptr || !checkProject(*project, context)) return 1;
  if (context.line.options.grad) return checkDerivatives(*project, context);
  if (stage.empty()) return 0;
  std::optional<StageSubject> subject = openStageSubject(*project, context);
  return subject ? printStage(context, subject->program, stage) : 1;
}

}  // namespace nnc::driver
