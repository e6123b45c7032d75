// A trained network of tokens, fed one stretch of text after the other.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/elaborate.h"
#include "engine/engine.h"
#include "training/buffer.h"

namespace nnc::training {

/// The network of a train as i32[1, T] -> f32[1, T, vocab], compiled for one sequence.
///
/// A network with session states (mode .serve) keeps what it has read there: many tokens at a time while they last,
/// then one by one. A network without them reads the whole window, as long as the train's sequences, again for every
/// token.
class LanguageModel {
 public:
  /// Errors  E0148 not such a network; E13xx weights; E11xx memory: emitted, result is empty.
  /// `seed`: of the random numbers of a network that draws some; every call draws others.
  [[nodiscard]] static std::optional<LanguageModel> open(elaborate::Project& project,
                                                         const elaborate::TrainProgram& train,
                                                         const std::string& weightsFile, std::int64_t seed,
                                                         const engine::Options& options, Diagnostics& diagnostics);

  std::int64_t vocabulary() const { return static_cast<std::int64_t>(logits_.size()); }
  bool hasSession() const { return !states_.empty(); }
  /// Forgets everything.
  void reset();
  /// Reads `tokens`, all below vocabulary(); logits() are then those of the token that follows. False: they do not fit
  /// behind what was read before, and reset() comes next.
  [[nodiscard]] bool feed(std::span<const std::int32_t> tokens);
  std::span<const double> logits() const { return logits_; }

 private:
  struct Program {
    std::int64_t length = 0;
    engine::Executable predict;
    std::optional<engine::Executable> overrun;
  };

  [[nodiscard]] bool compile(elaborate::ExportProgram& exported, const engine::Options& options,
                             Diagnostics& diagnostics);
  void allocate(const elaborate::ExportProgram& exported, const std::vector<ir::Tensor>& weights);
  bool call(Program& program, std::span<const std::int32_t> tokens, std::int64_t lastToken);

  std::vector<Program> programs_;  // by length, ascending
  std::vector<Buffer> weights_, states_;
  std::vector<double> initial_;  // of the states
  std::vector<ir::Type> stateTypes_;
  Buffer tokens_, output_;
  ir::DType outputType_ = ir::DType::F32;
  std::int64_t seed_ = 0, calls_ = 0;
  std::vector<std::int32_t> window_;  // without a session: what was read
  std::vector<double> logits_;
};

}  // namespace nnc::training
