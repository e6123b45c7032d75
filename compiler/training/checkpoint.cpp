#include "training/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "diagnostics/kinds/data.h"
#include "ir/print.h"
#include "support/hash.h"
#include "training/parts.h"
#include "training/weights_origin.h"

namespace nnc::training {

namespace {

constexpr int kSchema = 1;

using Json = nlohmann::ordered_json;

/// Doubles as text that reads back to the same bits, NaN and infinities included.
std::string exact(double value) { return fmt::format("{}", value); }
double inexact(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

Json stateJson(const RunState& state) {
  Json sums = Json::array(), metrics = Json::object();
  for (const double sum : state.sums) sums.push_back(exact(sum));
  for (const Metric& metric : state.metrics) metrics[metric.name] = exact(metric.value);
  return {{"step", state.step},
          {"epoch", state.epoch},
          {"position", state.position},
          {"logged", state.isLogged},
          {"examples", state.examples},
          {"sums", sums},
          {"metrics", metrics},
          {"best_epoch", state.bestEpoch},
          {"best_value", exact(state.bestValue)},
          {"epochs_since_best", state.epochsSinceBest},
          {"target_step", state.targetStep},
          {"target_epoch", state.targetEpoch},
          {"metrics_bytes", state.metricsBytes}};
}

Json identityJson(const RunIdentity& identity) {
  Json values = Json::object(), given = Json::object();
  for (const auto& [name, value] : identity.values) values[name] = value;
  for (const auto& [name, value] : identity.given) given[name] = value;
  return {{"train", identity.train}, {"program", identity.programHash}, {"values", values},
          {"given", given},          {"batch", identity.batch},         {"seed", identity.seed},
          {"data", identity.data},   {"blas", identity.blasCore}};
}

RunState readState(const Json& json) {
  RunState state;
  state.step = json.at("step");
  state.epoch = json.at("epoch");
  state.position = json.at("position");
  state.isLogged = json.at("logged");
  state.examples = json.at("examples");
  for (const Json& sum : json.at("sums")) state.sums.push_back(inexact(sum.get<std::string>()));
  for (const auto& [name, value] : json.at("metrics").items())
    state.metrics.push_back({name, inexact(value.get<std::string>())});
  state.bestEpoch = json.at("best_epoch");
  state.bestValue = inexact(json.at("best_value").get<std::string>());
  state.epochsSinceBest = json.at("epochs_since_best");
  state.targetStep = json.value("target_step", std::int64_t{0});
  state.targetEpoch = json.value("target_epoch", std::int64_t{0});
  state.metricsBytes = json.at("metrics_bytes");
  return state;
}

RunIdentity readIdentity(const Json& json) {
  RunIdentity identity;
  identity.train = json.at("train");
  identity.programHash = json.at("program");
  for (const auto& [name, value] : json.at("values").items())
    identity.values.emplace_back(name, value.get<std::string>());
  identity.batch = json.at("batch");
  identity.seed = json.at("seed");
  identity.data = json.at("data").get<std::vector<std::string>>();
  identity.blasCore = json.at("blas");
  return identity;
}

using TypedNames = std::map<std::string, std::string>;

TypedNames slotTypes(const std::vector<elaborate::Slot>& slots) {
  TypedNames types;
  for (const elaborate::Slot& slot : slots) types[slot.path] = ir::toString(slot.type);
  return types;
}

TypedNames tensorTypes(const runtime::TensorFile& file) {
  TypedNames types;
  for (const runtime::NamedArray& tensor : file.tensors)
    types[tensor.name] = ir::toString(ir::Type{dtypeOf(tensor.array.element), tensor.array.shape});
  return types;
}

/// An entry is `path checksum`. The path is for people: the same contents elsewhere are the same data.
std::string_view checksumOf(std::string_view entry) { return entry.substr(entry.rfind(' ') + 1); }

bool isSameData(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const std::string& x, const std::string& y) { return checksumOf(x) == checksumOf(y); });
}

/// What two programs differ in, as far as names, values and shapes tell.
std::vector<std::string> differences(const Checkpoint& checkpoint, const RunIdentity& now,
                                     const std::vector<elaborate::Slot>& slots) {
  const RunIdentity& then = checkpoint.identity;
  std::vector<std::string> notes;
  if (then.train != now.train) notes.push_back(fmt::format("it is of train `{}`; this is `{}`", then.train, now.train));
  const std::map<std::string, std::string> before(then.values.begin(), then.values.end()),
      after(now.values.begin(), now.values.end());
  for (const auto& [name, value] : after) {
    const auto found = before.find(name);
    if (found != before.end() && found->second != value)
      notes.push_back(fmt::format("`{}` was {} and is {}", name, found->second, value));
  }
  if (then.batch != now.batch) notes.push_back(fmt::format("`batch` was {} and is {}", then.batch, now.batch));
  const TypedNames inFile = tensorTypes(checkpoint.file), inProgram = slotTypes(slots);
  for (const auto& [name, type] : inProgram) {
    const auto found = inFile.find(name);
    if (found == inFile.end())
      notes.push_back(fmt::format("it has no `{}` {}", name, type));
    else if (found->second != type)
      notes.push_back(fmt::format("`{}` was {} and is {}", name, found->second, type));
  }
  for (const auto& [name, type] : inFile)
    if (!inProgram.contains(name)) notes.push_back(fmt::format("`{}` {} is in the checkpoint only", name, type));
  for (std::size_t i = 0; i < now.data.size(); ++i)
    if (i >= then.data.size() || checksumOf(then.data[i]) != checksumOf(now.data[i]))
      notes.push_back(fmt::format("data file `{}` has other contents", now.data[i].substr(0, now.data[i].rfind(' '))));
  if (notes.empty()) notes.emplace_back("the text of the network, loss, optimizer or data block differs");
  constexpr std::size_t kShown = 10;
  if (notes.size() > kShown) {
    const std::size_t more = notes.size() - kShown;
    notes.resize(kShown);
    notes.push_back(fmt::format("and {} more", more));
  }
  return notes;
}

}  // namespace

