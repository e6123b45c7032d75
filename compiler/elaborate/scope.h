// Names and what they mean at one place of a file.
#pragma once
#include <deque>
#include <string_view>
#include <vector>

#include "elaborate/value.h"

namespace nnc::elaborate {

struct IndexContext;

enum class NameKind : std::uint8_t { Parameter, Let, Dim, Param, State, Sub, Index, IndexPack, Field, RepeatVariable };

/// `..s` in index notation: its variables, once the rank is known.
struct IndexPack {
  std::string_view name;
  std::optional<std::vector<IndexVariable*>> variables;
  int order = 0;
  Span bound;
};

struct Name {
  std::string_view text;
  NameKind kind = NameKind::Let;
  Value value;
  Span span;                       // where it was introduced
  IndexVariable* index = nullptr;  // Index
  IndexPack* pack = nullptr;       // IndexPack
  /// Dim: what fixed it, for messages: "`x: f32[128, 784]`". Evaluated text, made once per binding.
  std::string fact{};
  Span factSpan{};
  mutable bool isUsed = false;
};

/// A list of names and the scope around it. Lookup is linear: a function has a dozen names.
class Scope {
 public:
  /// The outermost scope of a declaration: below it come the names of `home`.
  explicit Scope(const SourceModule& home) : home_(&home) {}
  /// A block, a lambda, an index context inside `parent`.
  explicit Scope(Scope& parent) : parent_(&parent), home_(parent.home_), indices(parent.indices) {}
  /// The body of a call whose static arguments stand in `bound`.
  explicit Scope(const Scope& bound, int) : parent_(&bound), home_(bound.home_) {}

  /// The innermost binding of `name`, up to the declaration's own names; null: ask the module.
  const Name* find(std::string_view name) const;
  const Name* findHere(std::string_view name) const;
  Name& add(Name name) { return names_.emplace_back(std::move(name)); }
  Name& add(std::string_view text, NameKind kind, Value value, Span span) {
    return add(Name{.text = text, .kind = kind, .value = value, .span = span});
  }
  /// The names of this scope alone, in the order of their introduction. A shadowed `let` is still listed.
  const std::deque<Name>& names() const { return names_; }
  const SourceModule& home() const { return *home_; }
  const Scope* parent() const { return parent_; }
  /// Every name that is visible here and not at module level.
  std::vector<std::string> visibleNames() const;

 private:
  std::deque<Name> names_;
  const Scope* parent_ = nullptr;
  const SourceModule* home_ = nullptr;

 public:
  /// The index notation that surrounds an expression; null outside.
  IndexContext* indices = nullptr;
};

}  // namespace nnc::elaborate
