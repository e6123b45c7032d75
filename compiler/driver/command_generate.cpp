// nnc generate: text from a trained language model, token by token.
#include <cstdio>

#include "diagnostics/kinds/driver.h"
#include "driver/session.h"
#include "training/generate.h"

namespace nnc::driver {

/// Empty when an option is missing or has a wrong value: reported.
static std::optional<training::GenerateOptions> generateOptions(Context& context) {
  const Options& options = context.line.options;
  if (!options.weights) {
    context.diagnostics.emit<diag::MissingOption>({}, "generate", "--weights")
        .help(fmt::format("for example: {}", commandInfo(context.line.command).example));
    return std::nullopt;
  }
  if (options.topP && (*options.topP <= 0.0 || *options.topP > 1.0)) {
    context.diagnostics.emit<diag::OptionRange>({}, "--top-p", "a number above 0 and at most 1",
                                                fmt::format("{}", *options.topP));
    return std::nullopt;
  }
  training::GenerateOptions generate;
  generate.weights = *options.weights;
  generate.prompt = options.prompt;
  generate.length = options.length.value_or(generate.length);
  generate.sampler.temperature = options.temperature.value_or(generate.sampler.temperature);
  generate.sampler.topK = options.topK.value_or(0);
  generate.sampler.topP = options.topP.value_or(1.0);
  generate.sampler.seed = options.seed.value_or(0);
  generate.stop = options.stop.value_or("");
  generate.engine = engineOptions(context);
  return generate;
}

int generateCommand(Context& context) {
  const std::optional<training::GenerateOptions> options = generateOptions(context);
  if (!options) return 2;
  std::optional<TrainSession> session = openTrain(context);
  if (!session) return 1;
  const bool isJson = context.line.options.json;
  const auto show = [&](std::string_view bytes) {
    if (isJson || bytes.empty()) return;
    writeResult(bytes);
    std::fflush(stdout);
  };
  const std::optional<training::GenerateResult> result =
      training::generate(*session->project, session->train, *options, show, context.diagnostics);
  if (!result) return 1;
  writeResult(isJson ? training::resultJson(*result) : "\n");
  // The text is whole before the figures, wherever the two go.
  std::fflush(stdout);
  if (!isJson) fmt::print(stderr, "{}\n", training::resultLine(*result));
  return 0;
}

}  // namespace nnc::driver
