#include "diagnostics/render.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace nnc {

bool wantsColor(ColorMode mode) {
  if (mode != ColorMode::Auto) return mode == ColorMode::Always;
  const char* noColor = std::getenv("NO_COLOR");
  const bool refused = noColor != nullptr && *noColor != '\0';
  return !refused && isatty(STDERR_FILENO) == 1;
}

namespace {

constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kRed = "\033[1;31m";
constexpr std::string_view kYellow = "\033[1;33m";
constexpr std::string_view kBlue = "\033[1;34m";
constexpr std::string_view kCyan = "\033[1;36m";

/// Longest part of a source line that is shown; longer lines are cut around the place.
constexpr std::size_t kLongestLine = 160;

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
};

/// Decodes the code point at `at`; a broken sequence counts as one byte.
CodePoint decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (length == 1 || at + length > text.size()) return {first, 1};
  char32_t value = first & (0xFF >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = (value << 6) | (byte(i) & 0x3F);
  return {value, length};
}

/// Columns of a terminal that a code point takes: 0 for combining marks, 2 for East Asian wide forms and emoji.
int terminalWidth(char32_t c) {
  const auto isIn = [c](char32_t low, char32_t high) { return c >= low && c <= high; };
  if (isIn(0x300, 0x36F) || isIn(0x200B, 0x200F) || isIn(0xFE00, 0xFE0F)) return 0;
  if (isIn(0x1100, 0x115F) || isIn(0x2E80, 0xA4CF) || isIn(0xAC00, 0xD7A3) || isIn(0xF900, 0xFAFF) ||
      isIn(0xFE30, 0xFE6F) || isIn(0xFF00, 0xFF60) || isIn(0xFFE0, 0xFFE6) || isIn(0x1F300, 0x1FAFF))
    return 2;
  return 1;
}

/// A source line as it is shown, with the marks below it.
struct Excerpt {
  std::string text;   // control characters replaced, cut where too long
  std::string marks;  // padding (tabs kept, so that both lines align) and carets
};

/// Whether a code point would disturb the terminal: broken bytes, control characters, the marks that reorder text.
bool isHarmful(CodePoint point) {
  const char32_t c = point.value;
  const bool isBroken = point.bytes == 1 && c >= 0x80;  // a byte that is not UTF-8
  return isBroken || (c < 0x20 && c != '\t') || c == 0x7F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string harmless(std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode(text, at);
    if (isHarmful(c) && c.value != '\n')
      clean += '?';
    else
      clean += text.substr(at, c.bytes);
    at += c.bytes;
  }
  return clean;
}

namespace {

Excerpt excerpt(std::string_view line, std::size_t begin, std::size_t end, char mark) {
  Excerpt result;
  std::size_t from = 0;
  if (line.size() > kLongestLine && begin > kLongestLine / 2) {
    from = begin - kLongestLine / 2;
    while (from < line.size() && (static_cast<unsigned char>(line[from]) & 0xC0) == 0x80) ++from;
    result.text = "...";
    result.marks = "   ";
  }
  bool marked = false;
  std::size_t at = from;
  while (at < line.size()) {
    if (at - from > kLongestLine) {
      result.text += "...";
      break;
    }
    const CodePoint c = decode(line, at);
    const bool inside = at >= begin && at < end;
    if (isHarmful(c)) {
      result.text += '?';
    } else {
      result.text += line.substr(at, c.bytes);
    }
    const int width = isHarmful(c) ? 1 : terminalWidth(c.value);
    if (inside) {
      result.marks.append(std::max(width, marked ? 0 : 1), mark);
      marked = true;
    } else if (at < begin) {
      result.marks.append(c.value == '\t' ? 1 : width, c.value == '\t' ? '\t' : ' ');
    }
    at += c.bytes;
  }
  if (!marked) result.marks += mark;  // an empty span, or one at the end of the line
  return result;
}

class TextRenderer {
 public:
  TextRenderer(const SourceManager& sources, bool color) : sources_(sources), color_(color) {}

