#include "training/row_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "diagnostics/kinds/data.h"
#include "nnc/tokenizer.h"

namespace nnc::training {

namespace {

std::size_t fieldIndex(const elaborate::DataProgram& program, const std::string& name) {
  for (std::size_t i = 0; i < program.fields.size(); ++i)
    if (program.fields[i].name == name) return i;
  assert(false && "elaboration matched every field that a program takes");
  return 0;
}

bool isAligned(const std::byte* bytes) { return reinterpret_cast<std::uintptr_t>(bytes) % 64 == 0; }

}  // namespace

static std::optional<engine::Executable> compileMap(const elaborate::DataProgram& program, ir::FunctionId map,
                                                    const std::vector<std::string>& fields,
                                                    const engine::Options& options, Diagnostics& diagnostics) {
  ir::Module module = program.module;
  ir::Function& function = module.function(map);
  std::vector<ir::Value> results;
  for (const std::string& field : fields) results.push_back(function.results[fieldIndex(program, field)]);
  function.results = std::move(results);
  function.resultNames = fields;
  if (!engine::lower(module, map, options, diagnostics)) return std::nullopt;
  return engine::Executable::compile(std::move(module), map, options, diagnostics);
}

std::optional<RowMap> RowMap::compile(const elaborate::DataProgram& program, const std::vector<std::string>& fields,
                                      bool withAugmentation, const engine::Options& options, Diagnostics& diagnostics) {
  RowMap map;
  if (fields.empty()) return map;
  map.executable_ = compileMap(program, program.map, fields, options, diagnostics);
  if (!map.executable_) return std::nullopt;
  if (withAugmentation && program.augmentedMap) {
    map.augmented_ = compileMap(program, *program.augmentedMap, fields, options, diagnostics);
    if (!map.augmented_) return std::nullopt;
  }
  for (const std::string& field : fields) map.types_.push_back(program.fields[fieldIndex(program, field)].type);
  for (const elaborate::Field& raw : program.raw) {
    map.inputs_.emplace_back(raw.type.byteCount());
    map.arguments_.push_back(map.inputs_.back().data());
  }
  map.arguments_.push_back(map.seed_.data());
  map.arguments_.push_back(map.counter_.data());
  map.isUsed_.assign(program.raw.size(), false);
  for (const std::string& field : fields)
    for (const std::size_t raw : rawFieldsOf(program, field)) map.isUsed_[raw] = true;
  for (const ir::Type& type : map.types_) map.outputs_.emplace_back(type.byteCount());
  map.results_.resize(map.outputs_.size());
  return map;
}

bool RowMap::run(const engine::Executable& executable, const DataSet& data, int source, std::int64_t row,
                 std::byte* const* destinations, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < inputs_.size(); ++i)
    if (isUsed_[i] && !data.source(source).copy(i, row, inputs_[i].data(), diagnostics)) return false;
  for (std::size_t i = 0; i < outputs_.size(); ++i)
    results_[i] = isAligned(destinations[i]) ? destinations[i] : outputs_[i].data();
  executable.run(arguments_.data(), results_.data());
  for (std::size_t i = 0; i < outputs_.size(); ++i)
    if (results_[i] != destinations[i])
      std::memcpy(destinations[i], outputs_[i].data(), static_cast<std::size_t>(outputs_[i].size()));
  return true;
}

bool RowMap::map(const DataSet& data, int source, std::int64_t row, std::byte* const* destinations,
                 Diagnostics& diagnostics) {
  return !executable_ || run(*executable_, data, source, row, destinations, diagnostics);
}

bool RowMap::mapAugmented(const DataSet& data, int source, std::int64_t row, std::int64_t seed, std::int64_t epoch,
                          std::byte* const* destinations, Diagnostics& diagnostics) {
  if (!augmented_) return map(data, source, row, destinations, diagnostics);
  const std::int64_t counter = elaborate::augmentationCounter(epoch, row);
  std::memcpy(seed_.data(), &seed, sizeof seed);
  std::memcpy(counter_.data(), &counter, sizeof counter);
  return run(*augmented_, data, source, row, destinations, diagnostics);
}

