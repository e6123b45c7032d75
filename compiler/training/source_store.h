// The rows that readers opened, kept so that every data set of a process with the same source shares them.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "training/row_source.h"

namespace nnc::training {

/// Any thread. Sources that say the same are opened and read once; files are taken to stay as they are meanwhile.
class SourceStore {
 public:
  /// `mostHeld` as OpenOptions; another one gives the same rows.
  explicit SourceStore(std::int64_t mostHeld = runtime::kMostHeldBytes) : mostHeld_(mostHeld) {}

  /// As openSource. Owner: the store. Null: reported, and tried again when it is next asked for.
  const RowSource* open(const elaborate::Source& source, std::span<const elaborate::Field> fields,
                        const Meanings& known, Diagnostics& diagnostics);
  /// Reads what `open` gave, unless that was done; waits when another thread is at it. False: reported.
  [[nodiscard]] bool read(const RowSource& rows, Diagnostics& diagnostics);

 private:
  struct Entry {
    std::string key;
    elaborate::Source source;  // what `rows` refers to
    std::unique_ptr<RowSource> rows;
    std::mutex reading;
    bool isRead = false;
  };
  std::int64_t mostHeld_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Entry>> entries_;  // a handful
};

/// A text that two sources share when they give the same rows: reader, files, folder, fields and known meanings.
std::string sourceKey(const elaborate::Source& source, std::span<const elaborate::Field> fields, const Meanings& known);

}  // namespace nnc::training
