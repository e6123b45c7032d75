#include "reference_network.h"

#include <cmath>

namespace nnc::probes {

const char* ReferenceNetwork::program() {
  return R"(network net(x: f32[B, 6]) -> f32[B, 3] =
  x |> dense(5) |> tanh |> dense(5) |> batch_norm() |> tanh |> dense(5) |> tanh |> dense(3)
data points {
  source: generate(40, fn (i, key) => (x: random_normal(key, [6]), y: i % 3))
  split: (train: 0..24, valid: 24..40)
}
train fit {
  network: net
  data: points
  loss: cross_entropy
  optimizer: sgd(0.1)
  batch: 8
  steps: 1
  precision: .f64
}
)";
}

ReferenceNetwork::Batch ReferenceNetwork::batchOf(const Examples& examples, std::int64_t begin, std::int64_t count) {
  Batch batch;
  for (std::int64_t row = begin; row < begin + count; ++row) {
    const Numbers x{examples.type("x").dtype, kInputs, examples.at("x", row)};
    Values& values = batch.x.emplace_back();
    for (std::int64_t k = 0; k < kInputs; ++k) values.push_back(x[k]);
    batch.y.push_back(static_cast<int>(training::integerAt(examples.type("y").dtype, examples.at("y", row))));
  }
  return batch;
}

ReferenceNetwork::Parameters ReferenceNetwork::parametersOf(const elaborate::TrainProgram& train, Slots slots) {
  Parameters parameters;
  for (const std::size_t i : trainedSlots(train)) {
    const Numbers numbers = slotNumbers(train, slots, i);
    for (std::int64_t k = 0; k < numbers.count; ++k) parameters[train.slots[i].path].push_back(numbers[k]);
  }
  return parameters;
}

/// Each unit with mean 0 and variance 1 over the batch, then scaled and shifted; batch_norm's eps is 1e-5.
static void normalise(std::vector<double>& z, std::size_t units, const std::vector<double>& gamma,
                      const std::vector<double>& beta) {
  const std::size_t rows = z.size() / units;
  for (std::size_t u = 0; u < units; ++u) {
    double mean = 0.0, variance = 0.0;
    for (std::size_t r = 0; r < rows; ++r) mean += z[r * units + u] / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r)
      variance += (z[r * units + u] - mean) * (z[r * units + u] - mean) / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r)
      z[r * units + u] = (z[r * units + u] - mean) / std::sqrt(variance + 1e-5) * gamma[u] + beta[u];
  }
}

std::vector<ReferenceNetwork::Values> ReferenceNetwork::forward(const Parameters& parameters, const Batch& batch,
                                                                int layer, const Values& moved) {
  std::vector<Values> outputs;
  Values a;
  for (const Values& x : batch.x) a.insert(a.end(), x.begin(), x.end());
  for (int l = 0; l < kLayers; ++l) {
    const std::string path = weight(l);
    const Values& w = parameters.at(path);
    const Values& b = parameters.at(path.substr(0, path.size() - 1) + "b");
    const std::size_t units = b.size(), inputs = w.size() / units;
    Values z(batch.x.size() * units);
    for (std::size_t r = 0; r < batch.x.size(); ++r)
      for (std::size_t u = 0; u < units; ++u) {
        z[r * units + u] = b[u];
        for (std::size_t i = 0; i < inputs; ++i) z[r * units + u] += a[r * inputs + i] * w[i * units + u];
      }
    if (l == layer)
      for (std::size_t i = 0; i < z.size(); ++i) z[i] += moved[i];
    outputs.push_back(z);
    if (l == 1) normalise(z, units, parameters.at("net.batch_norm.gamma"), parameters.at("net.batch_norm.beta"));
    for (double& each : z) each = std::tanh(each);
    a = std::move(z);
  }
  return outputs;
}

double ReferenceNetwork::loss(const std::vector<Values>& z, const Batch& batch) {
  double sum = 0.0;
  for (std::size_t r = 0; r < batch.y.size(); ++r) {
    const double* const logits = z.back().data() + r * kClasses;
    double total = 0.0;
    for (int c = 0; c < kClasses; ++c) total += std::exp(logits[c]);
    sum += std::log(total) - logits[batch.y[r]];
  }
  return sum / static_cast<double>(batch.y.size());
}

ReferenceNetwork::Values ReferenceNetwork::gradient(const std::function<double(const Values&)>& function, Values at) {
  constexpr double kStep = 1e-5;
  Values result;
  for (double& each : at) {
    const double middle = each;
    each = middle + kStep;
    const double above = function(at);
    each = middle - kStep;
    const double below = function(at);
    each = middle;
    result.push_back((above - below) / (2.0 * kStep));
  }
  return result;
}

ReferenceNetwork::Values ReferenceNetwork::weightGradient(const Parameters& parameters, const Batch& batch,
                                                          const std::string& path) {
  Parameters moved = parameters;
  return gradient(
      [&](const Values& w) {
        moved[path] = w;
        return loss(moved, batch);
      },
      parameters.at(path));
}

}  // namespace nnc::probes
