// Values brought to a declared type, and static conditions.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// A condition that must be known when the program is compiled; `keyword` names the construct.
[[nodiscard]] std::optional<bool> staticCondition(Elaborator& elaborator, const syntax::Expr& expr, Scope& scope,
                                                  std::string_view keyword);
/// Whether a declared type is a tensor, a `key`, or a record of such: what a callable takes when it is applied.
bool isDataType(const syntax::TypeExpr& type);

/// Whether a type has this name, and the one that was probably meant by a name that none has.
bool isTypeName(std::string_view name);
std::optional<std::string> closestType(const std::string& name);

}  // namespace nnc::elaborate
