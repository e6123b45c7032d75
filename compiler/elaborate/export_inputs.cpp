// The sizes of an export's inputs: written numbers, static parameters, and every combination of the listed dims.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "diagnostics/kinds/project.h"
#include "elaborate/exports.h"
#include "support/checked.h"

namespace nnc::elaborate {

namespace {

/// Finds the sizes of a network's data arguments: written numbers, static parameters, and the dims that the export
/// fixes.
class InputReader {
 public:
  InputReader(Elaborator& elaborator, ExportSpec& spec, const SourceModule& home)
      : elaborator_(elaborator), spec_(spec), home_(home) {
    const DeclaredCallable* const declared = asCallable(spec.network.function)->declared();
    scope_ = declared != nullptr && declared->bound != nullptr ? &elaborator.newScope(*declared->bound)
             : declared != nullptr                             ? &elaborator.newScope(*declared->home)
                                                               : &elaborator.newScope(home);
  }

  bool run(const std::vector<syntax::Arg>& dims) {
    if (!readDims(dims)) return false;
    if (!addShapes(0)) return false;
    if (spec_.shapes[0].inputs.empty()) return refuse(spec_.network.span, "it declares no data arguments");
    if (!checkUsed(dims)) return false;
    sortShapes();
    return true;
  }

 private:
  struct FixedDim {
    std::string_view name;
    std::vector<std::int64_t> sizes;
    Span span;
    bool isListed = false;  // `[1, 64]`, even if it is a list of one
    bool isUsed = false;
    std::int64_t current = 0;  // of the combination that is being read
  };

  /// One shape per combination of the sizes of the dims from `next` on.
  bool addShapes(std::size_t next) {
    if (next < fixed_.size()) {
      for (const std::int64_t size : fixed_[next].sizes) {
        fixed_[next].current = size;
        if (!addShapes(next + 1)) return false;
      }
      return true;
    }
    ExportShape shape;
    for (const syntax::ParamDecl& parameter : elaborator_.dataParameters(spec_.network.function))
      if (!readInput(parameter, shape)) return false;
    for (const FixedDim& dim : fixed_)
      if (dim.isListed && dim.name != batchName_) shape.sizes.push_back(dim.current);
    spec_.shapes.push_back(std::move(shape));
    return true;
  }

  /// By the sizes of the dims, then by the batch.
  void sortShapes() {
    for (const FixedDim& dim : fixed_)
      if (dim.isListed && dim.name != batchName_) spec_.dims.emplace_back(dim.name);
    std::sort(spec_.shapes.begin(), spec_.shapes.end(), [](const ExportShape& a, const ExportShape& b) {
      return std::tie(a.sizes, a.batch) < std::tie(b.sizes, b.batch);
    });
  }

  bool refuse(Span where, const std::string& text) {
    elaborator_.error<diag::ExportDims>(where, spec_.name, text);
    return false;
  }

  /// `export fn f(..) ..` has no place for sizes: its export is written apart.
  std::string advice(std::string_view dim, std::string_view sizes) const {
    const DeclaredCallable* const declared = asCallable(spec_.network.function)->declared();
    const bool isOnDeclaration = declared != nullptr && declared->decl->name.text == spec_.name;
    return isOnDeclaration ? fmt::format("write `export {0} as {0}({1}: {2})` instead of `export` on its declaration",
                                         spec_.name, dim, sizes)
                           : fmt::format("write `as {}({}: {})`", spec_.name, dim, sizes);
  }

  bool readDims(const std::vector<syntax::Arg>& dims) {
    for (const syntax::Arg& dim : dims) {
      if (!dim.name) return refuse(dim.span, "write the name of the dim in front: `B: [1, 32]`");
      const std::optional<Value> value = elaborator_.evaluate(*dim.value, elaborator_.newScope(home_));
      if (!value) return false;
      FixedDim fixed{dim.name->text, {}, dim.span};
      const auto* one = std::get_if<std::int64_t>(&*value);
      std::optional<ir::Shape> sizes = one != nullptr ? ir::Shape{*one} : asDims(*value);
      if (!sizes || sizes->empty() ||
          std::any_of(sizes->begin(), sizes->end(), [](std::int64_t size) { return size < 1 || size > kMaxDim; }))
        return refuse(dim.value->span,
                      fmt::format("`{}` takes whole numbers from 1, and this is {}", dim.name->text, toText(*value)));
      std::sort(sizes->begin(), sizes->end());
      if (const auto twice = std::adjacent_find(sizes->begin(), sizes->end()); twice != sizes->end())
        return refuse(dim.value->span, fmt::format("`{}` has the size {} twice", dim.name->text, *twice));
      fixed.sizes = std::move(*sizes);
      fixed.isListed = one == nullptr;
      fixed_.push_back(std::move(fixed));
    }
    return true;
  }