  std::string take() { return std::move(out_); }

  void render(const Diagnostic& diagnostic) {
    const bool isError = diagnostic.severity == Severity::Error;
    const std::string_view tone = isError ? kRed : kYellow;
    put(tone, fmt::format("{}[{}]", isError ? "error" : "warning", diagnostic.code));
    put(kBold, fmt::format(": {}", harmless(diagnostic.message)));
    out_ += '\n';
    gutter_ = gutterWidth(diagnostic);
    lastFile_ = FileId{};
    if (diagnostic.primary) showPlace(diagnostic.primary, diagnostic.primaryLabel, '^', tone);
    for (const Label& label : diagnostic.labels) {
      if (label.span) showPlace(label.span, label.text, '-', kBlue);
    }
    for (const Label& label : diagnostic.labels) {
      if (!label.span) addRemark("note", label.text, kBold);
    }
    for (const std::string& note : diagnostic.notes) addRemark("note", note, kBold);
    for (const std::string& help : diagnostic.help) addRemark("help", help, kCyan);
    out_ += '\n';
  }

  void closing(int errors, int warnings, int hidden) {
    if (hidden > 0) out_ += fmt::format("... and {} more\n", hidden);
    const auto count = [](int n, std::string_view what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); };
    if (errors > 0) out_ += count(errors, "error");
    if (errors > 0 && warnings > 0) out_ += ", ";
    if (warnings > 0) out_ += count(warnings, "warning");
    out_ += '\n';
  }

 private:
  void put(std::string_view tone, std::string_view text) {
    if (color_) out_ += tone;
    out_ += text;
    if (color_) out_ += kReset;
  }

  int gutterWidth(const Diagnostic& diagnostic) const {
    int widest = 1;
    const auto consider = [&](Span span) {
      if (!span) return;
      const int line = lastPlace(span).line;
      widest = std::max(widest, static_cast<int>(std::to_string(line).size()));
    };
    consider(diagnostic.primary);
    for (const Label& label : diagnostic.labels) consider(label.span);
    return widest;
  }

  /// The place of the last byte of a span (of its start, when it is empty).
  Place lastPlace(Span span) const {
    return sources_.place(span.file, span.end > span.begin ? span.end - 1 : span.begin);
  }

  /// A span of several lines is shown by its first and its last.
  void showPlace(Span span, std::string_view label, char mark, std::string_view tone) {
    const Place place = sources_.place(span.file, span.begin);
    if (!(span.file == lastFile_)) {
      const std::string_view arrow = lastFile_ ? ":::" : "-->";
      out_.append(gutter_ + 1, ' ');
      put(kBlue, arrow);
      out_ += fmt::format(" {}:{}:{}\n", harmless(sources_.name(span.file)), place.line, place.column);
      lastFile_ = span.file;
    }
    const int lastLine = lastPlace(span).line;
    showLine(span, place.line, place.line == lastLine ? label : "", mark, tone);
    if (lastLine == place.line) return;
    if (lastLine > place.line + 1) {
      put(kBlue, fmt::format(" {:>{}}", "...", gutter_));
      out_ += '\n';
    }
    showLine(span, lastLine, label, mark, tone);
  }

  /// One line with the part of `span` on it marked; the indentation of a further line is not.
  void showLine(Span span, int number, std::string_view label, char mark, std::string_view tone) {
    const std::string_view line = sources_.line(span.file, number);
    const auto lineStart = static_cast<std::size_t>(line.data() - sources_.text(span.file).data());
    const std::size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
    const std::size_t begin = span.begin >= lineStart ? std::min(span.begin - lineStart, line.size()) : indent;
    const std::size_t end = std::min<std::size_t>(std::max<std::size_t>(span.end, lineStart) - lineStart, line.size());
    const Excerpt shown = excerpt(line, begin, std::max(begin, end), mark);
    put(kBlue, fmt::format(" {:>{}} |", number, gutter_));
    out_ += fmt::format(" {}\n", shown.text);
    put(kBlue, fmt::format(" {:>{}} |", "", gutter_));
    out_ += ' ';
    put(tone, shown.marks + (label.empty() ? "" : fmt::format(" {}", harmless(label))));
    out_ += '\n';
  }

