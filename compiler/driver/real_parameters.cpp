#include "driver/real_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "driver/parameters.h"
#include "driver/session.h"
#include "ir/numbers.h"

namespace nnc::driver {

/// What the code of a train with these values depends on. Empty: it does not elaborate or lower.
static std::optional<std::string> codeOf(elaborate::Project& project, Context& context,
                                         const std::vector<elaborate::Override>& overrides) {
  const std::optional<elaborate::TrainProgram> train = project.train(context.line.name(), overrides);
  if (!train) return std::nullopt;
  std::string text;
  for (const bool isStep : {true, false}) {
    std::optional<elaborate::BatchProgram> program =
        isStep ? project.step(*train, train->batch) : project.evaluation(*train, train->batch);
    if (!program || !engine::lower(program->module, program->function, {}, context.diagnostics)) return std::nullopt;
    text += ir::codeText(program->module, {program->function});
  }
  return text;
}

/// A number close by, on the side of 0, where the ranges of rates go on; beside 0 a small one. Empty: no number.
static std::optional<std::string> closeTo(const std::string& value) {
  double number = 0.0;
  const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (failure != std::errc() || end != value.data() + value.size()) return std::nullopt;
  constexpr double kStep = 0x1p-10;
  const double close = number == 0.0 ? kStep : number * (1.0 - kStep);
  return fmt::format("{}", close);
}

static bool specialises(elaborate::Project& project, Context& context, const std::string& code, const std::string& name,
                        const std::string& value) {
  const std::optional<std::string> close = closeTo(value);
  if (!close) return true;
  std::vector<elaborate::Override> overrides = context.line.overrides;
  std::erase_if(overrides, [&](const elaborate::Override& override) { return override.name == name; });
  overrides.push_back({name, *close});
  // A value that the program refuses is a value that it asks about: no mistake of the user.
  Diagnostics before = context.diagnostics;
  const std::optional<std::string> other = codeOf(project, context, overrides);
  context.diagnostics = std::move(before);
  return other != code;
}

std::vector<RealParameter> realParameters(elaborate::Project& project, Context& context) {
  std::vector<RealParameter> parameters;
  const std::optional<elaborate::TrainSummary> summary = namedTrain(project, context.line);
  if (!summary || summary->reals.empty()) return parameters;
  const std::optional<elaborate::TrainProgram> train = project.train(context.line.name(), context.line.overrides);
  const std::optional<std::string> code = codeOf(project, context, context.line.overrides);
  if (!train || !code) return parameters;
  for (const auto& [name, value] : train->values)
    if (std::find(summary->reals.begin(), summary->reals.end(), name) != summary->reals.end())
      parameters.push_back({name, value, specialises(project, context, *code, name, value)});
  return parameters;
}

}  // namespace nnc::driver
