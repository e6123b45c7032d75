#include "training/weights_origin.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "nnc/safetensors.h"
#include "training/weights.h"

namespace nnc::training {

std::string WeightsOrigin::text() const {
  std::string text = fmt::format("train `{}`", train);
  for (const auto& [name, value] : given)
    text += fmt::format("{} --{} {}", &name == &given[0].first ? "," : "", name, value);
  return text;
}

std::optional<WeightsOrigin> originIn(const std::map<std::string, std::string>& metadata) {
  const auto found = metadata.find(kRunKey);
  if (found == metadata.end()) return std::nullopt;
  using Json = nlohmann::ordered_json;
  const Json run = Json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  if (!run.is_object() || !run.contains("train") || !run["train"].is_string()) return std::nullopt;
  WeightsOrigin origin{run["train"].get<std::string>(), {}};
  if (!run.contains("given") || !run["given"].is_object()) return origin;
  for (const auto& [name, value] : run["given"].items())
    if (value.is_string()) origin.given.emplace_back(name, value.get<std::string>());
  return origin;
}

std::optional<WeightsOrigin> originOf(const std::string& weights) {
  Diagnostics unused;
  const std::optional<std::string> file = findWeights(weights, unused);
  if (!file) return std::nullopt;
  runtime::Failure failure;
  const std::optional<std::map<std::string, std::string>> metadata = runtime::readSafetensorsMetadata(*file, failure);
  return metadata ? originIn(*metadata) : std::nullopt;
}

}  // namespace nnc::training
