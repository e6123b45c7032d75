#include "nnc/data_path.h"

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

}  // namespace nnc::runtime
