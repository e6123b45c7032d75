#include "autodiff/vjp.h"

#include <vector>

#include "autodiff/backpropagate.h"
#include "ir/builder.h"
#include "ir/call_graph.h"

namespace nnc::autodiff {

using ir::Value;

ir::FunctionId makeVjp(ir::Module& module, ir::FunctionId id) {
  const ir::Function forward = module.function(id);  // a copy: functions move while others are added
  ir::Builder builder(module, module.addFunction(ir::freshFunctionName(module, forward.name + "_vjp")));
  std::vector<Value> arguments, cotangents, wrt;
  for (std::size_t i = 0; i < forward.parameters.size(); ++i)
    arguments.push_back(builder.addParameter(forward.type(forward.parameters[i]), forward.parameterNames[i]));
  for (const Value result : forward.results)
    if (ir::isFloat(forward.type(result).dtype)) cotangents.push_back(builder.addParameter(forward.type(result), ""));

  const Forward copy = copyForward(builder, id, arguments);
  std::vector<Seed> seeds;
  for (std::size_t i = 0; i < copy.results.size(); ++i) {
    builder.addResult(copy.results[i], forward.resultNames[i]);
    if (ir::isFloat(builder.type(copy.results[i]).dtype)) seeds.push_back({copy.results[i], cotangents[seeds.size()]});
  }
  for (const Value argument : arguments)
    if (ir::isFloat(builder.type(argument).dtype)) wrt.push_back(argument);
  const std::vector<Value> gradients = backpropagate(builder, copy.nodes, seeds, wrt);
  for (std::size_t i = 0; i < wrt.size(); ++i)
    builder.addResult(gradients[i].isValid() ? gradients[i] : builder.constantLike(wrt[i], 0.0), "");
  return builder.functionId();
}

}  // namespace nnc::autodiff
