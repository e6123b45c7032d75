#include "code.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "elaborate/dims.h"
#include "ir/convert_precision.h"
#include "ir/evaluate.h"
#include "ir/verify.h"

namespace nnc::elaborate::tests {

static constexpr std::string_view kOpen = "«", kClose = "»";

ir::Type f32(ir::Shape shape) { return {ir::DType::F32, std::move(shape)}; }

ir::Tensor tensor(const ir::Type& type, const std::vector<double>& values) {
  ir::Tensor made(type);
  EXPECT_EQ(type.elementCount(), static_cast<std::int64_t>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) made.setReal(static_cast<std::int64_t>(i), values[i]);
  return made;
}

Code::Code(std::string text) {
  if (const std::size_t open = text.find(kOpen); open != std::string::npos) {
    text.erase(open, kOpen.size());
    markBegin_ = static_cast<std::uint32_t>(open);
    const std::size_t close = text.find(kClose);
    text.erase(close, kClose.size());
    markEnd_ = static_cast<std::uint32_t>(close);
  }
  // A file of its own for each test program and object: tests run side by side.
  static int count = 0;
  path_ = testing::TempDir() + "nnc_elaborate_" + std::to_string(getpid()) + "_" + std::to_string(count++) + ".nn";
  std::ofstream(path_, std::ios::binary) << text;
  modules_ = Modules::load(path_, sources_, diagnostics_);
  if (modules_) {
    file_ = modules_->root().tree.id;
    elaborator_ = std::make_unique<Elaborator>(*modules_, sources_, diagnostics_);
  }
}

Code::~Code() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

std::optional<Value> Code::look(const std::string& name) {
  return elaborator_ ? elaborator_->lookUp(name, modules_->root(), Span{}) : std::nullopt;
}

std::string Code::constant(const std::string& name) {
  const std::optional<Value> value = look(name);
  return value ? toText(*value) : messages();
}

static ir::Tensor counting(const ir::Type& type) {
  ir::Tensor made(type);
  for (std::int64_t i = 0; i < type.elementCount(); ++i) {
    if (ir::isFloat(type.dtype))
      made.setReal(i, static_cast<double>(i + 1));
    else
      made.setInteger(i, type.dtype == ir::DType::Bool ? i % 2 : i % 3);
  }
  return made;
}

bool Code::apply(const std::string& name, Mode mode) {
  const std::optional<Value> callee = look(name);
  if (!callee) return false;
  function_ = module_.addFunction(name);
  trace_ = std::make_unique<Trace>(module_, function_, mode);
  const Elaborator::Tracing tracing(*elaborator_, *trace_);
  std::vector<Argument> arguments;
  Scope& scope = elaborator_->newScope(modules_->root());
  for (const syntax::ParamDecl& parameter : elaborator_->dataParameters(*callee)) {
    const std::optional<ir::Type> type = resolveType(*elaborator_, *parameter.type, scope);
    if (!type) return false;
    const auto given = inputs.find(parameter.name.text);
    arguments_[parameter.name.text] = given == inputs.end() ? counting(*type) : given->second;
    const ir::Value value = trace_->builder.addParameter(*type, parameter.name.text);
    arguments.push_back({parameter.name.text, elaborator_->traced(value, parameter.span), parameter.span});
  }
  trace_->seed = trace_->builder.addParameter({ir::DType::I64, {}}, "seed");
  trace_->step = trace_->builder.addParameter({ir::DType::I64, {}}, "step");
  const std::optional<Value> result = elaborator_->instantiate(*callee, "net", '.', std::move(arguments), Span{});
  const std::optional<ir::Value> value = result ? elaborator_->toTensor(*result, Span{}) : std::nullopt;
  if (!value) return false;
  trace_->builder.addResult(*value, "y");
  module_ = ir::convertPrecision(module_, ir::DType::F32, ir::DType::F32);
  EXPECT_EQ(ir::verify(module_), std::vector<std::string>{});
  return true;
}

ir::Tensor Code::slotTensor(const SlotRecord& record) {
  if (const auto given = slotValues.find(record.slot.path); given != slotValues.end()) return given->second;
  const std::optional<double> number = asReal(record.init);
  ir::Tensor made = counting(record.slot.type);
  for (std::int64_t i = 0; number && i < record.slot.type.elementCount(); ++i) made.setReal(i, *number);
  return made;
}

std::vector<double> Code::run() {
  std::vector<ir::Tensor> operands;
  const ir::Function& f = module_.function(function_);
  for (std::size_t i = 0; i < f.parameters.size(); ++i) {
    const std::string& name = f.parameterNames[i];
    if (const auto argument = arguments_.find(name); argument != arguments_.end())
      operands.push_back(argument->second);
    else if (const SlotRecord* record = trace_->findSlot(name))
      operands.push_back(slotTensor(*record));
    else
      operands.push_back(counting(f.type(f.parameters[i])));
  }
  const ir::Tensor result = ir::evaluate(module_, function_, operands).at(0);
  std::vector<double> values;
  for (std::int64_t i = 0; i < result.type.elementCount(); ++i) values.push_back(result.real(i));
  return values;
}

std::string Code::type() const {
  return ir::toString(module_.function(function_).type(module_.function(function_).results.at(0)));
}

std::string Code::ops() const {
  std::string text;
  const ir::Function& f = module_.function(function_);
  for (const ir::NodeId id : f.body) {
    const ir::Op op = f.node(id).op;
    if (op == ir::Op::Const || op == ir::Op::Iota) continue;
    text += (text.empty() ? "" : " ") + std::string(ir::opInfo(op).name);
  }
  return text;
}

std::vector<std::string> Code::slots() const {
  std::vector<std::string> paths;
  for (const SlotRecord& record : trace_->slots) paths.push_back(record.slot.path);
  return paths;
}

const SlotRecord& Code::slot(const std::string& path) {
  const SlotRecord* record = trace_->findSlot(path);
  EXPECT_NE(record, nullptr) << path;
  return *record;
}

std::vector<double> Code::initial(const std::string& path, std::int64_t seed) {
  ir::Module module;
  Trace trace(module, module.addFunction("init"), Mode::Eval);
  trace.seed = trace.builder.addParameter({ir::DType::I64, {}}, "seed");
  const Elaborator::Tracing tracing(*elaborator_, trace);
  const std::optional<ir::Value> value = elaborator_->initialise(slot(path));
  if (!value) return {};
  trace.builder.addResult(*value, path);
  ir::Tensor seedTensor({ir::DType::I64, {}});
  seedTensor.setInteger(0, seed);
  const ir::Tensor result = ir::evaluate(module, trace.builder.functionId(), {seedTensor}).at(0);
  std::vector<double> values;
  for (std::int64_t i = 0; i < result.type.elementCount(); ++i) values.push_back(result.real(i));
  return values;
}

std::vector<std::uint64_t> Code::keys() const {
  std::vector<std::uint64_t> found;
  const ir::Function& f = module_.function(function_);
  for (const ir::NodeId id : f.body)
    if (const auto* random = std::get_if<ir::RandomAttributes>(&f.node(id).attributes)) found.push_back(random->key);
  return found;
}

std::vector<std::int64_t> Code::labelBounds() const {
  std::vector<std::int64_t> bounds;
  for (const LabelUse& use : trace_->labelUses) bounds.push_back(use.bound);
  return bounds;
}

std::string Code::messages() const {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics_.all())
    text += fmt::format("{} at «{}»: {}\n", diagnostic.code,
                        diagnostic.primary ? sources_.text(diagnostic.primary) : "", diagnostic.message);
  return text;
}

std::string Code::errorAtMark() const {
  if (diagnostics_.all().size() != 1) return messages();
  const Diagnostic& only = diagnostics_.all().front();
  if (only.primary.file != file_ || only.primary.begin != markBegin_ || only.primary.end != markEnd_) return messages();
  return fmt::format("{} {}", only.code, only.message);
}

std::string Code::advice() const {
  std::string text;
  if (diagnostics_.all().empty()) return text;
  const Diagnostic& first = diagnostics_.all().front();
  for (const Label& label : first.labels) text += fmt::format("«{}» {}\n", sources_.text(label.span), label.text);
  for (const std::string& note : first.notes) text += "note " + note + "\n";
  for (const std::string& help : first.help) text += "help " + help + "\n";
  return text;
}

std::string errorOf(const std::string& text, Mode mode) {
  Code code(text);
  code.apply("f", mode);
  return code.errorAtMark();
}

}  // namespace nnc::elaborate::tests
