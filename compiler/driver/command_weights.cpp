// nnc weights: what a file of weights holds; renamed, converted from .npz, or brought over from PyTorch.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/data.h"
#include "diagnostics/kinds/driver.h"
#include "diagnostics/render.h"
#include "driver/parameters.h"
#include "driver/session.h"
#include "nnc/files.h"
#include "nnc/npz.h"
#include "training/buffer.h"
#include "training/foreign_weights.h"
#include "training/weight_map.h"
#include "training/weights.h"

namespace nnc::driver {

static std::optional<runtime::TensorFile> readTensors(Context& context) {
  const std::optional<std::string> path = training::findWeights(context.line.file(), context.diagnostics);
  if (!path) return std::nullopt;
  runtime::Failure failure;
  std::optional<runtime::TensorFile> file;
  if (path->ends_with(".npz")) {
    if (std::optional<std::vector<runtime::NamedArray>> arrays = runtime::readNpz(*path, failure))
      file = runtime::TensorFile{{}, std::move(*arrays)};
  } else {
    file = runtime::readSafetensors(*path, failure);
  }
  if (file) return file;
  training::reportBadWeights(*path, failure, context.diagnostics);
  return std::nullopt;
}

static std::string listText(const runtime::TensorFile& file) {
  std::size_t width = 0;
  std::int64_t elements = 0, bytes = 0;
  std::vector<std::string> names;
  for (const runtime::NamedArray& tensor : file.tensors) {
    names.push_back(harmless(tensor.name));
    width = std::max(width, names.back().size());
  }
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const runtime::Array& array = file.tensors[i].array;
    const ir::Type type{training::dtypeOf(array.element), array.shape};
    text += fmt::format("{:<{}}  {}\n", names[i], width, ir::toString(type));
    elements += type.elementCount();
    bytes += type.byteCount();
  }
  return text + fmt::format("{} tensors, {} numbers, {} bytes\n", file.tensors.size(), elements, bytes);
}

static std::string listJson(const runtime::TensorFile& file) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  for (const auto& [name, array] : file.tensors)
    tensors.push_back(
        {{"name", name}, {"dtype", ir::dtypeName(training::dtypeOf(array.element))}, {"shape", array.shape}});
  const nlohmann::ordered_json object = {{"tensors", tensors}, {"metadata", file.metadata}};
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// What --from asks for: the tensors as those of the network in --for.
static std::optional<runtime::TensorFile> import(Context& context, runtime::TensorFile file) {
  const Options& options = context.line.options;
  if (!options.forFile) {
    context.diagnostics.emit<diag::MissingOption>({}, "weights --from", "--for")
        .help("for example: --for net.nn; the layers of its network say how to turn what");
    return std::nullopt;
  }
  const std::unique_ptr<elaborate::Project> project =
      elaborate::Project::load(*options.forFile, context.sources, context.diagnostics);
  if (!project || !checkOverrides(context, *project)) return std::nullopt;
  const std::optional<elaborate::TrainProgram> train = project->train(context.line.name(), context.line.overrides);
  if (!train) return std::nullopt;
  return training::importTorch(context.line.file(), std::move(file.tensors), train->slots, context.diagnostics);
}

int weightsCommand(Context& context) {
  const Options& options = context.line.options;
  std::optional<runtime::TensorFile> file = readTensors(context);
  if (!file) return 3;
  if (options.map) {
    const std::optional<training::WeightMap> map = training::WeightMap::read(*options.map, context.diagnostics);
    if (!map || !map->rename(file->tensors, context.diagnostics)) return 3;
    // Checksums are kept by name, and are written anew.
    std::erase_if(file->metadata, [](const auto& entry) { return entry.first.starts_with("crc32"); });
  }
  if (options.from) file = import(context, std::move(*file));
  if (!file) return 1;
  if (options.out) {
    runtime::Failure failure;
    if (!runtime::writeFileAtomically(*options.out, training::encodeTensors(*options.out, *file), failure)) {
      context.diagnostics.emit<diag::CannotWriteFile>({}, *options.out, failure.message);
      return 3;
    }
  }
  writeResult(options.json ? listJson(*file) : listText(*file));
  return 0;
}

}  // namespace nnc::driver
