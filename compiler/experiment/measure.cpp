#include "experiment/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "experiment/costs.h"
#include "experiment/measure_direction.h"
#include "experiment/reader.h"
#include "support/suggest.h"

namespace nnc::experiment {

namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

using Number = study::MeasuredValue;
/// Values over the steps: a metric, or one layer of a probe.
struct Curve {
  std::string metric;  // empty: of a probe
  std::vector<std::int64_t> steps;
  std::vector<double> values;
};
/// All layers of a probe over the steps.
struct Layers {
  const study::ProbeSeries* series = nullptr;
};
/// All layers of a probe at one step.
struct Row {
  std::vector<double> values;
};
using Value = std::variant<Number, Curve, Layers, Row>;

double reduce(std::string_view function, const std::vector<double>& values) {
  if (values.empty()) return kUndefined;
  if (function == "first") return values.front();
  if (function == "last") return values.back();
  if (function == "max") return *std::max_element(values.begin(), values.end());
  if (function == "min") return *std::min_element(values.begin(), values.end());
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

bool isReduction(std::string_view name) {
  return name == "first" || name == "last" || name == "mean" || name == "max" || name == "min";
}

/// The first mistake is kept, and evaluation goes on with an undefined number.
class Evaluator {
 public:
  Evaluator(const study::Run& run, const MeasureContext& context) : run_(run), context_(context) {}

  Number number(const syntax::Expr& expr) { return asNumber(evaluate(expr), expr.span); }
  const std::optional<MeasureError>& error() const { return error_; }
  /// Whether the number depends on how fast the machine was.
  bool readsClock() const { return readsClock_; }

 private:
  Number fail(Span span, std::string what) {
    if (!error_) error_ = MeasureError{span, std::move(what)};
    return {kUndefined, false};
  }

  Number asNumber(const Value& value, Span span) {
    if (const auto* number = std::get_if<Number>(&value)) return *number;
    if (const auto* curve = std::get_if<Curve>(&value)) {
      if (!curve->metric.empty()) return {reduce("last", curve->values), false};
      return fail(span, "this is a curve over the steps; `last(..)`, `mean(..)`, `max(..)` make a number of it");
    }
    return fail(span, "these are the layers of a probe; `last(mean(..))` or `last(NAME.first)` make a number of them");
  }

  Value evaluate(const syntax::Expr& wrapped) {
    const syntax::Expr& expr = bare(wrapped);
    if (const auto* whole = std::get_if<syntax::IntLiteral>(&expr.node))
      return Number{static_cast<double>(whole->value), false};
    if (const auto* real = std::get_if<syntax::RealLiteral>(&expr.node)) return Number{real->value, false};
    if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) return named(name->name, expr.span);
    if (const auto* field = std::get_if<syntax::FieldExpr>(&expr.node)) return fieldOf(*field, expr);
    if (const auto* call = std::get_if<syntax::CallExpr>(&expr.node)) return callOf(*call, expr.span);
    if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr.node);
        unary != nullptr && unary->op == syntax::UnaryOp::Neg) {
      Number value = number(*unary->operand);
      value.value = -value.value;
      return value;
    }
    if (const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node)) return arithmetic(*binary, expr.span);
    return fail(expr.span, "this is no expression that a measure can have");
  }

  // ------------------------------------------------------------------ names

  Value named(const std::string& name, Span span) {
    if (const auto known = context_.measures.find(name); known != context_.measures.end()) {
      readsClock_ |= known->second.isClock;
      return known->second;
    }
    for (const study::ProbeSeries& probe : run_.probes)
      if (probe.probe == name) {
        if (probe.paths.size() == 1) return columnOf(probe, 0);
        return Layers{&probe};
      }
    if (const Cost* const cost = findCost(name)) {
      readsClock_ |= cost->isClock;
      return Number{cost->of(run_, context_.cell), false};
    }
    if (const auto known = context_.constants.find(name); known != context_.constants.end())
      return Number{known->second, false};
    for (const auto& [parameter, text] : context_.cell.values) {
      if (parameter != name) continue;
      double value = 0.0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size()) return Number{value, false};
      return fail(span, fmt::format("parameter `{}` is {}, not a number", name, text));
    }
    std::vector<std::string> known;
    for (const Cost& cost : costs()) known.emplace_back(cost.name);
    for (const auto& [measure, value] : context_.measures) known.push_back(measure);
    for (const study::ProbeSeries& probe : run_.probes) known.push_back(probe.probe);
    const std::optional<std::string> close = closestName(name, known);
    return fail(span, fmt::format("`{}` is neither a probe, an earlier measure nor a cost{}", name,
                                  close ? fmt::format("; did you mean `{}`?", *close) : ""));
  }

  static Curve columnOf(const study::ProbeSeries& probe, std::size_t column) {
    Curve curve;
    curve.steps = probe.steps;
    for (const std::vector<double>& row : probe.values) curve.values.push_back(row[column]);
    return curve;
  }

  Value fieldOf(const syntax::FieldExpr& field, const syntax::Expr& expr) {
    const std::string metric = metricName(expr);
    if (!metric.empty() && isPart(metric.substr(0, metric.find('.')))) return curveOf(metric, expr.span);
    for (const study::ProbeSeries& probe : run_.probes)
      if (probe.probe == metric) return named(metric, expr.span);  // one of several series: `ics.cos`
    const Value base = evaluate(*field.base);
    const auto* layers = std::get_if<Layers>(&base);
    if (layers == nullptr || (field.field.text != "first" && field.field.text != "final"))
      return fail(field.field.span,
                  "fields are `.first` and `.final` of the layers of a probe, and `.at(..)` of a metric");
    return columnOf(*layers->series, field.field.text == "first" ? 0 : layers->series->paths.size() - 1);
  }
  static bool isPart(std::string_view name) {
    return name == "train" || name == "valid" || name == "test" || name == "seen";
  }

  Value curveOf(const std::string& metric, Span span) {
    if (run_.status == study::Status::Diverged)
      return Curve{metric, {run_.steps}, {guess(metric, context_.classes).value_or(kUndefined)}};
    for (const study::Curve& curve : run_.curves)
      if (curve.metric == metric) return Curve{metric, curve.steps, curve.values};
    std::vector<std::string> known;
    for (const study::Curve& curve : run_.curves) known.push_back(curve.metric);
    // A run that ended before its first evaluation has no curves: then nothing is known of it.
    if (known.empty()) return Curve{metric, {}, {}};
    return fail(span, fmt::format("there is no result `{}`; there are {}", metric, fmt::join(known, ", ")));
  }

  // ------------------------------------------------------------------ calls

  Value callOf(const syntax::CallExpr& call, Span span) {
    if (const auto* field = std::get_if<syntax::FieldExpr>(&call.callee->node);
        field != nullptr && field->field.text == "at")
      return at(*field->base, call, span);
    const auto* name = std::get_if<syntax::NameExpr>(&call.callee->node);
    if (name != nullptr && name->name == "ema") return smoothed(call, span);
    if (name == nullptr || call.arguments.size() != 1 || call.arguments[0].name)
      return fail(span, "functions of a measure take one argument");
    const syntax::Expr& argument = *call.arguments[0].value;
    if (name->name.ends_with("_to")) return timeTo(name->name, argument, call.callee->span);
    if (isReduction(name->name)) return reduced(name->name, argument);
    Number value = number(argument);
    if (name->name == "log")
      value.value = std::log(value.value);
    else if (name->name == "exp")
      value.value = std::exp(value.value);
    else if (name->name == "sqrt")
      value.value = std::sqrt(value.value);
    else if (name->name == "abs")
      value.value = std::abs(value.value);
    else
      return fail(call.callee->span,
                  fmt::format("`{}` is no function of measures; there are first, last, mean, max, min, ema, "
                              "steps_to, examples_to, flops_to, seconds_to, log, exp, sqrt and abs",
                              name->name));
    return value;
  }

  /// The first value stands for all that came before it. The weight of a value falls with its age in steps, so that the
  /// result hardly depends on how often the network is evaluated.
  Value smoothed(const syntax::CallExpr& call, Span span) {
    if (call.arguments.size() != 2 || call.arguments[0].name || call.arguments[1].name)
      return fail(span, "`ema` takes a curve and a number of steps: `ema(train.accuracy, 30)`");
    Value value = evaluate(*call.arguments[0].value);
    auto* curve = std::get_if<Curve>(&value);
    if (curve == nullptr)
      return fail(call.arguments[0].value->span, "`ema` smooths a curve over the steps, such as `train.accuracy`");
    const double window = number(*call.arguments[1].value).value;
    if (!(window > 0.0)) return fail(call.arguments[1].value->span, "`ema` averages over a positive number of steps");
    for (std::size_t i = 1; i < curve->values.size(); ++i) {
      const double kept = std::exp(-static_cast<double>(curve->steps[i] - curve->steps[i - 1]) / window);
      curve->values[i] = kept * curve->values[i - 1] + (1.0 - kept) * curve->values[i];
    }
    return value;
  }

  Value reduced(const std::string& function, const syntax::Expr& argument) {
    const Value value = evaluate(argument);
    if (const auto* curve = std::get_if<Curve>(&value)) return Number{reduce(function, curve->values), false};
    if (const auto* row = std::get_if<Row>(&value)) return Number{reduce(function, row->values), false};
    const auto* layers = std::get_if<Layers>(&value);
    if (layers == nullptr)
      return fail(argument.span, fmt::format("`{}` takes a curve or the layers of a probe", function));
    const study::ProbeSeries& series = *layers->series;
    if (function == "first" || function == "last")
      return Row{series.values.empty() ? std::vector<double>()
                 : function == "first" ? series.values.front()
                                       : series.values.back()};
    Curve curve;
    curve.steps = series.steps;
    for (const std::vector<double>& row : series.values) curve.values.push_back(reduce(function, row));
    return curve;
  }

  /// The step at which the network was best, by the validation loss where there is one.
  std::optional<std::int64_t> bestStep() const {
    for (const char* const metric : {"valid.loss", "train.loss"})
      for (const study::Curve& curve : run_.curves)
        if (curve.metric == metric && !curve.values.empty()) {
          const auto best = std::min_element(curve.values.begin(), curve.values.end(),
                                             [](double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; });
          return curve.steps[static_cast<std::size_t>(best - curve.values.begin())];
        }
    return std::nullopt;
  }

  Value at(const syntax::Expr& base, const syntax::CallExpr& call, Span span) {
    const Value value = evaluate(base);
    const auto* curve = std::get_if<Curve>(&value);
    const auto* symbol =
        call.arguments.size() == 1 ? std::get_if<syntax::SymbolExpr>(&bare(*call.arguments[0].value).node) : nullptr;
    if (curve == nullptr || symbol == nullptr)
      return fail(span, "`.at(.best)`, `.at(.first)` and `.at(.last)` belong to a metric");
    if (symbol->name == "first" || symbol->name == "last") return Number{reduce(symbol->name, curve->values), false};
    if (symbol->name != "best")
      return fail(span, fmt::format("`.at` takes .first, .last or .best, and this is .{}", symbol->name));
    if (run_.status == study::Status::Diverged) return Number{reduce("last", curve->values), false};
    const std::optional<std::int64_t> step = bestStep();
    for (std::size_t i = 0; step && i < curve->steps.size(); ++i)
      if (curve->steps[i] == *step) return Number{curve->values[i], false};
    if (curve->metric.starts_with("test."))
      return fail(span, "the test part is evaluated once, at the end: `test.accuracy` has no `.at(.best)`");
    return Number{kUndefined, false};
  }

  Number timeTo(const std::string& function, const syntax::Expr& condition, Span span) {
    const std::string clock = function.substr(0, function.size() - 3);
    readsClock_ |= clock == "seconds";
    if (clock != "steps" && clock != "examples" && clock != "flops" && clock != "seconds")
      return fail(span, fmt::format("`{}`: there are steps_to, examples_to, flops_to and seconds_to", function));
    const auto* comparison = std::get_if<syntax::BinaryExpr>(&bare(condition).node);
    if (comparison == nullptr || (comparison->op != syntax::BinaryOp::Ge && comparison->op != syntax::BinaryOp::Le))
      return fail(condition.span, "the target is a condition such as `valid.accuracy >= 0.8` or `train.loss <= 0.5`");
    const Value left = evaluate(*comparison->left);
    const auto* curve = std::get_if<Curve>(&left);
    if (curve == nullptr) return fail(comparison->left->span, "the left side of a target is a metric");
    const double target = number(*comparison->right).value;
    const bool isAtLeast = comparison->op == syntax::BinaryOp::Ge;
    if (run_.status != study::Status::Diverged)
      for (std::size_t i = 0; i < curve->values.size(); ++i)
        if (isAtLeast ? curve->values[i] >= target : curve->values[i] <= target) return clockAt(clock, curve->steps[i]);
    Number censored = clockAt(clock, std::max(run_.steps, context_.cell.steps));
    censored.isCensored = true;
    return censored;
  }

  Number clockAt(const std::string& clock, std::int64_t step) const {
    const double part = run_.steps > 0 ? static_cast<double>(step) / static_cast<double>(run_.steps) : 0.0;
    if (clock == "steps") return {static_cast<double>(step), false};
    if (clock == "examples") return {part * static_cast<double>(run_.examples), false};
    if (clock == "flops") return {part * run_.flops, false};
    if (!run_.curves.empty())
      for (std::size_t i = 0; i < run_.curves[0].steps.size() && i < run_.curveSeconds.size(); ++i)
        if (run_.curves[0].steps[i] == step) return {run_.curveSeconds[i], false};
    return {part * run_.trainSeconds, false};
  }

  // ------------------------------------------------------------------ arithmetic

  /// A condition is 1 where it holds and 0 where not: its mean over the blocks is a share of the runs.
  static double condition(bool holds, const Number& left, const Number& right) {
    return std::isnan(left.value) || std::isnan(right.value) ? kUndefined : holds ? 1.0 : 0.0;
  }

  Value arithmetic(const syntax::BinaryExpr& binary, Span span) {
    const Number left = number(*binary.left), right = number(*binary.right);
    if (isOrder(binary.op)) return Number{condition(holds(left.value, binary.op, right.value), left, right), false};
    Number out{kUndefined, left.isCensored || right.isCensored};
    switch (binary.op) {
      case syntax::BinaryOp::Add:
        out.value = left.value + right.value;
        break;
      case syntax::BinaryOp::Sub:
        out.value = left.value - right.value;
        break;
      case syntax::BinaryOp::Mul:
        out.value = left.value * right.value;
        break;
      case syntax::BinaryOp::Div:
        out.value = left.value / right.value;
        break;
      case syntax::BinaryOp::Pow:
        out.value = std::pow(left.value, right.value);
        break;
      default:
        return fail(span, "a measure is a number: + - * / ** and comparisons make one of two");
    }
    return out;
  }

  const study::Run& run_;
  const MeasureContext& context_;
  std::optional<MeasureError> error_;
  bool readsClock_ = false;
};

}  // namespace

