#include "experiment/measure_direction.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "experiment/costs.h"
#include "experiment/reader.h"
#include "training/train_loop.h"

namespace nnc::experiment {

namespace {

using Better = study::Measure::Better;

/// What is known of the value of an expression.
struct Trend {
  Better better = Better::Unknown;
  std::optional<double> number = {};  // the same in every run; `better` says nothing then
  bool isNonNegative = false;
};

Better opposite(Better better) {
  if (better == Better::Unknown) return better;
  return better == Better::Higher ? Better::Lower : Better::Higher;
}

Trend ofNumber(double value) { return {Better::Unknown, value, value >= 0}; }

Trend negative(const Trend& trend) {
  if (trend.number) return ofNumber(-*trend.number);
  return {opposite(trend.better), {}, false};
}

Trend sum(const Trend& a, const Trend& b) {
  const bool isNonNegative = a.isNonNegative && b.isNonNegative;
  if (a.number && b.number) return ofNumber(*a.number + *b.number);
  if (a.number) return {b.better, {}, isNonNegative};
  if (b.number || a.better == b.better) return {a.better, {}, isNonNegative};
  return {Better::Unknown, {}, isNonNegative};
}

/// A factor that never changes keeps or turns the direction. Two that vary go one way where both are never negative.
Trend product(const Trend& a, const Trend& b) {
  if (a.number && b.number) return ofNumber(*a.number * *b.number);
  if (b.number) return product(b, a);
  const bool isNonNegative = a.isNonNegative && b.isNonNegative;
  if (a.number) {
    if (*a.number == 0) return ofNumber(0);
    return {*a.number > 0 ? b.better : opposite(b.better), {}, isNonNegative};
  }
  return {isNonNegative && a.better == b.better ? a.better : Better::Unknown, {}, isNonNegative};
}

Trend inverse(const Trend& trend) {
  if (trend.number) return ofNumber(1 / *trend.number);
  return {trend.isNonNegative ? opposite(trend.better) : Better::Unknown, {}, trend.isNonNegative};
}

Trend power(const Trend& base, const Trend& exponent) {
  if (exponent.number && base.isNonNegative) {
    if (*exponent.number == 0) return ofNumber(1);
    return {*exponent.number > 0 ? base.better : opposite(base.better), {}, true};
  }
  if (base.number && *base.number > 0)
    return {*base.number > 1 ? exponent.better : opposite(exponent.better), {}, true};
  return {};
}

class Reader {
 public:
  Reader(std::span<const study::Measure> earlier, const std::map<std::string, double>& constants)
      : earlier_(earlier), constants_(constants) {}

  Trend read(const syntax::Expr& wrapped) const {
    const syntax::Expr& expr = bare(wrapped);
    if (const auto* whole = std::get_if<syntax::IntLiteral>(&expr.node))
      return ofNumber(static_cast<double>(whole->value));
    if (const auto* real = std::get_if<syntax::RealLiteral>(&expr.node)) return ofNumber(real->value);
    if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node)) return named(name->name);
    if (std::holds_alternative<syntax::FieldExpr>(expr.node)) return ofMetric(metricName(expr));
    if (const auto* call = std::get_if<syntax::CallExpr>(&expr.node)) return ofCall(*call);
    if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr.node);
        unary != nullptr && unary->op == syntax::UnaryOp::Neg)
      return negative(read(*unary->operand));
    if (const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node)) return ofBinary(*binary);
    return {};
  }

 private:
  static Trend cost() { return {Better::Lower, {}, true}; }

  Trend named(const std::string& name) const {
    for (const study::Measure& measure : earlier_)
      if (measure.name == name)
        return {measure.better, {}, measure.scale != study::Measure::Scale::Plain || measure.isTimeToTarget};
    if (findCost(name) != nullptr) return cost();
    const auto known = constants_.find(name);
    return known != constants_.end() ? ofNumber(known->second) : Trend{};
  }

  /// Empty: it is no metric.
  static Trend ofMetric(std::string_view metric) {
    for (const char* const part : {"train.", "valid.", "test.", "seen."})
      if (metric.starts_with(part)) {
        const bool isShare = metric.ends_with(".accuracy") || metric.ends_with(".error");
        return {training::isLowerBetter(std::string(metric)) ? Better::Lower : Better::Higher, {}, isShare};
      }
    return {};
  }

  Trend ofCall(const syntax::CallExpr& call) const {
    if (const auto* at = std::get_if<syntax::FieldExpr>(&call.callee->node)) return read(*at->base);  // `.at(..)`
    const auto* function = std::get_if<syntax::NameExpr>(&call.callee->node);
    if (function == nullptr || call.arguments.empty()) return {};
    if (function->name.ends_with("_to")) return cost();
    Trend trend = read(*call.arguments[0].value);
    trend.number.reset();
    if (function->name == "abs" && !trend.isNonNegative) return {Better::Unknown, {}, true};
    // The others rise with what they are given.
    if (function->name == "log") trend.isNonNegative = false;
    if (function->name == "exp") trend.isNonNegative = true;
    return trend;
  }

  Trend ofBinary(const syntax::BinaryExpr& binary) const {
    const Trend left = read(*binary.left), right = read(*binary.right);
    switch (binary.op) {
      case syntax::BinaryOp::Add:
        return sum(left, right);
      case syntax::BinaryOp::Sub:
        return sum(left, negative(right));
      case syntax::BinaryOp::Mul:
        return product(left, right);
      case syntax::BinaryOp::Div:
        return product(left, inverse(right));
      case syntax::BinaryOp::Pow:
        return power(left, right);
      case syntax::BinaryOp::Ge:
      case syntax::BinaryOp::Gt:
        return {sum(left, negative(right)).better, {}, true};
      case syntax::BinaryOp::Le:
      case syntax::BinaryOp::Lt:
        return {sum(right, negative(left)).better, {}, true};
      default:
        return {};
    }
  }

  std::span<const study::Measure> earlier_;
  const std::map<std::string, double>& constants_;
};

}  // namespace

study::Measure::Better betterOf(const syntax::Expr& expr, std::span<const study::Measure> earlier,
                                const std::map<std::string, double>& constants) {
  return Reader(earlier, constants).read(expr).better;
}

}  // namespace nnc::experiment
