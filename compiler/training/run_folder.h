// The folder of one run: manifest.json, metrics.jsonl, timing.jsonl, ckpt/step-*.safetensors, the links last and best.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "diagnostics/diagnostics.h"
#include "nnc/files.h"
#include "nnc/safetensors.h"

namespace nnc::training {

/// Owner: one process at a time, which holds a lock on the folder as long as this object lives.
class RunFolder {
 public:
  /// A new folder: `out`, or runs/<name>-<seed>-<n> with the first free n. Errors  E1401, E1402, E1404.
  static std::optional<RunFolder> create(const std::string& out, const std::string& name, std::int64_t seed,
                                         Diagnostics& diagnostics);
  /// Where the run is that reopen() opens. Empty: there is none.
  static std::optional<std::string> find(const std::string& out, const std::string& name,
                                         std::optional<std::int64_t> seed);
  /// The folder of an earlier run: `out`, or the newest runs/<name>-<seed>-<n>; any seed when `seed` is empty.
  /// Temporary files of processes that no longer run are removed. Errors  E1403, E1404.
  static std::optional<RunFolder> reopen(const std::string& out, const std::string& name,
                                         std::optional<std::int64_t> seed, Diagnostics& diagnostics);
  RunFolder(RunFolder&& other) noexcept;
  RunFolder& operator=(RunFolder&& other) noexcept;
  ~RunFolder();

  const std::string& directory() const { return directory_; }
  /// The file that `last` points at; empty when no checkpoint was written yet.
  std::optional<std::string> lastCheckpoint() const;

  /// Cuts metrics.jsonl to `metricsBytes` and opens both logs. Errors  E1401.
  bool openLogs(std::int64_t metricsBytes, Diagnostics& diagnostics);
  bool writeManifest(std::string_view json, Diagnostics& diagnostics);
  bool logMetrics(std::string_view line, Diagnostics& diagnostics);
  bool logTiming(std::string_view line, Diagnostics& diagnostics);
  std::int64_t metricsBytes() const { return metrics_ ? metrics_->size() : 0; }

  /// Writes ckpt/step-<step>.safetensors whole, then points `last` (and `best`) at it, then removes the checkpoints
  /// that neither link needs. Errors  E1401: what was there is intact.
  bool saveCheckpoint(const runtime::TensorFile& file, std::int64_t step, bool isBest, Diagnostics& diagnostics);

 private:
  explicit RunFolder(std::string directory) : directory_(std::move(directory)) {}
  bool lock(Diagnostics& diagnostics);
  void removeOldCheckpoints() const;
  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }

  std::string directory_;
  int lock_ = -1;
  std::optional<runtime::AppendFile> metrics_, timing_;
};

/// Writes an output file whole. Errors  E1401.
bool writeOutput(const std::string& path, std::string_view bytes, Diagnostics& diagnostics);

}  // namespace nnc::training
