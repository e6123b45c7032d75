// Sums of products, and divisions of them by constants.
#include "codegen/index_space.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "support/checked.h"

namespace nnc::codegen {

int IndexSpace::addVariable(std::int64_t extent) {
  assert(extent >= 1 && variableCount() < kMaxVariables);
  extents_.push_back(extent);
  return variableCount() - 1;
}

int IndexSpace::internAtom(const Atom& atom) {
  const std::vector<std::int64_t> key{
      static_cast<int>(atom.kind), atom.variable, atom.argument.index, atom.divisor, atom.value.index, atom.hi};
  const auto [at, isNew] = atomIds_.emplace(key, static_cast<int>(atoms_.size()));
  if (isNew) atoms_.push_back(atom);
  return at->second;
}

IndexId IndexSpace::intern(Index index) {
  std::vector<std::int64_t> key{index.constant};
  index.lo = index.hi = index.constant;
  index.variables = 0;
  for (const Term& term : index.terms) {
    key.push_back(term.atom);
    key.push_back(term.factor);
    const Atom& atom = atoms_[static_cast<std::size_t>(term.atom)];
    index.lo += term.factor * (term.factor > 0 ? atom.lo : atom.hi);
    index.hi += term.factor * (term.factor > 0 ? atom.hi : atom.lo);
    index.variables |= atom.variables;
  }
  const auto [at, isNew] = indexIds_.emplace(std::move(key), indexCount());
  if (isNew) indices_.push_back(std::move(index));
  return IndexId(static_cast<std::size_t>(at->second));
}

// q * divisor * floor(e / divisor) + q * (e mod divisor) is q * e: what a reshape and its inverse leave behind.
IndexId IndexSpace::recombine(Index index) {
  for (std::size_t r = 0; r < index.terms.size(); ++r) {
    const Atom remainder = atom(index.terms[r].atom);
    if (remainder.kind != AtomKind::Remainder) continue;
    for (std::size_t q = 0; q < index.terms.size(); ++q) {
      const Atom& quotient = atom(index.terms[q].atom);
      if (quotient.kind != AtomKind::Quotient || quotient.argument != remainder.argument) continue;
      if (quotient.divisor != remainder.divisor) continue;
      const std::int64_t factor = index.terms[r].factor;
      if (index.terms[q].factor != factor * remainder.divisor) continue;
      index.terms.erase(index.terms.begin() + static_cast<std::ptrdiff_t>(std::max(q, r)));
      index.terms.erase(index.terms.begin() + static_cast<std::ptrdiff_t>(std::min(q, r)));
      return add(intern(std::move(index)), remainder.argument, factor);
    }
  }
  return intern(std::move(index));
}

IndexId IndexSpace::constant(std::int64_t value) {
  Index index;
  index.constant = value;
  return intern(std::move(index));
}

IndexId IndexSpace::variable(int variable) {
  // A single step: always 0.
  if (extent(variable) == 1) return constant(0);
  Atom atom;
  atom.variable = variable;
  atom.hi = extent(variable) - 1;
  atom.variables = std::uint64_t{1} << variable;
  Index index;
  index.terms = {{internAtom(atom), 1}};
  return intern(std::move(index));
}

IndexId IndexSpace::add(IndexId a, IndexId b, std::int64_t factor) {
  if (factor == 0) return a;
  const Index &x = at(a), &y = at(b);
  Index sum;
  sum.constant = x.constant + factor * y.constant;
  std::size_t i = 0, j = 0;
  while (i < x.terms.size() || j < y.terms.size()) {
    if (j == y.terms.size() || (i < x.terms.size() && x.terms[i].atom < y.terms[j].atom)) {
      sum.terms.push_back(x.terms[i++]);
    } else if (i == x.terms.size() || y.terms[j].atom < x.terms[i].atom) {
      sum.terms.push_back({y.terms[j].atom, factor * y.terms[j].factor});
      ++j;
    } else {
      const std::int64_t both = x.terms[i].factor + factor * y.terms[j].factor;
      if (both != 0) sum.terms.push_back({x.terms[i].atom, both});
      ++i, ++j;
    }
  }
  return recombine(std::move(sum));
}

IndexId IndexSpace::offset(IndexId a, std::int64_t value) {
  if (value == 0) return a;
  Index index = at(a);
  index.constant += value;
  return intern(std::move(index));
}

IndexId IndexSpace::scale(IndexId a, std::int64_t factor) { return add(constant(0), a, factor); }

IndexId IndexSpace::divide(IndexId a, std::int64_t divisor, bool wantRemainder) {
  assert(divisor >= 1);
  if (divisor == 1) return wantRemainder ? constant(0) : a;
  // a = divisor * whole + rest, where `rest` has the terms that the divisor does not divide.
  Index whole, rest;
  whole.constant = floorDiv(at(a).constant, divisor);
  rest.constant = floorMod(at(a).constant, divisor);
  for (const Term& term : at(a).terms)
    if (term.factor % divisor == 0)
      whole.terms.push_back({term.atom, term.factor / divisor});
    else
      rest.terms.push_back(term);
  const IndexId wholeId = intern(std::move(whole)), restId = intern(rest);
  const std::int64_t lo = at(restId).lo, hi = at(restId).hi;
  if (floorDiv(lo, divisor) == floorDiv(hi, divisor)) {
    const std::int64_t quotient = floorDiv(lo, divisor);
    return wantRemainder ? offset(restId, -quotient * divisor) : offset(wholeId, quotient);
  }
  // Terms too small to matter: floor((g * e + r) / (g * d)) = floor(e / d) for r in [0, g), where g divides `divisor`.
  for (const Term& candidate : rest.terms) {
    const std::int64_t g = std::gcd(candidate.factor, divisor);
    if (g == 1) continue;
    Index large, small;
    large.constant = rest.constant / g;
    small.constant = rest.constant % g;
    for (const Term& term : rest.terms)
      if (term.factor % g == 0)
        large.terms.push_back({term.atom, term.factor / g});
      else
        small.terms.push_back(term);
    const IndexId smallId = intern(std::move(small));
    if (at(smallId).lo < 0 || at(smallId).hi >= g) continue;
    const IndexId largeId = intern(std::move(large));
    if (wantRemainder) return add(smallId, divide(largeId, divisor / g, true), g);
    return add(wholeId, divide(largeId, divisor / g, false));
  }
  Atom atom;
  atom.kind = wantRemainder ? AtomKind::Remainder : AtomKind::Quotient;
  atom.argument = restId;
  atom.divisor = divisor;
  atom.lo = wantRemainder ? 0 : floorDiv(lo, divisor);
  atom.hi = wantRemainder ? divisor - 1 : floorDiv(hi, divisor);
  atom.variables = at(restId).variables;
  Index result;
  result.terms = {{internAtom(atom), 1}};
  const IndexId resultId = intern(std::move(result));
  return wantRemainder ? resultId : add(wholeId, resultId);
}

IndexId IndexSpace::quotient(IndexId a, std::int64_t divisor) { return divide(a, divisor, /*wantRemainder=*/false); }
IndexId IndexSpace::remainder(IndexId a, std::int64_t divisor) { return divide(a, divisor, /*wantRemainder=*/true); }

IndexId IndexSpace::loaded(ExprId value, std::int64_t hi, std::uint64_t variables) {
  Atom atom;
  atom.kind = AtomKind::Loaded;
  atom.value = value;
  atom.hi = hi;
  atom.variables = variables;
  Index index;
  index.terms = {{internAtom(atom), 1}};
  return intern(std::move(index));
}

std::int64_t IndexSpace::factorOf(IndexId id, int variable) const {
  for (const Term& term : at(id).terms)
    if (atom(term.atom).kind == AtomKind::Variable && atom(term.atom).variable == variable) return term.factor;
  return 0;
}

std::uint64_t IndexSpace::hiddenVariables(IndexId id) const {
  std::uint64_t hidden = 0;
  for (const Term& term : at(id).terms)
    if (atom(term.atom).kind != AtomKind::Variable) hidden |= atom(term.atom).variables;
  return hidden;
}

}  // namespace nnc::codegen
