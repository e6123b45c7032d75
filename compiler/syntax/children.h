// The expressions right below an expression.
#pragma once
#include <type_traits>

#include "syntax/ast.h"

namespace nnc::syntax {

/// Calls `visit` with every expression that stands in `expr` itself, in order. Statements inside a scan are not
/// entered.
template <typename F>
void forEachChild(const Expr& expr, F visit) {
  const auto arguments = [&](const std::vector<Arg>& all) {
    for (const Arg& argument : all) visit(*argument.value);
  };
  std::visit(
      [&](const auto& node) {
        using T = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<T, FieldExpr>) visit(*node.base);
        if constexpr (std::is_same_v<T, CallExpr>) {
          visit(*node.callee);
          arguments(node.arguments);
        }
        if constexpr (std::is_same_v<T, IndexExpr>) {
          visit(*node.base);
          for (const Subscript& subscript : node.subscripts)
            if (subscript.value) visit(*subscript.value);
        }
        if constexpr (std::is_same_v<T, UnaryExpr>) visit(*node.operand);
        if constexpr (std::is_same_v<T, BinaryExpr>) {
          visit(*node.left);
          visit(*node.right);
        }
        if constexpr (std::is_same_v<T, CondExpr>) {
          visit(*node.condition);
          visit(*node.thenValue);
          visit(*node.elseValue);
        }
        if constexpr (std::is_same_v<T, RepeatExpr>) {
          visit(*node.count);
          visit(*node.body);
        }
        if constexpr (std::is_same_v<T, ScanExpr>) {
          visit(*node.range);
          for (const Binding& carry : node.carries) visit(*carry.value);
        }
        if constexpr (std::is_same_v<T, LambdaExpr>) visit(*node.body);
        if constexpr (std::is_same_v<T, TupleExpr>) arguments(node.entries);
        if constexpr (std::is_same_v<T, ParenExpr>) visit(*node.inner);
        if constexpr (std::is_same_v<T, ListExpr>)
          for (const ListEntry& entry : node.entries) visit(*entry.value);
      },
      expr.node);
}

}  // namespace nnc::syntax
