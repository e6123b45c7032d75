// A small network in plain f64 arithmetic, written apart from the compiler, with derivatives by finite differences:
// what the native probes are compared with.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "fixture.h"

namespace nnc::probes {

/// x |> dense(5) |> tanh |> dense(5) |> batch_norm() |> tanh |> dense(5) |> tanh |> dense(3), cross entropy.
class ReferenceNetwork {
 public:
  static constexpr int kLayers = 4, kInputs = 6, kUnits = 5, kClasses = 3;
  using Values = std::vector<double>;
  using Parameters = std::map<std::string, Values>;
  static const char* program();
  static std::string weight(int layer) {
    return layer == 0 ? "net.dense.w" : "net.dense_" + std::to_string(layer + 1) + ".w";
  }

  /// Rows [begin, begin + count) of examples.
  struct Batch {
    std::vector<Values> x;
    std::vector<int> y;
  };
  static Batch batchOf(const Examples& examples, std::int64_t begin, std::int64_t count);
  static Parameters parametersOf(const elaborate::TrainProgram& train, Slots slots);

  /// Outputs of every dense layer, [layer][example * units + unit]. `moved`: added to z of `layer`.
  static std::vector<Values> forward(const Parameters& parameters, const Batch& batch, int layer = -1,
                                     const Values& moved = {});
  /// From z of `layer` on: what the layers behind it give.
  static double loss(const std::vector<Values>& z, const Batch& batch);
  static double loss(const Parameters& parameters, const Batch& batch) {
    return loss(forward(parameters, batch), batch);
  }

  /// Central differences of a function of numbers at `at`. Third derivatives are below 10 here: 1e-5^2 / 6 of that, and
  /// rounding of 1e-15 / 1e-5, 1e-9 together.
  static Values gradient(const std::function<double(const Values&)>& function, Values at);
  /// dL / dW.
  static Values weightGradient(const Parameters& parameters, const Batch& batch, const std::string& path);
};

inline double lengthOf(const std::vector<double>& v) {
  double sum = 0.0;
  for (const double each : v) sum += each * each;
  return std::sqrt(sum);
}
inline double dotOf(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
inline std::vector<double> minus(std::vector<double> a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}
inline double cosineOf(const std::vector<double>& a, const std::vector<double>& b) {
  return dotOf(a, b) / (lengthOf(a) * lengthOf(b));
}

}  // namespace nnc::probes
