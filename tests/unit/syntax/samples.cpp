#include "samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace nnc::syntax::test {

std::vector<std::string> samplePaths() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(NNC_SAMPLES)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string readFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

Parsed::Parsed(std::string text, const Limits& limits) {
  const FileId id = sources.add("t.nn", std::move(text));
  file = parse(id, sources, diagnostics, limits);
}

std::string Parsed::tree() const { return file ? printTree(*file, sources) : messages(); }

std::string Parsed::messages() const {
  std::string all;
  for (const Diagnostic& d : diagnostics.all()) {
    const Place begin = sources.place(d.primary.file, d.primary.begin),
                end = sources.place(d.primary.file, d.primary.end);
    all += fmt::format("{}:{}-{}:{} {} {}\n", begin.line, begin.column, end.line, end.column, d.code, d.message);
  }
  return all;
}

std::string withoutPlaces(const std::string& tree) {
  std::istringstream in(tree);
  std::string all, line;
  while (std::getline(in, line)) {
    if (line.starts_with("doc ")) continue;
    all += line.substr(0, line.rfind(" @")) + "\n";
  }
  return all;
}

}  // namespace nnc::syntax::test