std::string programHash(const elaborate::TrainProgram& train, std::uint64_t stepHash) {
  std::uint64_t hash = stepHash;
  hash = hashBytes(ir::print(train.initModule), hash);
  hash = hashBytes(ir::print(train.data.module), hash);
  hash = hashBytes(splitText(train.data), hash);
  return hexDigits(hash);
}

RunIdentity identify(const elaborate::TrainProgram& train, std::uint64_t stepHash, const DataSet& data,
                     std::int64_t seed, const std::string& blasCore) {
  RunIdentity identity;
  identity.train = train.name;
  identity.programHash = programHash(train, stepHash);
  identity.values = train.values;
  identity.batch = train.batch;
  identity.seed = seed;
  identity.blasCore = blasCore;
  identity.meanings = data.meanings();
  // The same text read as bytes and as characters is not the same computation.
  if (!identity.meanings.empty()) {
    std::uint64_t hash = hashBytes(identity.programHash);
    for (const auto& [name, meaning] : identity.meanings) hash = hashBytes(meaning, hashBytes(name, hash));
    identity.programHash = hexDigits(hash);
  }
  for (int source = 0; source < data.sourceCount(); ++source)
    for (const DataFile& file : data.source(source).files())
      identity.data.push_back(file.path + " " + hexDigits(file.checksum));
  return identity;
}

runtime::TensorFile encodeCheckpoint(const std::vector<elaborate::Slot>& slots, const std::vector<Buffer>& buffers,
                                     const RunState& state, const RunIdentity& identity) {
  runtime::TensorFile file;
  file.metadata = {{"format", "nnc"},
                   {"nnc", NNC_VERSION},
                   {"schema", std::to_string(kSchema)},
                   {"state", stateJson(state).dump()},
                   {kRunKey, identityJson(identity).dump(-1, ' ', false, Json::error_handler_t::replace)}};
  for (const auto& [name, meaning] : identity.meanings) file.metadata[name] = meaning;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    runtime::NamedArray& tensor = file.tensors.emplace_back();
    tensor.name = slots[i].path;
    tensor.array.element = elementOf(slots[i].type.dtype);
    tensor.array.shape = slots[i].type.shape;
    tensor.array.bytes.assign(buffers[i].data(), buffers[i].data() + slots[i].type.byteCount());
  }
  return file;
}

std::optional<Checkpoint> readCheckpoint(const std::string& path, Diagnostics& diagnostics) {
  runtime::Failure failure;
  std::optional<runtime::TensorFile> file = runtime::readSafetensors(path, failure);
  if (!file) {
    DiagnosticBuilder message = diagnostics.emit<diag::WeightsBad>({}, path, failure.message);
    if (failure.offset >= 0) message.note(fmt::format("at byte {} of {}", failure.offset, path));
    return std::nullopt;
  }
  const auto text = [&](const char* key) {
    const auto found = file->metadata.find(key);
    return found == file->metadata.end() ? std::string() : found->second;
  };
  if (text("format") != "nnc" || text("state").empty()) {
    diagnostics.emit<diag::CheckpointBad>({}, path, "its metadata hold no state of a run of nnc");
    return std::nullopt;
  }
  if (text("schema") != std::to_string(kSchema)) {
    diagnostics.emit<diag::CheckpointBad>(
        {}, path, fmt::format("it has schema {}, and this version of nnc reads {}", text("schema"), kSchema));
    return std::nullopt;
  }
  // The JSON library reports a missing key or a wrong type by throwing: the one place where that is caught.
  try {
    Checkpoint checkpoint;
    checkpoint.state = readState(Json::parse(text("state")));
    checkpoint.identity = readIdentity(Json::parse(text(kRunKey)));
    checkpoint.file = std::move(*file);
    return checkpoint;
  } catch (const nlohmann::json::exception& error) {
    diagnostics.emit<diag::CheckpointBad>({}, path, error.what());
    return std::nullopt;
  }
}

bool restore(const Checkpoint& checkpoint, const std::string& path, const RunIdentity& identity,
             const std::vector<elaborate::Slot>& slots, std::vector<Buffer>& buffers, Diagnostics& diagnostics) {
  const RunIdentity& then = checkpoint.identity;
  const bool isSame = then.programHash == identity.programHash && then.batch == identity.batch &&
                      isSameData(then.data, identity.data) && slotTypes(slots) == tensorTypes(checkpoint.file);
  if (!isSame) {
    DiagnosticBuilder message = diagnostics.emit<diag::CheckpointOfAnotherProgram>({}, path);
    for (const std::string& note : differences(checkpoint, identity, slots)) message.note(note);
    message.help("to start a new run from its parameters, use --weights");
    return false;
  }
  if (then.blasCore != identity.blasCore) diagnostics.emit<diag::BlasCoreDiffers>({}, then.blasCore, identity.blasCore);
  std::map<std::string, const runtime::Array*> byName;
  for (const runtime::NamedArray& tensor : checkpoint.file.tensors) byName[tensor.name] = &tensor.array;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::vector<std::byte>& bytes = byName.at(slots[i].path)->bytes;
    if (!bytes.empty()) std::memcpy(buffers[i].data(), bytes.data(), bytes.size());
  }
  return true;
}

}  // namespace nnc::training
