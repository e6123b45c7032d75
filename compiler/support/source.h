// Source text and places in it. Every diagnostic, AST node and IR node carries a Span.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace nnc {

/// Names one text held by a SourceManager. 0 means "no file".
struct FileId {
  std::uint32_t index = 0;
  friend bool operator==(FileId, FileId) = default;
  explicit operator bool() const { return index != 0; }
};

/// A half-open range of bytes in one file. A default Span points nowhere (a fact without a place in the source).
struct Span {
  FileId file;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  friend bool operator==(Span, Span) = default;
  explicit operator bool() const { return static_cast<bool>(file); }
};

/// The smallest span that covers both. Needs: the same file, or one of them empty.
Span cover(Span a, Span b);

/// A place as people and editors count it: both from 1, columns in code points, a tab is one column.
struct Place {
  int line = 1;
  int column = 1;
};

/// Owns the texts that were read; spans stay valid as long as it lives. Not thread-safe while files are added.
class SourceManager {
 public:
  /// Adds a text under the name that messages show. The name need not exist on disk (`<stdlib>/prelude.nn`).
  FileId add(std::string name, std::string text);

  std::string_view name(FileId file) const;
  std::string_view text(FileId file) const;
  std::string_view text(Span span) const;
  /// The same on one line: each run of white space is one blank.
  std::string lineText(Span span) const;
  /// Position of a byte offset. An offset past the end gives the place after the last character.
  Place place(FileId file, std::uint32_t offset) const;
  /// The text of one line (counted from 1) without its line end. LF, CR LF and a lone CR end a line.
  std::string_view line(FileId file, int number) const;
  std::optional<FileId> find(std::string_view name) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::deque<std::uint32_t> lineStarts;
  };
  std::deque<File> files_;
  const File& get(FileId file) const;
};

}  // namespace nnc
