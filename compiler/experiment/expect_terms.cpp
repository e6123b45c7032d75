#include "experiment/expect_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiment/reader.h"
#include "statistics/response_layers.h"
#include "support/suggest.h"

namespace nnc::experiment {

using statistics::Responses;

Blocks combine(syntax::BinaryOp op, const Blocks& left, const Blocks& right) {
  Blocks out;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double a = left[i], b = right[i];
    out.push_back(op == syntax::BinaryOp::Add   ? a + b
                  : op == syntax::BinaryOp::Sub ? a - b
                  : op == syntax::BinaryOp::Mul ? a * b
                                                : a / b);
  }
  return out;
}

/// The arguments of one term.
struct ExpectTerms::Request {
  const Responses* responses = nullptr;
  const study::Measure* measure = nullptr;
  std::vector<int> factors;                                      // those behind the measure, in order
  statistics::FactorSet group = 0;                               // the first of them: one factor or a list
  std::map<int, std::vector<int>> at;                            // levels that a factor is held at
  std::optional<int> from, to;                                   // levels of the first factor
  std::optional<std::pair<syntax::BinaryOp, double>> condition;  // of `share`
};

ExpectTerms::ExpectTerms(const ExpectContext& context, std::span<const study::Run> runs) : context_(context) {
  const study::Study& study = context.study;
  std::vector<statistics::Cell> cells;
  std::map<std::string, std::vector<int>> byId;  // equal cells have one id and one run
  for (const study::Cell& cell : study.cells) {
    byId[cell.id].push_back(static_cast<int>(cells.size()));
    cells.push_back(cell.levels);
  }
  const std::vector<statistics::Factor> factors = statisticsFactors(study.factors);
  const int blocks = static_cast<int>(study.blocks.size());
  for (const study::Measure& measure : study.measures) {
    Responses& responses = responses_.emplace(measure.name, Responses(factors, cells, blocks)).first->second;
    for (const study::Run& run : runs) {
      const auto known = byId.find(run.cell);
      const auto value = run.measures.find(measure.name);
      if (run.role != study::Run::Role::Run || known == byId.end() || value == run.measures.end()) continue;
      if (run.block < 0 || run.block >= blocks) continue;
      for (const int cell : known->second) responses.set(cell, run.block, value->second.value);
    }
  }
}

Blocks ExpectTerms::constant(double value) const { return Blocks(context_.study.blocks.size(), value); }
Blocks ExpectTerms::missing() const { return constant(std::numeric_limits<double>::quiet_NaN()); }

Blocks ExpectTerms::fail(Span span, std::string what, std::string alias) {
  if (!problem_) problem_ = TermProblem{span, std::move(what), std::move(alias)};
  return missing();
}

Blocks ExpectTerms::evaluate(const syntax::Expr& wrapped) {
  const syntax::Expr& expr = bare(wrapped);
  if (const auto* whole = std::get_if<syntax::IntLiteral>(&expr.node))
    return constant(static_cast<double>(whole->value));
  if (const auto* real = std::get_if<syntax::RealLiteral>(&expr.node)) return constant(real->value);
  if (const auto* name = std::get_if<syntax::NameExpr>(&expr.node))
    if (const auto known = context_.spec.constants.find(name->name); known != context_.spec.constants.end())
      return constant(known->second);
  if (const auto* called = std::get_if<syntax::CallExpr>(&expr.node)) return call(*called, expr.span);
  if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr.node);
      unary != nullptr && unary->op == syntax::UnaryOp::Neg)
    return combine(syntax::BinaryOp::Sub, constant(0.0), evaluate(*unary->operand));
  const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node);
  const bool isArithmetic =
      binary != nullptr && (binary->op == syntax::BinaryOp::Add || binary->op == syntax::BinaryOp::Sub ||
                            binary->op == syntax::BinaryOp::Mul || binary->op == syntax::BinaryOp::Div);
  if (!isArithmetic)
    return fail(expr.span, "expectations are made of terms such as `effect(test, act)`, `mean(test)`, and of numbers");
  return combine(binary->op, evaluate(*binary->left), evaluate(*binary->right));
}

