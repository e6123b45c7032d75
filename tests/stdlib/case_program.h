// A case of the stdlib's tests: a callable of cases/TOPIC.nn, as programs that can be run with given numbers.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/modules.h"
#include "elaborate/trace.h"
#include "ir/module.h"
#include "support/source.h"

namespace nnc::stdlib_tests {

/// What a case takes: a data argument, a parameter, or a state, by name or path.
struct Argument {
  enum class Kind : std::uint8_t { Data, Parameter, State, Cotangent, Seed, Step };
  std::string name;
  ir::Type type;
  Kind kind = Kind::Data;
};

/// `forward`: (arguments..) -> (loss, outputs.., next states..). The loss is the sum of the float outputs times their
/// cotangents, which are arguments `d.NAME`, so that its gradients are any vector times the Jacobian.
/// `initial`: (seed) -> one tensor per parameter and state, in the order of `arguments`.
struct CaseProgram {
  ir::Module module;
  ir::FunctionId forward, initial;
  std::vector<Argument> arguments;
  std::vector<std::string>
      results;  // without the loss: an output's name (`y`, or that of a record's field), a state's path
};

/// A callable of the stdlib that programs may use.
struct Entry {
  std::string name;
  bool hasDoc = false;
};

/// The file of a topic. Cases are elaborated one at a time, each for itself.
class Topic {
 public:
  explicit Topic(const std::string& path);
  bool isFine() const { return modules_ != nullptr; }
  /// Its callables and recipes, in order.
  std::vector<std::string> cases() const;
  /// `ENTRY__variant` is a case of ENTRY. A recipe of an optimizer becomes one step: (p, g) -> (p, states).
  std::optional<CaseProgram> build(const std::string& name, elaborate::Mode mode);
  std::vector<Entry> stdlibEntries() const;
  /// All messages so far.
  std::string messages() const;

 private:
  SourceManager sources_;
  Diagnostics diagnostics_;
  std::unique_ptr<elaborate::Modules> modules_;
};

/// Adds a function with a gradient call: (arguments..) -> (forward's results.., gradients of `wrt`..).
/// Needs: `wrt` are indices of arguments of `forward`, at least one.
ir::FunctionId addGradient(CaseProgram& program, const std::vector<int>& wrt);

}  // namespace nnc::stdlib_tests
