// Syntax trees to programs: names, static evaluation, dims, index notation, instances.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/probe_request.h"
#include "elaborate/program.h"
#include "support/source.h"
#include "syntax/ast.h"

namespace nnc::elaborate {

/// One `--name value` of the command line, already split.
struct Override {
  std::string name;
  std::string value;
  bool isAlone = false;  // `--name` and nothing behind it: the value is `true`, which only a bool can be meant to have
};

struct ProjectState;

struct TrainSummary {
  std::string name;
  std::string doc;
  std::vector<std::string> parameters;  // `hidden: dim = 30`
  std::vector<std::string> parameterNames;
  std::vector<std::string> reals;  // names of those of type `real`
  Span span;
};

/// A function of the file with a derivative of its own, called once with small made-up sizes.
struct DerivativeProgram {
  std::string name;
  Span span;            // of its `vjp` clause
  std::string refused;  // why it cannot be called like that; empty: it can
  ir::Module module;
  ir::FunctionId function;  // (parameters.., ) -> (results..), with a composite call named `name`
};

/// A file with all that it imports, names resolved. Owns the trees.
class Project {
 public:
  /// Reads `path` and its imports; the stdlib comes from inside the binary. Empty: reported.
  [[nodiscard]] static std::unique_ptr<Project> load(const std::string& path, SourceManager& sources,
                                                     Diagnostics& diagnostics);
  ~Project();

  std::vector<TrainSummary> trains() const;
  std::vector<std::string> exports() const;
  std::vector<std::string> experiments() const;
  /// Names of the parameters of an experiment. Needs: the file has it.
  std::vector<std::string> parametersOfExperiment(const std::string& name) const;
  /// Those whose parameters all have defaults: what `nnc check` plans.
  std::vector<std::string> experimentsWithDefaults() const;

  /// Elaborates and checks everything that `nnc check` promises (docs/language.md): every export, every train in
  /// .train and .eval, and what has defaults. False: reported.
  bool check();

  /// Every `fn .. vjp` of the file and of its own imports, for `nnc check --grad`. Needs: check() succeeded.
  [[nodiscard]] std::vector<DerivativeProgram> derivatives();

  /// Elaborates a train. `name` empty: the only one of the file, or an error that lists them.
  [[nodiscard]] std::optional<TrainProgram> train(const std::string& name, const std::vector<Override>& overrides);
  /// The training step for a batch of `batch` examples. Needs: `train` succeeded with the same overrides.
  [[nodiscard]] std::optional<BatchProgram> step(const TrainProgram& train, std::int64_t batch);
  /// Loss, metrics and outputs per example, mode eval.
  [[nodiscard]] std::optional<BatchProgram> evaluation(const TrainProgram& train, std::int64_t batch);
  /// A program that looks at the network of a train (probe.h).
  [[nodiscard]] std::optional<ProbeProgram> probe(const TrainProgram& train, const ProbeRequest& request);
  /// The probe that the file or the stdlib declares under a name, or a native one; otherwise E1801.
  [[nodiscard]] std::optional<ProbeDefinition> findProbe(const std::string& name) const;
  /// The probe that the stdlib declares under a name. Needs: there is one.
  ProbeDefinition standardProbe(const std::string& name) const;
  /// The probes of the stdlib and the native ones, by name, in order of declaration.
  std::vector<std::string> standardProbes() const;
  /// The network of a train alone, as an export: (parameters and states.., inputs..) -> outputs, for `nnc build
  /// --weights`.
  [[nodiscard]] std::optional<ExportProgram> network(const TrainProgram& train, std::vector<std::int64_t> batches);
  /// The network of a train as a language model i32[1, T] -> f32[1, T, vocab]. With session states: mode serve, one
  /// entry for T = 1 and one for many tokens. Without: mode eval, the T of the train.
  ///
  /// Errors  E0148 it is none.
  [[nodiscard]] std::optional<ExportProgram> serving(const TrainProgram& train);
  [[nodiscard]] std::optional<ExportProgram> exported(const std::string& name);
  /// What `export let` gives to every header of the file.
  ///
  /// Errors  E0123, E0124, and those of the expressions.
  [[nodiscard]] std::optional<std::vector<ExportedConstant>> exportedConstants();

  /// The inside (project.h), for the planner of experiments.
  ProjectState& state();

 private:
  Project();
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace nnc::elaborate
