#include "training/foreign_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <string_view>

#include "diagnostics/kinds/data.h"
#include "training/buffer.h"

namespace nnc::training {

namespace {

enum class Layout : std::uint8_t {
  Same,
  OutputsFirst,        // there [out, ..], here [.., out]
  OutputsFirstFolded,  // the same, with several axes here that are one there
  OutputsSecond,       // there [in, out, ..], here [in, .., out]
};

/// How PyTorch keeps the parameters of the stdlib's layers that have more than one axis.
struct LayerLayout {
  std::string_view layer, parameter;
  Layout layout;
};
constexpr LayerLayout kLayouts[] = {
    {"dense", "w", Layout::OutputsFirst},
    {"conv1d", "k", Layout::OutputsFirst},
    {"conv2d", "k", Layout::OutputsFirst},
    {"embedding", "table", Layout::Same},
    {"position_embedding", "table", Layout::Same},
    {"conv_transpose2d", "k", Layout::OutputsSecond},
    {"rnn", "wx", Layout::OutputsFirst},
    {"rnn", "wh", Layout::OutputsFirst},
    {"lstm", "wx", Layout::OutputsFirstFolded},
    {"lstm", "wh", Layout::OutputsFirstFolded},
    {"lstm", "b", Layout::OutputsFirstFolded},
    {"gru", "wx", Layout::OutputsFirstFolded},
    {"gru", "wh", Layout::OutputsFirstFolded},
    {"gru", "bx", Layout::OutputsFirstFolded},
    {"gru", "bh", Layout::OutputsFirstFolded},
    {"attention", "wq", Layout::OutputsFirstFolded},
    {"attention", "wk", Layout::OutputsFirstFolded},
    {"attention", "wv", Layout::OutputsFirstFolded},
    {"attention", "wo", Layout::OutputsFirstFolded},
};

std::optional<Layout> layoutOf(const elaborate::Slot& slot) {
  if (slot.type.rank() <= 1) return Layout::Same;
  const std::string parameter = slot.path.substr(slot.path.rfind('.') + 1);
  for (const LayerLayout& row : kLayouts)
    if (row.layer == slot.layer && row.parameter == parameter) return row.layout;
  return std::nullopt;
}

std::int64_t countOf(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

/// [.., axis, ..] to [.., .., axis]. Needs: the array has that axis.
runtime::Array axisLast(const runtime::Array& array, std::size_t axis) {
  runtime::Array moved = array;
  const auto place = moved.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  std::rotate(place, place + 1, moved.shape.end());
  const std::span<const std::int64_t> shape = array.shape;
  const std::int64_t width = runtime::elementBytes(array.element), size = shape[axis];
  const std::int64_t before = countOf(shape.first(axis)), behind = countOf(shape.subspan(axis + 1));
  for (std::int64_t b = 0; b < before; ++b)
    for (std::int64_t o = 0; o < size; ++o)
      for (std::int64_t i = 0; i < behind; ++i)
        std::memcpy(moved.bytes.data() + ((b * behind + i) * size + o) * width,
                    array.bytes.data() + ((b * size + o) * behind + i) * width, static_cast<std::size_t>(width));
  return moved;
}

std::string typeText(const runtime::Array& array) {
  return ir::toString(ir::Type{dtypeOf(array.element), array.shape});
}

/// Turns `array` into the layout of `slot`; otherwise says what is wrong.
std::string turn(const elaborate::Slot& slot, runtime::Array& array) {
  const std::optional<Layout> layout = layoutOf(slot);
  if (!layout)
    return fmt::format("`{}` {}: how PyTorch lays out a parameter of {} is not known", slot.path,
                       ir::toString(slot.type),
                       slot.layer.empty() ? std::string("a layer of your own") : "the layer `" + slot.layer + "`");
  const std::string before = typeText(array);
  if (!ir::isFloat(dtypeOf(array.element))) return fmt::format("`{}` is {} in the file", slot.path, before);
  if (*layout != Layout::Same) {
    const std::size_t outputs = *layout == Layout::OutputsSecond ? 1 : 0;
    if (outputs < array.shape.size()) array = axisLast(array, outputs);
  }
  if (*layout == Layout::OutputsFirstFolded && array.shape.size() <= 2 &&
      countOf(array.shape) == slot.type.elementCount())
    array.shape = slot.type.shape;
  if (array.shape == slot.type.shape) return {};
  return fmt::format("`{}` is {} in the file, {} in the order of nnc, and {} in the network", slot.path, before,
                     typeText(array), ir::toString(slot.type));
}

}  // namespace

std::optional<runtime::TensorFile> importTorch(const std::string& path, std::vector<runtime::NamedArray> tensors,
                                               const std::vector<elaborate::Slot>& slots, Diagnostics& diagnostics) {
  std::map<std::string, runtime::Array*> byName;
  for (runtime::NamedArray& tensor : tensors)
    if (!tensor.name.ends_with("num_batches_tracked")) byName[tensor.name] = &tensor.array;
  runtime::TensorFile file;
  file.metadata["format"] = "nnc";
  std::vector<std::string> differences;
  for (const elaborate::Slot& slot : slots) {
    if (slot.kind == elaborate::SlotKind::OptimizerState) continue;
    const auto found = byName.find(slot.path);
    if (found == byName.end()) {
      differences.push_back(fmt::format("`{}` {} is missing", slot.path, ir::toString(slot.type)));
      continue;
    }
    if (std::string problem = turn(slot, *found->second); !problem.empty()) differences.push_back(std::move(problem));
    file.tensors.push_back({slot.path, std::move(*found->second)});
    byName.erase(found);
  }
  for (const auto& [name, array] : byName)
    differences.push_back(fmt::format("`{}` {} belongs to nothing in the network", name, typeText(*array)));
  if (differences.empty()) return file;
  constexpr std::size_t kShown = 10;
  DiagnosticBuilder message = diagnostics.emit<diag::WeightsMismatch>({}, path);
  for (std::size_t i = 0; i < std::min(differences.size(), kShown); ++i) message.note(differences[i]);
  if (differences.size() > kShown) message.note(fmt::format("and {} more", differences.size() - kShown));
  message.help("--map names a file with rules `FROM TO`: `layers.{i}.wq.weight net.h.block[{i}].wq`");
  return std::nullopt;
}

}  // namespace nnc::training
