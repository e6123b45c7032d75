// Values of the command line: `--lr 0.1` becomes the static value of the train's parameter `lr: real`.
#pragma once
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "elaborate/elaborate.h"
#include "elaborate/elaborator.h"

namespace nnc::elaborate {

/// An override as an expression of the language. A value is written as in a .nn file; an enum's symbol may lack its
/// dot, and a `str` its quotes.
struct ParsedOverride {
  const syntax::ParamDecl* parameter = nullptr;
  syntax::File tree;  // one `let`
  const syntax::Expr& value() const { return *std::get<syntax::ConstantDecl>(tree.declarations[0].node).value; }
};

/// Parses the overrides of a train and tries each of them: what this accepts, `overrideArguments` evaluates.
///
/// Errors  E0701 no such parameter, E0702 not a value of its type, E0703 a parameter without a value, E0704 set twice.
[[nodiscard]] std::optional<std::vector<ParsedOverride>> parseOverrides(const syntax::BlockDecl& train,
                                                                        const SourceModule& home,
                                                                        const std::vector<Override>& overrides,
                                                                        const Modules& modules, SourceManager& sources,
                                                                        Diagnostics& diagnostics);

/// The overrides as named arguments of the train, in an elaboration.
[[nodiscard]] std::optional<std::vector<Argument>> overrideArguments(Elaborator& elaborator, const SourceModule& home,
                                                                     const std::vector<ParsedOverride>& overrides);

/// `hidden: dim = 30`, as it was written.
std::string parameterText(const syntax::ParamDecl& parameter, const SourceManager& sources);

}  // namespace nnc::elaborate
