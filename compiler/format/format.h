// The one style of .nn text.
#pragma once
#include <optional>
#include <string>

#include "diagnostics/diagnostics.h"
#include "syntax/parse.h"

namespace nnc::format {

/// Lays out a file that `sources` holds: lines of at most 120 columns, blocks indented by 2, one statement a line, the
/// values of neighbouring settings in one column, comments kept, blank lines kept up to one, `;` left out.
///
/// The result has the same tree, and formatting it again changes nothing.
/// Errors  E00xx for a file that does not parse; the result is then empty.
[[nodiscard]] std::optional<std::string> format(FileId file, const SourceManager& sources, Diagnostics& diagnostics,
                                                const syntax::Limits& limits = {});

}  // namespace nnc::format
