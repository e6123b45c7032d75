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
#include "elaborate/frame.h"
#include "elaborate/index_context.h"
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
  ~Report();
  Report& label(std::string text);
  Report& also(Span span, std::string text);
  Report& note(std::string text);
  Report& help(std::string text);

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
    Tracing(Elaborator& elaborator, Trace& trace) : elaborator_(elaborator), outer_(elaborator.trace_) {
      elaborator.trace_ = &trace;
    }
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
  Scope& newScope(const Scope& parent) { return scopes_.emplace_back(Scope::Inside{parent}); }
  /// The IR value as a value of the language, and back to one without labels.
  Value traced(ir::Value value, Span origin, const SlotRecord* slot = nullptr);

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

  /// Reports at `where`. If that is a line of the stdlib, the user's call becomes the primary place and the line a
  /// note.
  template <typename K, typename... Arguments>
  Report error(Span where, const Arguments&... arguments) {
    std::vector<Label> trail;
    const Span primary = blame(where, trail);
    return reported(diagnostics_.emit<K>(primary, arguments...), std::move(trail));
  }
  /// Two sizes that had to be equal and were not; the first of them is what a trial of a definition learns from.
  struct Clash {
    std::int64_t have = 0, want = 0;
  };
  /// Before the message that says so.
  void noteClash(std::int64_t have, std::int64_t want) {
    if (!clash_ && !diagnostics_.hasErrors()) clash_ = Clash{have, want};
  }
  const std::optional<Clash>& clash() const { return clash_; }
  /// Sizes that were made up, and what messages that mention one of them have to add.
  struct Assumption {
    std::vector<std::int64_t> sizes;
    std::string note;
    bool isMentioned(std::string_view message) const;
  };
  void assume(Assumption assumption) { assumption_ = std::move(assumption); }
  /// The calls that lead to the current place, innermost first.
  std::vector<Label> trail() const;
  bool isStdlib(Span span) const;

  // ------------------------------------------------- for the files of the evaluator

  enum class Flow : std::uint8_t { Failed, Next, Returned };

  Frame& frame() { return frames_.back(); }
  /// The builder, with the place and instance path of what is about to be appended. Reports when nothing is traced.
  ir::Builder& at(Span span);
  /// False, with a message, where no program is being built: a tensor at module level, in a default, in a setting.
  [[nodiscard]] bool requireTrace(Span where);
  const Traced* keep(Traced traced) { return arena_.make(std::move(traced)); }
  const Value keepList(List list) { return static_cast<const List*>(arena_.make(std::move(list))); }
  Value keepCallable(Callable callable) { return static_cast<const Callable*>(arena_.make(std::move(callable))); }
  std::string_view text(Span span) const { return sources_.text(span); }

  /// What a name of the stdlib means, whatever the user's modules call so.
  [[nodiscard]] std::optional<Value> preludeValue(std::string_view name, Span use);
  /// A recipe with the defaults of a first list that was not given; anything else as it is.
  [[nodiscard]] std::optional<Value> withDefaults(const Value& value, Span where);
  /// The same for what is about to be applied: a value that is missing is an error.
  [[nodiscard]] std::optional<Value> completed(const Value& value, Span where);
  /// A key for a draw of the current instance that names none.
  [[nodiscard]] RandomKey* implicitKey(Span where);
  /// The attribute `key` of the next draw from `key`.
  static std::uint64_t drawKey(RandomKey& key);
  /// The slot whose initial value is being computed; null outside.
  const SlotRecord* initialising() const { return initialising_; }

  int nextIndexOrder() { return indexOrder_ += kIndexOrderStride; }
  IndexContext& newIndexContext();
  /// Makes `name` mean `value` in `scope`, unless that would hide what may not be hidden.
  [[nodiscard]] bool introduce(const syntax::Ident& name, NameKind kind, const Value& value, Scope& scope);
  [[nodiscard]] Flow executeBlock(const syntax::Block& block, Scope& scope);
  /// What an instance is named after: the last name of the callee as written; empty for a lambda or a chain.
  static std::string_view sourceName(const syntax::Expr& callee);

  /// Orders of index variables are multiples of this, so that the variables of a pack fit behind its own.
  static constexpr int kIndexOrderStride = 16;

 private:
  using Result = std::optional<Value>;
  Span blame(Span where, std::vector<Label>& trail) const;
  /// A message that was just emitted, with what is added to every one.
  Report reported(DiagnosticBuilder builder, std::vector<Label> trail) const;
  [[nodiscard]] bool enter(Frame frame, Span where);
  [[nodiscard]] bool requireSize(Span where);

  // expressions.cpp, names.cpp
  [[nodiscard]] Result evaluateNode(const syntax::Expr& expr, Scope& scope);
  [[nodiscard]] Result evaluateName(const syntax::NameExpr& name, Span span, Scope& scope);
  [[nodiscard]] Result evaluateField(const syntax::FieldExpr& field, Span span, Scope& scope);
  [[nodiscard]] Result fieldOf(const Value& base, const syntax::Ident& field, Span span);
  [[nodiscard]] Result instanceField(Instance& instance, const syntax::Ident& field);
  [[nodiscard]] Result predeclared(std::string_view name, Span span);
  [[nodiscard]] Result evaluateConstant(const syntax::Decl& decl, const SourceModule& home);
  [[nodiscard]] Result evaluateBinary(const syntax::Expr& expr, Scope& scope);
  [[nodiscard]] Result combine(const syntax::Expr& expr, const Value& left, Scope& scope);
  [[nodiscard]] Result combinePipe(const syntax::BinaryExpr& pipe, const Value& left, Span span, Scope& scope);
  [[nodiscard]] Result evaluateUnary(const syntax::UnaryExpr& unary, Span span, Scope& scope);
  [[nodiscard]] Result evaluateCond(const syntax::CondExpr& cond, Scope& scope);
  [[nodiscard]] Result evaluateRepeat(const syntax::RepeatExpr& repeat, Span span, Scope& scope);
  [[nodiscard]] Result evaluateTuple(const syntax::TupleExpr& tuple, Scope& scope);
  [[nodiscard]] Result evaluateList(const syntax::ListExpr& list, Scope& scope);
  [[nodiscard]] Result evaluateCall(const syntax::CallExpr& node, const syntax::Expr& expr, Scope& scope);

  // calls.cpp
  using Matched = std::vector<std::optional<Argument>>;
  [[nodiscard]] std::optional<Matched> matchArguments(std::span<const std::string_view> names,
                                                      std::vector<Argument>& arguments, std::string_view what);
  [[nodiscard]] Result bindFirstList(const Callable& callable, std::vector<Argument> arguments, const CallSite& site);
  /// `shared`: the instance of a `sub`; null: a new one.
  [[nodiscard]] Result callCallable(const Callable& callable, std::vector<Argument> arguments, const CallSite& site,
                                    Instance* shared);
  [[nodiscard]] Result runDeclared(const Callable& callable, std::vector<Argument> arguments, const CallSite& site,
                                   Instance* shared);
  [[nodiscard]] Result runBody(const syntax::CallableDecl& decl, Scope& scope);
  [[nodiscard]] Result runWithDerivative(const syntax::CallableDecl& decl, Scope& scope, Span where);
  [[nodiscard]] Result runLambda(const LambdaCallable& lambda, std::vector<Argument> arguments, const CallSite& site);
  [[nodiscard]] Result runComposition(const CompositionCallable& chain, std::vector<Argument> arguments,
                                      const CallSite& site);
  [[nodiscard]] Result runRepeat(const RepeatCallable& repeat, std::vector<Argument> arguments, const CallSite& site);
  [[nodiscard]] Result runBuiltin(const Builtin& builtin, std::vector<Argument> arguments, const CallSite& site);
  [[nodiscard]] Result runChain(const Callable& callable, std::vector<Argument> arguments, const CallSite& site,
                                Instance* shared);

  // instances.cpp
  [[nodiscard]] Instance* childInstance(std::string path, Span where);
  [[nodiscard]] Instance* nextInstance(std::string_view callee, Span where);
  [[nodiscard]] bool requireNotInScan(std::string_view what, Span where);
  [[nodiscard]] bool executeParam(const syntax::ParamStmt& statement, Span span, Scope& scope);
  [[nodiscard]] bool executeState(const syntax::StateStmt& statement, Span span, Scope& scope);
  [[nodiscard]] bool executeSub(const syntax::SubStmt& statement, Span span, Scope& scope);
  [[nodiscard]] bool executeUpdate(const syntax::UpdateStmt& statement, Span span, Scope& scope);
  [[nodiscard]] bool readAttributes(const std::vector<syntax::Arg>& attributes, SlotRecord& record, Scope& scope);
  [[nodiscard]] SlotRecord* declareSlot(const syntax::Ident& name, const syntax::TypeExpr& type, SlotKind kind,
                                        Span span, Scope& scope);
  [[nodiscard]] bool readInit(const syntax::ExprPtr& init, SlotRecord& record, Scope& scope);
  [[nodiscard]] bool sharedSlotFits(const SlotRecord& record, const ir::Type& type, const syntax::Ident& name,
                                    Scope& scope);

  // statements.cpp
  [[nodiscard]] Flow executeStatement(const syntax::Stmt& statement, Scope& scope);
  [[nodiscard]] bool executeLet(const syntax::LetStmt& let, Scope& scope);
  [[nodiscard]] bool executeRequire(const syntax::RequireStmt& require, Span span, Scope& scope);
  [[nodiscard]] Flow executeIf(const syntax::IfStmt& statement, Scope& scope);
  [[nodiscard]] bool nameBinding(const syntax::Ident& name);

  const Modules& modules_;
  const SourceManager& sources_;
  Diagnostics& diagnostics_;
  Arena arena_;
  std::deque<Scope> scopes_;
  std::deque<Frame> frames_;
  std::deque<IndexContext> indexContexts_;
  std::map<const syntax::Decl*, Value> constants_;
  std::vector<const syntax::Decl*> evaluating_;  // module-level lets under way, outermost first
  int depth_ = 0;                                // of expressions and calls being evaluated
  std::int64_t calls_ = 0;                       // so far
  Trace* trace_ = nullptr;
  Instance* applied_ = nullptr;  // of the call that ended last; null: it had none of its own
  const SlotRecord* initialising_ = nullptr;
  int indexOrder_ = 0;
  std::optional<Clash> clash_;
  Assumption assumption_;
};

}  // namespace nnc::elaborate
