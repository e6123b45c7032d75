#include "support/source.h"

#include <algorithm>
#include <cassert>

namespace nnc {

Span cover(Span a, Span b) {
  if (!a) return b;
  if (!b) return a;
  assert(a.file == b.file && "a span stays in one file");
  return {a.file, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

static std::deque<std::uint32_t> findLineStarts(std::string_view text) {
  std::deque<std::uint32_t> starts{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool loneReturn = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
    if (text[i] == '\n' || loneReturn) starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  return starts;
}

FileId SourceManager::add(std::string name, std::string text) {
  std::deque<std::uint32_t> starts = findLineStarts(text);
  files_.push_back({std::move(name), std::move(text), std::move(starts)});
  return {static_cast<std::uint32_t>(files_.size())};
}

const SourceManager::File& SourceManager::get(FileId file) const {
  assert(file && file.index <= files_.size() && "a file id of another manager");
  return files_[file.index - 1];
}

std::string_view SourceManager::name(FileId file) const { return get(file).name; }
std::string_view SourceManager::text(FileId file) const { return get(file).text; }

std::string SourceManager::lineText(Span span) const {
  std::string line;
  for (const char c : text(span)) {
    const bool isSpace = c == ' ' || c == '\n' || c == '\r' || c == '\t';
    if (!isSpace)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  return line;
}

std::string_view SourceManager::text(Span span) const {
  if (!span) return {};
  return text(span.file).substr(span.begin, span.end - span.begin);
}

Place SourceManager::place(FileId file, std::uint32_t offset) const {
  const File& f = get(file);
  offset = std::min<std::uint32_t>(offset, static_cast<std::uint32_t>(f.text.size()));
  const auto next = std::upper_bound(f.lineStarts.begin(), f.lineStarts.end(), offset);
  const std::uint32_t start = *std::prev(next);
  Place place{static_cast<int>(next - f.lineStarts.begin()), 1};
  for (std::uint32_t i = start; i < offset; ++i) {
    const bool continuation = (static_cast<unsigned char>(f.text[i]) & 0xC0) == 0x80;
    if (!continuation) ++place.column;
  }
  return place;
}

std::string_view SourceManager::line(FileId file, int number) const {
  const File& f = get(file);
  if (number < 1 || number > static_cast<int>(f.lineStarts.size())) return {};
  const std::size_t begin = f.lineStarts[number - 1];
  std::size_t end = number < static_cast<int>(f.lineStarts.size()) ? f.lineStarts[number] : f.text.size();
  while (end > begin && (f.text[end - 1] == '\n' || f.text[end - 1] == '\r')) --end;
  return std::string_view(f.text).substr(begin, end - begin);
}

std::optional<FileId> SourceManager::find(std::string_view name) const {
  for (std::size_t i = 0; i < files_.size(); ++i)
    if (files_[i].name == name) return FileId{static_cast<std::uint32_t>(i + 1)};
  return std::nullopt;
}

}  // namespace nnc
