#include "training/predict.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <nlohmann/json.hpp>

#include "nnc/safetensors.h"
#include "support/philox.h"
#include "training/buffer.h"
#include "training/predict_input.h"
#include "training/row_map.h"
#include "training/weights.h"

namespace nnc::training {

namespace {

using elaborate::Field;

/// The raw fields that the arguments of a network are computed from.
std::vector<Field> rawFields(const elaborate::DataProgram& data, const std::vector<Field>& inputs) {
  std::vector<bool> isNeeded(data.raw.size(), false);
  for (const Field& input : inputs)
    for (const std::size_t i : rawFieldsOf(data, input.name)) isNeeded[i] = true;
  std::vector<Field> fields;
  for (std::size_t i = 0; i < data.raw.size(); ++i)
    if (isNeeded[i]) fields.push_back(data.raw[i]);
  return fields;
}

/// The name of the column with the labels, when the rows come from a .csv file with one.
std::string labelColumn(const elaborate::DataProgram& data) {
  const auto* csv = std::get_if<elaborate::CsvSource>(&data.source.node);
  return csv != nullptr && csv->label ? csv->label->name : std::string();
}

std::int64_t rowBytes(const runtime::Array& array) {
  return static_cast<std::int64_t>(array.bytes.size()) / array.shape[0];
}

runtime::Array emptyRows(const ir::Type& row, std::int64_t count) {
  runtime::Array array;
  array.element = elementOf(row.dtype);
  array.shape = row.shape;
  array.shape.insert(array.shape.begin(), count);
  array.bytes.resize(static_cast<std::size_t>(count * row.byteCount()));
  return array;
}

/// Runs the map of a data block over rows of its raw fields.
std::optional<std::vector<runtime::Array>> mapRows(const elaborate::DataProgram& data, const std::vector<Field>& raw,
                                                   const InputRows& rows, const std::vector<Field>& inputs,
                                                   const engine::Options& options, Diagnostics& diagnostics) {
  ir::Module module = data.module;
  ir::Function& function = module.function(data.map);
  std::vector<ir::Value> results;
  std::vector<std::string> names;
  for (const Field& input : inputs) {
    const auto found = std::find_if(data.fields.begin(), data.fields.end(),
                                    [&](const Field& field) { return field.name == input.name; });
    assert(found != data.fields.end() && "elaboration matched every argument with a field");
    results.push_back(function.results[static_cast<std::size_t>(found - data.fields.begin())]);
    names.push_back(input.name);
  }
  function.results = std::move(results);
  function.resultNames = std::move(names);
  if (!engine::lower(module, data.map, options, diagnostics)) return std::nullopt;
  const std::optional<engine::Executable> executable =
      engine::Executable::compile(std::move(module), data.map, options, diagnostics);
  if (!executable) return std::nullopt;

  std::vector<runtime::Array> mapped;
  for (const Field& input : inputs) mapped.push_back(emptyRows(input.type, rows.count));
  std::vector<ir::Tensor> arguments;
  std::vector<const runtime::Array*> sources;  // null: a field that no argument needs
  for (const Field& field : data.raw) {
    arguments.emplace_back(field.type);
    const auto found = std::find_if(raw.begin(), raw.end(), [&](const Field& each) { return each.name == field.name; });
    sources.push_back(found == raw.end() ? nullptr : &rows.arrays[static_cast<std::size_t>(found - raw.begin())]);
  }
  for (std::int64_t row = 0; row < rows.count; ++row) {
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (sources[i] == nullptr) continue;
      const std::int64_t bytes = rowBytes(*sources[i]);
      std::memcpy(arguments[i].bytes.data(), sources[i]->bytes.data() + row * bytes, static_cast<std::size_t>(bytes));
    }
    const std::vector<ir::Tensor> fields = executable->run(arguments);
    for (std::size_t i = 0; i < fields.size(); ++i)
      std::memcpy(mapped[i].bytes.data() + row * rowBytes(mapped[i]), fields[i].bytes.data(), fields[i].bytes.size());
  }
  return mapped;
}

/// The sizes of the calls for `count` rows, ascending: full batches, and what is left.
std::vector<std::int64_t> batchSizes(std::int64_t count, std::int64_t batch) {
  std::vector<std::int64_t> sizes;
  if (count % batch != 0) sizes.push_back(count % batch);
  if (count >= batch) sizes.push_back(batch);
  return sizes;
}

/// The words for classes that a weights file records, when it does so for one field. The file was read before.
std::vector<std::string> classWordsOf(const std::string& file) {
  runtime::Failure failure;
  const std::optional<runtime::TensorFile> weights = runtime::readSafetensors(file, failure);
  std::vector<std::string> words;
  if (!weights) return words;
  constexpr std::string_view kPrefix = "classes:";
  for (const auto& [name, text] : weights->metadata) {
    if (!name.starts_with(kPrefix)) continue;
    const nlohmann::json list = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!words.empty() || !list.is_array()) return {};
    for (const nlohmann::json& word : list) words.push_back(word.is_string() ? word.get<std::string>() : word.dump());
  }
  return words;
}

