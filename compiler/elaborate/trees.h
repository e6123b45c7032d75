// Small questions about syntax trees.
#pragma once
#include "syntax/ast.h"

namespace nnc::elaborate {

/// The expression inside any parentheses around it.
inline const syntax::Expr& stripped(const syntax::Expr& expr) {
  const syntax::Expr* e = &expr;
  while (const auto* paren = std::get_if<syntax::ParenExpr>(&e->node)) e = paren->inner.get();
  return *e;
}

}  // namespace nnc::elaborate