std::variant<study::MeasuredValue, MeasureError> measureRun(const syntax::Expr& expr, const study::Run& run,
                                                            const MeasureContext& context) {
  Evaluator evaluator(run, context);
  study::MeasuredValue value = evaluator.number(expr);
  if (evaluator.error()) return *evaluator.error();
  value.isClock = evaluator.readsClock();
  return value;
}

std::optional<double> guess(const std::string& metric, std::optional<std::int64_t> classes) {
  if (!classes || *classes < 2) return std::nullopt;
  const auto count = static_cast<double>(*classes);
  if (metric.ends_with(".accuracy")) return 1.0 / count;
  if (metric.ends_with(".error")) return 1.0 - 1.0 / count;
  if (metric.ends_with(".loss")) return std::log(count);
  return std::nullopt;
}

/// The metric that an expression is about, behind `.at(..)` or in `ema(..)`; empty: it is about something else.
static std::string metricOf(const syntax::Expr& expr) {
  const auto* call = std::get_if<syntax::CallExpr>(&bare(expr).node);
  const auto* function = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
  if (function != nullptr && function->name == "ema" && !call->arguments.empty())
    return metricName(*call->arguments[0].value);
  const auto* at = call != nullptr ? std::get_if<syntax::FieldExpr>(&call->callee->node) : nullptr;
  return metricName(at != nullptr && at->field.text == "at" ? *at->base : expr);
}

