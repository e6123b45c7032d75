// What the C functions of a model agree on with their callers: types, layouts of weights, workspaces and sessions.
#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "codegen/c_header.h"
#include "support/hash.h"

namespace nnc::codegen {

std::vector<ApiStatusText> apiStatusTexts(const ModelApi& api) {
  std::vector<ApiStatusText> texts{
      {ApiStatus::Ok, "OK", "no error"},
      {ApiStatus::Null, "E_NULL", "a pointer is null"},
      {ApiStatus::Shape, "E_SHAPE",
       !api.dims.empty() ? "a size is not one of those that were compiled"
       : api.hasBatch    ? "the batch size is below 1 or above the largest compiled one"
                         : "not returned: all sizes are fixed"},
      {ApiStatus::Workspace, "E_WORKSPACE", "the workspace is too small"},
      {ApiStatus::Align, "E_ALIGN", "the workspace is not aligned to 64 bytes, or a tensor not to its elements"},
  };
  if (api.session.empty()) return texts;
  texts[3].text = "the workspace or the memory of a session is too small";
  texts[4].text = "the workspace or the session is not aligned to 64 bytes, or a tensor not to its elements";
  texts.push_back({ApiStatus::Session, "E_SESSION", "the session was not initialised, or by another model"});
  texts.push_back({ApiStatus::Full, "E_FULL", "the session has no room for this call; it is as it was before"});
  return texts;
}

bool isCIdentifier(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c < 0x80 && (std::isalnum(c) != 0 || c == '_'); });
}

/// Where the seed stands among the parameters of an entry; the states are behind it.
static std::size_t seedIndex(const ModelApi& api) { return api.weights.size() + api.inputs.size(); }

/// The states of a session are updated in place, and nothing else is.
static std::string checkStates(const ModelApi& api, const ir::Function& function) {
  const std::size_t firstParameter = seedIndex(api) + 1;
  if (function.aliases.size() != api.session.size()) return "an entry that writes to its inputs";
  for (std::size_t i = 0; i < api.session.size(); ++i) {
    const ir::Alias& alias = function.aliases[i];
    if (alias.parameter != static_cast<int>(firstParameter + i) ||
        alias.result != static_cast<int>(api.outputs.size() + i))
      return "an entry that does not update the states in place";
    if (function.type(function.parameters[firstParameter + i]) != api.session[i].type)
      return "state `" + api.session[i].path + "` has another type";
  }
  return {};
}

static std::string checkOverrun(const ApiEntry& entry, const ir::Function& function) {
  if (entry.overrunModule == nullptr) return {};
  const ir::Function& overrun = entry.overrunModule->function(entry.overrun);
  const bool isFine = overrun.plan && overrun.results.size() == 1 &&
                      overrun.parameters.size() == function.parameters.size() && overrun.aliases.empty() &&
                      overrun.type(overrun.results[0]) == ir::Type{ir::DType::Bool, {}};
  return isFine ? std::string() : "a test for overruns that is no planned bool of the same parameters";
}

static std::string checkTypes(const ModelApi& api, std::size_t index) {
  const ApiEntry& entry = api.entries[index];
  const ir::Function& function = entry.module->function(entry.function);
  if (!function.plan) return "an entry without a memory plan";
  if (function.parameters.size() != seedIndex(api) + 1 + api.session.size() ||
      function.results.size() != api.outputs.size() + api.session.size())
    return "an entry with other inputs or outputs than the model";
  if (function.type(function.parameters[seedIndex(api)]) != ir::Type{ir::DType::I64, {}})
    return "an entry whose seed is no i64";
  for (std::string problem : {checkStates(api, function), checkOverrun(entry, function)})
    if (!problem.empty()) return problem;
  for (const auto* tensors : {&api.inputs, &api.outputs})
    for (const ApiTensor& tensor : *tensors)
      if (tensor.types.size() != api.entries.size()) return "`" + tensor.name + "` lacks a type for some entry";
  const auto whole = [&](ir::Type type) {
    if (api.hasBatch) type.shape.insert(type.shape.begin(), entry.batch);
    return type;
  };
  for (std::size_t i = 0; i < api.weights.size(); ++i)
    if (function.type(function.parameters[i]) != api.weights[i].type)
      return "weight `" + api.weights[i].path + "` has another type";
  for (std::size_t i = 0; i < api.inputs.size(); ++i)
    if (function.type(function.parameters[api.weights.size() + i]) != whole(api.inputs[i].types[index]))
      return "input `" + api.inputs[i].name + "` has another type";
  for (std::size_t i = 0; i < api.outputs.size(); ++i)
    if (function.type(function.results[i]) != whole(api.outputs[i].types[index]))
      return "output `" + api.outputs[i].name + "` has another type";
  return {};
}

