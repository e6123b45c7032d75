#include "passes/sink_sums.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/call_graph.h"
#include "ir/edit.h"
#include "passes/rewrite_scans.h"

namespace nnc::passes {

using ir::FunctionId;
using ir::NodeId;
using ir::Value;

namespace {

/// A carry of a body that is `carry + contract(a, b)` in the next step, and nothing else reads it.
struct Accumulator {
  int carry = 0;
  Value factors[2];
  ir::ContractAttributes product;
};

/// Where the steps of a factor lie, one behind the other: an operand of the scan, or a result of its body.
struct Stacked {
  std::optional<int> operand;
  int result = 0;
};

class ScanRewrite {
 public:
  ScanRewrite(ir::Builder& builder, const ir::Node& scan)
      : builder_(builder),
        scan_(scan),
        attributes_(std::get<ir::ScanAttributes>(scan.attributes)),
        body_(builder.module().function(attributes_.body)) {}

  /// The results of the scan as they are now. Empty: nothing to do.
  std::optional<std::vector<Value>> run();

 private:
  std::vector<int> countUses() const;
  std::optional<Accumulator> accumulator(int carry, const std::vector<int>& uses) const;
  bool isCheap(const Accumulator& sum) const;
  std::optional<int> inputOf(Value value) const;
  Stacked stack(Value value);
  bool isZero(Value value) const;
  Value wholeOf(const Stacked& stacked, const std::vector<Value>& results);