  FixedDim* findFixed(std::string_view name) {
    for (FixedDim& dim : fixed_)
      if (dim.name == name) return &dim;
    return nullptr;
  }

  /// Whether a name is free: no parameter, no constant of the file.
  bool isFree(std::string_view name) const {
    return scope_->find(name) == nullptr && !elaborator_.modules().find(scope_->home(), name);
  }

  bool readInput(const syntax::ParamDecl& parameter, ExportShape& shape) {
    const auto* named = std::get_if<syntax::NamedType>(&parameter.type->node);
    const std::optional<ir::DType> dtype = named != nullptr ? ir::parseDType(named->name.text) : std::nullopt;
    const bool isTensor = dtype && (!spec_.hasBatch || (named->shape && !named->shape->empty()));
    if (!isTensor)
      return parameter.defaultValue != nullptr ||
             refuse(parameter.span,
                    fmt::format("`{}` is no tensor{}", parameter.name.text, spec_.hasBatch ? " with a batch" : ""));
    Field field{parameter.name.text, {*dtype, {}}};
    static const std::vector<syntax::DimExpr> kScalar;
    const std::vector<syntax::DimExpr>& written = named->shape ? *named->shape : kScalar;
    for (const syntax::DimExpr& dim : written) {
      const bool isBatch = spec_.hasBatch && &dim == &written.front();
      if (isBatch ? !readBatch(parameter, dim, shape) : !readSize(parameter, dim, field.type.shape)) return false;
    }
    shape.inputs.push_back(std::move(field));
    return true;
  }

  bool readBatch(const syntax::ParamDecl& parameter, const syntax::DimExpr& dim, ExportShape& shape) {
    const auto* name = dim.isPack ? nullptr : std::get_if<syntax::NameExpr>(&dim.value->node);
    if (name == nullptr || !isFree(name->name))
      return refuse(dim.span, fmt::format("the first dim of `{}` is the batch, and must be a name such as `B`",
                                          parameter.name.text));
    if (!batchName_.empty() && name->name != batchName_)
      return refuse(dim.span,
                    fmt::format("the batch is `{}` in one argument and `{}` in another", batchName_, name->name));
    batchName_ = name->name;
    FixedDim* const fixed = findFixed(batchName_);
    if (fixed == nullptr)
      return refuse(spec_.span,
                    fmt::format("its batch `{}` has no size; {}", batchName_, advice(batchName_, "[1, 32]")));
    fixed->isUsed = true;
    shape.batch = fixed->current;
    return true;
  }

  bool readSize(const syntax::ParamDecl& parameter, const syntax::DimExpr& dim, ir::Shape& shape) {
    if (dim.isPack)
      return refuse(dim.span,
                    fmt::format("`{}` has any number of dims, and an export needs them fixed", parameter.name.text));
    const auto* name = std::get_if<syntax::NameExpr>(&dim.value->node);
    if (name != nullptr && isFree(name->name)) {
      FixedDim* const fixed = findFixed(name->name);
      if (fixed == nullptr)
        return refuse(dim.span, fmt::format("dim `{}` of `{}` has no size; {}", name->name, parameter.name.text,
                                            advice(name->name, "[8, 64]")));
      fixed->isUsed = true;
      shape.push_back(fixed->current);
      return true;
    }
    const std::optional<Value> value = elaborator_.evaluate(*dim.value, *scope_);
    if (!value) return false;
    const auto* size = std::get_if<std::int64_t>(&*value);
    if (size == nullptr || *size < 1)
      return refuse(dim.span, fmt::format("a dim of `{}` is {}", parameter.name.text, toText(*value)));
    shape.push_back(*size);
    return true;
  }

  bool checkUsed(const std::vector<syntax::Arg>& dims) {
    for (std::size_t i = 0; i < dims.size(); ++i)
      if (!fixed_[i].isUsed) return refuse(dims[i].name->span, fmt::format("it has no free dim `{}`", fixed_[i].name));
    return true;
  }

  Elaborator& elaborator_;
  ExportSpec& spec_;
  const SourceModule& home_;
  Scope* scope_ = nullptr;
  std::vector<FixedDim> fixed_;
  std::string_view batchName_;
};

}  // namespace

bool readExportShapes(Elaborator& elaborator, const std::vector<syntax::Arg>& dims, const SourceModule& home,
                      ExportSpec& spec) {
  return InputReader(elaborator, spec, home).run(dims);
}

}  // namespace nnc::elaborate
