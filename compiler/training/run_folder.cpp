#include "training/run_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <utility>
#include <vector>

#include "diagnostics/kinds/data.h"

namespace nnc::training {

namespace {

namespace fs = std::filesystem;

bool cannotWrite(const runtime::Failure& failure, Diagnostics& diagnostics) {
  diagnostics.emit<diag::CannotWriteFile>({}, failure.path, failure.message);
  return false;
}

bool holdsRun(const std::string& directory) {
  std::error_code error;
  return fs::exists(directory + "/manifest.json", error) || fs::exists(directory + "/metrics.jsonl", error);
}

/// The number n of `<prefix>n`, or 0.
std::int64_t numberAfter(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return 0;
  name.remove_prefix(prefix.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

std::optional<std::string> makeNumbered(const std::string& name, std::int64_t seed, Diagnostics& diagnostics) {
  runtime::Failure failure;
  if (!runtime::makeDirectories("runs", failure)) {
    cannotWrite(failure, diagnostics);
    return std::nullopt;
  }
  for (std::int64_t n = 1;; ++n) {
    std::string directory = fmt::format("runs/{}-{}-{}", name, seed, n);
    std::error_code error;
    // False without an error: somebody else made it first.
    if (fs::create_directory(directory, error)) return directory;
    if (!error) continue;
    diagnostics.emit<diag::CannotWriteFile>({}, directory, "cannot create the directory: " + error.message());
    return std::nullopt;
  }
}

/// The run of `name` (and `seed`) below runs/ that was started last.
std::optional<std::string> newestRun(const std::string& name, std::optional<std::int64_t> seed) {
  std::optional<std::string> newest;
  fs::file_time_type newestTime;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("runs", error)) {
    const std::string folder = entry.path().filename();
    const std::size_t dash = folder.rfind('-');
    if (dash == std::string::npos || !holdsRun(entry.path())) continue;
    const std::string front = folder.substr(0, dash + 1);
    const std::size_t seedAt = front.size() > 1 ? front.rfind('-', front.size() - 2) : std::string::npos;
    if (seedAt == std::string::npos || front.substr(0, seedAt) != name || numberAfter(folder, front) == 0) continue;
    if (seed && front != fmt::format("{}-{}-", name, *seed)) continue;
    const fs::file_time_type time = fs::last_write_time(entry.path() / "manifest.json", error);
    if (newest && time < newestTime) continue;
    newest = entry.path();
    newestTime = time;
  }
  return newest;
}

}  // namespace

RunFolder::RunFolder(RunFolder&& other) noexcept
    : directory_(std::move(other.directory_)),
      lock_(std::exchange(other.lock_, -1)),
      metrics_(std::move(other.metrics_)),
      timing_(std::move(other.timing_)) {}

RunFolder& RunFolder::operator=(RunFolder&& other) noexcept {
  std::swap(directory_, other.directory_);
  std::swap(lock_, other.lock_);
  std::swap(metrics_, other.metrics_);
  std::swap(timing_, other.timing_);
  return *this;
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) ::close(lock_);
}

bool RunFolder::lock(Diagnostics& diagnostics) {
  lock_ = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) return true;  // a file system without locks
  diagnostics.emit<diag::RunFolderBusy>({}, directory_);
  return false;
}

std::optional<RunFolder> RunFolder::create(const std::string& out, const std::string& name, std::int64_t seed,
                                           Diagnostics& diagnostics) {
  std::optional<std::string> directory = out;
  if (out.empty()) directory = makeNumbered(name, seed, diagnostics);
  if (!directory) return std::nullopt;
  RunFolder folder(std::move(*directory));
  if (holdsRun(folder.directory_)) {
    diagnostics.emit<diag::RunFolderTaken>({}, folder.directory_)
        .help("go on with it: --resume; or name another folder: --out");
    return std::nullopt;
  }
  runtime::Failure failure;
  if (!runtime::makeDirectories(folder.path("ckpt"), failure)) {
    cannotWrite(failure, diagnostics);
    return std::nullopt;
  }
  if (!folder.lock(diagnostics)) return std::nullopt;
  return folder;
}

