// What training and evaluation set up in the same way: data read while programs compile, labels and memory checked.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "training/batch_call.h"
#include "training/batches.h"
#include "training/data_set.h"
#include "training/programs.h"
#include "training/run.h"
#include "training/run_cache.h"

namespace nnc::training {

/// How a session works and what it shares with others.
struct SessionOptions {
  engine::Options engine;
  bool worksAhead = true;       // threads read data and compile while the caller goes on; else the caller does both
  bool assemblesAhead = false;  // a thread fills batches
  std::int64_t splitSeed = 0;   // of random splits that name none
  std::string programKey;       // compiled programs are shared under it; empty: they are not
};

/// Data, slots and compiled programs of one train. Not movable: threads refer to it.
class Session {
 public:
  Session(ProgramSource& source, const elaborate::TrainProgram& train, const SessionOptions& options, RunCache& cache,
          Diagnostics& diagnostics);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Joins the threads, passes their messages on, and gives the programs to the cache.
  ~Session();

  /// Finds the data files and checks their headers and the memory that data, slots and batches take; nothing large is
  /// read yet. Errors  E12xx, E1101.
  bool locate();
  /// Reads the data, and elaborates and compiles in the order of the requests: two threads, unless the session does not
  /// work ahead.
  void start(bool withStep);
  /// Waits for the data, checks labels and, with `step`, `evaluation` programs of the full batch, the memory of all
  /// plans. Errors  E12xx, E11xx.
  bool finishLoading();

  ProgramBank& programs() { return bank_; }
  DataSet& data() { return *data_; }
  /// Where the calling thread reports as long as the session lives.
  Diagnostics& messages() { return messages_; }

  /// Tensors to buffers, and the buffers that a kind of program takes.
  void setSlots(const std::vector<ir::Tensor>& tensors);
  std::vector<Buffer>& slots() { return slots_; }
  std::vector<std::byte*> slotPointers(ProgramKind kind);
  /// Begins the sums of metrics over batches anew.
  void clearTotals();
  Counters& counters() { return counters_; }

  /// A call of the program for a batch size, made when it is first asked for. Null: reported.
  BatchCall* call(ProgramKind kind, std::int64_t batch);
  /// The call, where one was made; else null.
  BatchCall* madeCall(ProgramKind kind, std::int64_t batch);
  /// The stream over `plan`, which the session keeps; the one before ends. Needs: finishLoading.
  BatchStream& openStream(std::unique_ptr<const PassPlan> plan, std::int64_t seed);
  std::int64_t plannedBytes();

 private:
  /// What is known to be needed against what there is; `arenas` 0: programs are not compiled yet.
  bool checkMemory(std::int64_t arenas);
  std::int64_t numberBytes() const;
  std::string memoryAdvice(std::string_view otherwise) const;

  const elaborate::TrainProgram& train_;
  SessionOptions options_;
  RunCache& cache_;
  Diagnostics& diagnostics_;
  Diagnostics messages_, readerMessages_;
  std::int64_t memoryLimit_ = 0, streamBytes_ = 0;
  ProgramBank bank_;
  std::optional<DataSet> data_;
  std::thread reader_;
  bool isRead_ = false, areLabelsChecked_ = false;
  std::optional<RowMap> rowMap_;
  std::vector<Buffer> slots_, totals_;
  Counters counters_;
  std::map<std::pair<ProgramKind, std::int64_t>, BatchCall> calls_;
  std::unique_ptr<const PassPlan> plan_;
  std::unique_ptr<BatchStream> stream_;
};

}  // namespace nnc::training
