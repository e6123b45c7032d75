// `measure test = valid.accuracy.at(.best)`: one number of a finished run.
//
//   train.M valid.M test.M seen.M  the curve of a metric or of `loss`; alone: its last value
//   CURVE.at(.first|.last|.best)  .best: where the validation loss (else the training loss) was least
//   first last mean max min     of a curve over its steps; of the layers of a probe at one step over the layers
//   ema(CURVE, N)               the curve as an exponential moving average: exp(-s/N) is the weight of what is s steps
//   old PROBE                       the layers of a probe over the steps; PROBE.first, PROBE.final: one layer's curve
//   steps_to(CONDITION)         also examples_to, flops_to, seconds_to: the first evaluation at which it holds
//   steps examples flops seconds ..  what the run cost: costs.h has the names
//   + - * / ** log exp sqrt abs, numbers, earlier measures, parameters and constants that are numbers
//   a >= b, also > <= <         1 where it holds, 0 where not: the mean over the runs is a share
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "study/study.h"
#include "syntax/ast.h"

namespace nnc::experiment {

/// What a measure sees besides the run.
struct MeasureContext {
  const study::Cell& cell;
  const std::map<std::string, double>& constants;               // of the experiment
  const std::map<std::string, study::MeasuredValue>& measures;  // those before it
  std::optional<std::int64_t> classes;                          // of the label, for what guessing gives
};

/// Why an expression is no measure.
struct MeasureError {
  Span span;
  std::string what;
};

/// The number, or what is wrong with the expression; a run that lacks what the expression needs gives NaN. Of a run
/// that diverged, metrics are what guessing gives, and targets are not reached.
std::variant<study::MeasuredValue, MeasureError> measureRun(const syntax::Expr& expr, const study::Run& run,
                                                            const MeasureContext& context);

/// What guessing gives of a metric: 1 / classes for an accuracy, ln(classes) for a loss. Empty: unknown.
std::optional<double> guess(const std::string& metric, std::optional<std::int64_t> classes);

/// Name, text, direction and scale of a measure, as its expression says. `earlier`: the measures before it;
/// `constants`: numbers of the experiment.
study::Measure describeMeasure(const std::string& name, const std::string& text, const syntax::Expr& expr,
                               std::span<const study::Measure> earlier = {},
                               const std::map<std::string, double>& constants = {});

}  // namespace nnc::experiment
