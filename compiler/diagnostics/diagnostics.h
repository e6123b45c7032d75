// What nnc has to say to people: emission and collection. The kinds of messages stand in kinds/, a table and a header
// for each phase; rendering is in render.h.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/source.h"

namespace nnc {

enum class Severity { Error, Warning };

/// A place that belongs to a message, with what is true there.
struct Label {
  Span span;
  std::string text;
};

/// One message. `primary` is the narrowest place to blame; `labels` are the other facts, in the order to be read.
struct Diagnostic {
  Severity severity = Severity::Error;
  std::string_view code;
  std::string message;
  Span primary;
  std::string primaryLabel;        // shown at the carets; may be empty
  std::vector<Label> labels;       // other places, each with its fact
  std::vector<std::string> notes;  // facts without a place in the source (a file on disk, an offset)
  std::vector<std::string> help;   // what to do, last
};

/// Adds places and advice to a message that was just emitted. Valid until the next emission.
class DiagnosticBuilder {
 public:
  explicit DiagnosticBuilder(Diagnostic& diagnostic) : diagnostic_(diagnostic) {}
  DiagnosticBuilder& label(std::string text);
  DiagnosticBuilder& also(Span span, std::string text);
  DiagnosticBuilder& note(std::string text);
  DiagnosticBuilder& help(std::string text);

 private:
  Diagnostic& diagnostic_;
};

/// Collects messages in the order of emission. Not thread-safe.
///
/// A function that can fail on user input takes a Diagnostics&, emits where it knows most, and returns an empty
/// optional (or false), which means "already reported".
class Diagnostics {
 public:
  /// Emits a message of kind `K`. The number and types of the arguments are checked against its format at compile time.
  template <typename K, typename... Arguments>
  DiagnosticBuilder emit(Span where, const Arguments&... arguments) {
    constexpr fmt::format_string<const Arguments&...> format(K::kFormat);
    return add(K::kSeverity, K::kCode, where, format, fmt::make_format_args(arguments...));
  }

  /// Adds the messages of another collection, as when a thread collected them.
  void append(Diagnostics other);
  /// Adds those messages of another collection that say something new: another code, place or text than all before.
  void appendNew(Diagnostics other);

  bool hasErrors() const { return errorCount_ > 0; }
  int errorCount() const { return errorCount_; }
  const std::vector<Diagnostic>& all() const { return all_; }
  /// Puts the messages from index `first` on in the order of their places. For a phase that reads a file in several
  /// passes.
  void sortByPlace(std::size_t first);

 private:
  DiagnosticBuilder add(Severity severity, std::string_view code, Span where, fmt::string_view format,
                        fmt::format_args arguments);
  std::vector<Diagnostic> all_;
  int errorCount_ = 0;
};

/// One row of kinds.def as data, for `nnc explain` and docs/errors.md.
struct KindInfo {
  std::string_view name, code, format, explanation;
  Severity severity;
};
/// All kinds in the order of kinds.def.
const std::vector<KindInfo>& allKinds();

}  // namespace nnc
