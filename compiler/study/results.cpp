#include "study/results.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "diagnostics/kinds/data.h"
#include "diagnostics/kinds/study.h"
#include "nnc/files.h"
#include "study/codec.h"

namespace nnc::study {

namespace {

constexpr const char* kStudyFile = "study.json";
constexpr const char* kVerdictsFile = "verdicts.json";
constexpr const char* kResultsFile = "results.jsonl";

std::string pathIn(const std::string& directory, const std::string& name) { return directory + "/" + name; }

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

bool cannotWrite(const runtime::Failure& failure, Diagnostics& diagnostics) {
  diagnostics.emit<diag::CannotWriteFile>({}, failure.path, failure.message);
  return false;
}

std::optional<std::string> read(const std::string& path, Diagnostics& diagnostics) {
  runtime::Failure failure;
  std::optional<std::string> text = runtime::readFile(path, failure);
  if (!text) diagnostics.emit<diag::CannotReadFile>({}, failure.path, failure.message);
  return text;
}

/// The lines of results.jsonl that count, and where the last whole line ends.
struct Lines {
  std::vector<std::pair<std::string_view, Run>> whole;  // with the line end
  std::size_t bytes = 0;
};

/// Whether a later line with the id of `run` is no mistake: what failed or was out of time may be made again.
bool isMadeAgain(const Run& run) { return run.status == Status::Failed || run.status == Status::TimedOut; }

/// Splits `text` into lines and parses them. What does not count is reported with its number.
Lines scan(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  Lines lines;
  std::map<std::string, std::pair<int, std::size_t>> known;  // by id: number of the line, and place in `whole`
  for (int number = 1; lines.bytes < text.size(); ++number) {
    const std::size_t end = text.find('\n', lines.bytes);
    if (end == std::string_view::npos) {
      diagnostics.emit<diag::ResultsCut>({}, number, path, text.size() - lines.bytes);
      break;
    }
    const std::string_view line = text.substr(lines.bytes, end + 1 - lines.bytes);
    lines.bytes = end + 1;
    std::string problem;
    std::optional<Run> run = parseRun(line.substr(0, line.size() - 1), problem);
    if (!run) {
      diagnostics.emit<diag::ResultsLineBad>({}, number, path, problem);
      continue;
    }
    const auto [first, isNew] = known.emplace(run->id, std::pair(number, lines.whole.size()));
    if (isNew)
      lines.whole.emplace_back(line, std::move(*run));
    else if (auto& [oldLine, old] = lines.whole[first->second.second]; isMadeAgain(old))
      std::tie(oldLine, old) = std::pair(line, std::move(*run));
    else
      diagnostics.emit<diag::ResultsLineBad>({}, number, path,
                                             fmt::format("repeats the run of line {}", first->second.first));
  }
  return lines;
}

template <typename T>
std::optional<T> parsed(const std::string& path, std::optional<T> (*parse)(std::string_view, std::string&),
                        Diagnostics& diagnostics) {
  const std::optional<std::string> text = read(path, diagnostics);
  if (!text) return std::nullopt;
  std::string problem;
  std::optional<T> value = parse(*text, problem);
  if (value) return value;
  DiagnosticBuilder message = diagnostics.emit<diag::StudyFileBad>({}, path, problem);
  const std::optional<std::string> file = studyField(*text, "file"), name = studyField(*text, "name");
  if (file && name)
    message.help(fmt::format(
        "if another version of nnc wrote it: `nnc run {} {}` writes it anew, and reuses all results", *file, *name));
  return value;
}

}  // namespace

std::optional<StudyOrigin> studyOrigin(const std::string& directory) {
  runtime::Failure failure;
  const std::optional<std::string> text = runtime::readFile(pathIn(directory, kStudyFile), failure);
  if (!text) return std::nullopt;
  std::optional<std::string> name = studyField(*text, "name"), file = studyField(*text, "file");
  if (!name || !file) return std::nullopt;
  return StudyOrigin{std::move(*name), std::move(*file)};
}

std::optional<Study> readStudy(const std::string& directory, Diagnostics& diagnostics) {
  const std::string path = pathIn(directory, kStudyFile);
  if (exists(path)) return parsed(path, parseStudy, diagnostics);
  diagnostics.emit<diag::StudyMissing>({}, directory);
  return std::nullopt;
}

std::optional<std::vector<Verdict>> readVerdicts(const std::string& directory, Diagnostics& diagnostics) {
  const std::string path = pathIn(directory, kVerdictsFile);
  if (!exists(path)) return std::vector<Verdict>();
  return parsed(path, parseVerdicts, diagnostics);
}

std::optional<std::vector<Run>> readRuns(const std::string& directory, Diagnostics& diagnostics) {
  const std::string path = pathIn(directory, kResultsFile);
  std::vector<Run> runs;
  if (!exists(path)) return runs;
  const std::optional<std::string> text = read(path, diagnostics);
  if (!text) return std::nullopt;
  for (auto& [line, run] : scan(*text, path, diagnostics).whole) runs.push_back(std::move(run));
  return runs;
}

struct ResultsFile::Implementation {
  std::string directory;
  int lock = -1;
  std::optional<runtime::AppendFile> file;
  std::vector<Run> runs;
  std::unordered_map<std::string, std::size_t> placeOf;  // in `runs`, by id
  std::set<std::string> appended;                        // ids
  std::mutex mutex;

