// A train of two points, and its step run by the reference evaluator.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fixture.h"

namespace nnc::elaborate {

inline constexpr const char* kData = R"nn(
data points {
  source: idx("a", "b")
  fields: (a: f32[2], t: f32[1])
  let x = a
  let y = t
}
)nn";

/// A train of one linear unit under squared error, with `more` in front and `settings` inside.
inline std::string linear(const std::string& settings, const std::string& more = "",
                          const std::string& network = "unit") {
  return std::string(kData) + "network unit(x: f32[B, 2]) -> f32[B, 1] = x |> dense(1)\n" + more +
         "train fit {\n  network: " + network + "\n  data: points\n  loss: mse\n  batch: 2\n  steps: 1\n" + settings +
         "\n}\n";
}

class StepTest : public ProjectTest {
 protected:
  /// Elaborates the only train of the text and its step for `batch` examples.
  bool elaborate(const std::string& text, std::int64_t batch = 2) {
    Project* const project = loadText(text);
    train_ = project != nullptr ? project->train("", {}) : std::nullopt;
    step_ = train_ ? project->step(*train_, batch) : std::nullopt;
    return step_.has_value();
  }

  std::vector<ir::Tensor> initial(std::int64_t seed = 0) const {
    return run(train_->initModule, train_->init, {number(seed)});
  }

  /// One step: the slots are replaced by their next values; returns loss and metrics.
  std::vector<double> advance(std::vector<ir::Tensor>& slots, const std::vector<ir::Tensor>& fields, std::int64_t step,
                              std::int64_t seed = 0) const {
    std::vector<ir::Tensor> arguments = slots;
    arguments.insert(arguments.end(), fields.begin(), fields.end());
    arguments.push_back(number(seed));
    arguments.push_back(number(step));
    std::vector<ir::Tensor> results = run(step_->module, step_->function, arguments);
    std::vector<double> scalars;
    for (std::size_t i = slots.size(); i < results.size(); ++i) scalars.push_back(results[i].real(0));
    results.resize(slots.size());
    slots = std::move(results);
    return scalars;
  }

  std::size_t slot(const std::string& path) const {
    for (std::size_t i = 0; i < train_->slots.size(); ++i)
      if (train_->slots[i].path == path) return i;
    ADD_FAILURE() << "no slot " << path;
    return 0;
  }

  std::vector<ir::Tensor> points(ir::DType dtype = ir::DType::F32) const {
    return {tensor({dtype, {2, 2}}, {1, 2, -1, 0.5}), tensor({dtype, {2, 1}}, {1, -2})};
  }

  std::optional<TrainProgram> train_;
  std::optional<BatchProgram> step_;
};

}  // namespace nnc::elaborate
