#include "elaborate/exports.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "diagnostics/kinds/project.h"

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

std::vector<ExportedName> exportsOf(const syntax::File& file) {
  std::vector<ExportedName> exports;
  for (const syntax::Decl& decl : file.declarations) {
    if (const auto* entry = std::get_if<syntax::ExportDecl>(&decl.node))
      exports.push_back({&entry->name, entry, nullptr});
    const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node);
    if (callable != nullptr && callable->isExported) exports.push_back({&callable->name, nullptr, callable});
  }
  return exports;
}

static bool isFunction(const Value& value) {
  const DeclaredCallable* const declared = asCallable(value)->declared();
  return declared != nullptr && declared->decl->kind == syntax::CallableKind::Fn;
}

std::optional<ExportSpec> readExport(Elaborator& elaborator, const ExportedName& exported, const SourceModule& home) {
  const std::string reason = whyNotInC(exported.name->text);
  if (!reason.empty()) {
    elaborator.error<diag::ReservedCName>(exported.name->span, exported.name->text, reason);
    return std::nullopt;
  }
  ExportSpec spec;
  spec.name = exported.name->text;
  spec.span = exported.name->span;
  const Span where = exported.entry != nullptr ? exported.entry->value->span : spec.span;
  const std::optional<Value> value = exported.entry != nullptr
                                         ? elaborator.evaluate(*exported.entry->value, elaborator.newScope(home))
                                         : elaborator.lookUp(spec.name, home, where);
  if (!value) return std::nullopt;
  if (asCallable(*value) == nullptr) {
    elaborator.error<diag::ExportDims>(where, spec.name,
                                       fmt::format("it takes a network, and this is {}", describe(*value)));
    return std::nullopt;
  }
  const std::optional<Value> network = elaborator.withDefaults(*value, where);
  if (!network) return std::nullopt;
  spec.network = {spec.name, *network, where};
  spec.hasBatch = !isFunction(*network);
  static const std::vector<syntax::Arg> kNoDims;
  if (!readExportShapes(elaborator, exported.entry != nullptr ? exported.entry->dims : kNoDims, home, spec))
    return std::nullopt;
  return spec;
}

// --------------------------------------------------------------------------- constants

/// What every header defines behind its prefix (codegen/c_header.cpp).
static bool isTakenInHeaders(const std::string& name) {
  std::string upper;
  for (const char c : name) upper += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  static const std::set<std::string_view> taken = {"ABI_VERSION", "WORKSPACE_ALIGN", "MAX_BATCH", "NODISCARD", "OK",
                                                   "NNC_H"};
  return taken.contains(upper) || upper.starts_with("E_");
}

std::optional<std::vector<ExportedConstant>> readExportedConstants(Elaborator& elaborator, const SourceModule& home) {
  std::vector<ExportedConstant> constants;
  for (const syntax::Decl& decl : home.tree.declarations) {
    const auto* constant = std::get_if<syntax::ConstantDecl>(&decl.node);
    if (constant == nullptr || !constant->isExported) continue;
    const syntax::Ident& name = constant->name;
    if (isTakenInHeaders(name.text)) {
      elaborator.error<diag::ReservedCName>(name.span, name.text, "every header defines that name");
      return std::nullopt;
    }
    const std::optional<Value> value = elaborator.lookUp(name.text, home, name.span);
    if (!value) return std::nullopt;
    ExportedConstant& exported = constants.emplace_back();
    exported.name = name.text;
    if (const auto* flag = std::get_if<bool>(&*value))
      exported.value = *flag;
    else if (const auto* whole = std::get_if<std::int64_t>(&*value))
      exported.value = *whole;
    else if (const auto* real = std::get_if<double>(&*value); real != nullptr && std::isfinite(*real))
      exported.value = *real;
    else if (const auto* text = std::get_if<Text>(&*value))
      exported.value = std::string(text->text);
    else {
      elaborator.error<diag::ExportDims>(
          name.span, name.text,
          fmt::format("a constant of C is a finite number, a truth value or a text, and this is {}", describe(*value)));
      return std::nullopt;
    }
  }
  return constants;
}

// --------------------------------------------------------------------------- entries

