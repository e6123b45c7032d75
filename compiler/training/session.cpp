#include "training/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/memory.h"
#include "training/parts.h"

namespace nnc::training {

Session::Session(ProgramSource& source, const elaborate::TrainProgram& train, const SessionOptions& options,
                 RunCache& cache, Diagnostics& diagnostics)
    : train_(train),
      options_(options),
      cache_(cache),
      diagnostics_(diagnostics),
      bank_(source, train, options.engine, options.worksAhead,
            options.programKey.empty() ? CompiledPrograms() : cache.takePrograms(options.programKey)) {
  for (const ir::Type& total : train.totals) totals_.emplace_back(total.byteCount());
}

Session::~Session() {
  stream_.reset();
  if (reader_.joinable()) reader_.join();
  // The bank's thread may still report to diagnostics_, through the program source.
  Diagnostics compiled = bank_.finish();
  // Data first: a bad file explains more than what was compiled for it.
  diagnostics_.append(std::move(readerMessages_));
  diagnostics_.append(std::move(messages_));
  // One line per mistake: every program of a run that meets an unknown pass, or no code generator, says so.
  diagnostics_.appendNew(std::move(compiled));
  calls_.clear();
  if (options_.programKey.empty() || !rowMap_) return;
  CompiledPrograms programs = bank_.takeCompiled();
  programs.rowMap = std::move(rowMap_);
  cache_.givePrograms(options_.programKey, std::move(programs));
}

/// What the rows of a train take, before they are numbered. The sources stay in the store that measured them; empty:
/// what is wrong with them is reported when they are located.
static std::vector<engine::MemoryPart> memoryOfRows(const elaborate::DataProgram& data, SourceStore& store) {
  Diagnostics ignored;
  const RowSource* const source = store.open(data.source, data.raw, {}, ignored);
  if (source == nullptr) return {};
  std::vector<std::int64_t> counts = {source->rows()};
  std::int64_t bytes = source->bytes();
  const RowSource* const test = data.test ? store.open(*data.test, data.raw, source->meanings(), ignored) : nullptr;
  if (test != nullptr) {
    counts.push_back(test->rows());
    bytes += test->bytes();
  }
  return {{bytes, "the data files"}, {rowNumberBytes(counts), "the numbers of the rows"}};
}

bool Session::locate() {
  memoryLimit_ = engine::memoryLimitBytes(options_.engine.maxMemoryBytes);
  // A generator of 10^9 rows needs no file, and 16 GB for their numbers.
  const std::vector<engine::MemoryPart> rows = memoryOfRows(train_.data, cache_.sources());
  if (auto refused = engine::refuseMemory(train_.data.span, rows, memoryLimit_, messages_)) {
    refused->help(memoryAdvice("use fewer rows"));
    return false;
  }
  data_ = DataSet::locate(train_.data, cache_.sources(), messages_, options_.splitSeed);
  if (!data_) return false;
  areLabelsChecked_ = cache_.areLabelsChecked(*data_);
  return checkMemory(0);
}

std::string Session::memoryAdvice(std::string_view otherwise) const {
  return std::string(memoryLimit_ == options_.engine.maxMemoryBytes ? "the limit was set by --max-memory" : otherwise);
}

bool Session::checkMemory(std::int64_t arenas) {
  std::int64_t slotBytes = 0;
  for (const elaborate::Slot& slot : train_.slots) slotBytes += slot.type.byteCount();
  std::int64_t rowBytes = 0;
  for (const elaborate::Field& field : train_.data.fields) rowBytes += field.type.byteCount();
  const std::int64_t batches = BatchStream::ringSize(options_.assemblesAhead);
  const std::vector<engine::MemoryPart> parts = {
      {data_->bytes(), "the data files"},
      {numberBytes(), "the numbers of the rows"},
      {slotBytes, "parameters, states and optimizer"},
      {rowBytes * train_.batch * batches, fmt::format("batches ({} of {} rows)", batches, train_.batch)},
      {arenas, "the values of a step"}};
  auto refused = engine::refuseMemory(train_.span, parts, memoryLimit_, messages_);
  if (!refused) return true;
  if (arenas == 0) refused->note("the values of a step come on top");
  refused->help(memoryAdvice("use a smaller batch, a smaller network or fewer rows"));
  return false;
}

std::int64_t Session::numberBytes() const {
  std::vector<std::int64_t> counts;
  for (int i = 0; i < data_->sourceCount(); ++i) counts.push_back(data_->source(i).rows());
  return rowNumberBytes(counts);
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
  if (kind == ProgramKind::Evaluation)
    for (Buffer& total : totals_) pointers.push_back(total.data());
  return pointers;
}

void Session::clearTotals() {
  for (Buffer& total : totals_) std::memset(total.data(), 0, static_cast<std::size_t>(total.size()));
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
  std::int64_t bytes = data_->bytes() + numberBytes() + bank_.arenaBytes();
  for (const Buffer& slot : slots_) bytes += slot.size();
  return bytes + streamBytes_;
}

}  // namespace nnc::training
