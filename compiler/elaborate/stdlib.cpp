#include "elaborate/stdlib.h"

#include <fmt/format.h>

#include <algorithm>

#include "elaborate/readers.h"
#include "syntax/parse.h"

namespace nnc::elaborate {

namespace {

struct OutlineName {
  std::string name;
  bool isProbe = false;
};

/// What a file declares, by its lines: in formatted text a declaration, and nothing else, has a keyword and a name at
/// the start of a line (a test holds this against the parser).
std::vector<OutlineName> outlineOf(std::string_view text) {
  const auto isWord = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  std::vector<OutlineName> outline;
  for (std::size_t begin = 0; begin < text.size(); begin = std::min(text.find('\n', begin), text.size() - 1) + 1) {
    const auto wordFrom = [&](std::size_t at) {
      std::size_t end = at;
      while (end < text.size() && isWord(text[end])) ++end;
      return text.substr(at, end - at);
    };
    const std::string_view keyword = wordFrom(begin);
    const std::size_t next = begin + keyword.size();
    if (keyword.empty() || next >= text.size() || text[next] != ' ') continue;
    const std::string_view name = wordFrom(next + 1);
    if (!name.empty()) outline.push_back({std::string(name), keyword == "probe"});
  }
  return outline;
}

}  // namespace

Stdlib::Stdlib(SourceManager& sources, Diagnostics& diagnostics) : sources_(sources), diagnostics_(diagnostics) {
  for (const StdlibFile& file : stdlibFiles()) {
    Entry& entry = *entries_.emplace_back(std::make_unique<Entry>());
    entry.name = fmt::format("std.{}", file.name);
    entry.module.path = fmt::format("<stdlib>/{}.nn", file.name);
    entry.module.isStdlib = true;
    entry.source = sources.add(entry.module.path, std::string(file.text));
    for (const OutlineName& declared : outlineOf(file.text)) {
      if (declared.isProbe) probeNames_.push_back(declared.name);
      if (!declared.name.starts_with('_')) (declared.isProbe ? probes_ : prelude_).emplace(declared.name, &entry);
    }
    if (file.name != "data") continue;
    for (const ReaderInfo& reader : allReaders()) {
      entry.module.names.emplace(reader.name, Named{&entry.module, nullptr});
      prelude_.emplace(reader.name, &entry);
    }
  }
}

const SourceModule* Stdlib::parsed(Entry& entry) {
  if (!entry.isParsed) {
    entry.isParsed = true;
    if (std::optional<syntax::File> tree = syntax::parse(entry.source, sources_, diagnostics_)) {
      entry.module.tree = std::move(*tree);
      entry.isFine = declareNames(entry.module, diagnostics_);
    }
  }
  return entry.isFine ? &entry.module : nullptr;
}

Named Stdlib::find(std::string_view name) {
  const auto found = prelude_.find(name);
  if (found == prelude_.end()) return {};
  const std::map<std::string, Named, std::less<>>& names = found->second->module.names;
  if (const auto known = names.find(name); known != names.end()) return known->second;
  if (parsed(*found->second) == nullptr) return {};
  const auto named = names.find(name);
  return named != names.end() ? named->second : Named{};
}

std::pair<const syntax::ProbeClause*, const SourceModule*> Stdlib::findProbe(std::string_view name) {
  const auto found = probes_.find(name);
  const SourceModule* const module = found != probes_.end() ? parsed(*found->second) : nullptr;
  if (module == nullptr) return {nullptr, nullptr};
  const auto probe = module->probes.find(name);
  return {probe != module->probes.end() ? probe->second : nullptr, module};
}

const SourceModule* Stdlib::findModule(std::string_view name) {
  for (const std::unique_ptr<Entry>& entry : entries_)
    if (entry->name == name) return parsed(*entry);
  return nullptr;
}

std::vector<std::string> Stdlib::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : prelude_) names.push_back(name);
  return names;
}

std::vector<std::string> Stdlib::moduleNames() const {
  std::vector<std::string> names;
  for (const std::unique_ptr<Entry>& entry : entries_) names.push_back(entry->name);
  return names;
}

}  // namespace nnc::elaborate