/// A factor of several parameters is called by any of them.
static bool isCalled(const study::Factor& factor, const std::string& name) {
  return factor.name == name || std::find(factor.targets.begin(), factor.targets.end(), name) != factor.targets.end();
}

std::optional<int> ExpectTerms::factor(const syntax::Expr& expr) {
  const std::string name = context_.sources.lineText(expr.span);
  std::vector<std::string> names;
  for (std::size_t f = 0; f < context_.study.factors.size(); ++f) {
    if (isCalled(context_.study.factors[f], name)) return static_cast<int>(f);
    names.push_back(context_.study.factors[f].name);
  }
  const std::optional<std::string> close = closestName(name, names);
  (void)fail(expr.span, fmt::format("`{}` is no factor of this experiment; there are {}{}", name,
                                    fmt::join(names, ", "), close ? fmt::format("; did you mean `{}`?", *close) : ""));
  return std::nullopt;
}

std::optional<int> ExpectTerms::level(int factor, const syntax::Expr& expr) {
  const study::Factor& known = context_.study.factors[static_cast<std::size_t>(factor)];
  const std::string text = levelText(expr, context_.sources);
  if (const std::optional<int> found = findLevel(known, text)) return found;
  std::vector<std::string> labels;
  for (const study::Level& candidate : known.levels) labels.push_back(candidate.label);
  (void)fail(expr.span,
             fmt::format("factor `{}` has no level {}; there are {}", known.name, text, fmt::join(labels, ", ")));
  return std::nullopt;
}

bool ExpectTerms::readNamed(const syntax::Arg& argument, Request& request) {
  const std::string& name = argument.name->text;
  if (name == "from" || name == "to") {
    const std::optional<int> found =
        request.factors.empty() ? std::nullopt : level(request.factors[0], *argument.value);
    (name == "from" ? request.from : request.to) = found;
    return found.has_value();
  }
  for (std::size_t f = 0; f < context_.study.factors.size(); ++f) {
    if (!isCalled(context_.study.factors[f], name)) continue;
    std::vector<int>& levels = request.at[static_cast<int>(f)];
    const auto* list = std::get_if<syntax::ListExpr>(&bare(*argument.value).node);
    const std::size_t count = list != nullptr ? list->entries.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::optional<int> found =
          level(static_cast<int>(f), list != nullptr ? *list->entries[i].value : *argument.value);
      if (!found) return false;
      levels.push_back(*found);
    }
    return true;
  }
  (void)fail(argument.span, fmt::format("`{}` is no factor of this experiment", name));
  return false;
}

bool ExpectTerms::read(const syntax::CallExpr& call, Request& request) {
  for (const syntax::Arg& argument : call.arguments) {
    const syntax::Expr& value = bare(*argument.value);
    if (argument.name) {
      if (!readNamed(argument, request)) return false;
      continue;
    }
    if (request.responses == nullptr) {
      const auto* condition = std::get_if<syntax::BinaryExpr>(&value.node);
      const syntax::Expr& measured = condition != nullptr ? *condition->left : value;
      const auto known = responses_.find(context_.sources.lineText(measured.span));
      if (known == responses_.end()) {
        (void)fail(measured.span,
                   fmt::format("`{}` is no measure of this experiment", context_.sources.lineText(measured.span)));
        return false;
      }
      request.responses = &known->second;
      request.measure = &*std::find_if(context_.study.measures.begin(), context_.study.measures.end(),
                                       [&](const study::Measure& each) { return each.name == known->first; });
      if (condition == nullptr) continue;
      if (!isOrder(condition->op)) {
        (void)fail(condition->opSpan, "`share` compares a measure with >=, >, <= or <");
        return false;
      }
      request.condition = {condition->op, evaluate(*condition->right)[0]};
      continue;
    }
    const auto* list = std::get_if<syntax::ListExpr>(&value.node);
    const std::size_t count = list != nullptr ? list->entries.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::optional<int> found = factor(list != nullptr ? *list->entries[i].value : value);
      if (!found) return false;
      if (request.factors.empty() || list != nullptr) request.group |= statistics::FactorSet{1} << *found;
      request.factors.push_back(*found);
    }
  }
  if (request.responses == nullptr) (void)fail(call.callee->span, "the first argument is a measure");
  return request.responses != nullptr;
}

