// What a process spends on a study.
#pragma once
#include <chrono>

#include "engine/code_cache.h"
#include "study/study.h"
#include "support/processor_time.h"

namespace nnc::experiment {

/// Counts from its construction on. One thread at a time.
class StudyMeter {
 public:
  /// `code` may be null: then no code counts as generated.
  explicit StudyMeter(const engine::CodeCache* code) : code_(code), before_(now()) {}

  /// What was spent since the last `take`.
  study::Spent sinceTaken() const;
  study::Spent take();

 private:
  using Clock = std::chrono::steady_clock;
  study::Spent now() const;

  const engine::CodeCache* code_;
  Clock::time_point begun_ = Clock::now();  // before `before_`, which reads it
  study::Spent before_;
};

}  // namespace nnc::experiment
