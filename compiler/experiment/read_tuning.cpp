// `bind lr = tuned(grid, by: valid.loss, steps: 150, blocks: 2)`
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "diagnostics/kinds/experiment.h"
#include "experiment/reader.h"
#include "training/train_loop.h"

namespace nnc::experiment {

namespace {

class TuningReader {
 public:
  TuningReader(Reading& reading, const syntax::ParamDecl& parameter, Span span)
      : reading_(reading), parameter_(parameter), span_(span) {
    tuning_.parameter = parameter.name.text;
  }

  bool run(const std::vector<syntax::Arg>& arguments) {
    if (reading_.spec.tuning)
      return refuse(span_, fmt::format("is used twice: `{}` is tuned too", reading_.spec.tuning->parameter));
    for (const syntax::Arg& argument : arguments)
      if (!readArgument(argument)) return false;
    if (tuning_.grid.empty()) return refuse(span_, "needs a grid of values");
    if (tuning_.metric.empty())
      return refuse(span_, "needs `by:`, a result of the validation part such as `valid.loss`");
    if (!length_) return refuse(span_, "needs `steps:` or `epochs:`, the length of a trial");
    tuning_.isLowerBetter = training::isLowerBetter(tuning_.metric);
    reading_.spec.tuning = std::move(tuning_);
    reading_.spec.trialLength = *length_;
    reading_.spec.tunedParameter = &parameter_;
    return true;
  }

 private:
  bool refuse(Span where, const std::string& what) {
    reading_.elaborator.error<diag::BadTuning>(where, what);
    return false;
  }

  bool readArgument(const syntax::Arg& argument) {
    if (!argument.name) return readGrid(argument);
    const std::string& name = argument.name->text;
    if (name == "by") return readMetric(*argument.value);
    if (name != "steps" && name != "epochs" && name != "blocks")
      return refuse(argument.span, fmt::format("has no argument `{}`; it has by, steps, epochs and blocks", name));
    const std::optional<elaborate::Value> value = reading_.elaborator.evaluate(*argument.value, reading_.scope);
    if (!value) return false;
    const auto* count = std::get_if<std::int64_t>(&*value);
    if (count == nullptr || *count < 1 || *count > 1'000'000'000)
      return refuse(argument.span, fmt::format("takes a whole number from 1 as `{}`", name));
    if (name == "blocks") {
      tuning_.blocks = static_cast<int>(*count);
      return true;
    }
    if (length_) return refuse(argument.span, "takes one of `steps:` and `epochs:`, not both");
    length_ = Length{*count, /*isEpochs=*/name == "epochs"};
    tuning_.length = fmt::format("{} {}", *count, *count == 1 ? name.substr(0, name.size() - 1) : name);
    return true;
  }

  bool readMetric(const syntax::Expr& expr) {
    tuning_.metric = metricName(expr);
    if (tuning_.metric.starts_with("test."))
      return refuse(expr.span, "must not look at the test part: what is chosen by it cannot be judged by it");
    if (!tuning_.metric.empty() && !tuning_.metric.starts_with("valid."))
      return refuse(expr.span,
                    fmt::format("chooses by a result of the validation part, and `{}` is none: what was learnt "
                                "by heart speaks for no value",
                                tuning_.metric));
    return !tuning_.metric.empty() || refuse(expr.span, "takes a result such as `valid.loss` as `by`");
  }

  bool readGrid(const syntax::Arg& argument) {
    const std::optional<elaborate::Value> value = reading_.elaborator.evaluate(*argument.value, reading_.scope);
    if (!value) return false;
    const auto* list = std::get_if<const elaborate::List*>(&*value);
    if (list == nullptr || (*list)->items.empty())
      return refuse(argument.span, fmt::format("takes a list of numbers, and this is {}", elaborate::describe(*value)));
    for (const elaborate::Value& item : (*list)->items) {
      const std::optional<double> number = elaborate::asReal(item);
      if (!number) return refuse(argument.span, "takes a list of numbers");
      if (isWholeNumber(parameter_) && *number != std::floor(*number))
        return refuse(argument.span,
                      fmt::format("has {} in its grid, and `{}` is a whole number", *number, parameter_.name.text));
      tuning_.grid.push_back(*number);
    }
    std::sort(tuning_.grid.begin(), tuning_.grid.end());
    const bool isTwice = std::adjacent_find(tuning_.grid.begin(), tuning_.grid.end()) != tuning_.grid.end();
    return !isTwice || refuse(argument.span, "has a value twice in its grid");
  }

  Reading& reading_;
  const syntax::ParamDecl& parameter_;
  Span span_;
  study::Tuning tuning_;
  std::optional<Length> length_;
};

}  // namespace

bool readTuning(Reading& reading, const syntax::ParamDecl& parameter, const std::vector<syntax::Arg>& arguments,
                Span span) {
  return TuningReader(reading, parameter, span).run(arguments);
}

}  // namespace nnc::experiment