std::string checkModelApi(const ModelApi& api) {
  if (!isCIdentifier(api.prefix)) return "`" + api.prefix + "` is not a C identifier";
  if (api.entries.empty()) return "a model without entries";
  if (api.hasBatch && !api.session.empty()) return "a session with a batch of any size";
  const ApiEntry* last = nullptr;
  for (std::size_t i = 0; i < api.entries.size(); ++i) {
    const ApiEntry& entry = api.entries[i];
    if (entry.sizes.size() != api.dims.size()) return "an entry without a size for every dim";
    const bool isFirstOfSizes = last == nullptr || last->sizes < entry.sizes;
    if (!isFirstOfSizes && !api.hasBatch) return "several entries of the same sizes without a batch dim";
    if (entry.batch < 1 || (!isFirstOfSizes && (last->sizes != entry.sizes || entry.batch <= last->batch)))
      return "batches that do not ascend from 1";
    last = &entry;
    if (std::string problem = checkTypes(api, i); !problem.empty()) return problem;
  }
  if (!api.weightsEmbedded) return {};
  for (const ApiWeight& weight : api.weights)
    if (static_cast<std::int64_t>(weight.bytes.size()) != weight.type.byteCount())
      return "weight `" + weight.path + "` has not the bytes of its type";
  return {};
}

static std::int64_t aligned(std::int64_t bytes) { return (bytes + kApiAlignment - 1) / kApiAlignment * kApiAlignment; }

WeightLayout weightLayout(const ModelApi& api) {
  WeightLayout layout;
  for (const ApiWeight& weight : api.weights) {
    layout.offsets.push_back(layout.bytes);
    layout.bytes += aligned(weight.type.byteCount());
  }
  return layout;
}

std::string weightBytes(const ModelApi& api) {
  const WeightLayout layout = weightLayout(api);
  std::string bytes(static_cast<std::size_t>(layout.bytes), '\0');
  for (std::size_t i = 0; i < api.weights.size(); ++i)
    bytes.replace(static_cast<std::size_t>(layout.offsets[i]), api.weights[i].bytes.size(), api.weights[i].bytes);
  return bytes;
}

std::vector<EntryWorkspace> entryWorkspaces(const ModelApi& api) {
  std::vector<EntryWorkspace> result;
  std::int64_t most = 0;
  for (std::size_t e = 0; e < api.entries.size(); ++e) {
    const ApiEntry& entry = api.entries[e];
    // A workspace for a large batch serves smaller ones too.
    if (e > 0 && entry.sizes != api.entries[e - 1].sizes) most = 0;
    EntryWorkspace workspace;
    std::int64_t bytes = aligned(entry.module->function(entry.function).plan->arenaBytes);
    if (entry.overrunModule != nullptr)
      bytes = std::max(bytes, aligned(entry.overrunModule->function(entry.overrun).plan->arenaBytes));
    // With batch 1 no call is padded.
    const auto place = [&](const std::vector<ApiTensor>& tensors, std::vector<std::int64_t>& offsets) {
      for (const ApiTensor& tensor : tensors) {
        offsets.push_back(bytes);
        if (api.hasBatch && entry.batch > 1) bytes += aligned(tensor.types[e].byteCount() * entry.batch);
      }
    };
    place(api.inputs, workspace.inputs);
    place(api.outputs, workspace.outputs);
    most = std::max(most, bytes);
    workspace.bytes = most;
    result.push_back(std::move(workspace));
  }
  return result;
}

SessionLayout sessionLayout(const ModelApi& api) {
  SessionLayout layout;
  layout.bytes = kApiAlignment;  // the mark
  for (const ApiState& state : api.session) {
    layout.offsets.push_back(layout.bytes);
    layout.bytes += aligned(state.type.byteCount());
  }
  layout.mark = hashBytes(signatureJson(api));
  return layout;
}