bool ExpectTerms::isClear(statistics::FactorSet effect, Span span) {
  if (!context_.cells.fraction) return true;
  // The fraction counts players; the study counts all factors.
  statistics::FactorSet inFraction = 0;
  std::vector<statistics::Factor> players;
  const std::vector<statistics::Factor> all = statisticsFactors(context_.study.factors);
  for (std::size_t p = 0; p < context_.cells.players.size(); ++p) {
    if (effect >> context_.cells.players[p] & 1) inFraction |= statistics::FactorSet{1} << p;
    players.push_back(all[context_.cells.players[p]]);
  }
  const std::vector<statistics::SignedEffect> aliases = statistics::aliasesOf(*context_.cells.fraction, inFraction, 2);
  if (aliases.empty()) return true;
  (void)fail(span, statistics::nameOf(effect, all), statistics::nameOf(aliases[0].effect, players));
  return false;
}

Blocks ExpectTerms::attribution(const std::string& function, const Request& request, Span span) {
  Responses responses = *request.responses;
  const std::vector<study::Factor>& factors = context_.study.factors;
  for (const auto& [factor, levels] : request.at) {
    if (levels.size() != 1) return fail(span, fmt::format("`{}` holds a factor at one level", function));
    responses = responses.fixed(factor, levels[0]);
  }
  for (std::size_t f = 0; f < factors.size(); ++f)
    if (factors[f].isOrdered && !request.at.contains(static_cast<int>(f)))
      responses = responses.fixed(static_cast<int>(f), factors[f].newLevel);
  if (function == "gain") return statistics::totalGain(responses).byBlock;
  if (request.factors.empty()) return fail(span, fmt::format("`{}` takes a measure and a factor", function));
  const int first = request.factors[0];
  for (const int factor : request.factors)
    if (factors[static_cast<std::size_t>(factor)].isOrdered)
      return fail(span, fmt::format("`{}` is an axis of numbers: compare means, `mean(.., {}: ..)`",
                                    factors[static_cast<std::size_t>(factor)].name,
                                    factors[static_cast<std::size_t>(factor)].name));
  if (function == "first_in") return statistics::firstIn(responses, request.group).byBlock;
  if (function == "last_in") return statistics::lastIn(responses, request.group).byBlock;
  const bool isIndex = function == "shapley_interaction";
  if (function == "interaction" || isIndex) {
    if (request.factors.size() != 2) return fail(span, fmt::format("`{}` takes a measure and two factors", function));
    if (isIndex) return statistics::shapleyInteraction(responses, first, request.factors[1]).byBlock;
    const statistics::FactorSet pair = statistics::FactorSet{1} << first | statistics::FactorSet{1}
                                                                               << request.factors[1];
    if (!isClear(pair, span)) return missing();
    return context_.cells.fraction ? statistics::productContrast(responses, pair).byBlock
                                   : statistics::interaction(responses, first, request.factors[1]).contrast.byBlock;
  }
  if (function == "shapley" && !context_.study.orders.empty())
    return statistics::shapleyFromOrders(
               responses, statistics::ordersAsSample(context_.study.orders))[static_cast<std::size_t>(first)]
        .estimate.byBlock;
  if (function == "shapley")
    return statistics::shapley(responses, statistics::precedencesOf(responses))[static_cast<std::size_t>(first)]
        .byBlock;
  if (request.from || request.to)
    return statistics::levelEffect(responses, first,
                                   request.from.value_or(factors[static_cast<std::size_t>(first)].oldLevel),
                                   request.to.value_or(factors[static_cast<std::size_t>(first)].newLevel))
        .byBlock;
  if (!isClear(request.group, span)) return missing();
  if (context_.spec.design.kind == DesignSpec::Kind::Random)
    return statistics::leastSquaresEffects(responses)[static_cast<std::size_t>(first)].byBlock;
  return context_.cells.fraction ? statistics::productContrast(responses, request.group).byBlock
                                 : statistics::mainEffect(responses, first).byBlock;
}