namespace {

/// One specialised entry while it is built; owns the records of its slots.
struct Entry {
  Entry(const ExportShape& shape, Mode mode) : trace(program.module, program.module.addFunction("predict"), mode) {
    program.function = trace.builder.functionId();
    program.batch = shape.batch;
    program.sizes = shape.sizes;
    program.inputs = shape.inputs;
    trace.seed = trace.builder.addParameter({ir::DType::I64, {}}, "seed");
  }
  ExportEntry program;
  Trace trace;
  std::vector<ir::Value> inputs;
};

}  // namespace

static bool addOutput(Elaborator& elaborator, const ExportSpec& spec, Entry& entry, std::string name,
                      const Value& value) {
  const std::optional<ir::Value> tensor = elaborator.toTensor(value, spec.network.span);
  if (!tensor) return false;
  ir::Type type = entry.trace.builder.type(*tensor);
  if (spec.hasBatch && (type.shape.empty() || type.shape[0] != entry.program.batch)) {
    elaborator.error<diag::BatchDim>(
        spec.network.span, fmt::format("an output of the network is {}, and its first dim is not the batch ({})",
                                       ir::toString(type), entry.program.batch));
    return false;
  }
  if (spec.hasBatch) type.shape.erase(type.shape.begin());
  entry.trace.builder.addResult(*tensor, name);
  entry.program.outputs.push_back(name);
  entry.program.results.push_back({std::move(name), std::move(type)});
  return true;
}

/// Traces the network: inputs as parameters, outputs as results. Slots are parameters in the order of elaboration.
static bool traceEntry(Elaborator& elaborator, const ExportSpec& spec, Entry& entry) {
  ir::Builder& builder = entry.trace.builder;
  const Elaborator::Tracing tracing(elaborator, entry.trace);
  std::vector<Argument> arguments;
  for (const Field& input : entry.program.inputs) {
    ir::Type type = input.type;
    if (spec.hasBatch) type.shape.insert(type.shape.begin(), entry.program.batch);
    const ir::Value value = builder.addParameter(std::move(type), input.name);
    entry.inputs.push_back(value);
    arguments.push_back({input.name, elaborator.traced(value, spec.network.span), spec.network.span});
    entry.program.fields.push_back(input.name);
  }
  const std::optional<Value> output =
      elaborator.instantiate(spec.network.function, "net", '.', std::move(arguments), spec.network.span);
  if (!output) return false;
  if (const auto* record = std::get_if<const Record*>(&*output)) {
    for (const auto& [name, value] : (*record)->fields)
      if (!addOutput(elaborator, spec, entry,
                     name.empty() ? fmt::format("output{}", entry.program.results.size()) : std::string(name), value))
        return false;
    return true;
  }
  return addOutput(elaborator, spec, entry, "output", *output);
}

static std::vector<SlotRecord*> recordsOf(Trace& trace, SlotKind kind) {
  std::vector<SlotRecord*> records;
  for (SlotRecord& record : trace.slots)
    if (record.slot.kind == kind) records.push_back(&record);
  return records;
}

/// Slots are the same whatever the sizes are.
static bool checkSameSlots(Elaborator& elaborator, const std::vector<Slot>& slots, const Trace& trace) {
  for (const SlotRecord& record : trace.slots) {
    const auto known =
        std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.path == record.slot.path; });
    if (known == slots.end() || known->type == record.slot.type) continue;
    elaborator.error<diag::BatchDim>(
        placeOf(elaborator, record),
        fmt::format("`{}` depends on the batch or on a listed dim: it is {} for one size and {} for another",
                    known->path, ir::toString(known->type), ir::toString(record.slot.type)));
    return false;
  }
  return true;
}

// --------------------------------------------------------------------------- sessions

static double initialNumber(const SlotRecord& record) {
  const auto* flag = std::get_if<bool>(&record.init);
  return flag != nullptr ? static_cast<double>(*flag) : *asReal(record.init);
}

/// Session states as parameters behind the seed and as results behind the outputs, each updated in place.
static void addSession(Entry& entry, std::vector<ir::Value>& order) {
  ir::Builder& builder = entry.trace.builder;
  for (const SlotRecord* record : recordsOf(entry.trace, SlotKind::SessionState)) {
    ir::Function& function = builder.function();
    function.aliases.push_back({static_cast<int>(function.results.size()), static_cast<int>(order.size())});
    order.push_back(record->current);
    builder.addResult(record->updated.value_or(record->current), record->slot.path);
  }
}

