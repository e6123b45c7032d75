#include "passes/layout_convolutions.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/edit.h"

namespace nnc::passes {

namespace {

/// An unwindow of a product: which factor has the places, which one the windows, and the letters of all.
struct SpreadProduct {
  ir::Value places, windows;
  std::string lettersOfPlaces, lettersOfWindows, y;  // y: of the unwindow's result
  std::string windowLetters;                         // one for each of dims
  std::vector<ir::WindowDim> dims;
};

/// Along one axis, what of the overlap-add is wanted.
struct Range {
  std::int64_t lo = 0, hi = 0;
};

}  // namespace

static bool has(const std::string& letters, char letter) { return letters.find(letter) != std::string::npos; }

static std::optional<SpreadProduct> spreadProduct(const ir::Function& function, const ir::Node& unwindow) {
  const ir::Node* product = function.definition(unwindow.operands[0]);
  if (product == nullptr || product->op != ir::Op::Contract) return std::nullopt;
  if (!ir::isFloat(function.type(unwindow.results[0]).dtype)) return std::nullopt;
  const auto& letters = std::get<ir::ContractAttributes>(product->attributes);
  SpreadProduct result;
  result.dims = std::get<ir::UnwindowAttributes>(unwindow.attributes).dims;
  const std::size_t rank = letters.y.size() - result.dims.size();
  result.y = letters.y.substr(0, rank);
  result.windowLetters = letters.y.substr(rank);
  const bool aHasWindows = has(letters.a, result.windowLetters[0]);
  result.places = product->operands[aHasWindows ? 1 : 0];
  result.windows = product->operands[aHasWindows ? 0 : 1];
  result.lettersOfPlaces = aHasWindows ? letters.b : letters.a;
  result.lettersOfWindows = aHasWindows ? letters.a : letters.b;
  std::string axes;
  for (std::size_t d = 0; d < result.dims.size(); ++d) {
    const char window = result.windowLetters[d], place = result.y[static_cast<std::size_t>(result.dims[d].axis)];
    if (has(axes, place) || !has(result.lettersOfWindows, window) || has(result.lettersOfPlaces, window) ||
        has(result.lettersOfWindows, place) || !has(result.lettersOfPlaces, place))
      return std::nullopt;
    axes += place;
  }
  return result;
}

/// `value` with the elements along `axis` in the opposite order.
static ir::Value reversed(ir::Builder& builder, ir::Value value, int axis) {
  const std::int64_t size = builder.type(value).shape[static_cast<std::size_t>(axis)];
  if (size == 1) return value;
  const ir::Type type{ir::DType::I32, {size}};
  const ir::Value index = builder.sub(builder.constantInt(type, size - 1), builder.iota(type, 0));
  return builder.gather(value, index, axis);
}

/// The factor with the windows: turned round, its summed letters first, in the order in which they are added.
static ir::Value turnedKernel(ir::Builder& builder, const SpreadProduct& product, std::string* letters) {
  ir::Value kernel = product.windows;
  for (const char letter : product.windowLetters)
    kernel = reversed(builder, kernel, static_cast<int>(product.lettersOfWindows.find(letter)));
  for (const char letter : product.lettersOfWindows)
    if (has(product.lettersOfPlaces, letter) && has(product.y, letter)) *letters += letter;
  for (const char letter : product.lettersOfPlaces)
    if (has(product.lettersOfWindows, letter) && !has(product.y, letter)) *letters += letter;
  *letters += product.windowLetters;
  for (const char letter : product.lettersOfWindows)
    if (!has(*letters, letter)) *letters += letter;
  std::vector<int> perm;
  for (const char letter : *letters) perm.push_back(static_cast<int>(product.lettersOfWindows.find(letter)));
  return builder.transpose(kernel, std::move(perm));
}

/// The elements `ranges` (one for each of dims) of the overlap-add. Invalid: some of `places` would not be read.
static ir::Value convolved(ir::Builder& builder, const SpreadProduct& product, const std::vector<Range>& ranges) {
  const ir::Shape shape = builder.type(product.places).shape;
  ir::Shape lo(shape.size(), 0), hi(shape.size(), 0), interior(shape.size(), 0);
  std::vector<ir::WindowDim> dims;
  for (std::size_t d = 0; d < product.dims.size(); ++d) {
    const ir::WindowDim& dim = product.dims[d];
    const std::size_t axis = product.lettersOfPlaces.find(product.y[static_cast<std::size_t>(dim.axis)]);
    const std::int64_t reach = (dim.size - 1) * dim.dilation;
    if (shape[axis] == 0 || ranges[d].hi <= ranges[d].lo) return {};
    interior[axis] = dim.stride - 1;
    lo[axis] = reach - ranges[d].lo;
    hi[axis] = ranges[d].hi - (shape[axis] - 1) * dim.stride - 1;
    if (lo[axis] < 0 || hi[axis] < 0) return {};
    dims.push_back({static_cast<int>(axis), dim.size, 1, dim.dilation});
  }
  std::string letters;
  const ir::Value kernel = turnedKernel(builder, product, &letters);
  const ir::Value windows =
      builder.window(builder.pad(product.places, std::move(lo), std::move(hi), std::move(interior), 0.0), dims);
  return builder.contract(windows, kernel, product.lettersOfPlaces + product.windowLetters, letters, product.y);
}

static ir::Value convolved(ir::Builder& builder, const ir::Node& unwindow) {
  const std::optional<SpreadProduct> product = spreadProduct(builder.function(), unwindow);
  if (!product) return {};
  const ir::Shape shape = builder.type(unwindow.results[0]).shape;
  std::vector<Range> ranges;
  for (const ir::WindowDim& dim : product->dims) ranges.push_back({0, shape[static_cast<std::size_t>(dim.axis)]});
  return convolved(builder, *product, ranges);
}

static ir::Value convolvedInside(ir::Builder& builder, const ir::Node& slice) {
  const ir::Node* unwindow = builder.function().definition(slice.operands[0]);
  if (unwindow == nullptr || unwindow->op != ir::Op::Unwindow) return {};
  const ir::Shape shape = builder.type(slice.operands[0]).shape;
  const auto& cut = std::get<ir::SliceAttributes>(slice.attributes);
  const std::optional<SpreadProduct> product = spreadProduct(builder.function(), *unwindow);
  if (!product) return {};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const bool isWindowed = std::any_of(product->dims.begin(), product->dims.end(),
                                        [&](const ir::WindowDim& dim) { return dim.axis == static_cast<int>(axis); });
    if (cut.step[axis] != 1 || (!isWindowed && (cut.lo[axis] != 0 || cut.hi[axis] != shape[axis]))) return {};
  }
  std::vector<Range> ranges;
  for (const ir::WindowDim& dim : product->dims) {
    const auto axis = static_cast<std::size_t>(dim.axis);
    ranges.push_back({cut.lo[axis], cut.hi[axis]});
  }
  return convolved(builder, *product, ranges);
}

void convolveBack(ir::Module& module, ir::FunctionId id) {
  ir::Builder builder(module, id);
  ir::Replacements replacements(module.function(id));
  std::vector<ir::NodeId> body;
  body.swap(builder.function().body);
  bool hasChanged = false;
  for (const ir::NodeId node : body) {
    // The rules look at what the program said, not at what stands for it.
    const ir::Node original = builder.function().node(node);
    replacements.applyTo(builder.function().node(node).operands);
    builder.setLocation(original.span, original.scope);
    ir::Value by;
    if (original.op == ir::Op::Unwindow) by = convolved(builder, original);
    if (original.op == ir::Op::Slice) by = convolvedInside(builder, original);
    if (by.isValid()) replacements.replace(original.results[0], by);
    hasChanged |= by.isValid();
    // Others may read the sum: what nobody reads falls away.
    builder.function().body.push_back(node);
  }
  if (!hasChanged) return;
  replacements.applyTo(builder.function().results);
  ir::dropDeadNodes(builder.function());
  builder.function().plan.reset();
}

}  // namespace nnc::passes
