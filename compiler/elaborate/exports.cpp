#include "elaborate/exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "diagnostics/kinds/project.h"
#include "support/checked.h"

namespace nnc::elaborate {

// --------------------------------------------------------------------------- names

/// Why a name cannot start the names of C functions; empty: it can.
static std::string whyNotInC(const std::string& name) {
  static const std::set<std::string_view> keywords = {
      "auto",   "break",  "case",     "char",     "const",    "continue", "default",  "do",     "double",
      "else",   "enum",   "extern",   "float",    "for",      "goto",     "if",       "inline", "int",
      "long",   "main",   "register", "restrict", "return",   "short",    "signed",   "sizeof", "static",
      "struct", "switch", "typedef",  "union",    "unsigned", "void",     "volatile", "while"};
  if (keywords.contains(name)) return "it is a word of C";
  if (name.starts_with('_')) return "C reserves names that start with an underscore";
  if (name.starts_with("nnc_")) return "names that start with `nnc_` belong to the runtime";
  return "";
}

// --------------------------------------------------------------------------- inputs

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
    for (const syntax::ParamDecl& parameter : elaborator_.dataParameters(spec_.network.function))
      if (!readInput(parameter)) return false;
    if (spec_.inputs.empty()) return refuse(spec_.network.span, "its network declares no data arguments");
    return checkUsed(dims);
  }

 private:
  struct FixedDim {
    std::string_view name;
    std::vector<std::int64_t> sizes;
    Span span;
    bool isUsed = false;
  };

  bool refuse(Span where, const std::string& text) {
    elaborator_.error<diag::ExportDims>(where, spec_.name, text);
    return false;
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
      sizes->erase(std::unique(sizes->begin(), sizes->end()), sizes->end());
      fixed.sizes = std::move(*sizes);
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

  bool readInput(const syntax::ParamDecl& parameter) {
    const auto* named = std::get_if<syntax::NamedType>(&parameter.type->node);
    const std::optional<ir::DType> dtype = named != nullptr ? ir::parseDType(named->name.text) : std::nullopt;
    if (!dtype || !named->shape || named->shape->empty())
      return parameter.defaultValue != nullptr ||
             refuse(parameter.span, fmt::format("`{}` is no tensor with a batch", parameter.name.text));
    Field field{parameter.name.text, {*dtype, {}}};
    for (const syntax::DimExpr& dim : *named->shape) {
      const bool isBatch = &dim == &named->shape->front();
      if (isBatch ? !readBatch(parameter, dim) : !readSize(parameter, dim, field.type.shape)) return false;
    }
    spec_.inputs.push_back(std::move(field));
    return true;
  }

  bool readBatch(const syntax::ParamDecl& parameter, const syntax::DimExpr& dim) {
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
                    fmt::format("its batch `{0}` has no size; write `as {1}({0}: [1, 32])`", batchName_, spec_.name));
    fixed->isUsed = true;
    spec_.batches = fixed->sizes;
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
        return refuse(dim.span, fmt::format("dim `{}` of `{}` has no size", name->name, parameter.name.text));
      fixed->isUsed = true;
      if (fixed->sizes.size() > 1) {
        elaborator_.notSupported(fixed->span, "an export with several sizes of a dim that is not the batch");
        return false;
      }
      shape.push_back(fixed->sizes[0]);
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
      if (!fixed_[i].isUsed)
        return refuse(dims[i].name->span, fmt::format("its network has no free dim `{}`", fixed_[i].name));
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

std::optional<ExportSpec> readExport(Elaborator& elaborator, const syntax::ExportDecl& decl, const SourceModule& home) {
  const std::string reason = whyNotInC(decl.name.text);
  if (!reason.empty()) {
    elaborator.error<diag::ReservedCName>(decl.name.span, decl.name.text, reason);
    return std::nullopt;
  }
  ExportSpec spec{decl.name.text, {}, {}, {}, decl.name.span};
  const std::optional<Value> value = elaborator.evaluate(*decl.value, elaborator.newScope(home));
  if (!value) return std::nullopt;
  if (asCallable(*value) == nullptr) {
    elaborator.error<diag::ExportDims>(decl.value->span, spec.name,
                                       fmt::format("it takes a network, and this is {}", describe(*value)));
    return std::nullopt;
  }
  const std::optional<Value> network = elaborator.withDefaults(*value, decl.value->span);
  if (!network) return std::nullopt;
  spec.network = {spec.name, *network, decl.value->span};
  if (!InputReader(elaborator, spec, home).run(decl.dims)) return std::nullopt;
  return spec;
}

// --------------------------------------------------------------------------- entries

namespace {

/// One specialised entry while it is built; owns the records of its slots.
struct Entry {
  explicit Entry(std::int64_t batch) : trace(program.module, program.module.addFunction("predict"), Mode::Eval) {
    program.function = trace.builder.functionId();
    program.batch = batch;
  }
  BatchProgram program;
  Trace trace;
  std::vector<Field> outputs;
};

}  // namespace

static bool addOutput(Elaborator& elaborator, const ExportSpec& spec, Entry& entry, std::string name,
                      const Value& value) {
  const std::optional<ir::Value> tensor = elaborator.toTensor(value, spec.network.span);
  if (!tensor) return false;
  ir::Type type = entry.trace.builder.type(*tensor);
  if (type.shape.empty() || type.shape[0] != entry.program.batch) {
    elaborator.error<diag::BatchDim>(
        spec.network.span, fmt::format("an output of the network is {}, and its first dim is not the batch ({})",
                                       ir::toString(type), entry.program.batch));
    return false;
  }
  type.shape.erase(type.shape.begin());
  entry.trace.builder.addResult(*tensor, name);
  entry.program.outputs.push_back(name);
  entry.outputs.push_back({std::move(name), std::move(type)});
  return true;
}

/// Traces the network: inputs as parameters, outputs as results. Slots are parameters in the order of elaboration.
static bool traceEntry(Elaborator& elaborator, const ExportSpec& spec, Entry& entry) {
  ir::Builder& builder = entry.trace.builder;
  const Elaborator::Tracing tracing(elaborator, entry.trace);
  std::vector<Argument> arguments;
  for (const Field& input : spec.inputs) {
    ir::Type type = input.type;
    type.shape.insert(type.shape.begin(), entry.program.batch);
    const ir::Value value = builder.addParameter(std::move(type), input.name);
    arguments.push_back({input.name, elaborator.traced(value, spec.network.span), spec.network.span});
    entry.program.fields.push_back(input.name);
  }
  const std::optional<Value> output =
      elaborator.instantiate(spec.network.function, "net", '.', std::move(arguments), spec.network.span);
  if (!output) return false;
  if (const auto* record = std::get_if<const Record*>(&*output)) {
    for (const auto& [name, value] : (*record)->fields)
      if (!addOutput(elaborator, spec, entry,
                     name.empty() ? fmt::format("output{}", entry.outputs.size()) : std::string(name), value))
        return false;
    return true;
  }
  return addOutput(elaborator, spec, entry, "output", *output);
}

/// Parameters first, then states, each in the order of elaboration.
static std::vector<SlotRecord*> orderedRecords(Trace& trace) {
  std::vector<SlotRecord*> records;
  for (const SlotKind kind : {SlotKind::Parameter, SlotKind::NetworkState})
    for (SlotRecord& record : trace.slots)
      if (record.slot.kind == kind) records.push_back(&record);
  return records;
}

/// Slots are the same whatever the batch is.
static bool checkSameSlots(Elaborator& elaborator, const std::vector<Slot>& slots, const Trace& trace) {
  for (const SlotRecord& record : trace.slots) {
    const auto known =
        std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.path == record.slot.path; });
    if (known == slots.end() || known->type == record.slot.type) continue;
    elaborator.error<diag::BatchDim>(
        placeOf(elaborator, record),
        fmt::format("`{}` depends on the batch: it is {} for one size and {} for another", known->path,
                    ir::toString(known->type), ir::toString(record.slot.type)));
    return false;
  }
  return true;
}

