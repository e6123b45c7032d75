// Names and what they mean at one place of a file.
#pragma once
#include <string_view>
#include <vector>

#include "elaborate/value.h"

namespace nnc::elaborate {

struct IndexContext;

enum class NameKind : std::uint8_t {
  Parameter,
  Let,
  Dim,
  Param,
  State,
  Sub,
  Index,
  IndexPack,
  Field,
  RepeatVariable,
  ScanVariable
};

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
  Span span;                            // where it was introduced
  IndexVariable* index = nullptr;       // Index
  IndexPack* pack = nullptr;            // IndexPack
  const IndexVariable* scan = nullptr;  // ScanVariable: what it runs over
  /// Dim: the argument that fixed it, for messages.
  std::string_view factName{};
  ir::Type factType{};
  mutable bool isUsed = false;
};

/// A list of names and the scope around it. Lookup is linear: a function has a dozen names.
class Scope {
 public:
  /// The outermost scope of a declaration: below it come the names of `home`.
  explicit Scope(const SourceModule& home) : home_(&home) {}
  /// A block, a lambda, an index context inside `parent`; or the body of a call whose static arguments stand in it.
  struct Inside {
    const Scope& parent;
  };
  explicit Scope(Inside inside) : parent_(&inside.parent), home_(inside.parent.home_) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// The innermost binding of `name`, up to the declaration's own names; null: ask the module.
  const Name* find(std::string_view name) const;
  const Name* findHere(std::string_view name) const;
  Name& add(Name name) { return names_.emplace_back(std::move(name)); }
  Name& add(std::string_view text, NameKind kind, Value value, Span span) {
    return add(Name{.text = text, .kind = kind, .value = value, .span = span});
  }
  /// The names of this scope alone, in the order of their introduction; a shadowed `let` is still listed. Valid until
  /// the next `add`.
  const std::vector<Name>& names() const { return names_; }
  /// The name that was added last. Needs: there is one.
  Name& last() { return names_.back(); }
  const SourceModule& home() const { return *home_; }
  const Scope* parent() const { return parent_; }
  /// Every name that is visible here and not at module level.
  std::vector<std::string> visibleNames() const;

  /// The index notation that an expression evaluated here belongs to; null outside.
  IndexContext* indices = nullptr;

 private:
  std::vector<Name> names_;
  const Scope* parent_ = nullptr;
  const SourceModule* home_ = nullptr;
};

}  // namespace nnc::elaborate
