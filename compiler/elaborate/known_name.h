// A name in a setting that takes one kind of declaration.
#pragma once
#include "elaborate/elaborator.h"
#include "syntax/ast.h"

namespace nnc::elaborate {

/// Whether the name that `expr` begins with (`d`, `d.take(5)`, `net(64)`) means anything. What means nothing is
/// reported with those names alone that the setting can take: `fits` says which declarations.
///
/// Errors  E0101.
[[nodiscard]] bool isNameKnown(Elaborator& elaborator, const syntax::Expr& expr, const Scope& scope,
                               bool (*fits)(const syntax::Decl&));

}  // namespace nnc::elaborate
