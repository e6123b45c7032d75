#include "experiment/expect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "diagnostics/kinds/experiment.h"
#include "experiment/expect_terms.h"
#include "experiment/reader.h"
#include "report/view.h"
#include "statistics/intervals.h"

namespace nnc::experiment {

namespace {

using Outcome = study::Verdict::Outcome;

/// A comparison, decided.
struct Decision {
  Outcome outcome = Outcome::Undecided;
  std::string detail;
};

std::string numberText(double value) { return std::isnan(value) ? "unknown" : fmt::format("{:.4g}", value); }

/// `0.031 [0.012, 0.05]`
std::string blocksText(const Blocks& blocks, const statistics::Crossing& crossing) {
  const std::vector<double> values = finished(blocks);
  if (values.empty()) return "unknown";
  const std::optional<statistics::Interval> interval = statistics::tInterval(blocks, 0.95, 0, crossing);
  std::string text = numberText(statistics::mean(values));
  if (interval && interval->lower < interval->upper)
    text += fmt::format(" [{}, {}]", numberText(interval->lower), numberText(interval->upper));
  return text;
}

bool isNumber(const syntax::Expr& expr) {
  const syntax::Expr* at = &bare(expr);
  if (const auto* negative = std::get_if<syntax::UnaryExpr>(&at->node)) at = &bare(*negative->operand);
  return std::holds_alternative<syntax::IntLiteral>(at->node) || std::holds_alternative<syntax::RealLiteral>(at->node);
}

class Judge {
 public:
  /// `unfinished`: the blocks that lack runs.
  Judge(const ExpectContext& context, ExpectTerms& terms, std::vector<bool> unfinished)
      : context_(context),
        terms_(terms),
        unfinished_(std::move(unfinished)),
        crossing_(report::crossingOf(context.study)) {}

  Decision decide(const syntax::Expr& wrapped) {
    const syntax::Expr& expr = bare(wrapped);
    if (const std::optional<bool> flag = flagOf(expr))
      return {*flag ? Outcome::Held : Outcome::Failed,
              fmt::format("{} is {}", context_.sources.lineText(expr.span), *flag)};
    if (const auto* unary = std::get_if<syntax::UnaryExpr>(&expr.node);
        unary != nullptr && unary->op == syntax::UnaryOp::Not) {
      const Decision inner = decide(*unary->operand);
      return {opposite(inner.outcome), inner.detail};
    }
    const auto* binary = std::get_if<syntax::BinaryExpr>(&expr.node);
    if (binary != nullptr && (binary->op == syntax::BinaryOp::And || binary->op == syntax::BinaryOp::Or))
      return connect(*binary);
    if (binary == nullptr || !isOrder(binary->op)) {
      terms_.fail(expr.span, "an expectation compares two numbers: `effect(test, act) > 0.0`");
      return {};
    }
    return compare(*binary);
  }

 private:
  /// The value of a condition that no run has a part in.
  std::optional<bool> flagOf(const syntax::Expr& expr) const {
    if (const auto* literal = std::get_if<syntax::BoolLiteral>(&expr.node)) return literal->value;
    const auto* name = std::get_if<syntax::NameExpr>(&expr.node);
    const auto known = name != nullptr ? context_.spec.flags.find(name->name) : context_.spec.flags.end();
    return known != context_.spec.flags.end() ? std::optional(known->second) : std::nullopt;
  }

  static Outcome opposite(Outcome outcome) {
    if (outcome == Outcome::Undecided) return outcome;
    return outcome == Outcome::Held ? Outcome::Failed : Outcome::Held;
  }

  /// `and`, `or`: one side may decide alone. The right side of a flag that does so need not have a meaning: in its
  /// small form an experiment may lack the levels that it names.
  Decision connect(const syntax::BinaryExpr& binary) {
    const Outcome decisive = binary.op == syntax::BinaryOp::Or ? Outcome::Held : Outcome::Failed;
    const std::optional<bool> flag = flagOf(bare(*binary.left));
    Decision left = decide(*binary.left);
    if (flag && left.outcome == decisive) return left;
    const Decision right = decide(*binary.right);
    if (flag) return right;
    Decision both{Outcome::Undecided, left.detail + "; " + right.detail};
    if (left.outcome == decisive || right.outcome == decisive)
      both.outcome = decisive;
    else if (left.outcome != Outcome::Undecided && right.outcome != Outcome::Undecided)
      both.outcome = opposite(decisive);
    return both;
  }

