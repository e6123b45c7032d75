#include "text_module.h"

#include <cstdio>
#include <cstdlib>

namespace nnc::ir::testing {

Parsed parseText(const std::string& text) {
  SourceManager sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("test.nnir", text);
  Parsed parsed;
  parsed.module = parse(file, sources, diagnostics);
  if (diagnostics.all().empty()) return parsed;
  const Diagnostic& first = diagnostics.all()[0];
  const Place place = sources.place(first.primary.file, first.primary.begin);
  parsed.error = fmt::format("{}:{} {}", place.line, place.column, first.message);
  return parsed;
}

Module moduleOf(const std::string& text) {
  Parsed parsed = parseText(text);
  if (parsed.module) return std::move(*parsed.module);
  std::fprintf(stderr, "%s\n%s\n", parsed.error.c_str(), text.c_str());
  std::abort();
}

}  // namespace nnc::ir::testing
