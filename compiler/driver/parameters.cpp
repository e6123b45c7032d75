#include "driver/parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/driver.h"
#include "diagnostics/render.h"
#include "support/suggest.h"
#include "training/run_folder.h"
#include "training/weights_origin.h"

namespace nnc::driver {

std::optional<elaborate::TrainSummary> namedTrain(const elaborate::Project& project, const CommandLine& line) {
  std::vector<elaborate::TrainSummary> trains = project.trains();
  const auto found = std::find_if(trains.begin(), trains.end(), [&](const elaborate::TrainSummary& train) {
    return line.name().empty() ? trains.size() == 1 : train.name == line.name();
  });
  return found == trains.end() ? std::nullopt : std::optional(std::move(*found));
}

/// Says that an override belongs to no parameter, and what could have been meant.
static void reportUnknown(const elaborate::Override& override, const elaborate::TrainSummary& train,
                          const CommandLine& line, Diagnostics& diagnostics) {
  DiagnosticBuilder message =
      diagnostics.emit<diag::UnknownParameter>({}, override.name, commandInfo(line.command).name, train.name);
  const std::string written = "--" + override.name;
  const std::vector<std::string> options = optionNames(line.command);
  std::vector<std::string> candidates;
  for (const std::string& name : train.parameterNames) candidates.push_back("--" + name);
  candidates.insert(candidates.end(), options.begin(), options.end());
  if (std::find(options.begin(), options.end(), written) != options.end())
    message.help(fmt::format("the option `{}` is written before `--`", written));
  else if (const auto close = closestName(written, candidates))
    message.help(fmt::format("did you mean `{}`?", *close));
  message.note(train.parameters.empty() ? fmt::format("train `{}` has no parameters", train.name)
                                        : fmt::format("parameters: {}", fmt::join(train.parameters, ", ")));
}

bool checkOverrides(Context& context, const elaborate::Project& project) {
  const CommandLine& line = context.line;
  const std::optional<elaborate::TrainSummary> train = namedTrain(project, line);
  if (!train) return true;
  bool isFine = true;
  const std::vector<std::string>& known = train->parameterNames;
  for (const elaborate::Override& override : line.overrides) {
    if (std::find(known.begin(), known.end(), override.name) != known.end()) continue;
    reportUnknown(override, *train, line, context.diagnostics);
    isFine = false;
  }
  if (isFine) reportSameNames(line, known, fmt::format("train `{}`", train->name), context.diagnostics);
  return isFine;
}

bool settleParameters(Context& context, const elaborate::Project& project) {
  const Options& options = context.line.options;
  const std::optional<elaborate::TrainSummary> train = namedTrain(project, context.line);
  if (!train || options.partial) return checkOverrides(context, project);
  const std::optional<std::string> source =
      options.resume ? training::RunFolder::find(options.out.value_or(""), train->name, options.seed) : options.weights;
  const std::optional<training::WeightsOrigin> origin = source ? training::originOf(*source) : std::nullopt;
  if (!origin || origin->train != train->name) return checkOverrides(context, project);
  const std::vector<std::string>& known = train->parameterNames;
  std::vector<elaborate::Override>& overrides = context.line.overrides;
  std::string taken;
  for (const auto& [name, value] : origin->given) {
    const bool isGiven = std::any_of(overrides.begin(), overrides.end(),
                                     [&](const elaborate::Override& override) { return override.name == name; });
    if (isGiven || std::find(known.begin(), known.end(), name) == known.end()) continue;
    overrides.push_back({name, value});
    taken += fmt::format(" --{} {}", name, value);
  }
  if (!taken.empty() && !options.json) fmt::print(stderr, "parameters of {}:{}\n", harmless(*source), harmless(taken));
  return checkOverrides(context, project);
}

}  // namespace nnc::driver
