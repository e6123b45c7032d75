// A piece of .nn text as programs: its value, and the derivative of a weighted sum of it by every float argument.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "elaborate/trace.h"
#include "ir/module.h"
#include "ir/tensor.h"

namespace nnc::tests {

/// The callable `f` of a text, with fixed shapes, elaborated as instance `net`.
///
/// The loss is the sum of the elements of the result, each times a weight between -1 and 1 that differs from element to
/// element. A text that does not elaborate fails the test and leaves `isFine` false.
struct LanguageProgram {
  /// `weights`: of the loss, one per element; empty: as said above.
  explicit LanguageProgram(const std::string& text, elaborate::Mode mode = elaborate::Mode::Train,
                           const std::vector<double>& weights = {});

  ir::Module module;
  ir::FunctionId forward;             // (arguments..) -> (loss, result)
  ir::FunctionId gradient;            // (arguments..) -> (loss, result, derivative by each float argument)
  std::vector<std::string> names;     // of arguments: data by name, parameters and states by path, seed, step
  std::vector<ir::Tensor> arguments;  // floats: pseudo-random, between -1 and 1; ints: 0, 1, 2, 0, ..; step 1
  bool isFine = false;

  /// Where an argument stands. Needs: there is one.
  std::size_t at(const std::string& name) const;
};

/// The results of `gradient`: by the evaluator in f64, and compiled in f32. Needs: isFine.
std::vector<ir::Tensor> evaluateInDouble(const LanguageProgram& program);
std::vector<ir::Tensor> runCompiled(const LanguageProgram& program);

/// The derivatives are those of central differences in f64.
void expectDerivatives(const LanguageProgram& program);
/// What the compiled program gives, derivatives included, is what the evaluator gives in f64, within the rounding of
/// f32.
void expectCompiledAlike(const LanguageProgram& program);

}  // namespace nnc::tests
