#include "report/theory.h"

#include <array>
#include <string>
#include <string_view>

namespace nnc::report {

namespace {

/// gain(activation) * sqrt(fan_out Var W). The gain is sqrt of the mean square of the derivative: 1/sqrt 2 for ReLU,
/// 1/4 for a sigmoid around 0, 1 for tanh around 0. fan_out Var W is 2 for He, 1 for Glorot and LeCun with equal
/// widths, 1/3 for U[+-1/sqrt n]. Sources: Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015.
struct Form {
  std::string_view activation, init;
  double factor;
};
constexpr std::array<Form, 10> kForms = {{{"relu", "he_normal", 1.0},
                                          {"relu", "he_uniform", 1.0},
                                          {"relu", "glorot_normal", 0.7071},
                                          {"relu", "glorot_uniform", 0.7071},
                                          {"relu", "lecun_normal", 0.7071},
                                          {"relu", "uniform_fanin", 0.4082},
                                          {"tanh", "glorot_uniform", 1.0},
                                          {"tanh", "uniform_fanin", 0.5774},
                                          {"sigmoid", "glorot_uniform", 0.25},
                                          {"sigmoid", "glorot_normal", 0.25}}};
/// Batch norm before ReLU, without a skip, whatever the scale of the weights: sqrt(pi / (pi - 1)). Source: Yang et al.,
/// "A mean field theory of batch normalization", ICLR 2019.
constexpr double kBatchNormRelu = 1.2112;

bool hasValue(const study::Cell& cell, std::string_view word) {
  for (const auto& [name, value] : cell.values)
    if (value == word) return true;
  return false;
}

bool hasValueLike(const study::Cell& cell, std::string_view front) {
  for (const auto& [name, value] : cell.values)
    if (value.starts_with(front)) return true;
  return false;
}

/// Whether the network has skips, as far as its parameters say: any that is named after them and is not off.
bool hasSkip(const study::Cell& cell) {
  for (const auto& [name, value] : cell.values)
    if (name == "residual" || name == "skip" || name == "order")
      if (value != "false" && value != ".none" && value != "none" && value != "plain" && value != ".plain") return true;
  return false;
}

}  // namespace

std::optional<double> backwardFactor(const study::Cell& cell) {
  if (hasSkip(cell)) return std::nullopt;
  const bool isNormed = hasValueLike(cell, "batch_norm");
  if (isNormed) return hasValue(cell, "relu") ? std::optional(kBatchNormRelu) : std::nullopt;
  if (hasValueLike(cell, "layer_norm") || hasValueLike(cell, "rms_norm")) return std::nullopt;
  for (const Form& form : kForms)
    if (hasValue(cell, form.activation) && hasValueLike(cell, form.init)) return form.factor;
  return std::nullopt;
}

}  // namespace nnc::report
