#include "training/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/engine.h"
#include "engine/memory.h"

namespace nnc::training {

Session::Session(ProgramSource& source, const elaborate::TrainProgram& train, const SessionOptions& options,
                 RunCache& cache, Diagnostics& diagnostics)
    : train_(train),
      options_(options),
      cache_(cache),
      diagnostics_(diagnostics),
      bank_(source, train, options.engine, options.worksAhead,
            options.programKey.empty() ? CompiledPrograms() : cache.takePrograms(options.programKey)) {}

Session::~Session() {
  stream_.reset();
  if (reader_.joinable()) reader_.join();
  // The bank's thread may still report to diagnostics_, through the program source.
  Diagnostics compiled = bank_.finish();
  // Data first: a bad file explains more than what was compiled for it.
  diagnostics_.append(std::move(readerMessages_));
  diagnostics_.append(std::move(messages_));
  diagnostics_.append(std::move(compiled));
  calls_.clear();
  if (options_.programKey.empty() || !rowMap_) return;
  CompiledPrograms programs = bank_.takeCompiled();
  programs.rowMap = std::move(rowMap_);
  cache_.givePrograms(options_.programKey, std::move(programs));
}

bool Session::locate() {
  data_ = DataSet::locate(train_.data, cache_.sources(), messages_, options_.splitSeed);
  if (!data_) return false;
  areLabelsChecked_ = cache_.areLabelsChecked(*data_);
  const std::int64_t machine = engine::availableMemoryBytes();
  memoryLimit_ = options_.engine.maxMemoryBytes > 0 ? std::min(machine, options_.engine.maxMemoryBytes) : machine;
  return checkMemory(0);
}

bool Session::checkMemory(std::int64_t arenas) {
  std::int64_t slotBytes = 0;
  for (const elaborate::Slot& slot : train_.slots) slotBytes += slot.type.byteCount();
  std::int64_t rowBytes = 0;
  for (const elaborate::Field& field : train_.data.fields) rowBytes += field.type.byteCount();
  const std::int64_t batches = BatchStream::ringSize(options_.assemblesAhead);
  const std::int64_t batchBytes = rowBytes * train_.batch * batches;
  const std::int64_t needed = data_->bytes() + slotBytes + batchBytes + arenas;
  if (needed <= memoryLimit_) return true;
  DiagnosticBuilder message =
      messages_.emit<diag::PlanTooLarge>(train_.span, engine::formatBytes(needed), engine::formatBytes(memoryLimit_));
  message.note(fmt::format("{} for the data files", engine::formatBytes(data_->bytes())));
  message.note(fmt::format("{} for parameters, states and optimizer", engine::formatBytes(slotBytes)));
  message.note(fmt::format("{} for batches ({} of {} rows)", engine::formatBytes(batchBytes), batches, train_.batch));
  if (arenas > 0)
    message.note(fmt::format("{} for the values of a step", engine::formatBytes(arenas)));
  else
    message.note("the values of a step come on top");
  message.help(options_.engine.maxMemoryBytes > 0 ? "the limit was set by --max-memory"
                                                  : "use a smaller batch, a smaller network or fewer rows");
  return false;
}

void Session::start(bool withStep) {
  const auto read = [this] { isRead_ = data_->read(readerMessages_); };
  if (options_.worksAhead)
    reader_ = std::thread(read);
  else
    read();
  bank_.requestFields(train_.batch, withStep, /*withLabels=*/!areLabelsChecked_);
}

bool Session::finishLoading() {
  if (reader_.joinable()) reader_.join();
  std::optional<RowMap> labels = bank_.takeLabelMap();
  rowMap_ = bank_.takeRowMap();
  if (!isRead_ || !rowMap_) return false;
  if (areLabelsChecked_) return true;
  if (!labels || !checkLabels(*data_, *labels, messages_)) return false;
  cache_.noteLabelsChecked(*data_);
  return true;
}

void Session::setSlots(const std::vector<ir::Tensor>& tensors) {
  for (const ir::Tensor& tensor : tensors) {
    slots_.emplace_back(tensor.type.byteCount());
    if (!tensor.bytes.empty()) std::memcpy(slots_.back().data(), tensor.bytes.data(), tensor.bytes.size());
  }
}

std::vector<std::byte*> Session::slotPointers(ProgramKind kind) {
  std::vector<std::byte*> pointers;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const bool isTaken = kind != ProgramKind::Evaluation || train_.slots[i].kind != elaborate::SlotKind::OptimizerState;
    if (isTaken) pointers.push_back(slots_[i].data());
  }
  return pointers;
}

BatchCall* Session::madeCall(ProgramKind kind, std::int64_t batch) {
  const auto known = calls_.find({kind, batch});
  return known != calls_.end() ? &known->second : nullptr;
}

BatchCall* Session::call(ProgramKind kind, std::int64_t batch) {
  if (BatchCall* const made = madeCall(kind, batch)) return made;
  CompiledBatch* const program = bank_.get(kind, batch);
  if (program == nullptr) return nullptr;
  if (!checkMemory(bank_.arenaBytes())) return nullptr;
  const auto [made, isNew] = calls_.try_emplace({kind, batch}, *program, slotPointers(kind), bank_.fields(), counters_);
  return &made->second;
}

BatchStream& Session::openStream(std::unique_ptr<const PassPlan> plan, std::int64_t seed) {
  stream_.reset();
  plan_ = std::move(plan);
  streamBytes_ = BatchStream::bufferBytes(*rowMap_, train_.batch, options_.assemblesAhead);
  stream_ = std::make_unique<BatchStream>(*data_, *rowMap_, *plan_, train_.batch, seed, options_.assemblesAhead);
  return *stream_;
}

std::int64_t Session::plannedBytes() {
  std::int64_t bytes = data_->bytes() + bank_.arenaBytes();
  for (const Buffer& slot : slots_) bytes += slot.size();
  return bytes + streamBytes_;
}

}  // namespace nnc::training