  Decision compare(const syntax::BinaryExpr& comparison) {
    const Blocks left = terms_.evaluate(*comparison.left), right = terms_.evaluate(*comparison.right);
    Decision decision;
    for (const auto& [side, blocks] :
         {std::pair(comparison.left.get(), &left), std::pair(comparison.right.get(), &right)})
      if (!isNumber(*side))
        decision.detail += fmt::format("{}{} = {}", decision.detail.empty() ? "" : ", ",
                                       context_.sources.lineText(side->span), blocksText(*blocks, crossing_));
    const Blocks margin = combine(syntax::BinaryOp::Sub, left, right);
    for (std::size_t block = 0; block < margin.size(); ++block)
      if (std::isnan(margin[block]) && unfinished_[block]) {
        decision.detail += "; runs that it needs are missing";
        return decision;
      }
    if (finished(margin).empty()) return decision;
    decision.outcome = holds(comparison.op, margin) ? Outcome::Held : Outcome::Failed;
    return decision;
  }

  /// Whether left - right is on the right side of 0.
  bool holds(syntax::BinaryOp op, const Blocks& margin) const {
    const double mean = statistics::mean(finished(margin));
    const std::optional<statistics::Interval> interval = statistics::tInterval(margin, 0.95, 0, crossing_);
    switch (op) {
      case syntax::BinaryOp::Ge:
        return mean >= 0.0;
      case syntax::BinaryOp::Le:
        return mean <= 0.0;
      case syntax::BinaryOp::Gt:
        return interval ? interval->lower > 0.0 : mean > 0.0;
      default:
        return interval ? interval->upper < 0.0 : mean < 0.0;
    }
  }

  const ExpectContext& context_;
  ExpectTerms& terms_;
  std::vector<bool> unfinished_;
  statistics::Crossing crossing_;
};

/// For each block whether a cell of the study lacks its run.
std::vector<bool> unfinishedBlocks(const study::Study& study, std::span<const study::Run> runs) {
  std::set<std::pair<std::string, int>> made;
  for (const study::Run& run : runs)
    if (run.role == study::Run::Role::Run) made.emplace(run.cell, run.block);
  std::vector<bool> unfinished;
  for (int block = 0; block < static_cast<int>(study.blocks.size()); ++block)
    unfinished.push_back(std::any_of(study.cells.begin(), study.cells.end(),
                                     [&](const study::Cell& cell) { return !made.contains({cell.id, block}); }));
  return unfinished;
}

}  // namespace

bool checkExpect(const ExpectContext& context, const syntax::Expr& condition, Diagnostics& diagnostics) {
  // With a number for every run each term is defined that this design can define.
  std::vector<study::Run> runs;
  for (const study::Cell& cell : context.study.cells)
    for (std::size_t block = 0; block < context.study.blocks.size(); ++block) {
      study::Run& run = runs.emplace_back();
      run.cell = cell.id;
      run.block = static_cast<int>(block);
      for (const study::Measure& measure : context.study.measures) run.measures[measure.name] = {1.0, false};
    }
  ExpectTerms terms(context, runs);
  const Decision decision = Judge(context, terms, unfinishedBlocks(context.study, runs)).decide(condition);
  if (terms.problem()) {
    const TermProblem& problem = *terms.problem();
    if (problem.alias.empty())
      diagnostics.emit<diag::BadExpect>(problem.span, problem.what);
    else
      diagnostics.emit<diag::AliasedEffect>(problem.span, problem.what, problem.alias);
    return false;
  }
  if (decision.outcome != Outcome::Undecided) return true;
  diagnostics.emit<diag::BadExpect>(condition.span,
                                    fmt::format("`{}` does not run the cells that this needs", context.study.design));
  return false;
}

std::vector<study::Verdict> decideExpectations(const ExpectContext& context, std::span<const study::Run> runs) {
  std::vector<study::Verdict> verdicts;
  const std::vector<bool> unfinished = unfinishedBlocks(context.study, runs);
  for (const auto& [clause, span] : context.spec.expects) {
    ExpectTerms terms(context, runs);
    const Decision decision = Judge(context, terms, unfinished).decide(*clause->condition);
    study::Verdict& verdict = verdicts.emplace_back();
    verdict.text = context.sources.lineText(clause->condition->span);
    verdict.message = clause->message.value_or("");
    const Place place = context.sources.place(span.file, span.begin);
    verdict.place = fmt::format("{}:{}:{}", context.study.file, place.line, place.column);
    verdict.outcome = decision.outcome;
    verdict.detail = decision.detail;
  }
  return verdicts;
}

}  // namespace nnc::experiment
