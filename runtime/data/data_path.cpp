#include "nnc/data_path.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace nnc::runtime {

namespace {

constexpr const char* kSystemDirectory = "/usr/share/datasets";

std::string join(std::string_view directory, const std::string& name) {
  if (directory.empty() || directory == ".") return name;
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path + name;
}

std::vector<std::string> candidates(const std::string& name, const std::string& baseDirectory) {
  if (!name.empty() && name[0] == '/') return {name};
  std::vector<std::string> paths = {join(baseDirectory, name)};
  if (const char* const list = std::getenv("NNC_DATA_PATH")) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::size_t colon = rest.find(':');
      const std::string_view directory = rest.substr(0, colon);
      if (!directory.empty()) paths.push_back(join(directory, name));
      rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    }
  }
  paths.push_back(join(kSystemDirectory, name));
  return paths;
}

}  // namespace

std::optional<std::string> findDataFile(const std::string& name, const std::string& baseDirectory,
                                        std::vector<std::string>& tried) {
  for (const std::string& base : candidates(name, baseDirectory)) {
    for (const std::string& path : {base, base + ".gz"}) {
      tried.push_back(path);
      std::error_code error;
      // A directory of that name is not the file, but anything that can be opened (a link, a pipe) is.
      if (std::filesystem::exists(path, error) && !std::filesystem::is_directory(path, error)) return path;
    }
  }
  return std::nullopt;
}

std::vector<std::string> findDataFiles(const std::string& pattern, const std::string& baseDirectory,
                                       std::vector<std::string>& tried) {
  if (pattern.find_first_of("*?[") == std::string::npos) {
    std::optional<std::string> path = findDataFile(pattern, baseDirectory, tried);
    return path ? std::vector{std::move(*path)} : std::vector<std::string>();
  }
  for (const std::string& base : candidates(pattern, baseDirectory)) {
    const std::filesystem::path whole(base);
    tried.push_back(base);
    std::vector<std::string> found;
    std::error_code error;
    const std::filesystem::path folder = whole.has_parent_path() ? whole.parent_path() : std::filesystem::path(".");
    for (auto entry = std::filesystem::directory_iterator(folder, error);
         !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      const std::string last = whole.filename().string();
      const bool isMatch = ::fnmatch(last.c_str(), name.c_str(), FNM_PERIOD) == 0 ||
                           ::fnmatch((last + ".gz").c_str(), name.c_str(), FNM_PERIOD) == 0;
      std::error_code ignored;
      if (isMatch && !entry->is_directory(ignored))
        found.push_back(whole.has_parent_path() ? entry->path().string() : name);
    }
    std::sort(found.begin(), found.end());
    if (!found.empty()) return found;
  }
  return {};
}

std::optional<std::string> findDataDirectory(const std::string& name, const std::string& baseDirectory,
                                             std::vector<std::string>& tried) {
  for (const std::string& path : candidates(name, baseDirectory)) {
    tried.push_back(path);
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return path;
  }
  return std::nullopt;
}

}  // namespace nnc::runtime
