// The batches of a run in the order in which it takes them, assembled ahead by a second thread when there is one.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "training/data_set.h"
#include "training/row_map.h"

namespace nnc::training {

/// Consecutive batches of one part: an epoch of training, or an evaluation.
struct Pass {
  int part = 0;
  std::int64_t epoch = 0;  // with `isShuffled`, numbers the permutation
  bool isShuffled = false;
  bool isAugmented = false;
  std::int64_t begin = 0, end = 0;  // positions in the order of the pass; a batch never crosses `end`
  // Of a pass that trains. The passes after it, up to the next one that trains, are its evaluations.
  bool isTraining = false;
  bool isReported = false;  // metrics are due after it
  bool endsWindow = false;  // what train.loss is the mean of starts anew after it
};

struct Batch {
  std::int64_t begin = 0, count = 0;  // positions in the order of the pass
  int source = 0;
  std::vector<std::int64_t> rows;  // of the source, for as many examples as it holds
  std::vector<Buffer> fields;      // in the order of the row map; `count` rows are filled
};

/// Says which pass comes after the one with this number. Empty: the last one was taken.
class PassPlan {
 public:
  virtual ~PassPlan() = default;
  virtual std::optional<Pass> pass(std::int64_t number) const = 0;
};

/// One pass and no more.
class SinglePass final : public PassPlan {
 public:
  explicit SinglePass(Pass pass) : pass_(pass) {}
  std::optional<Pass> pass(std::int64_t number) const override {
    return number == 0 ? std::optional(pass_) : std::nullopt;
  }

 private:
  Pass pass_;
};

/// Yields the batches of all passes one after the other. The contents depend on data, plan and seed only, so that they
/// are the same with and without a second thread.
class BatchStream {
 public:
  /// Owner  refers to all three; nobody else may use `map` meanwhile.
  BatchStream(const DataSet& data, RowMap& map, const PassPlan& plan, std::int64_t batch, std::int64_t seed,
              bool isThreaded);
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;
  ~BatchStream();

  /// The next batch; it stays valid until the call after. Needs: one is left.
  ///
  /// Errors  as RowSource::copy for a row of this batch: reported, null, and no batch comes after it.
  const Batch* next(Diagnostics& diagnostics);
  /// Batches that are in memory at a time.
  static std::int64_t ringSize(bool isThreaded);
  /// Bytes of all buffers.
  static std::int64_t bufferBytes(const RowMap& map, std::int64_t batch, bool isThreaded);

 private:
  bool fill(Batch& batch);  // false: none is left, or a row could not be had: problems_
  void openPass();
  void work();

  const DataSet& data_;
  RowMap& map_;
  const PassPlan& plan_;
  std::int64_t batch_, seed_;

  // The producer's place.
  std::int64_t passNumber_ = 0, position_ = 0;
  std::optional<Pass> pass_;
  std::vector<std::int64_t> order_;
  std::vector<std::byte*> destinations_;
  Diagnostics problems_;  // why the batch after the last one cannot be had

  // The ring: batches [taken_, filled_) are ready; the one before taken_ is the caller's.
  std::vector<Batch> ring_;
  std::mutex mutex_;
  std::condition_variable wasFilled_, wasTaken_;
  std::int64_t filled_ = 0, taken_ = 0;
  bool isStopping_ = false, isExhausted_ = false, isProducerWaiting_ = false;
  std::thread thread_;
};

}  // namespace nnc::training
