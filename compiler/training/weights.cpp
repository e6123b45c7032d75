#include "training/weights.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include "diagnostics/kinds/data.h"
#include "ir/evaluate.h"
#include "nnc/npz.h"
#include "training/buffer.h"
#include "training/weights_origin.h"

namespace nnc::training {

namespace {

constexpr std::size_t kShownDifferences = 10;

/// The differences between a file and a network, in words.
class Differences {
 public:
  void add(std::string text) { texts_.push_back(std::move(text)); }
  bool empty() const { return texts_.empty(); }
  void explain(DiagnosticBuilder& message) const {
    for (std::size_t i = 0; i < std::min(texts_.size(), kShownDifferences); ++i) message.note(texts_[i]);
    if (texts_.size() > kShownDifferences) message.note(fmt::format("and {} more", texts_.size() - kShownDifferences));
  }

 private:
  std::vector<std::string> texts_;
};

/// Optimizer state hangs off its parameter's path with a slash: `net.h.dense.w/m`.
bool isOptimizerPath(const std::string& path) { return path.find('/') != std::string::npos; }

bool isLoaded(const elaborate::Slot& slot) { return slot.kind != elaborate::SlotKind::OptimizerState; }

std::string typeText(const runtime::Array& array) {
  return ir::toString(ir::Type{dtypeOf(array.element), array.shape});
}

/// Float types convert into one another; everything else must be the same.
bool fits(const ir::Type& slot, const runtime::Array& array) {
  const ir::DType dtype = dtypeOf(array.element);
  return slot.shape == array.shape && (slot.dtype == dtype || (ir::isFloat(slot.dtype) && ir::isFloat(dtype)));
}

bool isSquare(const ir::Type& type) { return type.rank() == 2 && type.shape[0] == type.shape[1] && type.shape[0] > 1; }

void copyInto(ir::Tensor& tensor, const runtime::Array& array) {
  if (tensor.type.dtype == dtypeOf(array.element)) {
    tensor.bytes = array.bytes;
    return;
  }
  const ir::DType dtype = dtypeOf(array.element);
  const std::int64_t width = ir::dtypeBytes(dtype), count = tensor.type.elementCount();
  for (std::int64_t i = 0; i < count; ++i) tensor.setReal(i, realAt(dtype, array.bytes.data() + i * width));
}

}  // namespace

std::optional<std::string> findWeights(const std::string& path, Diagnostics& diagnostics) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    diagnostics.emit<diag::WeightsMissing>({}, path, std::strerror(errno));
    return std::nullopt;
  }
  if (!S_ISDIR(info.st_mode)) return path;
  const std::string last = path + (path.ends_with('/') ? "last" : "/last");
  if (::stat(last.c_str(), &info) == 0) return last;
  diagnostics.emit<diag::WeightsMissing>({}, path, "the folder has no checkpoint `last`")
      .help("a run folder has one after its first epoch");
  return std::nullopt;
}

std::string encodeTensors(const std::string& path, const runtime::TensorFile& file) {
  return path.ends_with(".npz") ? runtime::encodeNpz(file.tensors) : runtime::encodeSafetensors(file);
}

std::vector<ir::Tensor> initialTensors(const ir::Module& initModule, ir::FunctionId init, std::int64_t seed) {
  ir::Tensor seedTensor(ir::Type{ir::DType::I64, {}});
  seedTensor.setInteger(0, seed);
  return ir::evaluate(initModule, init, {seedTensor});
}

/// A kind of file that people give for weights and that is none.
struct ForeignKind {
  std::string_view start;  // its first bytes
  std::string_view what;
  std::string_view help;
};

