// The terms of expectations: numbers per block, made of the measures of runs.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiment/expect.h"
#include "statistics/attribution.h"
#include "statistics/intervals.h"
#include "statistics/permutations.h"
#include "statistics/responses.h"

namespace nnc::experiment {

/// One number for each block; NaN where runs are missing.
using Blocks = std::vector<double>;
using statistics::finished;
Blocks combine(syntax::BinaryOp op, const Blocks& left, const Blocks& right);

/// Why an expression is no term. `alias` not empty: the effect `what` cannot be told from it.
struct TermProblem {
  Span span;
  std::string what, alias;
};

class ExpectTerms {
 public:
  /// Runs of tuning and runs of other cells are passed over.
  ExpectTerms(const ExpectContext& context, std::span<const study::Run> runs);

  Blocks evaluate(const syntax::Expr& expr);
  /// Keeps the first problem. Returns numbers that are all missing.
  Blocks fail(Span span, std::string what, std::string alias = {});
  const std::optional<TermProblem>& problem() const { return problem_; }

 private:
  struct Request;
  Blocks call(const syntax::CallExpr& call, Span span);
  [[nodiscard]] bool read(const syntax::CallExpr& call, Request& request);
  [[nodiscard]] bool readNamed(const syntax::Arg& argument, Request& request);
  Blocks attribution(const std::string& function, const Request& request, Span span);
  Blocks overCells(const std::string& function, const Request& request);
  std::optional<int> factor(const syntax::Expr& expr);
  std::optional<int> level(int factor, const syntax::Expr& expr);
  [[nodiscard]] bool isClear(statistics::FactorSet effect, Span span);
  Blocks constant(double value) const;
  Blocks missing() const;

  const ExpectContext& context_;
  std::map<std::string, statistics::Responses> responses_;  // by measure
  std::optional<TermProblem> problem_;
};

}  // namespace nnc::experiment