/// The same for one of the two maps.
static std::vector<std::size_t> rawFieldsOf(const elaborate::DataProgram& program, ir::FunctionId map,
                                            const std::string& field) {
  const ir::Function& function = program.module.function(map);
  std::vector<bool> isNeeded(function.values.size(), false);
  isNeeded[static_cast<std::size_t>(function.results[fieldIndex(program, field)].index)] = true;
  for (auto id = function.body.rbegin(); id != function.body.rend(); ++id) {
    const ir::Node& node = function.node(*id);
    const bool isUsed = std::any_of(node.results.begin(), node.results.end(),
                                    [&](ir::Value value) { return isNeeded[static_cast<std::size_t>(value.index)]; });
    if (!isUsed) continue;
    for (const ir::Value operand : node.operands) isNeeded[static_cast<std::size_t>(operand.index)] = true;
  }
  std::vector<std::size_t> raw;
  for (std::size_t i = 0; i < program.raw.size(); ++i)
    if (isNeeded[static_cast<std::size_t>(function.parameters[i].index)]) raw.push_back(i);
  return raw;
}

std::vector<std::size_t> rawFieldsOf(const elaborate::DataProgram& program, const std::string& field) {
  std::vector<std::size_t> raw = rawFieldsOf(program, program.map, field);
  if (!program.augmentedMap) return raw;
  for (const std::size_t i : rawFieldsOf(program, *program.augmentedMap, field))
    if (std::find(raw.begin(), raw.end(), i) == raw.end()) raw.push_back(i);
  std::sort(raw.begin(), raw.end());
  return raw;
}

namespace {

/// The first element outside 0..bound-1, if any.
std::optional<std::int64_t> badLabel(const ir::Type& type, const std::byte* elements, std::int64_t bound) {
  const std::int64_t count = type.elementCount(), width = ir::dtypeBytes(type.dtype);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t value = integerAt(type.dtype, elements + i * width);
    if (value < 0 || value >= bound) return value;
  }
  return std::nullopt;
}

void reportLabel(const DataSet& data, const Part& part, std::int64_t row, const std::string& field, std::int64_t value,
                 std::int64_t bound, Diagnostics& diagnostics) {
  const std::vector<std::size_t> raw = rawFieldsOf(data.program(), field);
  const RowSource& source = data.source(part.source);
  const DataFile& file = source.files()[source.fileOf(raw.empty() ? 0 : raw[0], row)];
  DiagnosticBuilder message =
      diagnostics.emit<diag::LabelOutOfRange>(file.span, row, file.path, field, value, bound - 1);
  message.note(fmt::format("rows count from 0; the row is in part `{}`", part.name));
  for (const auto& [name, meaning] : data.meanings()) {
    runtime::Failure failure;
    const auto tokenizer = name == "tokenizer" ? runtime::parseTokenizer(meaning, failure) : nullptr;
    if (tokenizer != nullptr) message.note(fmt::format("the vocabulary of the text has {} tokens", tokenizer->size()));
  }
  for (std::size_t i = 1; i < raw.size(); ++i) {
    const DataFile& other = source.files()[source.fileOf(raw[i], row)];
    if (other.path != file.path) message.note(fmt::format("`{}` is computed from {} too", field, other.path));
  }
}

}  // namespace

std::vector<std::string> labelFields(const elaborate::DataProgram& program) {
  std::vector<std::string> fields;
  for (const auto& [field, bound] : program.labelBounds) fields.push_back(field);
  return fields;
}

bool checkLabels(const DataSet& data, RowMap& labels, Diagnostics& diagnostics) {
  const auto& bounds = data.program().labelBounds;
  if (bounds.empty()) return true;
  std::vector<Buffer> buffers;
  std::vector<std::byte*> destinations;
  for (const ir::Type& type : labels.types()) {
    buffers.emplace_back(type.byteCount());
    destinations.push_back(buffers.back().data());
  }
  bool isFine = true;
  for (const Part& part : data.parts()) {
    std::vector<bool> isReported(bounds.size(), false);
    for (const std::int64_t row : part.rows) {
      if (!labels.map(data, part.source, row, destinations.data(), diagnostics)) return false;
      for (std::size_t i = 0; i < bounds.size(); ++i) {
        const std::optional<std::int64_t> bad = badLabel(labels.types()[i], destinations[i], bounds[i].second);
        if (!bad || isReported[i]) continue;
        reportLabel(data, part, row, bounds[i].first, *bad, bounds[i].second, diagnostics);
        isReported[i] = true;
        isFine = false;
      }
    }
  }
  return isFine;
}

}  // namespace nnc::training
