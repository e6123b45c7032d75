#include "elaborate/derivative.h"

#include <algorithm>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/builtin_handlers.h"
#include "elaborate/outline.h"
#include "elaborate/tensor_ops.h"
#include "ir/call_graph.h"

namespace nnc::elaborate {

using Result = std::optional<Value>;

// ------------------------------------------------------------ grad and vjp

/// The nodes between `inputs` and `output`: needed for the output and computed from an input. Empty: there is no way.
static std::optional<std::vector<ir::NodeId>> between(const ir::Function& function,
                                                      const std::vector<ir::Value>& inputs, ir::Value output) {
  const auto flag = [](std::vector<bool>& flags, ir::Value value) {
    return flags[static_cast<std::size_t>(value.index)];
  };
  std::vector<bool> depends = dependsOn(function, inputs, 0);
  if (!flag(depends, output)) return std::nullopt;
  std::vector<bool> isInput(function.values.size(), false), isNeeded(function.values.size(), false);
  for (const ir::Value input : inputs) isInput[static_cast<std::size_t>(input.index)] = true;
  isNeeded[static_cast<std::size_t>(output.index)] = true;
  std::vector<ir::NodeId> nodes;
  for (auto at = function.body.rbegin(); at != function.body.rend(); ++at) {
    const ir::Node& node = function.node(*at);
    const bool isOnTheWay = std::any_of(node.results.begin(), node.results.end(), [&](ir::Value result) {
      return flag(isNeeded, result) && flag(depends, result) && !flag(isInput, result);
    });
    if (!isOnTheWay) continue;
    nodes.push_back(*at);
    for (const ir::Value operand : node.operands) isNeeded[static_cast<std::size_t>(operand.index)] = true;
  }
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

std::optional<ir::Value> derivative(ir::Builder& builder, ir::Value loss, const std::vector<ir::Value>& inputs) {
  const std::optional<std::vector<ir::NodeId>> nodes = between(builder.function(), inputs, loss);
  if (!nodes) return std::nullopt;
  const Outline made = outline(builder.module(), builder.functionId(),
                               ir::freshFunctionName(builder.module(), "differentiated"), *nodes, inputs, {loss});
  std::vector<ir::Value> operands = inputs;
  operands.insert(operands.end(), made.captured.begin(), made.captured.end());
  ir::CallAttributes call;
  call.name = builder.module().function(made.body).name;
  call.body = made.body;
  call.kind = ir::CallKind::Gradient;
  call.wrt = {0};
  return builder.call(call, std::move(operands)).back();
}

/// A tensor without indices, to differentiate by or to differentiate.
static const Traced* wholeTensor(Elaborator& elaborator, const BuiltinCall& call, std::size_t i,
                                 std::string_view parameter) {
  const Traced* tensor = asTraced(call.value(i));
  std::string reason;
  if (!tensor)
    reason = fmt::format("a tensor of the program is needed, and this is {}", describe(call.value(i)));
  else if (!tensor->labels.empty())
    reason = "this is one element for each index; derivatives are taken outside index notation";
  else if (!ir::isFloat(tensor->type.dtype))
    reason = fmt::format("only floats have derivatives, and this is {}", describe(call.value(i)));
  if (reason.empty()) return tensor;
  builtin::badArgument(elaborator, call, i, parameter, reason);
  return nullptr;
}

static Result noDependence(Elaborator& elaborator, const BuiltinCall& call, std::size_t of, std::size_t by) {
  elaborator.error<diag::NoDependence>(call.span, elaborator.text(call.spanOf(of)), elaborator.text(call.spanOf(by)))
      .also(call.spanOf(by), "this value is not used in it");
  return std::nullopt;
}

namespace builtin {

std::optional<Value> Grad(Elaborator& elaborator, BuiltinCall& call) {
  if (!elaborator.requireTrace(call.span)) return std::nullopt;
  const Traced* loss = wholeTensor(elaborator, call, 0, "loss");
  const Traced* by = loss ? wholeTensor(elaborator, call, 1, "v") : nullptr;
  if (!by) return std::nullopt;
  if (loss->type.rank() > 0) {
    elaborator.error<diag::GradientOfTensor>(call.spanOf(0), elaborator.text(call.spanOf(0)), describe(loss))
        .help(fmt::format("`grad(total({0}), {1})` differentiates the sum; `vjp({0}, {1}, dy)` takes a weight for each "
                          "element",
                          elaborator.text(call.spanOf(0)), elaborator.text(call.spanOf(1))));
    return std::nullopt;
  }
  for (const KnownGradient& known : elaborator.trace().knownGradients)
    if (known.loss == loss->value && known.by == by->value) return elaborator.traced(known.gradient, call.span);
  const std::optional<ir::Value> value = derivative(elaborator.at(call.span), loss->value, {by->value});
  if (!value) return noDependence(elaborator, call, 0, 1);
  return elaborator.traced(*value, call.span);
}

/// dy of y = f(x): the derivative of the sum of y * dy by x, with dy held fixed.
std::optional<Value> Vjp(Elaborator& elaborator, BuiltinCall& call) {
  if (!elaborator.requireTrace(call.span)) return std::nullopt;
  const Traced* y = wholeTensor(elaborator, call, 0, "y");
  const Traced* x = y ? wholeTensor(elaborator, call, 1, "x") : nullptr;
  if (!x) return std::nullopt;
  ir::Builder& builder = elaborator.at(call.span);
  ir::Value weights;
  if (const std::optional<double> number = asReal(call.value(2))) {
    weights = builder.constant(y->type, *number);
  } else {
    const Traced* dy = wholeTensor(elaborator, call, 2, "dy");
    if (!dy) return std::nullopt;
    if (dy->type != y->type)
      return badArgument(elaborator, call, 2, "dy",
                         fmt::format("it is {}, and y is {}", ir::toString(dy->type), ir::toString(y->type)));
    weights = dy->value;
  }
  if (!dependsOn(builder.function(), {x->value}, 0)[static_cast<std::size_t>(y->value.index)])
    return noDependence(elaborator, call, 0, 1);
  // An input of its own: what dy was computed from is not differentiated. The reshape keeps it apart from x.
  const ir::Value fixed = builder.appendOne(ir::Op::Reshape, {weights}, ir::ReshapeAttributes{y->type.shape});
  std::vector<int> axes;
  for (int axis = 0; axis < y->type.rank(); ++axis) axes.push_back(axis);
  const ir::Value sum = builder.reduceSum(builder.mul(y->value, fixed), std::move(axes));
  return elaborator.traced(*derivative(builder, sum, {x->value, fixed}), call.span);
}

}  // namespace builtin

// ------------------------------------------------- a derivative of its own

OwnDerivative::OwnDerivative(Elaborator& elaborator, const syntax::CallableDecl& decl, Scope& scope, Span where)
    : elaborator_(elaborator), decl_(decl), arguments_(scope), scope_(&elaborator.newScope(scope)), where_(where) {
  const std::vector<syntax::ParamDecl>& parameters = decl.second ? *decl.second : decl.first;
  for (const syntax::ParamDecl& parameter : parameters) {
    const Traced* value = asTraced(scope.findHere(parameter.name.text)->value);
    if (!value) continue;
    const bool isTwice = std::any_of(parameters_.begin(), parameters_.end(),
                                     [&](const Parameter& p) { return p.value->value == value->value; });
    if (isTwice) {
      // A reshape to its own shape: in f(x, x) the derivative by the first must not see the second.
      value = replica(*value, elaborator.at(where).appendOne(ir::Op::Reshape, {value->value},
                                                             ir::ReshapeAttributes{value->type.shape}));
      scope_->add(parameter.name.text, NameKind::Parameter, value, parameter.name.span);
    }
    parameters_.push_back({&parameter, value});
  }
  mark_ = elaborator.trace().builder.function().body.size();
}

const Traced* OwnDerivative::replica(const Traced& like, ir::Value value) {
  Traced made = like;
  made.value = value;
  made.slot = nullptr;
  return elaborator_.keep(std::move(made));
}

/// What the clause returned for one parameter, with the indices of the parameter.
std::optional<ir::Value> OwnDerivative::cotangent(const Parameter& parameter, const Value& given, Span where) {
  const Traced& like = *parameter.value;
  const auto wrong = [&](std::string what) {
    elaborator_
        .error<diag::BadVjp>(where, decl_.name.text,
                             fmt::format("the derivative by `{}: {}` is {}", parameter.decl->name.text,
                                         ir::toString(like.ownType()), what))
        .also(parameter.decl->span, "the parameter");
    return std::nullopt;
  };
  if (const std::optional<double> number = asReal(given)) return elaborator_.at(where).constant(like.type, *number);
  const Traced* tensor = asTraced(given);
  if (!tensor || tensor->ownType() != like.ownType()) return wrong(describe(given));
  std::vector<int> axes;
  Labels kept;
  for (std::size_t i = 0; i < tensor->labels.size(); ++i) {
    const bool isKept = std::find(like.labels.begin(), like.labels.end(), tensor->labels[i]) != like.labels.end();
    if (isKept)
      kept.push_back(tensor->labels[i]);
    else
      axes.push_back(static_cast<int>(i));
  }
  Traced summed = *tensor;
  summed.value = elaborator_.at(where).reduceSum(tensor->value, std::move(axes));
  summed.type = elaborator_.trace().builder.type(summed.value);
  summed.labels = std::move(kept);
  return spread(elaborator_, summed, like.labels, like.ownShape(), where);
}

std::optional<ir::FunctionId> OwnDerivative::traceClause(const Tensors& results) {
  ir::Module& module = elaborator_.trace().builder.module();
  const ir::FunctionId id = module.addFunction(ir::freshFunctionName(module, decl_.name.text + "_vjp"));
  Trace trace(module, id, elaborator_.trace().mode);
  const Elaborator::Tracing tracing(elaborator_, trace);
  Scope& scope = elaborator_.newScope(arguments_);
  for (const Parameter& parameter : parameters_) {
    const std::string& name = parameter.decl->name.text;
    const ir::Value value = trace.builder.addParameter(parameter.value->type, name);
    scope.add(name, NameKind::Parameter, replica(*parameter.value, value), parameter.decl->name.span);
  }
  const std::vector<syntax::Ident>& names = decl_.vjp->parameters;
  if (names.size() != results.size()) {
    elaborator_.error<diag::BadVjp>(
        decl_.vjp->body.span, decl_.name.text,
        fmt::format("it takes {} cotangents, and there are {} results", names.size(), results.size()));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ir::Value value = trace.builder.addParameter(results[i]->type, names[i].text);
    if (!elaborator_.introduce(names[i], NameKind::Parameter, replica(*results[i], value), scope)) return std::nullopt;
  }
  const Elaborator::Flow flow = elaborator_.executeBlock(decl_.vjp->body, scope);
  if (flow == Elaborator::Flow::Failed) return std::nullopt;
  if (flow == Elaborator::Flow::Next) {
    elaborator_.error<diag::MissingReturn>(decl_.vjp->body.span, fmt::format("the `vjp` of `{}`", decl_.name.text));
    return std::nullopt;
  }
  const Value returned = *elaborator_.frame().returned;
  const Span where = elaborator_.frame().returnSpan;
  std::vector<Value> given = {returned};
  if (const auto* record = std::get_if<const Record*>(&returned)) {
    given.clear();
    for (const auto& [name, value] : (*record)->fields) given.push_back(value);
  }
  const auto isFloat = [](const Parameter& p) { return ir::isFloat(p.value->type.dtype); };
  const auto floats = static_cast<std::size_t>(std::count_if(parameters_.begin(), parameters_.end(), isFloat));
  if (given.size() != floats) {
    elaborator_
        .error<diag::BadVjp>(where, decl_.name.text,
                             fmt::format("it gives {} derivative{}, and there are {} float parameters", given.size(),
                                         given.size() == 1 ? "" : "s", floats))
        .help("return one for each, in order: `return (dx, dw)`");
    return std::nullopt;
  }
  std::size_t next = 0;
  for (const Parameter& parameter : parameters_) {
    const std::optional<ir::Value> value =
        isFloat(parameter) ? cotangent(parameter, given[next++], where)
                           : std::optional(elaborator_.at(where).constant(parameter.value->type, 0.0));
    if (!value) return std::nullopt;
    trace.builder.addResult(*value, "");
  }
  return id;
}

Result OwnDerivative::finish(const Value& result) {
  Tensors results;
  const auto* record = std::get_if<const Record*>(&result);
  std::vector<Value> values = {result};
  if (record) {
    values.clear();
    for (const auto& [name, value] : (*record)->fields) values.push_back(value);
  }
  std::vector<ir::Value> outputs, operands;
  for (const Value& value : values) {
    const Traced* tensor = asTensor(elaborator_, value, std::nullopt, elaborator_.frame().returnSpan);
    if (!tensor) return std::nullopt;
    results.push_back(tensor);
    outputs.push_back(tensor->value);
  }
  ir::Builder& builder = elaborator_.at(where_);
  for (const Parameter& parameter : parameters_) operands.push_back(parameter.value->value);
  std::vector<ir::NodeId> nodes(builder.function().body.begin() + static_cast<std::ptrdiff_t>(mark_),
                                builder.function().body.end());
  builder.function().body.resize(mark_);
  const Outline made = outline(builder.module(), builder.functionId(),
                               ir::freshFunctionName(builder.module(), decl_.name.text), nodes, operands, outputs);
  if (!made.captured.empty()) {
    elaborator_.error<diag::VjpReadsMore>(where_, decl_.name.text)
        .also(decl_.vjp->body.span, "its derivative")
        .help("pass the tensor as a parameter: the clause must give its derivative, too");
    return std::nullopt;
  }
  const std::optional<ir::FunctionId> clause = traceClause(results);
  if (!clause) return std::nullopt;
  ir::CallAttributes call;
  call.name = decl_.name.text;
  call.body = made.body;
  call.vjp = *clause;
  const std::vector<ir::Value> called = elaborator_.at(where_).call(std::move(call), operands);
  if (!record) return replica(*results[0], called[0]);
  Record named;
  for (std::size_t i = 0; i < called.size(); ++i)
    named.fields.emplace_back((*record)->fields[i].first, replica(*results[i], called[i]));
  return static_cast<const Record*>(elaborator_.arena().make(std::move(named)));
}

}  // namespace nnc::elaborate
