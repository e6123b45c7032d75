#include "passes/sink_sums.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/edit.h"
#include "passes/rewrite_scans.h"

namespace nnc::passes {

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

class SumsOfScan : ScanParts {
 public:
  using ScanParts::ScanParts;
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
};

std::vector<int> SumsOfScan::countUses() const {
  std::vector<int> uses(body.values.size(), 0);
  for (const NodeId id : body.body)
    for (const Value operand : body.node(id).operands) ++uses[static_cast<std::size_t>(operand.index)];
  for (const Value result : body.results) ++uses[static_cast<std::size_t>(result.index)];
  return uses;
}

/// Which of the scan's stacked operands a value of the body is a slice of.
std::optional<int> SumsOfScan::inputOf(Value value) const {
  const std::optional<std::size_t> parameter = parameterOf(value);
  return parameter && isInput(*parameter) ? std::optional(static_cast<int>(*parameter)) : std::nullopt;
}

std::optional<Accumulator> SumsOfScan::accumulator(int carry, const std::vector<int>& uses) const {
  const auto isUsedOnce = [&](Value value) { return uses[static_cast<std::size_t>(value.index)] == 1; };
  const Value parameter = body.parameters[static_cast<std::size_t>(carry)];
  const Value result = body.results[static_cast<std::size_t>(carry)];
  const ir::Node* const add = body.definition(result);
  if (add == nullptr || add->op != ir::Op::Add || !isUsedOnce(parameter) || !isUsedOnce(result)) return std::nullopt;
  const bool isFirst = add->operands[0] == parameter;
  if (!isFirst && add->operands[1] != parameter) return std::nullopt;
  const Value product = add->operands[isFirst ? 1 : 0];
  const ir::Node* const contract = body.definition(product);
  if (contract == nullptr || contract->op != ir::Op::Contract || !isUsedOnce(product)) return std::nullopt;
  Accumulator sum{
      carry, {contract->operands[0], contract->operands[1]}, std::get<ir::ContractAttributes>(contract->attributes)};
  // What is the same in every step has no steps to be summed over.
  for (const Value factor : sum.factors)
    if (const auto at = parameterOf(factor); at && !isCarry(*at) && !isInput(*at)) return std::nullopt;
  const std::size_t rank = sum.product.a.size() + 1, other = sum.product.b.size() + 1;
  constexpr std::size_t kMostAxes = 8;
  if (rank > kMostAxes || other > kMostAxes || !isCheap(sum)) return std::nullopt;
  return sum;
}

/// Each step writes what it adds to the stacks instead of reading and writing the sum.
bool SumsOfScan::isCheap(const Accumulator& sum) const {
  std::int64_t written = 0;
  for (const Value factor : sum.factors)
    if (!inputOf(factor)) written += body.type(factor).elementCount();
  return written <= body.type(body.parameters[static_cast<std::size_t>(sum.carry)]).elementCount();
}

Stacked SumsOfScan::stack(Value value) {
  if (const std::optional<int> input = inputOf(value)) return {input, 0};
  for (std::size_t i = static_cast<std::size_t>(attributes.carries); i < body.results.size(); ++i)
    if (body.results[i] == value) return {std::nullopt, static_cast<int>(i)};
  body.results.push_back(value);
  body.resultNames.emplace_back();
  return {std::nullopt, static_cast<int>(body.results.size()) - 1};
}

Value SumsOfScan::wholeOf(const Stacked& stacked, const std::vector<Value>& results) {
  return stacked.operand ? scan.operands[static_cast<std::size_t>(*stacked.operand)]
                         : results[static_cast<std::size_t>(stacked.result)];
}

bool SumsOfScan::isZero(Value value) const {
  const ir::Node* const node = builder.function().definition(value);
  const auto* constant = node != nullptr ? std::get_if<ir::ConstAttributes>(&node->attributes) : nullptr;
  return constant != nullptr && constant->isSplat && constant->reals == std::vector<double>{0.0};
}

std::optional<std::vector<Value>> SumsOfScan::run() {
  const std::vector<int> uses = countUses();
  std::vector<Accumulator> sums;
  for (int i = 0; i < attributes.carries; ++i)
    if (const std::optional<Accumulator> sum = accumulator(i, uses)) sums.push_back(*sum);
  if (sums.empty()) return std::nullopt;

  std::vector<std::pair<Stacked, Stacked>> stacks;
  const std::size_t resultsBefore = body.results.size();
  for (const Accumulator& sum : sums) {
    const Stacked first = stack(sum.factors[0]);
    stacks.emplace_back(first, stack(sum.factors[1]));
  }
  std::vector<bool> parameters(body.parameters.size(), true), kept(body.results.size(), true);
  for (const Accumulator& sum : sums)
    parameters[static_cast<std::size_t>(sum.carry)] = kept[static_cast<std::size_t>(sum.carry)] = false;
  ir::keepResults(body, kept);
  ir::dropDeadNodes(body);
  ir::keepParameters(body, parameters);
  std::vector<Value> operands;
  for (std::size_t i = 0; i < scan.operands.size(); ++i)
    if (parameters[i]) operands.push_back(scan.operands[i]);
  ir::ScanAttributes rest = attributes;
  rest.body = addBody();
  rest.carries -= static_cast<int>(sums.size());
  const std::vector<Value> left = builder.scan(rest, std::move(operands));
  // Results at their old positions; those of the sums are filled in below.
  std::vector<Value> results(kept.size());
  for (std::size_t i = 0, next = 0; i < kept.size(); ++i)
    if (kept[i]) results[i] = left[next++];
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const ir::ContractAttributes& product = sums[i].product;
    const char step = freeLetter(product);
    const Value whole = builder.contract(wholeOf(stacks[i].first, results), wholeOf(stacks[i].second, results),
                                         step + product.a, step + product.b, product.y);
    const auto carry = static_cast<std::size_t>(sums[i].carry);
    results[carry] = isZero(scan.operands[carry]) ? whole : builder.add(scan.operands[carry], whole);
  }
  results.resize(resultsBefore);
  return results;
}

}  // namespace

bool sinkSums(ir::Module& module, Diagnostics&) {
  rewriteScans(module, [](ir::Builder& builder, const ir::Node& scan) { return SumsOfScan(builder, scan).run(); });
  return true;
}

}  // namespace nnc::passes