/// For each row the word of its largest element. Empty: there is not one word per element.
std::vector<std::string> wordsOf(const runtime::Array& scores, const std::vector<std::string>& classes) {
  const ir::DType dtype = dtypeOf(scores.element);
  const bool fits = scores.shape.size() == 2 && ir::isFloat(dtype) &&
                    scores.shape[1] == static_cast<std::int64_t>(classes.size()) && !classes.empty();
  std::vector<std::string> words;
  if (!fits) return words;
  for (std::int64_t row = 0; row < scores.shape[0]; ++row) {
    const auto at = [&](std::int64_t i) {
      return realAt(dtype, scores.bytes.data() + (row * scores.shape[1] + i) * ir::dtypeBytes(dtype));
    };
    std::int64_t best = 0;
    for (std::int64_t i = 1; i < scores.shape[1]; ++i)
      if (at(i) > at(best)) best = i;
    words.push_back(classes[static_cast<std::size_t>(best)]);
  }
  return words;
}

/// The network with its weights, for batches of listed sizes.
class Network {
 public:
  static std::optional<Network> compile(elaborate::ExportProgram program, const PredictOptions& options,
                                        Diagnostics& diagnostics) {
    Network network;
    for (const elaborate::Slot& slot : program.slots) network.arguments_.emplace_back(slot.type);
    const std::optional<std::string> file = findWeights(options.weights, diagnostics);
    if (!file || !loadWeights(*file, program.slots, MatchWeights::All, network.arguments_, diagnostics))
      return std::nullopt;
    network.classes_ = classWordsOf(*file);
    network.seed_ = options.seed;
    for (elaborate::BatchProgram& entry : program.entries) {
      if (!engine::lower(entry.module, entry.function, options.engine, diagnostics)) return std::nullopt;
      std::optional<engine::Executable> executable =
          engine::Executable::compile(std::move(entry.module), entry.function, options.engine, diagnostics);
      if (!executable) return std::nullopt;
      network.entries_.push_back({entry.batch, std::move(*executable)});
    }
    return network;
  }

  const std::vector<std::string>& classes() const { return classes_; }
  /// Outputs of rows [begin, begin + count).
  std::vector<ir::Tensor> run(const std::vector<runtime::Array>& inputs, std::int64_t begin, std::int64_t count) const {
    const auto entry =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.batch == count; });
    assert(entry != entries_.end() && "every size was compiled");
    std::vector<ir::Tensor> arguments = arguments_;
    for (const runtime::Array& input : inputs) {
      ir::Shape shape = input.shape;
      shape[0] = count;
      ir::Tensor& tensor = arguments.emplace_back(ir::Type{dtypeOf(input.element), shape});
      std::memcpy(tensor.bytes.data(), input.bytes.data() + begin * rowBytes(input), tensor.bytes.size());
    }
    // A network that draws random numbers draws others for every batch.
    arguments.emplace_back(ir::Type{ir::DType::I64, {}})
        .setInteger(0, static_cast<std::int64_t>(philoxKey(static_cast<std::uint64_t>(begin), seed_)));
    return entry->executable.run(arguments);
  }

 private:
  struct Entry {
    std::int64_t batch = 0;
    engine::Executable executable;
  };
  Network() = default;
  std::vector<ir::Tensor> arguments_;  // the slots
  std::int64_t seed_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::string> classes_;  // words, when the weights have some
};

}  // namespace

std::optional<Predictions> predictRows(elaborate::Project& project, const elaborate::TrainProgram& train,
                                       const PredictOptions& options, Diagnostics& diagnostics) {
  // The arguments of the network are the same for every batch; its rows are counted when they are read.
  const std::optional<elaborate::ExportProgram> signature = project.network(train, {1});
  if (!signature) return std::nullopt;
  const std::vector<Field> raw = rawFields(train.data, signature->entries[0].inputs);
  std::optional<InputRows> rows =
      readInput(options.input, raw, signature->entries[0].inputs, labelColumn(train.data), diagnostics);
  if (!rows) return std::nullopt;
  if (rows->isRaw) {
    std::optional<std::vector<runtime::Array>> mapped =
        mapRows(train.data, raw, *rows, signature->entries[0].inputs, options.engine, diagnostics);
    if (!mapped) return std::nullopt;
    rows->arrays = std::move(*mapped);
  }
  std::optional<elaborate::ExportProgram> program = project.network(train, batchSizes(rows->count, train.batch));
  if (!program) return std::nullopt;
  const std::vector<Field> outputs = program->entries[0].results;
  const std::optional<Network> network = Network::compile(std::move(*program), options, diagnostics);
  if (!network) return std::nullopt;

  Predictions all;
  std::vector<runtime::NamedArray>& arrays = all.arrays;
  for (const Field& output : outputs) arrays.push_back({output.name, emptyRows(output.type, rows->count)});
  for (std::int64_t begin = 0; begin < rows->count;) {
    const std::int64_t count = std::min(train.batch, rows->count - begin);
    const std::vector<ir::Tensor> results = network->run(rows->arrays, begin, count);
    for (std::size_t i = 0; i < arrays.size(); ++i)
      std::memcpy(arrays[i].array.bytes.data() + begin * outputs[i].type.byteCount(), results[i].bytes.data(),
                  results[i].bytes.size());
    begin += count;
  }
  all.words = wordsOf(arrays[0].array, network->classes());
  return all;
}

}  // namespace nnc::training
