// Derivatives in the language: `grad(loss, v)`, `vjp(y, x, dy)`, and functions that bring a derivative of their own.
#pragma once
#include <optional>
#include <vector>

#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// The derivative of the scalar `loss` by the first of `inputs`, which are different values. Empty: it does not depend
/// on it.
[[nodiscard]] std::optional<ir::Value> derivative(ir::Builder& builder, ir::Value loss,
                                                  const std::vector<ir::Value>& inputs);

/// A function with a `vjp` clause, while it is called: its body becomes a function of the program, with the clause as
/// the function of its derivative.
class OwnDerivative {
 public:
  /// `scope` holds the arguments. What follows is traced as the body.
  OwnDerivative(Elaborator& elaborator, const syntax::CallableDecl& decl, Scope& scope, Span where);

  /// The scope for the body: arguments that are one value twice are two values in it.
  Scope& bodyScope() { return *scope_; }
  /// Turns what was traced since into a call, and gives its results.
  ///
  /// Errors  E0318 the clause does not give what it must; E0319 the body reads a tensor that is no parameter.
  [[nodiscard]] std::optional<Value> finish(const Value& result);

 private:
  struct Parameter {
    const syntax::ParamDecl* decl = nullptr;
    const Traced* value = nullptr;
  };
  using Tensors = std::vector<const Traced*>;

  std::optional<ir::FunctionId> traceClause(const Tensors& results);
  std::optional<ir::Value> cotangent(const Parameter& parameter, const Value& given, Span where);
  const Traced* replica(const Traced& like, ir::Value value);

  Elaborator& elaborator_;
  const syntax::CallableDecl& decl_;
  Scope& arguments_;
  Scope* scope_;
  Span where_;
  std::vector<Parameter> parameters_;  // the tensors among them
  std::size_t mark_ = 0;               // of the function's body
};

}  // namespace nnc::elaborate
