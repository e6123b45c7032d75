#include "experiment/costs.h"

#include <algorithm>
#include <limits>

namespace nnc::experiment {

using study::Cell;
using study::Run;
using study::StepCost;

namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

template <double StepCost::* Part>
double perStep(const Run&, const Cell& cell) {
  return cell.stepCost ? (*cell.stepCost).*Part : kUndefined;
}

/// Of a whole run; a last batch that is smaller counts by its size, as it does for flops.
template <double StepCost::* Part>
double whole(const Run& run, const Cell& cell) {
  return cell.flopsPerStep > 0.0 ? run.flops / cell.flopsPerStep * perStep<Part>(run, cell) : kUndefined;
}

constexpr Cost kCosts[] = {
    {"steps", [](const Run& run, const Cell&) { return static_cast<double>(run.steps); }},
    {"examples", [](const Run& run, const Cell&) { return static_cast<double>(run.examples); }},
    {"flops", [](const Run& run, const Cell&) { return run.flops; }},
    {"transcendentals", whole<&StepCost::transcendental>, false, true},
    {"bytes", whole<&StepCost::bytes>, false, true},
    {"seconds", [](const Run& run, const Cell&) { return run.trainSeconds; }, true},
    {"parameters", [](const Run&, const Cell& cell) { return static_cast<double>(cell.parameters); }},
    {"flops_per_step", [](const Run&, const Cell& cell) { return cell.flopsPerStep; }},
    {"forward_flops_per_step", perStep<&StepCost::forward>, false, true},
    {"backward_flops_per_step", perStep<&StepCost::backward>, false, true},
    {"update_flops_per_step", perStep<&StepCost::update>, false, true},
    {"transcendentals_per_step", perStep<&StepCost::transcendental>, false, true},
    {"bytes_per_step", perStep<&StepCost::bytes>, false, true},
    {"seconds_per_step",
     [](const Run& run, const Cell&) {
       return run.steps > 0 ? run.trainSeconds / static_cast<double>(run.steps) : kUndefined;
     },
     true},
};

}  // namespace

std::span<const Cost> costs() { return kCosts; }

const Cost* findCost(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kCosts), std::end(kCosts), [&](const Cost& cost) { return cost.name == name; });
  return found != std::end(kCosts) ? found : nullptr;
}

}  // namespace nnc::experiment
