#include "case_program.h"

#include <fmt/format.h>

#include <algorithm>

#include "elaborate/dims.h"
#include "elaborate/elaborator.h"
#include "elaborate/train.h"

namespace nnc::stdlib_tests {

using elaborate::Elaborator;
using elaborate::SlotRecord;
using elaborate::Trace;

Topic::Topic(const std::string& path) { modules_ = elaborate::Modules::load(path, sources_, diagnostics_); }

std::vector<std::string> Topic::cases() const {
  std::vector<std::pair<std::uint32_t, std::string>> found;
  for (const auto& [name, place] : modules_->root().declared)
    if (name.find("__") != std::string::npos) found.emplace_back(place.begin, name);
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [begin, name] : found) names.push_back(std::move(name));
  return names;
}

std::vector<Entry> Topic::stdlibEntries() const {
  std::vector<Entry> entries;
  for (const std::string& name : modules_->visibleNames(modules_->root())) {
    const elaborate::Named named = modules_->find(modules_->root(), name);
    const bool isEntry = named && named.module->isStdlib && named.decl != nullptr &&
                         std::holds_alternative<syntax::CallableDecl>(named.decl->node);
    if (isEntry) entries.push_back({name, !named.decl->doc.empty()});
  }
  return entries;
}

std::string Topic::messages() const {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics_.all()) {
    text += fmt::format("{} {}: `{}`\n", diagnostic.code, diagnostic.message,
                        diagnostic.primary ? sources_.text(diagnostic.primary) : "");
    for (const Label& label : diagnostic.labels)
      text += fmt::format("  {}: `{}`\n", label.text, sources_.text(label.span));
  }
  return text;
}

namespace {

/// Traces one case.
class CaseBuilder {
 public:
  CaseBuilder(Elaborator& elaborator, const elaborate::SourceModule& home, CaseProgram& program, elaborate::Mode mode)
      : elaborator_(elaborator),
        home_(home),
        program_(program),
        trace_(program.module, program.module.addFunction("forward"), mode) {
    program.forward = trace_.builder.functionId();
  }

  bool run(const std::string& name) {
    const std::optional<elaborate::Value> callee = elaborator_.lookUp(name, home_, Span{});
    if (!callee || !traceCall(*callee)) return false;
    std::vector<SlotRecord*> records;
    for (SlotRecord& record : trace_.slots) records.push_back(&record);
    for (const SlotRecord* record : records) {
      if (record->slot.kind == elaborate::SlotKind::Parameter) continue;
      outputs_.emplace_back(record->slot.path, record->updated.value_or(record->current));
    }
    // The loss covers outputs only; states come behind them.
    const ir::Value loss = lossOf(outputs_.size() - countStates());
    trace_.builder.addResult(loss, "loss");
    for (const auto& [output, value] : outputs_) {
      trace_.builder.addResult(value, output);
      program_.results.push_back(output);
    }
    collectArguments();
    return elaborate::buildInit(elaborator_, records, program_.module, program_.initial);
  }

 private:
  bool traceCall(const elaborate::Value& callee) {
    const Elaborator::Tracing tracing(elaborator_, trace_);
    std::vector<elaborate::Argument> arguments;
    elaborate::Scope& scope = elaborator_.newScope(home_);
    const elaborate::DeclaredCallable* const declared = elaborate::asCallable(callee)->declared();
    const bool isOptimizer = declared != nullptr && declared->decl->kind == syntax::CallableKind::Optimizer;
    for (const syntax::ParamDecl& parameter : elaborator_.dataParameters(callee)) {
      // An optimizer updates a parameter of any shape: here of 2 x 3.
      const std::optional<ir::Type> type =
          isOptimizer ? ir::Type{ir::DType::F32, {2, 3}} : elaborate::resolveType(elaborator_, *parameter.type, scope);
      if (!type) return false;
      add(*type, std::string(parameter.name.text), Argument::Kind::Data);
      const ir::Value value = arguments_.back();
      arguments.push_back(
          {parameter.name.text, elaborator_.traced(value, parameter.span, slotFor(isOptimizer, value)), Span{}});
    }
    trace_.seed = add({ir::DType::I64, {}}, "seed", Argument::Kind::Seed);
    trace_.step = add({ir::DType::I64, {}}, "step", Argument::Kind::Step);
    const std::optional<elaborate::Value> result =
        elaborator_.instantiate(callee, "net", isOptimizer ? '/' : '.', std::move(arguments), Span{});
    return result && addOutputs(*result);
  }

