#include "report/written_files.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "diagnostics/kinds/data.h"
#include "nnc/files.h"
#include "support/hash.h"

namespace nnc::report {

namespace {

constexpr const char* kList = "report.files";
constexpr std::size_t kHashDigits = 16;

/// Path in the folder, and the hash of what was written. A path may have several, when a call did not get to its end.
using Written = std::set<std::pair<std::string, std::string>>;

/// Whether the path stays in the folder: a list that was edited must not reach beyond it.
bool isInside(const std::filesystem::path& path) {
  return !path.empty() && path.is_relative() &&
         std::none_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; });
}

/// A line for each file: hash, blank, path. Lines that are none are passed over.
Written parseList(const std::string& text) {
  Written written;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at + kHashDigits + 1 && text[at + kHashDigits] == ' ') {
      std::string path = text.substr(at + kHashDigits + 1, end - at - kHashDigits - 1);
      if (isInside(path)) written.emplace(std::move(path), text.substr(at, kHashDigits));
    }
    at = end + 1;
  }
  return written;
}

std::string listText(const Written& written) {
  std::string text;
  for (const auto& [path, hash] : written) text += hash + " " + path + "\n";
  return text;
}

class Replacement {
 public:
  Replacement(const std::string& directory, const std::vector<std::pair<std::string, std::string>>& files)
      : directory_(directory), files_(files) {
    for (const auto& [path, text] : files) wanted_.emplace(path, hexDigits(hashBytes(text)));
  }

  bool run(Diagnostics& diagnostics) {
    if (readList() && writeAll() && removeStale() && writeList(wanted_)) return true;
    if (isUnreadable_)
      diagnostics.emit<diag::CannotReadFile>({}, failure_.path, failure_.message);
    else
      diagnostics.emit<diag::CannotWriteFile>({}, failure_.path, failure_.message);
    return false;
  }

 private:
  std::string pathOf(const std::string& name) const { return directory_ + "/" + name; }

  bool readList() {
    std::error_code error;
    if (!std::filesystem::exists(pathOf(kList), error)) return true;
    const std::optional<std::string> text = runtime::readFile(pathOf(kList), failure_);
    isUnreadable_ = !text;
    if (text) written_ = parseList(*text);
    return !isUnreadable_;
  }

  /// Nothing is written that the list does not have already.
  bool writeAll() {
    if (!runtime::makeDirectories(directory_ + "/figures", failure_)) return false;
    for (const std::string& folder : {directory_, directory_ + "/figures"}) runtime::removeStaleTemporaries(folder);
    Written both = written_;
    both.insert(wanted_.begin(), wanted_.end());
    if (!writeList(both)) return false;
    return std::all_of(files_.begin(), files_.end(), [&](const auto& file) {
      return runtime::writeFileAtomically(pathOf(file.first), file.second, failure_);
    });
  }

  bool writeList(const Written& list) {
    if (list == written_) return true;
    if (!runtime::writeFileAtomically(pathOf(kList), listText(list), failure_)) return false;
    written_ = list;
    return true;
  }

  bool removeStale() {
    for (const auto& [path, hash] : written_) {
      const bool isWanted =
          std::any_of(files_.begin(), files_.end(), [&](const auto& file) { return file.first == path; });
      runtime::Failure unreadable;
      const std::optional<std::string> text = isWanted ? std::nullopt : runtime::readFile(pathOf(path), unreadable);
      if (!text || hexDigits(hashBytes(*text)) != hash) continue;
      std::error_code error;
      std::filesystem::remove(pathOf(path), error);
      if (!error) continue;
      failure_.path = pathOf(path);
      failure_.message = error.message();
      return false;
    }
    return true;
  }

  const std::string& directory_;
  const std::vector<std::pair<std::string, std::string>>& files_;
  Written wanted_, written_;  // written_: as the list on the disk has it
  runtime::Failure failure_;
  bool isUnreadable_ = false;
};

}  // namespace

bool replaceFiles(const std::string& directory, const std::vector<std::pair<std::string, std::string>>& files,
                  Diagnostics& diagnostics) {
  return Replacement(directory, files).run(diagnostics);
}

}  // namespace nnc::report