  void addRemark(std::string_view what, std::string_view text, std::string_view tone) {
    out_ += "  ";
    put(tone, fmt::format("{}:", what));
    // Further lines of a remark stand under its first.
    const std::string indent = "\n" + std::string(what.size() + 4, ' ');
    out_ += ' ';
    for (const char c : harmless(text)) {
      if (c == '\n')
        out_ += indent;
      else
        out_ += c;
    }
    out_ += '\n';
  }

  const SourceManager& sources_;
  bool color_;
  std::string out_;
  int gutter_ = 1;
  FileId lastFile_;
};

nlohmann::json placeOrNull(const SourceManager& sources, Span span, bool atEnd, bool wantsLine) {
  if (!span) return nullptr;
  const Place place = sources.place(span.file, atEnd ? span.end : span.begin);
  return wantsLine ? place.line : place.column;
}

nlohmann::json fileOrNull(const SourceManager& sources, Span span) {
  if (!span) return nullptr;
  return std::string(sources.name(span.file));
}

nlohmann::ordered_json toJson(const Diagnostic& diagnostic, const SourceManager& sources) {
  nlohmann::ordered_json object;
  object["severity"] = diagnostic.severity == Severity::Error ? "error" : "warning";
  object["code"] = diagnostic.code;
  object["message"] = diagnostic.message;
  object["file"] = fileOrNull(sources, diagnostic.primary);
  object["line"] = placeOrNull(sources, diagnostic.primary, /*atEnd=*/false, /*wantsLine=*/true);
  object["column"] = placeOrNull(sources, diagnostic.primary, /*atEnd=*/false, /*wantsLine=*/false);
  object["end_line"] = placeOrNull(sources, diagnostic.primary, /*atEnd=*/true, /*wantsLine=*/true);
  object["end_column"] = placeOrNull(sources, diagnostic.primary, /*atEnd=*/true, /*wantsLine=*/false);
  object["notes"] = nlohmann::ordered_json::array();
  const auto addNote = [&](std::string_view message, Span span) {
    nlohmann::ordered_json note;
    note["message"] = message;
    note["file"] = fileOrNull(sources, span);
    note["line"] = placeOrNull(sources, span, /*atEnd=*/false, /*wantsLine=*/true);
    note["column"] = placeOrNull(sources, span, /*atEnd=*/false, /*wantsLine=*/false);
    object["notes"].push_back(note);
  };
  if (!diagnostic.primaryLabel.empty()) addNote(diagnostic.primaryLabel, diagnostic.primary);
  for (const Label& label : diagnostic.labels) addNote(label.text, label.span);
  for (const std::string& note : diagnostic.notes) addNote(note, Span{});
  object["help"] = diagnostic.help;
  return object;
}

}  // namespace

std::string renderText(const Diagnostics& diagnostics, const SourceManager& sources, const RenderOptions& options) {
  if (diagnostics.all().empty()) return {};
  TextRenderer renderer(sources, options.color);
  int shown = 0;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (shown == options.maxShown) break;
    renderer.render(diagnostic);
    ++shown;
  }
  const int all = static_cast<int>(diagnostics.all().size());
  renderer.closing(diagnostics.errorCount(), all - diagnostics.errorCount(), all - shown);
  return renderer.take();
}

std::string renderJson(const Diagnostics& diagnostics, const SourceManager& sources) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    // Names on disk may hold any bytes: what is not UTF-8 is replaced, never an exception.
    out += toJson(diagnostic, sources).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    out += '\n';
  }
  return out;
}

}  // namespace nnc
