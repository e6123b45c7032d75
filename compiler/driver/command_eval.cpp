// nnc eval and nnc predict: trained weights on a part of the data, or on rows of the user's own.

#include "diagnostics/kinds/driver.h"
#include "driver/session.h"
#include "training/evaluate.h"
#include "training/predict.h"

namespace nnc::driver {

/// Empty when a needed option is missing: reported.
static std::optional<training::EvaluateOptions> evaluateOptions(Context& context) {
  const Options& options = context.line.options;
  const CommandInfo& info = commandInfo(context.line.command);
  if (!options.weights) {
    context.diagnostics.emit<diag::MissingOption>({}, info.name, "--weights")
        .help(fmt::format("for example: {}", info.example));
    return std::nullopt;
  }
  training::EvaluateOptions evaluate;
  evaluate.weights = *options.weights;
  evaluate.split = options.split.value_or("");
  evaluate.seed = options.seed.value_or(0);
  evaluate.threads = threadCount(options);
  evaluate.engine = engineOptions(context);
  return evaluate;
}

static int show(const Context& context, const std::optional<training::EvaluateResult>& result) {
  if (!result) return 1;
  writeResult(context.line.options.json ? training::resultJson(*result) : training::resultTable(*result));
  return 0;
}

int evalCommand(Context& context) {
  const std::optional<training::EvaluateOptions> options = evaluateOptions(context);
  if (!options) return 2;
  const std::optional<TrainSession> session = openTrain(context);
  if (!session) return 1;
  return show(context, training::evaluate(*session->project, session->train, *options, context.diagnostics));
}

/// Rows of the user's own. Without --out the outputs go to stdout.
static int predictInput(Context& context, const training::EvaluateOptions& evaluate) {
  const Options& options = context.line.options;
  const std::optional<TrainSession> session = openTrain(context);
  if (!session) return 1;
  const training::PredictOptions predict{evaluate.weights, *options.input, evaluate.engine, evaluate.seed};
  const std::optional<training::Predictions> outputs =
      training::predictRows(*session->project, session->train, predict, context.diagnostics);
  if (!outputs) return 1;
  if (options.out) return training::writeOutputs(*options.out, *outputs, context.diagnostics) ? 0 : 3;
  writeResult(options.json ? training::outputsAsJson(*outputs) : training::outputsAsCsv(*outputs));
  return 0;
}

int predictCommand(Context& context) {
  const std::optional<training::EvaluateOptions> options = evaluateOptions(context);
  if (!options) return 2;
  if (context.line.options.input) return predictInput(context, *options);
  if (!context.line.options.out) {
    context.diagnostics.emit<diag::MissingOption>({}, "predict", "--out").help("for example: --out outputs.npz");
    return 2;
  }
  const std::optional<TrainSession> session = openTrain(context);
  if (!session) return 1;
  return show(context, training::predict(*session->project, session->train, *options, *context.line.options.out,
                                         context.diagnostics));
}

}  // namespace nnc::driver
