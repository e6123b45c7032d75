// The inside of readExperiment: what its parts share.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "elaborate/settings.h"
#include "experiment/spec.h"

namespace nnc::experiment {

/// An experiment that is being read: its elaborator, and the scope of its own parameters and constants.
struct Reading {
  elaborate::ProjectState& state;
  elaborate::Elaborator& elaborator;
  elaborate::Scope& scope;
  Spec& spec;

  Diagnostics& diagnostics() const { return elaborator.diagnostics(); }
  std::string text(Span span) const { return elaborator.sources().lineText(span); }
  /// The parameter of the train; null: reported at `name`. `clause`: as shown, `vary depth`.
  const syntax::ParamDecl* parameter(const syntax::Ident& name, std::string_view clause) const;
  /// E0109.
  bool refuse(const syntax::Setting& setting, Span where, const std::string& what,
              syntax::BlockKind block = syntax::BlockKind::Experiment) const;
};

/// The expression itself, without parentheses.
const syntax::Expr& bare(const syntax::Expr& expr);
/// The arguments of a call of the plain name `function`; null: it is something else.
const std::vector<syntax::Arg>* callOf(const syntax::Expr& expr, std::string_view function);
/// `<`, `<=`, `>` or `>=`.
bool isOrder(syntax::BinaryOp op);
/// Needs: isOrder.
bool holds(double value, syntax::BinaryOp op, double limit);
/// Names that an expression may refer to.
void collectNames(const syntax::Expr& expr, std::set<std::string>& names);
/// `valid.loss` as text; empty: something else.
std::string metricName(const syntax::Expr& expr);

// read_factors.cpp
/// What names a level: its label, or its value as it is written.
std::string levelText(const syntax::Expr& expr, const SourceManager& sources);
/// The level of this label, or of this value. Empty: there is none.
std::optional<int> findLevel(const study::Factor& factor, const std::string& text);
[[nodiscard]] bool readFactor(Reading& reading, const syntax::VaryClause& clause, Span span);
/// Puts the `when`s into an order in which each sees the others decided. E0624.
[[nodiscard]] bool orderConditions(Reading& reading);
// read_binds.cpp
[[nodiscard]] bool readRun(Reading& reading, const elaborate::Settings& settings);
[[nodiscard]] bool readBind(Reading& reading, const syntax::BindClause& clause, Span span);
/// Puts the binds into an order in which each uses only those before it. E0609.
[[nodiscard]] bool orderBinds(Reading& reading);
// read_tuning.cpp
[[nodiscard]] bool readTuning(Reading& reading, const syntax::ParamDecl& parameter,
                              const std::vector<syntax::Arg>& arguments, Span span);
// read_settings.cpp
[[nodiscard]] bool readSettings(Reading& reading, const elaborate::Settings& settings);
// read_design.cpp
[[nodiscard]] bool readDesign(Reading& reading, const syntax::Setting& setting);

}  // namespace nnc::experiment