  /// `p` of an optimizer is a parameter that decays.
  const SlotRecord* slotFor(bool isOptimizer, ir::Value value) {
    if (!isOptimizer || arguments_.size() != 1) return nullptr;
    optimized_.slot.path = "net";
    optimized_.slot.type = trace_.builder.type(value);
    optimized_.current = value;
    return &optimized_;
  }

  ir::Value add(const ir::Type& type, const std::string& name, Argument::Kind kind) {
    arguments_.push_back(trace_.builder.addParameter(type, name));
    program_.arguments.push_back({name, type, kind});
    return arguments_.back();
  }

  bool addOutputs(const elaborate::Value& value) {
    const auto* record = std::get_if<const elaborate::Record*>(&value);
    if (record == nullptr) return addOutput("y", value);
    return std::all_of((*record)->fields.begin(), (*record)->fields.end(),
                       [&](const auto& field) { return addOutput(std::string(field.first), field.second); });
  }

  bool addOutput(std::string name, const elaborate::Value& value) {
    const std::optional<ir::Value> tensor = elaborator_.toTensor(value, Span{});
    if (!tensor) return false;
    outputs_.emplace_back(std::move(name), *tensor);
    return true;
  }

  std::size_t countStates() const {
    return static_cast<std::size_t>(
        std::count_if(trace_.slots.begin(), trace_.slots.end(),
                      [](const SlotRecord& record) { return record.slot.kind != elaborate::SlotKind::Parameter; }));
  }

  ir::Value lossOf(std::size_t outputs) {
    ir::Builder& builder = trace_.builder;
    ir::Value loss = builder.constant({ir::DType::F32, {}}, 0.0);
    for (std::size_t i = 0; i < outputs; ++i) {
      const auto& [name, value] = outputs_[i];
      const ir::Type type = builder.type(value);
      if (!ir::isFloat(type.dtype)) continue;
      const ir::Value cotangent = add(type, "d." + name, Argument::Kind::Cotangent);
      std::vector<int> axes;
      for (int axis = 0; axis < type.rank(); ++axis) axes.push_back(axis);
      loss = builder.add(loss, builder.reduceSum(builder.mul(value, cotangent), axes));
    }
    return loss;
  }

  /// Slots became parameters of the function between the others: lists them in the function's order.
  void collectArguments() {
    std::vector<Argument> known = std::move(program_.arguments);
    program_.arguments.clear();
    const ir::Function& function = trace_.builder.function();
    for (std::size_t i = 0; i < function.parameters.size(); ++i) {
      const auto same = std::find(arguments_.begin(), arguments_.end(), function.parameters[i]);
      if (same != arguments_.end()) {
        program_.arguments.push_back(known[static_cast<std::size_t>(same - arguments_.begin())]);
        continue;
      }
      const SlotRecord* const record = trace_.findSlot(function.parameterNames[i]);
      const bool isState = record->slot.kind != elaborate::SlotKind::Parameter;
      program_.arguments.push_back(
          {record->slot.path, record->slot.type, isState ? Argument::Kind::State : Argument::Kind::Parameter});
    }
  }

  Elaborator& elaborator_;
  const elaborate::SourceModule& home_;
  CaseProgram& program_;
  Trace trace_;
  SlotRecord optimized_;
  std::vector<ir::Value> arguments_;
  std::vector<std::pair<std::string, ir::Value>> outputs_;
};

}  // namespace

std::optional<CaseProgram> Topic::build(const std::string& name, elaborate::Mode mode) {
  CaseProgram program;
  Elaborator elaborator(*modules_, sources_, diagnostics_);
  if (!CaseBuilder(elaborator, modules_->root(), program, mode).run(name)) return std::nullopt;
  return program;
}

ir::FunctionId addGradient(CaseProgram& program, const std::vector<int>& wrt) {
  const ir::FunctionId function = program.module.addFunction("gradient");
  ir::Builder builder(program.module, function);
  std::vector<ir::Value> arguments;
  for (const Argument& argument : program.arguments) {
    const ir::Type type = program.module.function(program.forward)
                              .type(program.module.function(program.forward).parameters[arguments.size()]);
    arguments.push_back(builder.addParameter(type, argument.name));
  }
  ir::CallAttributes call;
  call.name = "forward";
  call.body = program.forward;
  call.kind = ir::CallKind::Gradient;
  call.wrt = wrt;
  const std::vector<ir::Value> results = builder.call(call, arguments);
  for (std::size_t i = 0; i < results.size(); ++i) builder.addResult(results[i], fmt::format("r{}", i));
  return function;
}

}  // namespace nnc::stdlib_tests
