// Rules of simplify for reductions and contractions.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "passes/simplify_rules.h"

namespace nnc::passes::rules {

using ir::Op;
using ir::Value;

/// Whether all reduced axes have size one.
static bool reducesNothing(const Rewriter& r, const Candidate& c) {
  return r.type(c.operands[0]).elementCount() == c.type.elementCount() && c.type.elementCount() > 0;
}

/// No axes; a sum over nothing; integers over axes of size one. (Float: a sum starts at 0.0, which -0.0 is not.)
Value reduceSum(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  if (r.type(x) == c.type) return x;
  if (r.type(x).elementCount() == 0 && c.type.elementCount() > 0) return r.b.constant(c.type, 0.0);
  if (!ir::isFloat(c.type.dtype) && reducesNothing(r, c)) return r.makeReshape(x, c.type.shape);
  return Value();
}

/// No axes; a maximum over nothing; axes of size one.
Value reduceMax(Rewriter& r, const Candidate& c) {
  const Value x = c.operands[0];
  if (r.type(x) == c.type) return x;
  if (reducesNothing(r, c)) return r.makeReshape(x, c.type.shape);
  if (r.type(x).elementCount() == 0 && c.type.elementCount() > 0 && ir::isFloat(c.type.dtype))
    return r.b.constant(c.type, -INFINITY);
  return Value();
}

namespace {

/// The letters of a contraction while its operands are changed.
struct Contraction {
  Value operand[2];
  std::string letters[2];
  std::string y;

  bool isSummed(char letter) const { return y.find(letter) == std::string::npos; }
  std::string summed(const std::string& of) const {
    std::string result;
    for (const char letter : of)
      if (isSummed(letter)) result += letter;
    return result;
  }
};

}  // namespace

/// Reads the operand of a transpose with its letters permuted, unless that reorders the sum.
static bool absorbTranspose(const Rewriter& r, Contraction& t, int side) {
  const auto* transpose = r.attributesOf<ir::TransposeAttributes>(t.operand[side], Op::Transpose);
  if (transpose == nullptr) return false;
  std::string letters = t.letters[side];
  for (std::size_t i = 0; i < transpose->perm.size(); ++i) letters[transpose->perm[i]] = t.letters[side][i];
  if (t.summed(letters) != t.summed(t.letters[side])) return false;
  t.letters[side] = std::move(letters);
  t.operand[side] = r.operandOf(t.operand[side], 0);
  return true;
}

/// Drops the letters that a broadcast made and that are not summed over: the operand is the same for all of them.
static bool absorbBroadcast(Rewriter& r, Contraction& t, int side) {
  const auto* found = r.attributesOf<ir::BroadcastAttributes>(t.operand[side], Op::Broadcast);
  if (found == nullptr) return false;
  const ir::BroadcastAttributes spread = *found;
  const Value x = r.operandOf(t.operand[side], 0);
  std::string letters;
  ir::BroadcastAttributes kept;
  for (int axis = 0; axis < static_cast<int>(spread.shape.size()); ++axis) {
    const bool isMapped = std::find(spread.dims.begin(), spread.dims.end(), axis) != spread.dims.end();
    if (!isMapped && !t.isSummed(t.letters[side][axis])) continue;
    if (isMapped) kept.dims.push_back(static_cast<int>(letters.size()));
    letters += t.letters[side][axis];
    kept.shape.push_back(spread.shape[axis]);
  }
  if (letters == t.letters[side]) return false;
  t.letters[side] = std::move(letters);
  t.operand[side] = r.make(Op::Broadcast, {x}, std::move(kept));
  return true;
}

/// Builds the contraction without the letters of y that stand in no operand any more, and spreads the result over them.
static Value rebuilt(Rewriter& r, const Candidate& c, const Contraction& t) {
  std::string y;
  std::vector<int> dims;
  for (int axis = 0; axis < static_cast<int>(t.y.size()); ++axis) {
    if (t.letters[0].find(t.y[axis]) == std::string::npos && t.letters[1].find(t.y[axis]) == std::string::npos)
      continue;
    y += t.y[axis];
    dims.push_back(axis);
  }
  const bool isWhole = y.size() == t.y.size();
  const Value product = r.make(Op::Contract, {t.operand[0], t.operand[1]},
                               ir::ContractAttributes{t.letters[0], t.letters[1], std::move(y)});
  return isWhole ? product : r.make(Op::Broadcast, {product}, ir::BroadcastAttributes{c.type.shape, std::move(dims)});
}

/// Transposes of operands become another order of letters; broadcast axes that are not summed over fall away.
Value contract(Rewriter& r, const Candidate& c) {
  const auto& letters = std::get<ir::ContractAttributes>(c.attributes);
  Contraction t{{c.operands[0], c.operands[1]}, {letters.a, letters.b}, letters.y};
  bool changed = false;
  for (int side = 0; side < 2; ++side) changed |= absorbTranspose(r, t, side) || absorbBroadcast(r, t, side);
  return changed ? rebuilt(r, c, t) : Value();
}

}  // namespace nnc::passes::rules
