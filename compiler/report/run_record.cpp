#include "report/run_record.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "diagnostics/kinds/study.h"
#include "nnc/files.h"
#include "nnc/safetensors.h"

namespace nnc::report {

namespace {

using Json = nlohmann::ordered_json;

std::optional<std::string> readText(const std::string& path, Diagnostics& diagnostics) {
  runtime::Failure failure;
  std::optional<std::string> text = runtime::readFile(path, failure);
  if (!text) diagnostics.emit<diag::CannotReadFile>({}, failure.path, failure.message);
  return text;
}

std::string textOf(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// The facts of the manifest in its own order; of the sessions the first, as the others continue it.
void addFacts(const Json& manifest, RunRecord& record) {
  for (const auto& [name, value] : manifest.items()) {
    if (name == "values" && value.is_object()) {
      for (const auto& [parameter, text] : value.items())
        record.facts.emplace_back("values." + parameter, textOf(text));
    } else if (name == "data" && value.is_array()) {
      for (const Json& file : value)
        if (file.is_object() && file.contains("path"))
          record.facts.emplace_back(
              "data " + textOf(file["path"]),
              fmt::format("{} rows, {}", textOf(file.value("rows", Json(0))), textOf(file.value("xxh3", Json("")))));
    } else if (name == "sessions" && value.is_array() && !value.empty() && value[0].is_object()) {
      for (const char* const part : {"threads", "cpu", "blas"})
        if (value[0].contains(part)) record.facts.emplace_back(part, textOf(value[0][part]));
      if (value.size() > 1) record.facts.emplace_back("sessions", std::to_string(value.size()));
    } else if (name != "train" && name != "set_on_command_line") {
      record.facts.emplace_back(name, textOf(value));
    }
  }
}

/// Lines of single steps (`--log-every`) are passed over: epochs are what two runs have in common.
bool addEpochs(const std::string& text, RunRecord& record) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) return true;  // a run that is being written
    const Json line = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    begin = end + 1;
    if (!line.is_object()) return false;
    if (!line.contains("epoch") || line.contains("loss")) continue;
    EpochRecord epoch;
    for (const auto& [name, value] : line.items()) {
      if (name == "epoch" && value.is_number_integer())
        epoch.epoch = value.get<std::int64_t>();
      else if (name == "step" && value.is_number_integer())
        epoch.step = value.get<std::int64_t>();
      else if (value.is_number())
        epoch.metrics[name] = value.get<double>();
      else if (value.is_null())
        epoch.metrics[name] = std::nan("");
    }
    record.epochs.push_back(std::move(epoch));
  }
  return true;
}

}  // namespace

std::optional<RunRecord> readRunRecord(const std::string& directory, Diagnostics& diagnostics) {
  RunRecord record;
  record.directory = directory;
  const std::string manifestPath = directory + "/manifest.json", metricsPath = directory + "/metrics.jsonl";
  const std::optional<std::string> manifestText = readText(manifestPath, diagnostics);
  if (!manifestText) return std::nullopt;
  const Json manifest = Json::parse(*manifestText, nullptr, /*allow_exceptions=*/false);
  if (!manifest.is_object() || !manifest.contains("train")) {
    diagnostics.emit<diag::StudyFileBad>({}, manifestPath, "is no manifest of a run");
    return std::nullopt;
  }
  record.train = textOf(manifest["train"]);
  addFacts(manifest, record);
  std::error_code error;
  if (std::filesystem::exists(metricsPath, error)) {
    const std::optional<std::string> metrics = readText(metricsPath, diagnostics);
    if (!metrics) return std::nullopt;
    if (!addEpochs(*metrics, record)) {
      diagnostics.emit<diag::StudyFileBad>({}, metricsPath, "a line is no JSON object");
      return std::nullopt;
    }
  }
  if (!std::filesystem::exists(directory + "/last", error)) return record;
  runtime::Failure failure;
  const std::optional<runtime::TensorFile> file = runtime::readSafetensors(directory + "/last", failure);
  if (!file) {
    diagnostics.emit<diag::WeightsBad>({}, directory + "/last", failure.message);
    return std::nullopt;
  }
  for (const runtime::NamedArray& tensor : file->tensors) {
    const std::vector<std::byte>& bytes = tensor.array.bytes;
    record.parameters[tensor.name] = std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return record;
}

}  // namespace nnc::report
