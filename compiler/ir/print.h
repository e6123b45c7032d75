// The text form of the IR (.nnir). `parse(print(m))` is `m`, apart from dead nodes and value numbers.
#pragma once
#include <optional>
#include <string>

#include "diagnostics/diagnostics.h"
#include "ir/module.h"

namespace nnc::ir {

struct PrintOptions {
  bool locations = false;                          // `loc("file.nn":3:5)` at the end of a line; needs `sources`
  bool scopes = true;                              // the instance path of a node
  const SourceManager* sources = nullptr;
};

std::string print(const Module& module, const PrintOptions& options = {});
std::string print(const Module& module, FunctionId function, const PrintOptions& options = {});

/// Reads what print writes. Errors (E1001) are reported at their place in `file`; the result is then empty.
std::optional<Module> parse(FileId file, const SourceManager& sources, Diagnostics& diagnostics);

}  // namespace nnc::ir
