// Index arithmetic of one loop nest as data: sums of loop variables with constant factors, and divisions of such sums
// where an axis is split. Ranges are known, so most divisions that views bring in fall away.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "support/typed_index.h"

namespace nnc::codegen {

using IndexId = TypedIndex<struct IndexTag>;
/// A scalar expression of codegen/loop_body.h.
using ExprId = TypedIndex<struct ExprTag>;

enum class AtomKind : std::uint8_t {
  Variable,   // a loop variable, in [0, extent)
  Quotient,   // floor(argument / divisor)
  Remainder,  // argument - divisor * floor(argument / divisor)
  Loaded,     // an integer that the loop reads (the index of a gather), clamped to [lo, hi]
};

/// What an index is a sum of.
struct Atom {
  AtomKind kind = AtomKind::Variable;
  int variable = 0;
  IndexId argument;
  std::int64_t divisor = 1;
  ExprId value;
  std::int64_t lo = 0, hi = 0;  // inclusive
  std::uint64_t variables = 0;  // bit set of the loop variables that it depends on
};

struct Term {
  int atom = 0;
  std::int64_t factor = 0;
  friend auto operator<=>(const Term&, const Term&) = default;
};

/// constant + sum of factor * atom, terms in ascending order of atoms.
struct Index {
  std::vector<Term> terms;
  std::int64_t constant = 0;
  std::int64_t lo = 0, hi = 0;  // inclusive
  std::uint64_t variables = 0;
};

/// Owns the indices of one loop nest; equal ones have equal ids.
class IndexSpace {
 public:
  static constexpr int kMaxVariables = 64;

  /// A new loop variable in [0, extent). Needs: extent >= 1, fewer than kMaxVariables variables.
  int addVariable(std::int64_t extent);
  int variableCount() const { return static_cast<int>(extents_.size()); }
  std::int64_t extent(int variable) const { return extents_[static_cast<std::size_t>(variable)]; }
  /// Used when loops are merged: the inner one runs over both, the outer one has a single step left.
  void setExtent(int variable, std::int64_t extent) { extents_[static_cast<std::size_t>(variable)] = extent; }

  IndexId constant(std::int64_t value);
  IndexId variable(int variable);
  /// a + factor * b
  IndexId add(IndexId a, IndexId b, std::int64_t factor = 1);
  IndexId offset(IndexId a, std::int64_t constant);
  IndexId scale(IndexId a, std::int64_t factor);
  /// Floor division and its remainder. Needs: divisor >= 1.
  IndexId quotient(IndexId a, std::int64_t divisor);
  IndexId remainder(IndexId a, std::int64_t divisor);
  /// The value of an integer expression that depends on `variables`, clamped to [0, hi].
  IndexId loaded(ExprId value, std::int64_t hi, std::uint64_t variables);

  const Index& at(IndexId id) const { return indices_[static_cast<std::size_t>(id.index)]; }
  const Atom& atom(int id) const { return atoms_[static_cast<std::size_t>(id)]; }
  int indexCount() const { return static_cast<int>(indices_.size()); }
  /// The factor of a loop variable as a direct term.
  std::int64_t factorOf(IndexId id, int variable) const;
  /// The loop variables on which some quotient, remainder or loaded term of `id` depends.
  std::uint64_t hiddenVariables(IndexId id) const;

 private:
  int internAtom(const Atom& atom);
  IndexId intern(Index index);
  IndexId recombine(Index index);
  IndexId divide(IndexId a, std::int64_t divisor, bool wantRemainder);

  std::vector<std::int64_t> extents_;
  std::vector<Atom> atoms_;
  std::vector<Index> indices_;
  std::map<std::vector<std::int64_t>, int> atomIds_;
  std::map<std::vector<std::int64_t>, int> indexIds_;
};

}  // namespace nnc::codegen