std::optional<std::string> RunFolder::find(const std::string& out, const std::string& name,
                                           std::optional<std::int64_t> seed) {
  if (out.empty()) return newestRun(name, seed);
  return holdsRun(out) ? std::optional(out) : std::nullopt;
}

std::optional<RunFolder> RunFolder::reopen(const std::string& out, const std::string& name,
                                           std::optional<std::int64_t> seed, Diagnostics& diagnostics) {
  const std::optional<std::string> directory = find(out, name, seed);
  if (!directory) {
    diagnostics.emit<diag::RunFolderMissing>({}, out.empty() ? fmt::format("runs/{}-*", name) : out);
    return std::nullopt;
  }
  RunFolder folder(*directory);
  if (!folder.lock(diagnostics)) return std::nullopt;
  runtime::Failure failure;
  if (!runtime::makeDirectories(folder.path("ckpt"), failure)) {
    cannotWrite(failure, diagnostics);
    return std::nullopt;
  }
  runtime::removeStaleTemporaries(folder.directory_);
  runtime::removeStaleTemporaries(folder.path("ckpt"));
  return folder;
}

std::optional<std::string> RunFolder::lastCheckpoint() const {
  std::error_code error;
  if (!fs::exists(path("last"), error)) return std::nullopt;
  return path("last");
}

bool RunFolder::openLogs(std::int64_t metricsBytes, Diagnostics& diagnostics) {
  runtime::Failure failure;
  metrics_ = runtime::AppendFile::open(path("metrics.jsonl"), metricsBytes, failure);
  if (!metrics_) return cannotWrite(failure, diagnostics);
  // Times of all sessions are kept.
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path("timing.jsonl"), error);
  timing_ = runtime::AppendFile::open(path("timing.jsonl"), error ? 0 : static_cast<std::int64_t>(size), failure);
  return timing_ || cannotWrite(failure, diagnostics);
}

bool RunFolder::writeManifest(std::string_view json, Diagnostics& diagnostics) {
  return writeOutput(path("manifest.json"), json, diagnostics);
}

bool RunFolder::logMetrics(std::string_view line, Diagnostics& diagnostics) {
  runtime::Failure failure;
  return metrics_->append(line, failure) || cannotWrite(failure, diagnostics);
}

bool RunFolder::logTiming(std::string_view line, Diagnostics& diagnostics) {
  runtime::Failure failure;
  return timing_->append(line, failure) || cannotWrite(failure, diagnostics);
}

bool RunFolder::saveCheckpoint(const runtime::TensorFile& file, std::int64_t step, bool isBest,
                               Diagnostics& diagnostics) {
  const std::string name = fmt::format("ckpt/step-{:08}.safetensors", step);
  runtime::Failure failure;
  // The checkpoint records the length of the metrics: what it promises must be on disk before it is.
  if (!metrics_->sync(failure)) return cannotWrite(failure, diagnostics);
  if (!runtime::writeFileAtomically(path(name), runtime::encodeSafetensors(file), failure))
    return cannotWrite(failure, diagnostics);
  if (!runtime::replaceLink(path("last"), name, failure)) return cannotWrite(failure, diagnostics);
  if (isBest && !runtime::replaceLink(path("best"), name, failure)) return cannotWrite(failure, diagnostics);
  removeOldCheckpoints();
  return true;
}

void RunFolder::removeOldCheckpoints() const {
  std::error_code error;
  std::vector<std::string> kept;
  for (const char* const link : {"last", "best"})
    kept.push_back(fs::path(fs::read_symlink(path(link), error)).filename());
  std::vector<fs::path> old;
  for (const fs::directory_entry& entry : fs::directory_iterator(path("ckpt"), error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("step-") && name.ends_with(".safetensors") &&
        std::find(kept.begin(), kept.end(), name) == kept.end())
      old.push_back(entry.path());
  }
  for (const fs::path& file : old) fs::remove(file, error);
}

bool writeOutput(const std::string& path, std::string_view bytes, Diagnostics& diagnostics) {
  runtime::Failure failure;
  return runtime::writeFileAtomically(path, bytes, failure) || cannotWrite(failure, diagnostics);
}

}  // namespace nnc::training
