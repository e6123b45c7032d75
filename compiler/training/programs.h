// The compiled programs of a train, one per kind and batch size, made by a thread of their own while training goes on,
// or when they are asked for.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "training/row_map.h"
#include "training/run.h"

namespace nnc::training {

enum class ProgramKind : std::uint8_t {
  Step,
  Evaluation,
  Gradient,  // the gradients of the step's loss, one result per trained parameter
};

struct CompiledBatch {
  std::int64_t batch = 0;
  std::vector<std::string> fields, outputs;
  engine::Executable executable;
};

/// What was compiled for one train: for the next run of the same program.
struct CompiledPrograms {
  std::map<std::pair<ProgramKind, std::int64_t>, CompiledBatch> batches;
  std::vector<std::string> fields;  // empty: nothing was compiled yet
  std::uint64_t stepHash = 0;
  std::optional<RowMap> rowMap;
};

/// Elaborates and compiles in the order of the requests. All that it reports goes to a collection of its own, since its
/// thread and the caller's run side by side; the program source reports where it always does.
class ProgramBank {
 public:
  /// `isThreaded` false: the caller's thread does the work within each request. `known`: what needs no work any more.
  ProgramBank(ProgramSource& source, const elaborate::TrainProgram& train, const engine::Options& options,
              bool isThreaded = true, CompiledPrograms known = {});
  ProgramBank(const ProgramBank&) = delete;
  ProgramBank& operator=(const ProgramBank&) = delete;
  /// Drops what has not been started.
  ~ProgramBank();

  /// Elaborates the step and the evaluation of one batch size, and compiles the row map for the fields that they take.
  /// `withStep` false: evaluation only; `withLabels`: also the map of labelFields. Comes first.
  void requestFields(std::int64_t batch, bool withStep, bool withLabels);
  void request(ProgramKind kind, std::int64_t batch);

  /// Waits for the answer to a request. Null: failed, reported.
  CompiledBatch* get(ProgramKind kind, std::int64_t batch);
  /// Waits for requestFields. The map is the caller's from then on. Empty: failed, reported.
  std::optional<RowMap> takeRowMap();
  /// The same for the map of labelFields. Needs: it was requested.
  std::optional<RowMap> takeLabelMap();
  const std::vector<std::string>& fields() const { return fields_; }
  /// Hash of the text of the elaborated step program. Needs: requestFields with a step was answered.
  std::uint64_t stepHash() const { return stepHash_; }
  /// Arenas of what was compiled so far.
  std::int64_t arenaBytes();

  /// Ends the thread and hands over what was reported.
  Diagnostics finish();
  /// What was compiled, the row map aside; the bank has nothing left then. Needs: finish.
  CompiledPrograms takeCompiled();

 private:
  using Key = std::pair<ProgramKind, std::int64_t>;
  struct Entry {
    bool isDone = false;
    std::optional<CompiledBatch> program;
  };

  void submit(std::function<void()> job);
  void work();
  void stop();
  void elaborateFields(std::int64_t batch, bool withStep, bool withLabels);
  std::optional<elaborate::BatchProgram> elaborate(ProgramKind kind, std::int64_t batch);
  std::optional<CompiledBatch> compile(ProgramKind kind, std::int64_t batch);

  ProgramSource& source_;
  const elaborate::TrainProgram& train_;
  engine::Options options_;
  bool isThreaded_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool isStopping_ = false, fieldsDone_ = false;
  std::map<Key, Entry> entries_;

  // Written by the thread before fieldsDone_ is set, or by it alone.
  std::map<Key, elaborate::BatchProgram> elaborated_;
  std::vector<std::string> fields_;
  std::uint64_t stepHash_ = 0;
  std::optional<RowMap> rowMap_, labelMap_;
  Diagnostics diagnostics_;

  std::thread thread_;  // last: it uses everything above. None when the caller does the work
};

/// The program that computes, from a step's arguments, the gradients of its loss: what the first gradient call at its
/// top level gives. Its results are named by the paths of the parameters.
elaborate::BatchProgram gradientProgram(const elaborate::BatchProgram& step);

}  // namespace nnc::training
