// Edits of functions that several passes share. All keep value numbers and reset the memory plan.
#pragma once
#include <vector>

#include "ir/module.h"

namespace nnc::ir {

/// What each value was replaced by while a pass walks a function: identity at first.
class Replacements {
 public:
  explicit Replacements(const Function& function);
  void replace(Value value, Value by);
  /// The value to use for `value`. Values made after construction stand for themselves.
  Value operator[](Value value) const;
  void applyTo(std::vector<Value>& values) const;

 private:
  std::vector<Value> by_;
};

/// Whether each value is a parameter, a result, or needed for a result.
std::vector<bool> liveValues(const Function& function);
/// Takes nodes without a live result out of `body`. Returns whether there were any.
bool dropDeadNodes(Function& function);
/// Keeps the parameters whose flag is set. Needs: nothing uses the others.
void keepParameters(Function& function, const std::vector<bool>& keep);
/// Keeps the results whose flag is set. Needs: no aliases (those of scan bodies have none).
void keepResults(Function& function, const std::vector<bool>& keep);
/// Keeps the results of a node whose flag is set. Needs: nothing uses the others.
void keepNodeResults(Function& function, NodeId node, const std::vector<bool>& keep);

enum class InlineWhich {
  AllComposites,
  WithoutCustomVjp,  // composites with a vjp of their own stay calls
};
/// Replaces composite calls by the bodies of their callees, and those inside, until none is left in `function`.
/// A node of a callee that has no place or path takes those of the call. Returns whether there were any.
bool inlineComposites(Module& module, FunctionId function, InlineWhich which);

}  // namespace nnc::ir
