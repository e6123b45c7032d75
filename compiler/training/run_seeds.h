// The seeds of a run.
#pragma once
#include <cstdint>

namespace nnc::training {

/// One seed for each kind of draw, so that a study can vary them one at a time.
struct RunSeeds {
  std::int64_t init = 0;   // initial values of the slots
  std::int64_t data = 0;   // order and augmentation of the examples
  std::int64_t noise = 0;  // what the step draws: dropout masks
  static RunSeeds all(std::int64_t seed) { return {seed, seed, seed}; }
};

}  // namespace nnc::training