/// A program of the entry's parameters that tells whether a `write` would go outside.
static void addOverrun(Entry& entry) {
  if (entry.trace.overruns.empty()) return;
  ExportEntry& program = entry.program;
  program.overrunModule = program.module;
  program.overrun = program.function;
  ir::Function& function = program.overrunModule.function(program.function);
  function.name = "overrun";
  function.results.clear();
  function.resultNames.clear();
  function.aliases.clear();
  ir::Builder builder(program.overrunModule, program.function);
  ir::Value any = entry.trace.overruns[0];
  for (std::size_t i = 1; i < entry.trace.overruns.size(); ++i) any = builder.max(any, entry.trace.overruns[i]);
  builder.addResult(any, "overrun");
}

/// The states of the first entry; every other must have the same, since all share one session.
static bool collectSession(Elaborator& elaborator, const ExportSpec& spec, Entry& entry, bool isFirst,
                           std::vector<SessionState>& session) {
  std::vector<SessionState> states;
  for (const SlotRecord* record : recordsOf(entry.trace, SlotKind::SessionState))
    states.push_back({record->slot.path, record->slot.type, initialNumber(*record)});
  if (isFirst) {
    session = std::move(states);
    const std::int64_t batch = spec.shapes[0].batch;
    const bool hasOneBatch = std::all_of(spec.shapes.begin(), spec.shapes.end(),
                                         [&](const ExportShape& shape) { return shape.batch == batch; });
    if (session.empty() || hasOneBatch) return true;
    elaborator.error<diag::ExportDims>(
        spec.span, spec.name,
        fmt::format("a session belongs to one batch, and `{}` is a state of it; give the batch one size",
                    session[0].path));
    return false;
  }
  const auto differs = [](const SessionState& a, const SessionState& b) {
    return a.path != b.path || a.type != b.type;
  };
  const std::size_t common = std::min(session.size(), states.size());
  for (std::size_t i = 0; i < std::max(session.size(), states.size()); ++i) {
    if (i < common && !differs(session[i], states[i])) continue;
    const SessionState& state = i < states.size() ? states[i] : session[i];
    elaborator.error<diag::ExportDims>(
        spec.span, spec.name,
        fmt::format("its entries share one session, and the state `{}` is not the same in all of them", state.path));
    return false;
  }
  return true;
}

// --------------------------------------------------------------------------- all of it

std::optional<ExportProgram> buildExport(Elaborator& elaborator, const ExportSpec& spec,
                                         const std::vector<Slot>* slots) {
  ExportProgram program;
  program.name = spec.name;
  program.dims = spec.dims;
  program.hasBatch = spec.hasBatch;
  program.span = spec.span;
  if (slots != nullptr)
    std::copy_if(slots->begin(), slots->end(), std::back_inserter(program.slots),
                 [](const Slot& slot) { return slot.kind != SlotKind::OptimizerState; });
  for (const ExportShape& shape : spec.shapes) {
    Entry entry(shape, spec.mode);
    if (!traceEntry(elaborator, spec, entry)) return std::nullopt;
    const bool isFirst = program.entries.empty();
    if (isFirst && slots == nullptr) {
      // Parameters first, then states, each in the order of elaboration.
      std::vector<SlotRecord*> records = recordsOf(entry.trace, SlotKind::Parameter);
      for (SlotRecord* record : recordsOf(entry.trace, SlotKind::NetworkState)) records.push_back(record);
      for (const SlotRecord* record : records) program.slots.push_back(record->slot);
      if (!buildInit(elaborator, records, program.initModule, program.init)) return std::nullopt;
    }
    std::vector<ir::Value> order;
    if (!matchSlots(elaborator, entry.trace, program.slots, order) ||
        !checkSameSlots(elaborator, program.slots, entry.trace) ||
        !collectSession(elaborator, spec, entry, isFirst, program.session))
      return std::nullopt;
    order.insert(order.end(), entry.inputs.begin(), entry.inputs.end());
    order.push_back(entry.trace.seed.value());
    program.drawsRandom |= entry.trace.drawsRandom;
    addSession(entry, order);
    orderParameters(entry.trace.builder.function(), order);
    addOverrun(entry);
    if (std::find(program.batches.begin(), program.batches.end(), shape.batch) == program.batches.end())
      program.batches.push_back(shape.batch);
    program.entries.push_back(std::move(entry.program));
  }
  std::sort(program.batches.begin(), program.batches.end());
  return program;
}

}  // namespace nnc::elaborate
