#include "elaborate/known_name.h"

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtins.h"
#include "elaborate/suggest_name.h"
#include "ir/types.h"

namespace nnc::elaborate {

static const syntax::Expr& beginningOf(const syntax::Expr& expr) {
  if (const auto* call = std::get_if<syntax::CallExpr>(&expr.node)) return beginningOf(*call->callee);
  if (const auto* paren = std::get_if<syntax::ParenExpr>(&expr.node)) return beginningOf(*paren->inner);
  if (const auto* field = std::get_if<syntax::FieldExpr>(&expr.node)) return beginningOf(*field->base);
  return expr;
}

bool isNameKnown(Elaborator& elaborator, const syntax::Expr& expr, const Scope& scope,
                 bool (*fits)(const syntax::Decl&)) {
  const syntax::Expr& beginning = beginningOf(expr);
  const auto* const name = std::get_if<syntax::NameExpr>(&beginning.node);
  const SourceModule& home = scope.home();
  const Modules& modules = elaborator.modules();
  if (name == nullptr || scope.find(name->name) != nullptr || home.aliases.contains(name->name)) return true;
  // What is of another kind is refused where its value is known.
  const bool isPredeclared = name->name == "mode" || name->name == "step" || name->name == kTuned;
  if (modules.find(home, name->name) || isPredeclared || findBuiltin(name->name) != nullptr ||
      ir::parseDType(name->name))
    return true;
  std::vector<std::string> candidates;
  for (const std::string& other : modules.visibleNames(home))
    if (const syntax::Decl* const decl = modules.find(home, other).decl; decl != nullptr && fits(*decl))
      candidates.push_back(other);
  auto report = elaborator.error<diag::UnknownName>(beginning.span, name->name);
  if (std::optional<std::string> help = suggestName(name->name, candidates)) report.help(std::move(*help));
  return false;
}

}  // namespace nnc::elaborate