  ~Implementation() {
    if (lock >= 0) ::close(lock);
  }
  std::string path() const { return pathIn(directory, kResultsFile); }
  /// Puts a run behind the others, or in place of the one with its id.
  void put(Run run) {
    const auto [place, isNew] = placeOf.emplace(run.id, runs.size());
    if (isNew)
      runs.push_back(std::move(run));
    else
      runs[place->second] = std::move(run);
  }
  bool takeLock(Diagnostics& diagnostics);
  bool reopen(std::int64_t bytes, Diagnostics& diagnostics);
  bool replace(const std::string& before, const std::string& after, Diagnostics& diagnostics);
};

bool ResultsFile::Implementation::takeLock(Diagnostics& diagnostics) {
  lock = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) return true;  // a file system without locks
  diagnostics.emit<diag::StudyFolderBusy>({}, directory);
  return false;
}

/// Cuts results.jsonl to `bytes` and opens it for appending.
bool ResultsFile::Implementation::reopen(std::int64_t bytes, Diagnostics& diagnostics) {
  runtime::Failure failure;
  file = runtime::AppendFile::open(path(), bytes, failure);
  return file || cannotWrite(failure, diagnostics);
}

/// Makes `after` the text of results.jsonl, in place of `before`.
bool ResultsFile::Implementation::replace(const std::string& before, const std::string& after,
                                          Diagnostics& diagnostics) {
  if (after == before) return true;
  runtime::Failure failure;
  if (!runtime::writeFileAtomically(path(), after, failure)) return cannotWrite(failure, diagnostics);
  return reopen(static_cast<std::int64_t>(after.size()), diagnostics);
}

ResultsFile::ResultsFile(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}

ResultsFile::~ResultsFile() = default;

std::unique_ptr<ResultsFile> ResultsFile::open(const std::string& directory, Diagnostics& diagnostics) {
  auto state = std::make_unique<Implementation>();
  state->directory = directory;
  runtime::Failure failure;
  if (!runtime::makeDirectories(directory, failure)) {
    cannotWrite(failure, diagnostics);
    return nullptr;
  }
  if (!state->takeLock(diagnostics)) return nullptr;
  runtime::removeStaleTemporaries(directory);
  std::size_t bytes = 0;
  if (exists(state->path())) {
    const std::optional<std::string> text = read(state->path(), diagnostics);
    if (!text) return nullptr;
    Lines lines = scan(*text, state->path(), diagnostics);
    bytes = lines.bytes;
    for (auto& [line, run] : lines.whole) state->put(std::move(run));
  }
  if (!state->reopen(static_cast<std::int64_t>(bytes), diagnostics)) return nullptr;
  return std::unique_ptr<ResultsFile>(new ResultsFile(std::move(state)));
}

const std::vector<Run>& ResultsFile::runs() const { return implementation_->runs; }

const Run* ResultsFile::find(const std::string& id) const {
  const auto place = implementation_->placeOf.find(id);
  return place != implementation_->placeOf.end() ? &implementation_->runs[place->second] : nullptr;
}

bool ResultsFile::isNew(const std::string& id) const { return implementation_->appended.contains(id); }

bool ResultsFile::append(const Run& run, Diagnostics& diagnostics) {
  Implementation& state = *implementation_;
  const std::string line = runText(run);
  const std::lock_guard<std::mutex> guard(state.mutex);
  runtime::Failure failure{state.path(), -1, 0, "an earlier failure could not be undone"};
  if (!state.file) return cannotWrite(failure, diagnostics);
  const std::int64_t before = state.file->size();
  if (!state.file->append(line, failure)) return cannotWrite(failure, diagnostics);
  if (!state.file->sync(failure)) {
    cannotWrite(failure, diagnostics);
    Diagnostics ignored;  // the reason was said
    static_cast<void>(state.reopen(before, ignored));
    return false;
  }
  state.appended.insert(run.id);
  state.put(run);
  return true;
}

bool ResultsFile::write(const std::string& name, const std::string& text, Diagnostics& diagnostics) {
  runtime::Failure failure;
  return runtime::writeFileAtomically(pathIn(implementation_->directory, name), text, failure) ||
         cannotWrite(failure, diagnostics);
}

bool ResultsFile::revise(const std::function<void(Run&)>& revise, Diagnostics& diagnostics) {
  Implementation& state = *implementation_;
  const std::lock_guard<std::mutex> guard(state.mutex);
  std::vector<Run> revised = state.runs;
  bool differs = false;
  for (std::size_t i = 0; i < revised.size(); ++i) {
    revise(revised[i]);
    differs = differs || runText(revised[i]) != runText(state.runs[i]);
  }
  if (!differs) return true;
  const std::optional<std::string> text = read(state.path(), diagnostics);
  if (!text) return false;
  std::string lines;
  for (const Run& run : revised) lines += runText(run);
  if (!state.replace(*text, lines, diagnostics)) return false;
  state.runs = std::move(revised);
  return true;
}

bool ResultsFile::sort(const std::vector<std::string>& ids, Diagnostics& diagnostics) {
  Implementation& state = *implementation_;
  const std::lock_guard<std::mutex> guard(state.mutex);
  const std::optional<std::string> text = read(state.path(), diagnostics);
  if (!text) return false;
  Diagnostics known;  // what is damaged was said when the file was opened
  Lines lines = scan(*text, state.path(), known);

  std::map<std::string, std::size_t> rank;
  for (const std::string& id : ids) rank.emplace(id, 1 + rank.size());
  const auto rankOf = [&](const Run& run) {
    const auto found = rank.find(run.id);
    return found == rank.end() ? 0 : found->second;
  };
  std::stable_sort(lines.whole.begin(), lines.whole.end(),
                   [&](const auto& a, const auto& b) { return rankOf(a.second) < rankOf(b.second); });
  std::string sorted;
  for (const auto& [line, run] : lines.whole) sorted += line;

  if (!state.replace(*text, sorted, diagnostics)) return false;
  state.runs.clear();
  state.placeOf.clear();
  for (auto& [line, run] : lines.whole) state.put(std::move(run));
  return true;
}

}  // namespace nnc::study
