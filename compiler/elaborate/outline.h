// Nodes of a function as a function of their own: bodies of scans, losses of `grad`, functions with a derivative.
//
// Code is traced into one function; what turns out to be a region is cut out afterwards.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "ir/module.h"

namespace nnc::elaborate {

struct Outline {
  ir::FunctionId body;              // (inputs.., captured..) -> outputs
  std::vector<ir::Value> captured;  // values of the outer function that the body reads besides its inputs
};

/// Copies `nodes` of `outer`, in order of execution, into a new function.
///
/// `inputs` become its parameters; they may be results of nodes that are not copied. Constants, iotas and broadcasts
/// from outside are made again inside, because they cost nothing there. The caller takes the copied nodes out of
/// `outer`, or not.
Outline outline(ir::Module& module, ir::FunctionId outer, std::string name, std::span<const ir::NodeId> nodes,
                const std::vector<ir::Value>& inputs, const std::vector<ir::Value>& outputs);

/// By value of `function`: whether it is one of `sources` or computed from one by the nodes from position `first` of
/// its body on.
std::vector<bool> dependsOn(const ir::Function& function, const std::vector<ir::Value>& sources, std::size_t first);

}  // namespace nnc::elaborate
