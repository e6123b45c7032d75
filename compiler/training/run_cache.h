// What the training runs of one process share: data that was read and checked, programs that were compiled.
#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "training/programs.h"
#include "training/source_store.h"

namespace nnc::training {

/// Any thread.
class RunCache {
 public:
  /// `programBytes`: arenas of programs that nobody uses are kept up to this size together. `mostHeld`: SourceStore.
  explicit RunCache(std::int64_t programBytes = std::int64_t{1} << 30, std::int64_t mostHeld = runtime::kMostHeldBytes)
      : sources_(mostHeld), programBytes_(programBytes) {}

  SourceStore& sources() { return sources_; }

  /// Whether the labels of this data set were found right, by what they are computed from.
  bool areLabelsChecked(const DataSet& data) const;
  void noteLabelsChecked(const DataSet& data);

  /// Programs that a run of the same key gave back, or none. They are the caller's alone: an arena has one user.
  CompiledPrograms takePrograms(const std::string& key);
  void givePrograms(const std::string& key, CompiledPrograms programs);

 private:
  SourceStore sources_;
  mutable std::mutex mutex_;
  std::unordered_set<std::uint64_t> checkedLabels_;
  std::deque<std::pair<std::string, CompiledPrograms>> programs_;  // given back last: at the end
  std::int64_t programBytes_, keptBytes_ = 0;
};

}  // namespace nnc::training