study::Measure describeMeasure(const std::string& name, const std::string& text, const syntax::Expr& expr,
                               std::span<const study::Measure> earlier,
                               const std::map<std::string, double>& constants) {
  study::Measure measure;
  measure.name = name;
  measure.text = text;
  const std::string metric = metricOf(expr);
  for (const char* const share : {".accuracy", ".error"})
    if (metric.ends_with(share)) {
      measure.scale = study::Measure::Scale::Fraction;
      // What steps saw is no sample of its own: the network changes under way.
      if (!metric.starts_with("train.")) measure.part = metric.substr(0, metric.find('.'));
    }
  measure.better = betterOf(expr, earlier, constants);
  const auto* call = std::get_if<syntax::CallExpr>(&bare(expr).node);
  const auto* function = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
  const auto* cost = std::get_if<syntax::NameExpr>(&bare(expr).node);
  const std::string word = function != nullptr ? function->name : cost != nullptr ? cost->name : "";
  const auto* binary = std::get_if<syntax::BinaryExpr>(&bare(expr).node);
  if (binary != nullptr && isOrder(binary->op)) measure.scale = study::Measure::Scale::Fraction;
  measure.isTimeToTarget = function != nullptr && word.ends_with("_to");
  if (word.starts_with("seconds")) measure.scale = study::Measure::Scale::Seconds;
  return measure;
}

}  // namespace nnc::experiment
