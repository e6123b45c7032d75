#include "diagnostics/diagnostics.h"

namespace nnc {

DiagnosticBuilder Diagnostics::add(Severity severity, std::string_view code, Span where, std::string message) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.primary = where;
  all_.push_back(std::move(diagnostic));
  if (severity == Severity::Error) ++errorCount_;
  return DiagnosticBuilder(all_.back());
}

const std::vector<KindInfo>& allKinds() {
  static const std::vector<KindInfo> kinds = {
#define NNC_DIAGNOSTIC(NAME, CODE, SEVERITY, FORMAT, EXPLANATION) {#NAME, CODE, FORMAT, EXPLANATION, Severity::SEVERITY},
#include "diagnostics/kinds.def"
#undef NNC_DIAGNOSTIC
  };
  return kinds;
}

}  // namespace nnc
