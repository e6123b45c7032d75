// `scan`: the one loop that runs when the program does.
#pragma once
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// What a scan hands from step to step, while its body is elaborated.
struct Carry {
  const syntax::Binding* binding = nullptr;
  Span start;                     // of its first value, in the text
  const Traced* first = nullptr;  // before the first step
  ir::Value entering;             // stands for its value at the start of a step
  std::optional<Value> next;
  Span nextSpan;
};

/// A scan whose body is being elaborated: what `next` and `yield` write to.
struct Loop {
  Span span;
  std::vector<Carry> carries;
  std::optional<Value> yielded;
  Span yieldSpan;

  Carry* find(std::string_view name);
};

/// `scan t in a..b carry h = h0 { .. }`: a record of the final carries and, with a `yield`, of `ys`, whose first axis
/// is time.
///
/// The body is traced into the current function and then cut out of it (elaborate/outline.h). What does not depend on
/// a step stays before the loop; a tensor of the outside that is read at `t` alone becomes a scanned input; everything
/// else of the outside that the body reads is a constant of the region.
[[nodiscard]] std::optional<Value> evaluateScan(Elaborator& elaborator, const syntax::ScanExpr& scan, Span span,
                                                Scope& scope);
/// `next h = h1, c = c1`. Needs: the frame has a loop.
[[nodiscard]] bool executeNext(Elaborator& elaborator, const syntax::NextStmt& statement, Scope& scope);
[[nodiscard]] bool executeYield(Elaborator& elaborator, const syntax::YieldStmt& statement, Span span, Scope& scope);

}  // namespace nnc::elaborate
