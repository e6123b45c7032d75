// The evaluator of .nn code: static values are computed, traced ones are appended to the function of the current Trace.
//
// Every function that can fail on the user's text reports and returns an empty optional or false.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/modules.h"
#include "elaborate/scope.h"
#include "elaborate/trace.h"
#include "elaborate/value.h"

namespace nnc::elaborate {

/// One argument of a call, evaluated.
struct Argument {
  std::string_view name;  // empty: positional
  Value value;
  Span span;
};

/// Where a call stands and what its instance is named after (the callee as written; empty: nothing).
struct CallSite {
  Span span;
  std::string_view name;
};

/// A message under construction; when it goes out of scope, the calls that led to the place are added.
class Report {
 public:
  Report(DiagnosticBuilder builder, std::vector<Label> trail) : builder_(builder), trail_(std::move(trail)) {}
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;
  ~Report() { for (Label& label : trail_) builder_.also(label.span, std::move(label.text)); }
  Report& label(std::string text) { builder_.label(std::move(text)); return *this; }
  Report& also(Span span, std::string text) { builder_.also(span, std::move(text)); return *this; }
  Report& note(std::string text) { builder_.note(std::move(text)); return *this; }
  Report& help(std::string text) { builder_.help(std::move(text)); return *this; }

 private:
  DiagnosticBuilder builder_;
  std::vector<Label> trail_;
};

/// Elaborates code of one project. One elaborator makes one program; module-level `let`s are evaluated once in it.
class Elaborator {
 public:
  Elaborator(const Modules& modules, const SourceManager& sources, Diagnostics& diagnostics);
  ~Elaborator();
  Elaborator(const Elaborator&) = delete;
  Elaborator& operator=(const Elaborator&) = delete;

  // ------------------------------------------------------------ what others build on

  /// Makes `trace` the one that code appends to until the returned object dies. At most one trace per function.
  class Tracing {
   public:
    Tracing(Elaborator& elaborator, Trace& trace) : elaborator_(elaborator), outer_(elaborator.trace_) { elaborator.trace_ = &trace; }
    ~Tracing() { elaborator_.trace_ = outer_; }
    Tracing(const Tracing&) = delete;
    Tracing& operator=(const Tracing&) = delete;

   private:
    Elaborator& elaborator_;
    Trace* outer_;
  };

  Arena& arena() { return arena_; }
  Diagnostics& diagnostics() { return diagnostics_; }
  const SourceManager& sources() const { return sources_; }
  const Modules& modules() const { return modules_; }
  /// Needs: a Tracing is alive.
  Trace& trace() { return *trace_; }
  bool isTracing() const { return trace_ != nullptr; }

  /// A scope that lives as long as the elaborator.
  Scope& newScope(const SourceModule& home) { return scopes_.emplace_back(home); }
  Scope& newScope(Scope& parent) { return scopes_.emplace_back(parent); }
  /// The IR value as a value of the language, and back to one without labels.
  Value traced(ir::Value value, Span origin);

  /// The value of an expression.
  [[nodiscard]] std::optional<Value> evaluate(const syntax::Expr& expr, Scope& scope);
  /// The same, converted to a declared type (`dim`, `real`, `schedule`, `layer`, `f32[B, 10]`).
  [[nodiscard]] std::optional<Value> evaluateAs(const syntax::Expr& expr, const syntax::TypeExpr& type, Scope& scope);
  /// Converts to a declared type; `what` names the receiver in messages: "parameter `lr` of `sgd`".
  [[nodiscard]] std::optional<Value> convert(const Value& value, const syntax::TypeExpr& type, Scope& scope, Span where,
                                             std::string_view what);
  /// Statements one after the other in `scope`, which then holds the names that they introduced (data blocks).
  /// `return` is an error.
  [[nodiscard]] bool execute(const syntax::Stmt& statement, Scope& scope);
  /// The value of a declaration: a callable, a constant (evaluated once), a block. `use` is the place that names it.
  [[nodiscard]] std::optional<Value> valueOf(const Named& named, Span use);
  /// The value of a name at module level, with an error and suggestions if there is none.
  [[nodiscard]] std::optional<Value> lookUp(std::string_view name, const SourceModule& from, Span use);

  /// Binds the parameters of a train, network or fn to arguments: conversion, defaults in order (each may refer to
  /// the earlier ones), unknown and missing names. Parameters become names of `scope`. `what`: "train `backprop`".
  [[nodiscard]] bool bindParameters(std::span<const syntax::ParamDecl> parameters, std::vector<Argument> arguments,
                                    Scope& scope, Span where, std::string_view what);

  /// Calls a function, recipe, shared instance or builtin.
  ///
  /// A callable of two lists takes its first list first and returns the callable with that list applied; `apply`
  /// goes on to the data (defaults for a first list that was not given).
  [[nodiscard]] std::optional<Value> call(const Value& callee, std::vector<Argument> arguments, const CallSite& site);
  [[nodiscard]] std::optional<Value> apply(const Value& callee, std::vector<Argument> arguments, const CallSite& site);
  /// Applies a recipe as the instance of exactly this path (`net`); its parameters and states become slots of the
  /// trace. For an optimizer on one parameter: path of the parameter and separator '/'.
  [[nodiscard]] std::optional<Value> instantiate(const Value& recipe, std::string path, char separator,
                                                 std::vector<Argument> arguments, Span where);
  /// The parameters that a callable takes when it is applied: the data list (or the only one). Empty: not declared.
  std::span<const syntax::ParamDecl> dataParameters(const Value& callable) const;

  /// The initial value of a slot, appended to the current trace (which needs a seed). Keyed by the slot's path.
  [[nodiscard]] std::optional<ir::Value> initialise(const SlotRecord& slot);

  /// `value` as a tensor without labels; a number becomes a constant of its natural dtype (f32, i32, bool).
  [[nodiscard]] std::optional<ir::Value> toTensor(const Value& value, Span where);

  // -------------------------------------------------------------------- messages

  /// Reports at `where`. If that is a line of the stdlib, the user's call becomes the primary place and the line a note.
  template <typename K, typename... Arguments>
  Report error(Span where, const Arguments&... arguments) {
    std::vector<Label> trail;
    const Span primary = blame(where, trail);
    return Report(diagnostics_.emit<K>(primary, arguments...), std::move(trail));
  }
  /// Refuses what is not implemented (E0900).
  void notSupported(Span where, std::string_view what);
  /// The calls that lead to the current place, innermost first.
  std::vector<Label> trail() const;
  bool isStdlib(Span span) const;

 private:
  Span blame(Span where, std::vector<Label>& trail) const;

  const Modules& modules_;
  const SourceManager& sources_;
  Diagnostics& diagnostics_;
  Arena arena_;
  std::deque<Scope> scopes_;
  Trace* trace_ = nullptr;
};

}  // namespace nnc::elaborate
