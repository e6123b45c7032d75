#include "training/programs.h"

#include <algorithm>
#include <cassert>

#include "ir/print.h"
#include "support/hash.h"

namespace nnc::training {

ProgramBank::ProgramBank(ProgramSource& source, const elaborate::TrainProgram& train, const engine::Options& options,
                         bool isThreaded, CompiledPrograms known)
    : source_(source),
      train_(train),
      options_(options),
      isThreaded_(isThreaded),
      fields_(std::move(known.fields)),
      stepHash_(known.stepHash),
      rowMap_(std::move(known.rowMap)) {
  for (auto& [key, program] : known.batches) entries_.emplace(key, Entry{true, std::move(program)});
  if (isThreaded_) thread_ = std::thread([this] { work(); });
}

ProgramBank::~ProgramBank() { stop(); }

void ProgramBank::stop() {
  {
    const std::lock_guard lock(mutex_);
    isStopping_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Diagnostics ProgramBank::finish() {
  stop();
  return std::move(diagnostics_);
}

CompiledPrograms ProgramBank::takeCompiled() {
  CompiledPrograms compiled;
  compiled.fields = std::move(fields_);
  compiled.stepHash = stepHash_;
  for (auto& [key, entry] : entries_)
    if (entry.program) compiled.batches.emplace(key, std::move(*entry.program));
  entries_.clear();
  return compiled;
}

void ProgramBank::submit(std::function<void()> job) {
  if (!isThreaded_) return job();
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

void ProgramBank::work() {
  while (true) {
    std::function<void()> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return isStopping_ || !jobs_.empty(); });
      if (isStopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

void ProgramBank::requestFields(std::int64_t batch, bool withStep, bool withLabels) {
  submit([this, batch, withStep, withLabels] {
    elaborateFields(batch, withStep, withLabels);
    {
      const std::lock_guard lock(mutex_);
      fieldsDone_ = true;
    }
    changed_.notify_all();
  });
}

void ProgramBank::elaborateFields(std::int64_t batch, bool withStep, bool withLabels) {
  if (withLabels)
    labelMap_ =
        RowMap::compile(train_.data, labelFields(train_.data), /*withAugmentation=*/false, options_, diagnostics_);
  if (rowMap_ || (withLabels && !labelMap_)) return;
  if (withStep) {
    std::optional<elaborate::BatchProgram> step = source_.step(batch);
    if (!step) return;
    stepHash_ = hashBytes(ir::print(step->module));
    fields_ = step->fields;
    elaborated_.emplace(Key{ProgramKind::Step, batch}, std::move(*step));
  }
  std::optional<elaborate::BatchProgram> evaluation = source_.evaluation(batch);
  if (!evaluation) return;
  for (const std::string& field : evaluation->fields)
    if (std::find(fields_.begin(), fields_.end(), field) == fields_.end()) fields_.push_back(field);
  elaborated_.emplace(Key{ProgramKind::Evaluation, batch}, std::move(*evaluation));
  rowMap_ = RowMap::compile(train_.data, fields_, withStep, options_, diagnostics_);
}

std::optional<RowMap> ProgramBank::takeRowMap() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return fieldsDone_; });
  return std::move(rowMap_);
}

std::optional<RowMap> ProgramBank::takeLabelMap() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return fieldsDone_; });
  return std::move(labelMap_);
}

void ProgramBank::request(ProgramKind kind, std::int64_t batch) {
  const Key key{kind, batch};
  Entry* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto [at, isNew] = entries_.try_emplace(key);
    if (!isNew) return;
    entry = &at->second;
  }
  submit([this, key, entry] {
    std::optional<CompiledBatch> program = compile(key.first, key.second);
    {
      const std::lock_guard lock(mutex_);
      entry->program = std::move(program);
      entry->isDone = true;
    }
    changed_.notify_all();
  });
}

CompiledBatch* ProgramBank::get(ProgramKind kind, std::int64_t batch) {
  request(kind, batch);
  std::unique_lock lock(mutex_);
  Entry& entry = entries_.at({kind, batch});
  changed_.wait(lock, [&] { return entry.isDone; });
  return entry.program ? &*entry.program : nullptr;
}

std::int64_t ProgramBank::arenaBytes() {
  const std::lock_guard lock(mutex_);
  std::int64_t total = 0;
  for (const auto& [key, entry] : entries_)
    if (entry.program) total += entry.program->executable.arenaBytes();
  return total;
}

std::optional<elaborate::BatchProgram> ProgramBank::elaborate(ProgramKind kind, std::int64_t batch) {
  const auto ready = elaborated_.find({kind, batch});
  if (ready != elaborated_.end()) {
    elaborate::BatchProgram program = std::move(ready->second);
    elaborated_.erase(ready);
    return program;
  }
  if (kind == ProgramKind::Evaluation) return source_.evaluation(batch);
  std::optional<elaborate::BatchProgram> step = source_.step(batch);
  if (!step || kind == ProgramKind::Step) return step;
  return gradientProgram(*step);
}

std::optional<CompiledBatch> ProgramBank::compile(ProgramKind kind, std::int64_t batch) {
  std::optional<elaborate::BatchProgram> program = elaborate(kind, batch);
  if (!program || !engine::lower(program->module, program->function, options_, diagnostics_)) return std::nullopt;
  std::optional<engine::Executable> executable =
      engine::Executable::compile(std::move(program->module), program->function, options_, diagnostics_);
  if (!executable) return std::nullopt;
  return CompiledBatch{batch, std::move(program->fields), std::move(program->outputs), std::move(*executable)};
}

namespace {

/// The parameter of `function` that a value is, casts and reshapes aside; -1 when it is something else.
int parameterBehind(const ir::Function& function, ir::Value value) {
  while (const ir::Node* const node = function.definition(value)) {
    if (node->op != ir::Op::Cast && node->op != ir::Op::Reshape) return -1;
    value = node->operands[0];
  }
  return function.values[static_cast<std::size_t>(value.index)].resultIndex;
}

}  // namespace

elaborate::BatchProgram gradientProgram(const elaborate::BatchProgram& step) {
  elaborate::BatchProgram program = step;
  ir::Function& function = program.module.function(program.function);
  const auto isGradient = [&](ir::NodeId id) {
    const ir::Node& node = function.node(id);
    return node.op == ir::Op::Call && std::get<ir::CallAttributes>(node.attributes).kind == ir::CallKind::Gradient;
  };
  const auto found = std::find_if(function.body.begin(), function.body.end(), isGradient);
  assert(found != function.body.end() && "every step has the gradient of its loss");
  const ir::Node call = function.node(*found);
  const std::vector<int>& wrt = std::get<ir::CallAttributes>(call.attributes).wrt;
  std::vector<ir::Value> results(call.results.end() - static_cast<std::ptrdiff_t>(wrt.size()), call.results.end());
  std::vector<std::string> names;
  for (const int operand : wrt) {
    const int parameter = parameterBehind(function, call.operands[static_cast<std::size_t>(operand)]);
    assert(parameter >= 0 && "gradients are by parameters");
    names.push_back(function.parameterNames[static_cast<std::size_t>(parameter)]);
  }
  function.results = std::move(results);
  function.resultNames = names;
  function.aliases.clear();
  function.body.erase(found + 1, function.body.end());
  program.outputs = std::move(names);
  return program;
}

}  // namespace nnc::training
