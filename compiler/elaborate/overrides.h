// Values for the parameters of a train: of the command line (`--lr 0.1`), and those that an experiment sets in a cell.
#pragma once
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "elaborate/elaborate.h"
#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// The names around an expression besides those of its module: parameters and constants of an experiment.
class Environment {
 public:
  virtual ~Environment() = default;
  /// A scope with these names. Null: reported.
  [[nodiscard]] virtual const Scope* open(Elaborator& elaborator) const = 0;
};

/// A value for a parameter: the tree of an option, an expression of a .nn file, or a number.
///
/// In an option a value is written as in a .nn file; an enum's symbol may lack its dot, and a `str` its quotes.
struct ParsedOverride {
  const syntax::ParamDecl* parameter = nullptr;
  std::variant<syntax::File, const syntax::Expr*, std::int64_t, double> source;  // File: one `let`
  const Environment* environment = nullptr;                                      // null: the module's names alone
  bool isDerived = false;  // its expression sees the parameters of the train: evaluated after all others, in order
};

/// Whose parameters are set: a train or an experiment, for messages.
struct ParameterOwner {
  std::string_view kind;  // "train"
  const syntax::Ident& name;
  const std::vector<syntax::ParamDecl>& parameters;
};

inline ParameterOwner ownerOf(const syntax::BlockDecl& train) { return {"train", train.name, train.parameters}; }

/// Parses overrides and tries each of them: what this accepts, `openParameters` evaluates.
///
/// Errors  E1551 no such parameter, E1552 not a value of its type, E1553 a parameter without a value, E1554 set twice.
[[nodiscard]] std::optional<std::vector<ParsedOverride>> parseOverrides(const ParameterOwner& owner,
                                                                        const SourceModule& home,
                                                                        const std::vector<Override>& overrides,
                                                                        const Modules& modules, SourceManager& sources,
                                                                        Diagnostics& diagnostics);

/// The parameters as names of a scope, overrides and defaults applied; around them the names of `environment`, which
/// defaults do not see. Null: reported.
[[nodiscard]] Scope* openParameters(Elaborator& elaborator, const ParameterOwner& owner, const SourceModule& home,
                                    const std::vector<ParsedOverride>& overrides,
                                    const Environment* environment = nullptr);

/// `hidden: dim = 30`, as it was written.
std::string parameterText(const syntax::ParamDecl& parameter, const SourceManager& sources);

}  // namespace nnc::elaborate
