// Arrays as files: .npy, .npz, .csv, .json.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "nnc/npz.h"
#include "training/buffer.h"
#include "training/predict.h"
#include "training/run_folder.h"

namespace nnc::training {

namespace {

std::int64_t elementsPerRow(const runtime::Array& array) {
  std::int64_t count = 1;
  for (std::size_t i = 1; i < array.shape.size(); ++i) count *= array.shape[i];
  return count;
}

/// Element `i` as text: the shortest that reads back as the same number.
std::string element(const runtime::Array& array, std::int64_t i, bool isJson) {
  const ir::DType dtype = dtypeOf(array.element);
  const std::byte* at = array.bytes.data() + i * ir::dtypeBytes(dtype);
  if (!ir::isFloat(dtype)) return fmt::format("{}", integerAt(dtype, at));
  const double value = realAt(dtype, at);
  if (!std::isfinite(value)) return isJson ? "null" : std::isnan(value) ? "nan" : value > 0.0 ? "inf" : "-inf";
  return dtype == ir::DType::F64 ? fmt::format("{}", value) : fmt::format("{}", static_cast<float>(value));
}

/// The elements from `at` on as nested lists of the axes from `axis` on.
std::string nested(const runtime::Array& array, std::size_t axis, std::int64_t& at) {
  if (axis == array.shape.size()) return element(array, at++, /*isJson=*/true);
  std::string out = "[";
  for (std::int64_t i = 0; i < array.shape[axis]; ++i) out += (i == 0 ? "" : ", ") + nested(array, axis + 1, at);
  return out + "]";
}

/// `y[0][3]` for element 3 of a row [1, 4].
std::string columnName(const runtime::NamedArray& named, std::int64_t element) {
  std::string indices;
  for (std::size_t axis = named.array.shape.size(); axis-- > 1; element /= named.array.shape[axis])
    indices = fmt::format("[{}]", element % named.array.shape[axis]) + indices;
  return named.name + indices;
}

/// A cell of RFC 4180: in quotes when it has to be.
std::string csvCell(const std::string& word) {
  if (word.find_first_of(",\"\r\n") == std::string::npos) return word;
  std::string out = "\"";
  for (const char c : word) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

DiagnosticBuilder refuse(const std::string& path, const std::string& why, Diagnostics& diagnostics) {
  return diagnostics.emit<diag::OutputName>({}, path, why);
}

}  // namespace

std::string outputsAsCsv(const Predictions& outputs) {
  const std::vector<runtime::NamedArray>& arrays = outputs.arrays;
  std::string out;
  for (const runtime::NamedArray& each : arrays)
    for (std::int64_t i = 0; i < elementsPerRow(each.array); ++i) out += (out.empty() ? "" : ",") + columnName(each, i);
  out += outputs.words.empty() ? "\n" : ",class\n";
  const std::int64_t rows = arrays.empty() ? 0 : arrays[0].array.shape[0];
  for (std::int64_t row = 0; row < rows; ++row) {
    bool isFirst = true;
    for (const runtime::NamedArray& each : arrays) {
      const std::int64_t count = elementsPerRow(each.array);
      for (std::int64_t i = 0; i < count; ++i) {
        if (!isFirst) out += ",";
        isFirst = false;
        out += element(each.array, row * count + i, /*isJson=*/false);
      }
    }
    if (!outputs.words.empty()) out += "," + csvCell(outputs.words[static_cast<std::size_t>(row)]);
    out += "\n";
  }
  return out;
}

std::string outputsAsJson(const Predictions& outputs) {
  const std::vector<runtime::NamedArray>& arrays = outputs.arrays;
  std::string out = "[";
  const std::int64_t rows = arrays.empty() ? 0 : arrays[0].array.shape[0];
  for (std::int64_t row = 0; row < rows; ++row) {
    out += row == 0 ? "{" : ",\n {";
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      std::int64_t at = row * elementsPerRow(arrays[i].array);
      out += fmt::format("{}\"{}\": {}", i == 0 ? "" : ", ", arrays[i].name, nested(arrays[i].array, 1, at));
    }
    if (!outputs.words.empty())
      out += ", \"class\": " + nlohmann::json(outputs.words[static_cast<std::size_t>(row)]).dump();
    out += "}";
  }
  return out + "]\n";
}

bool writeOutputs(const std::string& path, const Predictions& outputs, Diagnostics& diagnostics) {
  const std::vector<runtime::NamedArray>& arrays = outputs.arrays;
  if (path.ends_with(".npz")) return writeOutput(path, runtime::encodeNpz(arrays), diagnostics);
  if (path.ends_with(".csv")) return writeOutput(path, outputsAsCsv(outputs), diagnostics);
  if (path.ends_with(".json")) return writeOutput(path, outputsAsJson(outputs), diagnostics);
  if (arrays.size() == 1) return writeOutput(path, runtime::encodeNpy(arrays[0].array), diagnostics);
  refuse(path, fmt::format("a .npy file holds one array, and the network has {} outputs", arrays.size()), diagnostics)
      .help("name it .npz");
  return false;
}

}  // namespace nnc::training
