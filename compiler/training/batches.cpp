#include "training/batches.h"

#include <algorithm>
#include <cassert>

#include "training/parts.h"

namespace nnc::training {

namespace {

constexpr std::int64_t kRing = 8;  // batches in flight with a second thread, the caller's own included

}  // namespace

std::int64_t BatchStream::ringSize(bool isThreaded) { return isThreaded ? kRing : 1; }

std::int64_t BatchStream::bufferBytes(const RowMap& map, std::int64_t batch, bool isThreaded) {
  std::int64_t bytes = batch * static_cast<std::int64_t>(sizeof(std::int64_t));  // the numbers of the rows
  for (const ir::Type& type : map.types()) bytes += type.byteCount() * batch;
  return bytes * ringSize(isThreaded);
}

BatchStream::BatchStream(const DataSet& data, RowMap& map, const PassPlan& plan, std::int64_t batch, std::int64_t seed,
                         bool isThreaded)
    : data_(data), map_(map), plan_(plan), batch_(batch), seed_(seed) {
  ring_.resize(static_cast<std::size_t>(ringSize(isThreaded)));
  for (Batch& entry : ring_) {
    entry.rows.resize(static_cast<std::size_t>(batch));
    for (const ir::Type& type : map_.types()) entry.fields.emplace_back(type.byteCount() * batch);
  }
  destinations_.resize(map_.types().size());
  openPass();
  if (isThreaded) thread_ = std::thread([this] { work(); });
}

BatchStream::~BatchStream() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    isStopping_ = true;
  }
  wasTaken_.notify_all();
  thread_.join();
}

void BatchStream::openPass() {
  pass_ = plan_.pass(passNumber_++);
  if (!pass_) return;
  position_ = pass_->begin;
  order_.clear();
  if (pass_->isShuffled)
    order_ =
        permutation(data_.parts()[static_cast<std::size_t>(pass_->part)].size(), "data/shuffle", seed_, pass_->epoch);
}

bool BatchStream::fill(Batch& batch) {
  while (pass_ && position_ >= pass_->end) openPass();
  if (!pass_) return false;
  const Part& part = data_.parts()[static_cast<std::size_t>(pass_->part)];
  batch.begin = position_;
  batch.count = std::min(batch_, pass_->end - position_);
  batch.source = part.source;
  for (std::int64_t i = 0; i < batch.count; ++i) {
    const auto at = static_cast<std::size_t>(position_ + i);
    const std::int64_t row = part.rows[order_.empty() ? at : static_cast<std::size_t>(order_[at])];
    batch.rows[static_cast<std::size_t>(i)] = row;
    for (std::size_t field = 0; field < destinations_.size(); ++field)
      destinations_[field] = batch.fields[field].data() + i * map_.rowBytes(field);
    const bool isMapped = pass_->isAugmented ? map_.mapAugmented(data_, part.source, row, seed_, pass_->epoch,
                                                                 destinations_.data(), problems_)
                                             : map_.map(data_, part.source, row, destinations_.data(), problems_);
    if (!isMapped) return false;
  }
  position_ += batch.count;
  return true;
}

void BatchStream::work() {
  while (true) {
    Batch* batch = nullptr;
    {
      std::unique_lock lock(mutex_);
      // The batch before taken_ is in the caller's hands. Once the ring is full, wait until half of it is free: waking
      // a thread for every batch would cost more than a small step.
      const auto inFlight = [&] { return filled_ - std::max<std::int64_t>(taken_ - 1, 0); };
      if (inFlight() >= kRing) {
        isProducerWaiting_ = true;
        wasTaken_.wait(lock, [&] { return isStopping_ || inFlight() <= kRing / 2; });
        isProducerWaiting_ = false;
      }
      if (isStopping_) return;
      batch = &ring_[static_cast<std::size_t>(filled_ % kRing)];
    }
    const bool isFilled = fill(*batch);
    {
      const std::lock_guard lock(mutex_);
      if (isFilled)
        ++filled_;
      else
        isExhausted_ = true;
    }
    wasFilled_.notify_one();
    if (!isFilled) return;
  }
}

const Batch* BatchStream::next(Diagnostics& diagnostics) {
  const auto fail = [&]() -> const Batch* {
    assert(problems_.hasErrors() && "the caller follows the plan");
    diagnostics.append(std::move(problems_));
    return nullptr;
  };
  if (!thread_.joinable()) return fill(ring_[0]) ? ring_.data() : fail();
  std::unique_lock lock(mutex_);
  ++taken_;
  const bool wakeProducer = isProducerWaiting_ && filled_ - (taken_ - 1) <= kRing / 2;
  if (wakeProducer) wasTaken_.notify_one();
  wasFilled_.wait(lock, [&] { return filled_ >= taken_ || isExhausted_; });
  if (filled_ < taken_) return fail();
  return &ring_[static_cast<std::size_t>((taken_ - 1) % kRing)];
}

}  // namespace nnc::training