std::optional<ExportProgram> buildExport(Elaborator& elaborator, const ExportSpec& spec,
                                         const std::vector<Slot>* slots) {
  ExportProgram program;
  program.name = spec.name;
  program.batches = spec.batches;
  program.inputs = spec.inputs;
  program.span = spec.span;
  if (slots != nullptr)
    std::copy_if(slots->begin(), slots->end(), std::back_inserter(program.slots),
                 [](const Slot& slot) { return slot.kind != SlotKind::OptimizerState; });
  for (const std::int64_t batch : spec.batches) {
    Entry entry(batch);
    if (!traceEntry(elaborator, spec, entry)) return std::nullopt;
    const bool isFirst = program.entries.empty();
    if (isFirst && slots == nullptr) {
      const std::vector<SlotRecord*> records = orderedRecords(entry.trace);
      for (const SlotRecord* record : records) program.slots.push_back(record->slot);
      if (!buildInit(elaborator, records, program.initModule, program.init)) return std::nullopt;
    }
    std::vector<ir::Value> order;
    if (!matchSlots(elaborator, entry.trace, program.slots, order) ||
        !checkSameSlots(elaborator, program.slots, entry.trace))
      return std::nullopt;
    orderParameters(entry.trace.builder.function(), order);
    if (isFirst) program.outputs = entry.outputs;
    program.entries.push_back(std::move(entry.program));
  }
  return program;
}

}  // namespace nnc::elaborate
