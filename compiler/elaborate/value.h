// What an expression of a .nn file evaluates to: static values, and tensors of the program that is being built.
//
// A Value is small and copied freely; what it points to is immutable and lives in the Arena of its elaboration.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "elaborate/modules.h"
#include "ir/module.h"
#include "support/source.h"
#include "syntax/ast.h"

namespace nnc::elaborate {

class Scope;
struct Builtin;
struct Callable;
struct Instance;
struct List;
struct Record;
struct SlotRecord;
struct Traced;

/// `()`.
struct Unit {
  friend bool operator==(Unit, Unit) = default;
};
/// A string; only file names, labels and messages.
struct Text {
  std::string_view text;
  friend bool operator==(const Text&, const Text&) = default;
};
/// `.post`, without the dot.
struct Symbol {
  std::string_view name;
  friend bool operator==(const Symbol&, const Symbol&) = default;
};
/// `begin..end`, end excluded.
struct Range {
  std::int64_t begin = 0, end = 0;
  friend bool operator==(const Range&, const Range&) = default;
};
/// The name of a `data` or `train` block.
struct BlockRef {
  const syntax::BlockDecl* block = nullptr;
  const SourceModule* home = nullptr;
  friend bool operator==(const BlockRef&, const BlockRef&) = default;
};
/// The source of the random numbers of one parameter or one data row: what a `key` parameter holds.
struct RandomKey {
  std::string stream;  // "init", "data"
  std::string path;
  int draws = 0;  // made so far: the call site is part of the key of a draw
};

/// `int` and `dim` are int64, `real` is double, `dims` is a List of int64. A dtype name (`f32`) is an ir::DType.
using Value = std::variant<Unit, bool, std::int64_t, double, Text, Symbol, Range, ir::DType, const List*, const Record*,
                           const Callable*, const Traced*, Instance*, RandomKey*, BlockRef>;

struct List {
  std::vector<Value> items;
  std::vector<std::string> labels;  // empty, or one per item (`["ReLU": relu]`; "" where none was written)
};

/// `(a: 1, b: 2)`; the names of a tuple are empty.
struct Record {
  std::vector<std::pair<std::string_view, Value>> fields;
  const Value* find(std::string_view name) const;
};

/// An index of index notation (`b` in `y[b, o]`), one per binding: identity is the address.
struct IndexVariable {
  std::string_view name;
  int order = 0;  // increases with every variable made: axes of results are put in this order
  std::optional<std::int64_t> extent;
  bool isWritten = false;  // `i: oh`
  bool isScan = false;     // the `t` of a scan: a traced number whose range is known, and no label
  std::int64_t first = 0;  // of a scan: its least value
  Span bound;              // where it was introduced
  Span extentFrom;         // the use or the expression that gave the extent
  std::string affineUse;   // text of the first use that is not bare, for the message that the extent is missing
};

/// A tensor of the program, known by its type only.
///
/// Inside index notation an expression stands for one element per combination of `labels`: the leading axes of `value`
/// belong to them, in order, and only the axes behind are the value's own. Functions work on those alone, so a function
/// of a scalar may be applied to `x[b, i]`. Outside index notation there are no labels.
struct Traced {
  ir::Value value;
  ir::Type type;  // of `value`: labels first
  std::vector<const IndexVariable*> labels;
  bool isIndex = false;              // an index used as a number: adapts to the dtype of the other operand
  const SlotRecord* slot = nullptr;  // the parameter that it is, for `p.decay`
  Span origin;                       // where it came to be

  ir::Shape ownShape() const {
    return {type.shape.begin() + static_cast<std::ptrdiff_t>(labels.size()), type.shape.end()};
  }
  ir::Type ownType() const { return {type.dtype, ownShape()}; }
  int ownRank() const { return type.rank() - static_cast<int>(labels.size()); }
};

/// A fn, layer, network or optimizer; `bound` holds the arguments of the first of two lists, once they are given.
struct DeclaredCallable {
  const syntax::CallableDecl* decl = nullptr;
  const SourceModule* home = nullptr;
  const Scope* bound = nullptr;
};
struct LambdaCallable {
  const syntax::LambdaExpr* lambda = nullptr;
  Scope* scope = nullptr;  // where it was written
};
/// `f |> g` without data.
struct CompositionCallable {
  struct Stage {
    Value callable;
    std::string_view name;  // as written: names the instance
    Span span;
  };
  std::vector<Stage> stages;
};
/// `repeat i in n { .. }`
struct RepeatCallable {
  const syntax::RepeatExpr* repeat = nullptr;
  Scope* scope = nullptr;
  std::int64_t count = 0;
};
struct BuiltinCallable {
  const Builtin* builtin = nullptr;
};
/// `frozen(f)`: f, a layer or a shared instance, applied so that it keeps its state.
struct FrozenCallable {
  Value callable;
};
/// A function, layer or recipe.
struct Callable {
  std::variant<DeclaredCallable, LambdaCallable, CompositionCallable, RepeatCallable, BuiltinCallable, FrozenCallable>
      node;
  Span origin;

  const DeclaredCallable* declared() const { return std::get_if<DeclaredCallable>(&node); }
  /// Its name for messages: `dense`, or `fn (x) => ..`, `f |> g`.
  std::string name() const;
};

/// Owns what values point to, for one elaboration. Addresses are stable.
class Arena {
 public:
  template <typename T>
  T* make(T object) {
    return &std::get<std::deque<T>>(pools_).emplace_back(std::move(object));
  }
  std::string_view text(std::string text) { return *make(std::move(text)); }

 private:
  std::tuple<std::deque<List>, std::deque<Record>, std::deque<Traced>, std::deque<Callable>, std::deque<RandomKey>,
             std::deque<IndexVariable>, std::deque<std::string>>
      pools_;
};

/// What kind of thing a value is, for messages: `an int`, `a tensor f32[32, 10]`, `the layer dense`.
std::string describe(const Value& value);
/// The value as it would be written: `30`, `0.5`, `.post`, `sigmoid`, `uniform(lo: -0.3, hi: 0.3)`.
std::string toText(const Value& value);
/// `==` of the language on static values; functions and recipes by their elaborated value. Needs: nothing traced.
bool equalValues(const Value& a, const Value& b);

/// `int` and `real` as a number; empty for anything else.
std::optional<double> asReal(const Value& value);
/// A list of ints that are all >= 0.
std::optional<ir::Shape> asDims(const Value& value);
/// The callable itself, or the recipe of a shared instance; null for anything else.
const Callable* asCallable(const Value& value);
inline const Traced* asTraced(const Value& value) {
  const auto* traced = std::get_if<const Traced*>(&value);
  return traced ? *traced : nullptr;
}

}  // namespace nnc::elaborate
