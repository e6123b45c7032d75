// Modules from text, for tests.
#pragma once
#include <optional>
#include <string>

#include "diagnostics/diagnostics.h"
#include "ir/print.h"

namespace nnc::ir::testing {

/// What parsing a text gave: the module, or the first message as "LINE:COLUMN MESSAGE".
struct Parsed {
  std::optional<Module> module;
  std::string error;
};
Parsed parseText(const std::string& text);

/// The module of a text that must parse; stops the test program with the message if it does not.
Module moduleOf(const std::string& text);

}  // namespace nnc::ir::testing