/// The first bytes decide; of a zip, PyTorch's has `data.pkl` early.
static std::optional<ForeignKind> foreignKind(std::string_view start) {
  static constexpr std::string_view kFromTorch =
      "nnc runs no code of a model file. Convert it with PyTorch, where it was made:\n"
      "  import torch\n"
      "  from safetensors.torch import save_file\n"
      "  weights = torch.load(\"model.pt\", map_location=\"cpu\", weights_only=True)\n"
      "  save_file({name: tensor.contiguous() for name, tensor in weights.items()}, \"model.safetensors\")\n"
      "then: nnc weights model.safetensors --from torch --for net.nn --out weights.safetensors";
  static constexpr std::string_view kFromZip = "nnc weights FILE.npz --out weights.safetensors";
  static constexpr std::string_view kFromArray =
      "one array has no name. With NumPy:  numpy.savez(\"w.npz\", **{\"net.dense.w\": array}), then: nnc weights w.npz "
      "--out weights.safetensors";
  static constexpr ForeignKind kKinds[] = {
      {"PK\x03\x04", "it is a zip of NumPy arrays (.npz)", kFromZip},
      {"\x93NUMPY", "it is a NumPy array (.npy)", kFromArray},
      {"\x80\x02", "it is a pickle", kFromTorch},
      {"\x80\x03", "it is a pickle", kFromTorch},
      {"\x80\x04", "it is a pickle", kFromTorch},
      {"\x80\x05", "it is a pickle", kFromTorch},
      {"{", "it is a JSON text", "nnc reads weights from safetensors files"},
      {"[", "it is a JSON text", "nnc reads weights from safetensors files"},
      {"\x89HDF", "it is an HDF5 file",
       "write its arrays with numpy.savez, then: nnc weights w.npz --out weights.safetensors"},
  };
  if (start.starts_with("PK\x03\x04") && start.find("data.pkl") != std::string_view::npos)
    return ForeignKind{{}, "it is a file of PyTorch, a zip with a pickle", kFromTorch};
  for (const ForeignKind& kind : kKinds)
    if (start.starts_with(kind.start)) return kind;
  return std::nullopt;
}

void reportBadWeights(const std::string& path, const runtime::Failure& failure, Diagnostics& diagnostics) {
  std::string start(4096, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  if (const std::optional<ForeignKind> kind = foreignKind(start)) {
    diagnostics.emit<diag::WeightsBad>({}, path, kind->what).help(std::string(kind->help));
    return;
  }
  DiagnosticBuilder message = diagnostics.emit<diag::WeightsBad>({}, path, failure.message);
  if (failure.offset >= 0) message.note(fmt::format("at byte {} of {}", failure.offset, path));
}

static std::optional<std::int64_t> firstNaN(const ir::Tensor& tensor) {
  if (!ir::isFloat(tensor.type.dtype)) return std::nullopt;
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
    if (std::isnan(tensor.real(i))) return i;
  return std::nullopt;
}

bool loadWeights(const std::string& path, const std::vector<elaborate::Slot>& slots, MatchWeights match,
                 std::vector<ir::Tensor>& tensors, Diagnostics& diagnostics) {
  runtime::Failure failure;
  const std::optional<runtime::TensorFile> file = runtime::readSafetensors(path, failure);
  if (!file) {
    reportBadWeights(path, failure, diagnostics);
    return false;
  }
  const auto format = file->metadata.find("format");
  const bool isOurs = format != file->metadata.end() && format->second == "nnc";
  std::map<std::string, const runtime::Array*> byName;
  for (const runtime::NamedArray& tensor : file->tensors)
    if (!isOurs || !isOptimizerPath(tensor.name)) byName[tensor.name] = &tensor.array;

  Differences differences;
  std::size_t taken = 0;
  std::string square;  // the first square matrix of a file of another writer
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!isLoaded(slots[i])) continue;
    const auto found = byName.find(slots[i].path);
    if (found == byName.end()) {
      differences.add(fmt::format("`{}` {} is missing", slots[i].path, ir::toString(slots[i].type)));
      continue;
    }
    if (fits(slots[i].type, *found->second)) {
      copyInto(tensors[i], *found->second);
      if (const std::optional<std::int64_t> at = firstNaN(tensors[i])) {
        diagnostics.emit<diag::WeightsBad>({}, path, fmt::format("entry {} of `{}` is NaN", *at, slots[i].path))
            .help("weights of a run that diverged compute nothing; its folder keeps the best ones before: `best`");
        return false;
      }
      if (!isOurs && isSquare(slots[i].type) && square.empty()) square = slots[i].path;
      ++taken;
    } else {
      differences.add(fmt::format("`{}` is {} in the file and {} in the network", slots[i].path,
                                  typeText(*found->second), ir::toString(slots[i].type)));
    }
    byName.erase(found);
  }
  for (const auto& [name, array] : byName)
    differences.add(fmt::format("`{}` {} belongs to nothing in the network", name, typeText(*array)));
  const bool isFine = match == MatchWeights::Partial ? taken > 0 : differences.empty();
  if (isFine && !square.empty()) diagnostics.emit<diag::ForeignWeights>({}, path, square);
  if (isFine) return true;
  DiagnosticBuilder message = diagnostics.emit<diag::WeightsMismatch>({}, path);
  differences.explain(message);
  if (const std::optional<WeightsOrigin> origin = originIn(file->metadata))
    message.note("the file is of " + origin->text());
  if (match == MatchWeights::All && taken > 0)
    message.help("--weights-partial takes the tensors that fit and initialises the rest");
  return false;
}

}  // namespace nnc::training
