// Messages as text for people (carets, colour) and as JSON lines for programs.
#pragma once
#include <string>
#include <string_view>

#include "diagnostics/diagnostics.h"
#include "support/source.h"

namespace nnc {

enum class ColorMode { Auto, Always, Never };

/// How many messages are shown before "... and N more".
inline constexpr int kMaxShown = 20;

struct RenderOptions {
  bool color = false;
  int maxShown = kMaxShown;
};

/// Whether stderr takes colour: `Always`, or `Auto` with a terminal and no NO_COLOR in the environment.
bool wantsColor(ColorMode mode);

/// A text from outside (names in a file, paths) without what would disturb a terminal: control characters, broken UTF-8
/// and the marks that reorder text become `?`; line ends stay.
std::string harmless(std::string_view text);

/// The messages as a person reads them: code, place, the source line with carets, every labelled place, notes, help.
std::string renderText(const Diagnostics& diagnostics, const SourceManager& sources, const RenderOptions& options);

/// One JSON object a line: severity code message file line column end_line end_column notes[{message,file,line,column}]
/// help[]. Lines and columns count from 1; a message without a place has null there.
std::string renderJson(const Diagnostics& diagnostics, const SourceManager& sources);

}  // namespace nnc
