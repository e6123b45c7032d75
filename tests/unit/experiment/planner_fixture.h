// Experiments that are written out, around a recipe on made-up data that elaborates in a millisecond.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "../elaborate_train/fixture.h"
#include "experiment/planner.h"

namespace nnc::experiment {

class PlannerTest : public elaborate::ProjectTest {
 protected:
  static std::string recipe() {
    return R"(
import std.data (generate)
data spots(rows: int = 32) {
  source: generate(64, fn (i, key) => (x: random_normal(key, [4]), y: cast(i % 2, i32)))
  split:  (train: 0..rows, valid: 32..64)
}
layer unit(width: dim, act: fn, norm: layer, init: init)(x: f32[B, n]) -> f32[B, width] =
    x |> dense(width, init: init) |> norm |> act
network net(depth: int, act: fn, norm: layer, init: init)(x: f32[B, 4]) -> f32[B, 2] =
    x |> repeat depth { unit(4, act, norm, init) } |> dense(2)
train recipe(depth: int = 1, act: fn = relu, norm: layer = identity, init: init = he_normal, lr: real = 0.1,
             drop: real = 0.0, opt: enum(sgd, adam) = .sgd, momentum: real = 0.0,
             rows: int = 32, size: int = 8) {
  network:   net(depth, act, norm, init)
  data:      spots(rows)
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: if opt == .adam then adam(lr) else sgd(lr, momentum)
  batch:     size
  steps:     4
}
)";
  }
  std::unique_ptr<ExperimentPlan> plan(const std::string& clauses, const std::vector<elaborate::Override>& values = {},
                                       const std::string& parameters = "") {
    elaborate::Project* const project =
        loadText(recipe() + "experiment study" + parameters + " {\n  run: recipe\n" + clauses + "}\n");
    return project != nullptr ? makePlan(*project, "study", values) : nullptr;
  }
  static std::vector<std::vector<int>> levels(const ExperimentPlan& plan) {
    std::vector<std::vector<int>> all;
    for (const study::Cell& cell : plan.study().cells) all.push_back(cell.levels);
    return all;
  }
  static std::string valueOf(const study::Cell& cell, const std::string& name) {
    for (const auto& [parameter, value] : cell.values)
      if (parameter == name) return value;
    return "none";
  }
};

}  // namespace nnc::experiment