  ir::Builder& builder_;
  ir::Node scan_;  // a copy: nodes move while the builder appends
  ir::ScanAttributes attributes_;
  ir::Function body_;  // the body as it becomes
};

std::vector<int> ScanRewrite::countUses() const {
  std::vector<int> uses(body_.values.size(), 0);
  for (const NodeId id : body_.body)
    for (const Value operand : body_.node(id).operands) ++uses[static_cast<std::size_t>(operand.index)];
  for (const Value result : body_.results) ++uses[static_cast<std::size_t>(result.index)];
  return uses;
}

/// Which of the scan's stacked operands a value of the body is a slice of.
std::optional<int> ScanRewrite::inputOf(Value value) const {
  for (int i = attributes_.carries; i < attributes_.carries + attributes_.xs; ++i)
    if (body_.parameters[static_cast<std::size_t>(i)] == value) return i;
  return std::nullopt;
}

std::optional<Accumulator> ScanRewrite::accumulator(int carry, const std::vector<int>& uses) const {
  const auto isUsedOnce = [&](Value value) { return uses[static_cast<std::size_t>(value.index)] == 1; };
  const Value parameter = body_.parameters[static_cast<std::size_t>(carry)];
  const Value result = body_.results[static_cast<std::size_t>(carry)];
  const ir::Node* const add = body_.definition(result);
  if (add == nullptr || add->op != ir::Op::Add || !isUsedOnce(parameter) || !isUsedOnce(result)) return std::nullopt;
  const bool isFirst = add->operands[0] == parameter;
  if (!isFirst && add->operands[1] != parameter) return std::nullopt;
  const Value product = add->operands[isFirst ? 1 : 0];
  const ir::Node* const contract = body_.definition(product);
  if (contract == nullptr || contract->op != ir::Op::Contract || !isUsedOnce(product)) return std::nullopt;
  Accumulator sum{
      carry, {contract->operands[0], contract->operands[1]}, std::get<ir::ContractAttributes>(contract->attributes)};
  // What is the same in every step has no steps to be summed over.
  for (const Value factor : sum.factors) {
    const auto position = std::find(body_.parameters.begin(), body_.parameters.end(), factor);
    if (position - body_.parameters.begin() >= attributes_.carries + attributes_.xs &&
        position != body_.parameters.end())
      return std::nullopt;
  }
  const std::size_t rank = sum.product.a.size() + 1, other = sum.product.b.size() + 1;
  constexpr std::size_t kMostAxes = 8;
  if (rank > kMostAxes || other > kMostAxes || !isCheap(sum)) return std::nullopt;
  return sum;
}

/// Each step writes what it adds to the stacks instead of reading and writing the sum.
bool ScanRewrite::isCheap(const Accumulator& sum) const {
  std::int64_t written = 0;
  for (const Value factor : sum.factors)
    if (!inputOf(factor)) written += body_.type(factor).elementCount();
  return written <= body_.type(body_.parameters[static_cast<std::size_t>(sum.carry)]).elementCount();
}

Stacked ScanRewrite::stack(Value value) {
  if (const std::optional<int> input = inputOf(value)) return {input, 0};
  for (std::size_t i = static_cast<std::size_t>(attributes_.carries); i < body_.results.size(); ++i)
    if (body_.results[i] == value) return {std::nullopt, static_cast<int>(i)};
  body_.results.push_back(value);
  body_.resultNames.emplace_back();
  return {std::nullopt, static_cast<int>(body_.results.size()) - 1};
}

Value ScanRewrite::wholeOf(const Stacked& stacked, const std::vector<Value>& results) {
  return stacked.operand ? scan_.operands[static_cast<std::size_t>(*stacked.operand)]
                         : results[static_cast<std::size_t>(stacked.result)];
}

bool ScanRewrite::isZero(Value value) const {
  const ir::Node* const node = builder_.function().definition(value);
  const auto* constant = node != nullptr ? std::get_if<ir::ConstAttributes>(&node->attributes) : nullptr;
  return constant != nullptr && constant->isSplat && constant->reals == std::vector<double>{0.0};
}

static char freeLetter(const ir::ContractAttributes& product) {
  char letter = 'a';
  while ((product.a + product.b + product.y).find(letter) != std::string::npos) ++letter;
  return letter;
}

std::optional<std::vector<Value>> ScanRewrite::run() {
  const std::vector<int> uses = countUses();
  std::vector<Accumulator> sums;
  for (int i = 0; i < attributes_.carries; ++i)
    if (const std::optional<Accumulator> sum = accumulator(i, uses)) sums.push_back(*sum);
  if (sums.empty()) return std::nullopt;

  std::vector<std::pair<Stacked, Stacked>> stacks;
  const std::size_t resultsBefore = body_.results.size();
  for (const Accumulator& sum : sums) {
    const Stacked first = stack(sum.factors[0]);
    stacks.emplace_back(first, stack(sum.factors[1]));
  }
  std::vector<bool> parameters(body_.parameters.size(), true), kept(body_.results.size(), true);
  for (const Accumulator& sum : sums)
    parameters[static_cast<std::size_t>(sum.carry)] = kept[static_cast<std::size_t>(sum.carry)] = false;
  ir::keepResults(body_, kept);
  ir::dropDeadNodes(body_);
  ir::keepParameters(body_, parameters);
  ir::Module& module = builder_.module();
  body_.name = ir::freshFunctionName(module, body_.name);
  const FunctionId made = module.addFunction(body_.name);
  module.function(made) = body_;

  std::vector<Value> operands;
  for (std::size_t i = 0; i < scan_.operands.size(); ++i)
    if (parameters[i]) operands.push_back(scan_.operands[i]);
  ir::ScanAttributes attributes = attributes_;
  attributes.body = made;
  attributes.carries -= static_cast<int>(sums.size());
  const std::vector<Value> left = builder_.scan(attributes, std::move(operands));
  // Results at their old positions; those of the sums are filled in below.
  std::vector<Value> results(kept.size());
  for (std::size_t i = 0, next = 0; i < kept.size(); ++i)
    if (kept[i]) results[i] = left[next++];
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const ir::ContractAttributes& product = sums[i].product;
    const char step = freeLetter(product);
    const Value whole = builder_.contract(wholeOf(stacks[i].first, results), wholeOf(stacks[i].second, results),
                                          step + product.a, step + product.b, product.y);
    const auto carry = static_cast<std::size_t>(sums[i].carry);
    results[carry] = isZero(scan_.operands[carry]) ? whole : builder_.add(scan_.operands[carry], whole);
  }
  results.resize(resultsBefore);
  return results;
}

}  // namespace

bool sinkSums(ir::Module& module, Diagnostics&) {
  const std::vector<bool> calledBefore = ir::calledFunctions(module);
  // Bodies that are made here hold what their originals held: those come first.
  for (const FunctionId id : ir::calleesFirst(module))
    rewriteScans(module, id,
                 [](ir::Builder& builder, const ir::Node& scan) { return ScanRewrite(builder, scan).run(); });
  ir::clearUncalled(module, calledBefore);
  return true;
}

}  // namespace nnc::passes
