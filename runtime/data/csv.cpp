#include "nnc/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "io/failures.h"

namespace nnc::runtime {

namespace {

constexpr std::size_t kMaxRecord = std::size_t{16} << 20;
constexpr std::size_t kMaxCells = 65'536;

}  // namespace

CsvReader::CsvReader(std::string_view bytes, std::string path) : bytes_(bytes), path_(std::move(path)) {
  if (bytes_.starts_with("\xEF\xBB\xBF")) bytes_.remove_prefix(3);
}

bool CsvReader::refuse(std::size_t offset, std::string message, Failure& failure) const {
  fail(failure, path_, -1, std::move(message));
  const std::string_view before = bytes_.substr(recordBegin_, offset - recordBegin_);
  failure.line = line_ + std::count(before.begin(), before.end(), '\n');
  const std::size_t lineEnd = before.rfind('\n');
  const std::string_view inLine = lineEnd == std::string_view::npos ? before : before.substr(lineEnd + 1);
  // Columns count code points: every byte that continues none.
  failure.column = 1 + std::count_if(inLine.begin(), inLine.end(),
                                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return false;
}

bool CsvReader::quoted(std::vector<CsvCell>& cells, Failure& failure) {
  const std::size_t open = at_++;
  std::size_t pieceBegin = at_;
  std::string* text = nullptr;
  for (;; ++at_) {
    if (at_ == bytes_.size()) return refuse(open, "a quote is not closed", failure);
    if (at_ - recordBegin_ > kMaxRecord) return refuse(open, "a record has more than 16 MiB", failure);
    if (bytes_[at_] == '\0') return refuse(at_, "a zero byte: this is no text", failure);
    if (bytes_[at_] != '"') continue;
    if (at_ + 1 == bytes_.size() || bytes_[at_ + 1] != '"') break;
    if (text == nullptr) text = &unescaped_.emplace_back();
    text->append(bytes_.substr(pieceBegin, ++at_ - pieceBegin));  // with one of the two quotes
    pieceBegin = at_ + 1;
  }
  const std::string_view piece = bytes_.substr(pieceBegin, at_ - pieceBegin);
  if (text != nullptr) text->append(piece);
  cells.push_back({text != nullptr ? std::string_view(*text) : piece, open});
  ++at_;
  const bool isEnd = at_ == bytes_.size() || bytes_[at_] == ',' || bytes_[at_] == '\n' || bytes_[at_] == '\r';
  return isEnd || refuse(at_, "text behind a closing quote", failure);
}

bool CsvReader::plain(std::vector<CsvCell>& cells, Failure& failure) {
  const std::size_t begin = at_;
  for (; at_ < bytes_.size(); ++at_) {
    const char c = bytes_[at_];
    if (c == ',' || c == '\n' || c == '\r') break;
    if (c == '"') return refuse(at_, "a quote within a cell that does not begin with one", failure);
    if (c == '\0') return refuse(at_, "a zero byte: this is no text", failure);
    if (at_ - recordBegin_ > kMaxRecord) return refuse(begin, "a record has more than 16 MiB", failure);
  }
  cells.push_back({bytes_.substr(begin, at_ - begin), begin});
  return true;
}

/// Steps over the comma or the end of the line.
bool CsvReader::endCell(bool& isLast, Failure& failure) {
  isLast = at_ == bytes_.size() || bytes_[at_] != ',';
  if (at_ == bytes_.size()) return true;
  if (bytes_[at_] == '\r' && at_ + 1 < bytes_.size() && bytes_[++at_] != '\n')
    return refuse(at_ - 1, "a carriage return without a line feed", failure);
  ++at_;
  return true;
}

bool CsvReader::next(std::vector<CsvCell>& cells, Failure& failure) {
  line_ += std::count(bytes_.begin() + static_cast<std::ptrdiff_t>(recordBegin_),
                      bytes_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
  cells.clear();
  unescaped_.clear();
  failure.message.clear();
  for (; at_ < bytes_.size() && (bytes_[at_] == '\n' || bytes_.substr(at_, 2) == "\r\n"); ++line_)
    at_ += bytes_[at_] == '\n' ? 1 : 2;
  recordBegin_ = at_;
  if (at_ == bytes_.size()) return false;
  for (bool isLast = false; !isLast;) {
    if (cells.size() == kMaxCells) return refuse(at_, "more than 65536 columns", failure);
    const bool isQuoted = at_ < bytes_.size() && bytes_[at_] == '"';
    if (!(isQuoted ? quoted(cells, failure) : plain(cells, failure)) || !endCell(isLast, failure)) return false;
  }
  return true;
}

/// Reads a cell as a number, blanks and one sign before it allowed. Empty: it is none. Infinite: it is beyond f64, too.
static std::optional<double> readNumber(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  return error == std::errc() ? value : std::numeric_limits<double>::infinity();
}

std::optional<double> csvNumber(std::string_view text) {
  const std::optional<double> value = readNumber(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

bool isNotFinite(std::string_view text) {
  const std::optional<double> value = readNumber(text);
  return value && !std::isfinite(*value);
}

}  // namespace nnc::runtime
