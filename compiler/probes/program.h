// A compiled program that looks at a network.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "probes/examples.h"
#include "probes/parameters.h"
#include "probes/probe_source.h"

namespace nnc::probes {

class Program {
 public:
  /// Errors  those of elaboration, E11xx.
  static std::optional<Program> make(ProbeSource& source, const elaborate::ProbeRequest& request,
                                     const engine::Options& options, Diagnostics& diagnostics);

  std::int64_t batch() const { return program_.batch; }
  const std::vector<elaborate::ProbeColumns>& series() const { return program_.series; }
  const std::vector<std::string>& fields() const { return program_.fields; }

  /// Runs on `slots` and the rows from `begin` on. `step` is that of the next step of training. The slots are read
  /// only: no result is one of them.
  void run(const elaborate::TrainProgram& train, Slots slots, const Examples& examples, std::int64_t begin,
           std::int64_t step);
  /// The same on the fields as `field(i)` holds them.
  void run(const elaborate::TrainProgram& train, Slots slots, std::int64_t step);
  training::Buffer& field(std::size_t i) { return fields_[i]; }

  std::size_t inputCount() const { return inputs_.size(); }
  training::Buffer& input(std::size_t i) { return inputs_[i]; }
  const ir::Type& inputType(std::size_t i) const { return inputTypes_[i]; }

  std::size_t resultCount() const { return results_.size(); }
  const std::string& name(std::size_t i) const { return program_.outputs[i]; }
  const ir::Type& type(std::size_t i) const { return resultTypes_[i]; }
  Numbers result(std::size_t i) const {
    return {resultTypes_[i].dtype, resultTypes_[i].elementCount(), results_[i].data()};
  }

 private:
  Program(elaborate::ProbeProgram program, engine::Executable executable);

  elaborate::ProbeProgram program_;  // without its module
  engine::Executable executable_;
  std::vector<ir::Type> inputTypes_, resultTypes_;
  std::vector<training::Buffer> fields_, inputs_, results_;
  training::Buffer seed_{8}, step_{8};
  std::vector<void*> arguments_, resultPointers_;
  std::size_t slotCount_ = 0;
};

}  // namespace nnc::probes
