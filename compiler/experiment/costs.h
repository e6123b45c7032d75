// What a run costs, by the names that measures know: `flops`, `bytes_per_step`.
#pragma once
#include <span>
#include <string_view>

#include "study/study.h"

namespace nnc::experiment {

struct Cost {
  std::string_view name;
  double (*of)(const study::Run& run, const study::Cell& cell);  // NaN: not known of this run
  bool isClock = false;                                          // depends on how fast the machine was
  bool isByParts = false;  // needs Cell::stepCost, which is counted where it is asked for
};

/// All of them; less is better.
std::span<const Cost> costs();
/// Null: there is none of this name.
const Cost* findCost(std::string_view name);

}  // namespace nnc::experiment