Blocks ExpectTerms::overCells(const std::string& function, const Request& request) {
  const Responses cells = request.responses->filtered([&](const statistics::Cell& cell) {
    return std::all_of(request.at.begin(), request.at.end(), [&](const auto& held) {
      const int level = cell[static_cast<std::size_t>(held.first)];
      return std::find(held.second.begin(), held.second.end(), level) != held.second.end();
    });
  });
  Blocks out;
  for (int block = 0; block < cells.blockCount(); ++block) {
    double sum = 0.0, least = std::numeric_limits<double>::infinity(), most = -least, held = 0.0;
    for (int cell = 0; cell < cells.cellCount(); ++cell) {
      const double value = cells.at(cell, block);
      sum += value;
      least = std::min(least, value);
      most = std::max(most, value);
      if (request.condition && holds(value, request.condition->first, request.condition->second)) held += 1.0;
    }
    const auto count = static_cast<double>(cells.cellCount());
    if (cells.cellCount() == 0 || std::isnan(sum))
      out.push_back(std::numeric_limits<double>::quiet_NaN());
    else if (function == "mean")
      out.push_back(sum / count);
    else if (function == "min")
      out.push_back(least);
    else if (function == "max")
      out.push_back(most);
    else if (function == "spread")
      out.push_back(most - least);
    else
      out.push_back(held / count);
  }
  return out;
}

Blocks ExpectTerms::call(const syntax::CallExpr& call, Span span) {
  static constexpr std::string_view kAttributions[] = {
      "effect", "first_in", "last_in", "shapley", "interaction", "shapley_interaction", "gain"};
  static constexpr std::string_view kOverCells[] = {"mean", "min", "max", "spread", "share"};
  const auto* name = std::get_if<syntax::NameExpr>(&call.callee->node);
  const auto isOneOf = [&](const auto& names) {
    return name != nullptr && std::find(std::begin(names), std::end(names), name->name) != std::end(names);
  };
  if (!isOneOf(kAttributions) && !isOneOf(kOverCells))
    return fail(call.callee->span, fmt::format("`{}` is no term of expectations; there are {}, {}",
                                               context_.sources.lineText(call.callee->span),
                                               fmt::join(kAttributions, ", "), fmt::join(kOverCells, ", ")));
  Request request;
  if (!read(call, request)) return missing();
  if (request.condition && name->name != "share")
    return fail(span, "`share` takes a condition on a measure, `share(test >= 0.8)`; the other terms take a measure");
  if (!request.condition && name->name == "share") {
    const std::optional<double> chance = request.measure->chance;
    if (!chance || request.measure->better != study::Measure::Better::Higher)
      return fail(span, fmt::format("what guessing gives of `{0}` is not known: write from where on a run counts, "
                                    "`share({0} >= 0.8)`",
                                    request.measure->name));
    const std::optional<double> threshold = statistics::trainingThreshold(*request.responses, *chance);
    if (!threshold) return missing();
    request.condition = {syntax::BinaryOp::Gt, *threshold};
  }
  return isOneOf(kAttributions) ? attribution(name->name, request, span) : overCells(name->name, request);
}

}  // namespace nnc::experiment
