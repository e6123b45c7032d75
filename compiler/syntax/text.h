// The bytes of a file, checked and made fit for the lexer, which counts in code points.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "support/source.h"

namespace nnc::syntax {

struct DecodedText {
  std::string utf8;                   // valid UTF-8 without a byte order mark; bad bytes are U+FFFD
  std::uint32_t base = 0;             // bytes in front of it that were skipped
  std::vector<std::uint32_t> byteOf;  // byte offset of each code point and of the end; empty: all are one byte
  std::vector<Span> hidden;           // control and bidirectional characters, in order

  /// Offset in the file of the code point `index`.
  std::uint32_t byteOffset(std::size_t index) const {
    return byteOf.empty() ? base + static_cast<std::uint32_t>(index) : byteOf[index];
  }
};

/// Decodes a file.
///
/// Errors  E0010 for bytes that are not UTF-8 (each place, at most 20), E0011 for a byte order mark inside.
DecodedText decode(FileId file, const SourceManager& sources, Diagnostics& diagnostics);

/// `U+202E` for a code point.
std::string codePointName(char32_t c);
/// The code point at the start of `text`, which is not empty; U+FFFD when it is not valid UTF-8.
char32_t firstCodePoint(std::string_view text);
/// Appends the UTF-8 form of `c`.
void appendUtf8(std::string& text, char32_t c);

}  // namespace nnc::syntax
