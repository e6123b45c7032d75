#include "diagnostics/diagnostics.h"

#include <algorithm>

namespace nnc {

DiagnosticBuilder& DiagnosticBuilder::label(std::string text) {
  diagnostic_.primaryLabel = std::move(text);
  return *this;
}

DiagnosticBuilder& DiagnosticBuilder::also(Span span, std::string text) {
  diagnostic_.labels.push_back({span, std::move(text)});
  return *this;
}

DiagnosticBuilder& DiagnosticBuilder::note(std::string text) {
  diagnostic_.notes.push_back(std::move(text));
  return *this;
}

DiagnosticBuilder& DiagnosticBuilder::help(std::string text) {
  diagnostic_.help.push_back(std::move(text));
  return *this;
}

DiagnosticBuilder Diagnostics::add(Severity severity, std::string_view code, Span where, fmt::string_view format,
                                   fmt::format_args arguments) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = code;
  diagnostic.message = fmt::vformat(format, arguments);
  diagnostic.primary = where;
  all_.push_back(std::move(diagnostic));
  if (severity == Severity::Error) ++errorCount_;
  return DiagnosticBuilder(all_.back());
}

void Diagnostics::append(Diagnostics other) {
  for (Diagnostic& diagnostic : other.all_) all_.push_back(std::move(diagnostic));
  errorCount_ += other.errorCount_;
}

void Diagnostics::appendNew(Diagnostics other) {
  for (Diagnostic& diagnostic : other.all_) {
    const bool isKnown = std::any_of(all_.begin(), all_.end(), [&](const Diagnostic& known) {
      return known.code == diagnostic.code && known.primary == diagnostic.primary &&
             known.message == diagnostic.message;
    });
    if (isKnown) continue;
    if (diagnostic.severity == Severity::Error) ++errorCount_;
    all_.push_back(std::move(diagnostic));
  }
}

void Diagnostics::sortByPlace(std::size_t first) {
  std::stable_sort(all_.begin() + static_cast<std::ptrdiff_t>(first), all_.end(),
                   [](const Diagnostic& a, const Diagnostic& b) {
                     return a.primary.file.index != b.primary.file.index ? a.primary.file.index < b.primary.file.index
                                                                         : a.primary.begin < b.primary.begin;
                   });
}

const std::vector<KindInfo>& allKinds() {
  static const std::vector<KindInfo> kinds = {
#define NNC_DIAGNOSTIC(NAME, CODE, SEVERITY, FORMAT, EXPLANATION) \
  {#NAME, CODE, FORMAT, EXPLANATION, Severity::SEVERITY},
#include "diagnostics/kinds.def"
#undef NNC_DIAGNOSTIC
  };
  return kinds;
}

}  // namespace nnc
