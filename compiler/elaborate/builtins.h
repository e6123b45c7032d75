// Functions that .nn code cannot express in itself: one row each in builtins.def.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "elaborate/elaborator.h"
#include "elaborate/value.h"

namespace nnc::elaborate {

/// A call of a builtin, arguments matched to its parameters.
struct BuiltinCall {
  const Builtin* builtin = nullptr;
  std::vector<std::optional<Argument>> arguments;  // one per parameter; empty where an optional one was left out
  std::vector<Argument> rest;                      // of a parameter that takes any number
  Span span;

  const Value& value(std::size_t i) const { return arguments[i]->value; }
  Span spanOf(std::size_t i) const { return arguments[i]->span; }
};

struct Builtin {
  std::string_view name;
  std::string_view parameters;  // names apart by blanks; `x?` may be left out, `parts..` takes any number
  std::optional<Value> (*run)(Elaborator& elaborator, BuiltinCall& call);
  std::string_view doc;
};

/// Null: no builtin of that name.
const Builtin* findBuiltin(std::string_view name);
std::vector<std::string> builtinNames();
/// What stands for a value that trials choose, `bind lr = tuned(..)`: no value of the language.
inline constexpr std::string_view kTuned = "tuned";
/// The builtin that applies a layer without updating its state: an instance is named as if it were not there.
inline constexpr std::string_view kFrozen = "frozen";

}  // namespace nnc::elaborate
