#include "elaborate/check_definitions.h"

#include <algorithm>
#include <array>
#include <map>

#include "diagnostics/kinds/elaborate.h"
#include "elaborate/trial.h"
#include "support/checked.h"

namespace nnc::elaborate {

/// Whether a message without a clash of two sizes may still be due to those that were made up. One that is not, holds
/// for every caller.
static bool dependsOnSizes(std::string_view code) {
  static constexpr std::array kCodes = {
      diag::SharedInstanceShape::kCode, diag::InexactDivision::kCode, diag::IntegerOverflow::kCode,
      diag::DivisionByZero::kCode,      diag::MatMulShapes::kCode,    diag::ElementCount::kCode,
      diag::TensorTooLarge::kCode,      diag::BadDimPattern::kCode,   diag::BadArgumentValue::kCode,
      diag::IndexRange::kCode,          diag::RaggedList::kCode,      diag::IndexOutOfRange::kCode,
      diag::RequireFailed::kCode,       diag::RepeatCount::kCode,     diag::ProgramTooLarge::kCode};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

namespace {

/// Every combination of the flags and symbols that a definition takes, up to a bound.
std::vector<std::map<std::string, Value>> choicesOf(const TrialSubject& subject) {
  constexpr std::size_t kMost = 16;
  std::vector<std::map<std::string, Value>> all(1);
  for (const TrialSubject::Choice& choice : subject.choices) {
    if (all.size() * choice.values.size() > kMost) return all;
    std::vector<std::map<std::string, Value>> longer;
    for (const auto& one : all)
      for (const Value& value : choice.values) {
        longer.push_back(one);
        longer.back()[choice.name] = value;
      }
    all = std::move(longer);
  }
  return all;
}

/// Trials of one definition with one set of choices.
class Search {
 public:
  Search(ProjectState& state, const TrialSubject& subject, const std::map<std::string, Value>& choices)
      : state_(state), subject_(subject), choices_(choices) {}

  /// Reports what is wrong with it, if anything is. True: the definition has no mistake.
  bool run() {
    std::vector<TrialFault> faults;
    static constexpr std::array<std::size_t, 3> kRanks = {2, 1, 3};
    const std::size_t ranks = subject_.hasPack ? kRanks.size() : 1;
    for (std::size_t rank = 0; rank < ranks; ++rank)
      for (const SizeSeries series : kSizesToCheck) {
        const std::optional<TrialFault> fault = settle(TrialSizes(series, kRanks[rank]));
        if (!fault || !isSame(faults, *fault)) return true;
        faults.push_back(*fault);
      }
    report(faults[0]);
    return false;
  }

 private:
  /// Runs with sizes that are made equal where they have to be. Empty: it works with some.
  std::optional<TrialFault> settle(TrialSizes sizes) {
    constexpr int kMostEqualities = 12;
    std::optional<TrialFault> fault = runTrial(state_, subject_, choices_, sizes, /*keepsMessages=*/false);
    for (int i = 0; i < kMostEqualities && fault && fault->clash; ++i) {
      TrialSizes next = sizes;
      if (!next.makeEqual(fault->clash->have, fault->clash->want)) break;
      const std::optional<TrialFault> after = runTrial(state_, subject_, choices_, next, /*keepsMessages=*/false);
      const bool isStuck = after && after->code == fault->code && after->primary == fault->primary;
      if (isStuck) break;
      sizes = next;
      fault = after;
    }
    if (fault) fault->sizes = sizes;
    return fault;
  }

  /// Whether `fault` is the one that others with other sizes had, and no sizes can avoid it: the two that clash are
  /// always as far apart, or one is always the same multiple of the other.
  static bool isSame(const std::vector<TrialFault>& faults, const TrialFault& fault) {
    // With nothing made up but the batch, there is nothing that a caller could do.
    const bool hasFreeSizes = fault.sizes.values().size() > 1;
    if (!fault.clash && hasFreeSizes && dependsOnSizes(fault.code)) return false;
    if (faults.empty()) return true;
    const TrialFault& first = faults[0];
    if (first.code != fault.code || first.primary != fault.primary) return false;
    if (!first.clash || !fault.clash) return !first.clash && !fault.clash;
    const Elaborator::Clash a = *first.clash, b = *fault.clash;
    const std::optional<std::int64_t> left = (Checked(a.have) * b.want).value();
    return a.have - a.want == b.have - b.want || (left && left == (Checked(b.have) * a.want).value());
  }

  /// Once for each place: a mistake in one definition shows in those that use it, too.
  void report(TrialFault fault) {
    for (const Diagnostic& known : state_.diagnostics.all())
      if (known.code == fault.code && known.primary == fault.primary) return;
    (void)runTrial(state_, subject_, choices_, fault.sizes, /*keepsMessages=*/true).has_value();
  }

  ProjectState& state_;
  const TrialSubject& subject_;
  const std::map<std::string, Value>& choices_;
};

}  // namespace

void checkDefinition(ProjectState& state, const syntax::CallableDecl& callable, const SourceModule& home) {
  const std::optional<TrialSubject> subject = trialSubject(callable, home);
  if (!subject) return;
  for (const std::map<std::string, Value>& choices : choicesOf(*subject))
    if (!Search(state, *subject, choices).run()) return;
}

/// The definition as a function, with the first small sizes that fit it.
static std::optional<ir::FunctionId> traceDerivative(ProjectState& state, const TrialSubject& subject,
                                                     ir::Module& module) {
  for (const SizeSeries series : kSizesToCompute)
    for (std::size_t rank = 2; rank < 4; ++rank) {
      TrialSizes sizes(series, rank);
      if (const std::optional<ir::FunctionId> function = traceTrial(state, subject, sizes, module)) return function;
    }
  return std::nullopt;
}

std::vector<DerivativeProgram> derivativePrograms(ProjectState& state) {
  std::vector<DerivativeProgram> programs;
  for (const SourceModule* home : state.modules->own())
    for (const syntax::Decl& decl : home->tree.declarations) {
      const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node);
      if (callable == nullptr || !callable->vjp) continue;
      DerivativeProgram& program = programs.emplace_back();
      program.name = callable->name.text;
      program.span = callable->vjp->body.span;
      const std::optional<TrialSubject> subject = trialSubject(*callable, *home);
      std::optional<ir::FunctionId> function;
      if (subject) function = traceDerivative(state, *subject, program.module);
      if (function)
        program.function = *function;
      else
        program.refused = subject ? "no made-up sizes fit it" : "a caller has to say what one of its parameters does";
    }
  return programs;
}

}  // namespace nnc::elaborate
