// Statements: blocks, lets, static ifs.
#include "diagnostics/kinds/elaborate.h"
#include "elaborate/convert.h"
#include "elaborate/elaborator.h"
#include "elaborate/index_notation.h"
#include "elaborate/scan.h"

namespace nnc::elaborate {

using syntax::Stmt;

namespace {
template <typename... F>
struct Cases : F... {
  using F::operator()...;
};
}  // namespace

bool Elaborator::execute(const Stmt& statement, Scope& scope) {
  return executeStatement(statement, scope) == Flow::Next;
}

Elaborator::Flow Elaborator::executeBlock(const syntax::Block& block, Scope& scope) {
  for (const syntax::StmtPtr& statement : block.statements) {
    const Flow flow = executeStatement(*statement, scope);
    if (flow != Flow::Next) return flow;
  }
  return Flow::Next;
}

Elaborator::Flow Elaborator::executeStatement(const Stmt& statement, Scope& scope) {
  const auto next = [](bool isDone) { return isDone ? Flow::Next : Flow::Failed; };
  const auto misplaced = [&](std::string_view keyword) {
    error<diag::MisplacedStatement>(statement.span, keyword);
    return Flow::Failed;
  };
  frame().binding.clear();
  return std::visit(Cases{
                        [&](const syntax::LetStmt& s) { return next(executeLet(s, scope)); },
                        [&](const syntax::ParamStmt& s) { return next(executeParam(s, statement.span, scope)); },
                        [&](const syntax::StateStmt& s) { return next(executeState(s, statement.span, scope)); },
                        [&](const syntax::SubStmt& s) { return next(executeSub(s, statement.span, scope)); },
                        [&](const syntax::UpdateStmt& s) { return next(executeUpdate(s, statement.span, scope)); },
                        [&](const syntax::NextStmt& s) {
                          return frame().loop ? next(executeNext(*this, s, scope)) : misplaced("next");
                        },
                        [&](const syntax::YieldStmt& s) {
                          return frame().loop ? next(executeYield(*this, s, statement.span, scope))
                                              : misplaced("yield");
                        },
                        [&](const syntax::RequireStmt& s) { return next(executeRequire(s, statement.span, scope)); },
                        [&](const syntax::IfStmt& s) { return executeIf(s, scope); },
                        [&](const syntax::ReturnStmt& s) {
                          if (!frame().decl || frame().loop) return misplaced("return");
                          std::optional<Value> value = evaluate(*s.value, scope);
                          if (!value) return Flow::Failed;
                          frame().returned = *value;
                          frame().returnSpan = s.value->span;
                          return Flow::Returned;
                        },
                    },
                    statement.node);
}

/// What may not be hidden by a `let`; empty if it may.
static std::string_view protectedKind(const Name& name) {
  switch (name.kind) {
    case NameKind::Parameter:
      return "a parameter";
    case NameKind::Dim:
      return "a dim of a parameter";
    case NameKind::Param:
      return "a parameter tensor";
    case NameKind::State:
      return "a state";
    case NameKind::Sub:
      return "a shared instance";
    case NameKind::Index:
    case NameKind::IndexPack:
      return "an index";
    case NameKind::RepeatVariable:
      return "the variable of a `repeat`";
    case NameKind::ScanVariable:
      return "the variable of a `scan`";
    case NameKind::Let:
    case NameKind::Field:
      return {};
  }
  return {};
}

bool Elaborator::introduce(const syntax::Ident& name, NameKind kind, const Value& value, Scope& scope) {
  if (const Name* other = scope.find(name.text)) {
    const bool mayHide = kind == NameKind::Let && protectedKind(*other).empty();
    if (!mayHide) {
      const std::string_view what = protectedKind(*other);
      error<diag::ShadowedName>(name.span, name.text, what.empty() ? "a `let`" : what)
          .also(other->span, "introduced here");
      return false;
    }
  } else if (const auto declared = scope.home().names.find(name.text);
             declared != scope.home().names.end() && declared->second.module != &scope.home()) {
    auto report = error<diag::ShadowedName>(name.span, name.text, "an import");
    if (const auto place = scope.home().declared.find(name.text); place != scope.home().declared.end())
      report.also(place->second, "imported here");
    return false;
  }
  scope.add(name.text, kind, value, name.span);
  return true;
}

/// Instances in what follows are named after `name`; a second `let` of a name counts on.
bool Elaborator::nameBinding(const syntax::Ident& name) {
  constexpr int kDerived = -1;
  Frame& f = frame();
  int& count = f.bindings[name.text];
  const auto clash = [&](std::string_view path) {
    error<diag::InstanceNameClash>(name.span, path).help("rename one of them");
    return false;
  };
  if (count == kDerived) return clash(name.text);
  ++count;
  f.binding = name.text;
  if (count == 1) return true;
  f.binding += fmt::format("_{}", count);
  int& derived = f.bindings[f.binding];
  if (derived != 0 && !f.isPure) return clash(f.binding);
  derived = kDerived;
  return true;
}

bool Elaborator::executeLet(const syntax::LetStmt& let, Scope& scope) {
  const syntax::Pattern& pattern = let.pattern;
  if (!nameBinding(pattern.names.front())) return false;
  std::optional<Value> value =
      pattern.binders ? evaluateIndexedLet(*this, pattern, *let.value, scope) : evaluate(*let.value, scope);
  if (value && let.type)
    value = convert(*value, *let.type, scope, let.value->span, fmt::format("`{}`", pattern.names.front().text));
  if (!value) return false;
  if (!pattern.isTuple) return introduce(pattern.names.front(), NameKind::Let, *value, scope);
  const auto* record = std::get_if<const Record*>(&*value);
  if (!record || (*record)->fields.size() != pattern.names.size()) {
    error<diag::TupleSize>(pattern.span, pattern.names.size(), describe(*value));
    return false;
  }
  for (std::size_t i = 0; i < pattern.names.size(); ++i)
    if (!introduce(pattern.names[i], NameKind::Let, (*record)->fields[i].second, scope)) return false;
  return true;
}

bool Elaborator::executeRequire(const syntax::RequireStmt& require, Span span, Scope& scope) {
  const std::optional<bool> holds = staticCondition(*this, *require.condition, scope, "require");
  if (!holds || *holds) return holds.has_value();
  error<diag::RequireFailed>(
      span, require.message.value_or(fmt::format("`{}` does not hold", text(require.condition->span))));
  return false;
}

Elaborator::Flow Elaborator::executeIf(const syntax::IfStmt& statement, Scope& scope) {
  const std::optional<bool> condition = staticCondition(*this, *statement.condition, scope, "if");
  if (!condition) return Flow::Failed;
  if (!*condition && !statement.otherwise) return Flow::Next;
  Scope& inner = newScope(scope);
  const Flow flow = executeBlock(*condition ? statement.thenBlock : *statement.otherwise, inner);
  if (flow == Flow::Failed) return flow;
  for (const Name& name : inner.names()) {
    if (name.isUsed || name.kind != NameKind::Let) continue;
    const Name* outer = scope.find(name.text);
    if (!outer) continue;
    error<diag::UnusedShadow>(name.span, name.text, name.text)
        .also(outer->span, "the outer one")
        .help(fmt::format("choose the value with an expression:  let {0} = if .. then .. else {0}", name.text));
    return Flow::Failed;
  }
  return flow;
}

}  // namespace nnc::elaborate