std::vector<std::string> sizeTexts(const ModelApi& api, const ApiTensor& tensor) {
  std::vector<std::string> texts;
  if (api.hasBatch) texts.push_back("B");
  for (std::size_t axis = 0; axis < tensor.types[0].shape.size(); ++axis) {
    const auto sizeIn = [&](std::size_t e) { return tensor.types[e].shape[axis]; };
    const auto holds = [&](auto&& condition) {
      for (std::size_t e = 0; e < api.entries.size(); ++e)
        if (!condition(e)) return false;
      return true;
    };
    std::string text = holds([&](std::size_t e) { return sizeIn(e) == sizeIn(0); }) ? std::to_string(sizeIn(0)) : "_";
    for (std::size_t d = 0; d < api.dims.size(); ++d)
      if (text == "_" && holds([&](std::size_t e) { return sizeIn(e) == api.entries[e].sizes[d]; })) text = api.dims[d];
    texts.push_back(std::move(text));
  }
  return texts;
}

static std::vector<std::int64_t> sortedOnce(std::vector<std::int64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::vector<std::int64_t> listedBatches(const ModelApi& api) {
  std::vector<std::int64_t> batches;
  for (const ApiEntry& entry : api.entries) batches.push_back(entry.batch);
  return sortedOnce(std::move(batches));
}

std::vector<std::int64_t> listedSizes(const ModelApi& api, std::size_t dim) {
  std::vector<std::int64_t> sizes;
  for (const ApiEntry& entry : api.entries) sizes.push_back(entry.sizes[dim]);
  return sortedOnce(std::move(sizes));
}

std::string signatureJson(const ModelApi& api) {
  using nlohmann::ordered_json;
  const auto tensors = [&](const std::vector<ApiTensor>& list) {
    ordered_json result = ordered_json::array();
    for (const ApiTensor& tensor : list) {
      ordered_json shape = ordered_json::array();
      for (const std::string& size : sizeTexts(api, tensor)) {
        const bool isNumber = std::isdigit(static_cast<unsigned char>(size[0])) != 0;
        shape.push_back(isNumber ? ordered_json(std::stoll(size)) : ordered_json(size));
      }
      result.push_back({{"name", tensor.name}, {"dtype", ir::dtypeName(tensor.types[0].dtype)}, {"shape", shape}});
    }
    return result;
  };
  const WeightLayout layout = weightLayout(api);
  ordered_json weights = ordered_json::array();
  for (std::size_t i = 0; i < api.weights.size(); ++i)
    weights.push_back({{"path", api.weights[i].path},
                       {"dtype", ir::dtypeName(api.weights[i].type.dtype)},
                       {"shape", api.weights[i].type.shape},
                       {"offset", layout.offsets[i]}});
  ordered_json batches = ordered_json::array();
  if (api.hasBatch)
    for (const std::int64_t batch : listedBatches(api)) batches.push_back(batch);
  ordered_json signature{{"abi", kApiVersion},
                         {"name", api.prefix},
                         {"source", api.sourceName},
                         {"source_hash", api.sourceHash},
                         {"compiler", api.compiler},
                         {"inputs", tensors(api.inputs)},
                         {"outputs", tensors(api.outputs)},
                         {"batches", batches},
                         {"weights_embedded", api.weightsEmbedded},
                         {"weights_bytes", layout.bytes},
                         {"weights", weights}};
  if (api.drawsRandom) signature["seed"] = {{"dtype", ir::dtypeName(ir::DType::I64)}};
  if (!api.dims.empty()) {
    ordered_json dims = ordered_json::object();
    for (std::size_t d = 0; d < api.dims.size(); ++d) dims[api.dims[d]] = listedSizes(api, d);
    signature["dims"] = dims;
  }
  if (!api.session.empty()) {
    ordered_json states = ordered_json::array();
    for (const ApiState& state : api.session)
      states.push_back({{"path", state.path}, {"dtype", ir::dtypeName(state.type.dtype)}, {"shape", state.type.shape}});
    signature["session"] = states;
  }
  return signature.dump();
}

}  // namespace nnc::codegen
