// What an `experiment` block says: its clauses read, nothing elaborated yet.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "elaborate/overrides.h"
#include "elaborate/project.h"
#include "experiment/plan.h"
#include "study/study.h"
#include "syntax/ast.h"

namespace nnc::experiment {

/// A value of a parameter: as it was written, or a number of a computed list. Derived: it depends on other parameters
/// of the train (`if act == relu then he_normal else glorot_uniform`).
struct ValueSource {
  std::variant<const syntax::Expr*, std::int64_t, double> value;
  bool isDerived = false;
};

/// Whether a parameter is an `int` or a `dim`.
bool isWholeNumber(const syntax::ParamDecl& parameter);

/// A `vary` clause.
struct FactorSpec {
  study::Factor factor;
  std::vector<const syntax::ParamDecl*> parameters;  // the targets
  std::vector<std::vector<ValueSource>> levels;      // [level][target]
  const syntax::Expr* when = nullptr;
  Span span;
};

/// `steps(50)`, `epochs(2)`: how many steps that is depends on the rows and the batch of a cell.
struct Length {
  std::int64_t count = 1;
  bool isEpochs = true;
  std::int64_t steps(std::int64_t perEpoch) const { return isEpochs ? count * perEpoch : count; }
};

/// `bind init = ..`, or an argument of `run: recipe(..)`.
struct BindSpec {
  const syntax::ParamDecl* parameter = nullptr;
  const syntax::Expr* value = nullptr;
};

struct DesignSpec {
  enum class Kind : std::uint8_t {
    Factorial,
    Fractional,
    Ablate,
    BuildUp,
    Path,
    Shapley,
    Random
  } kind = Kind::Factorial;
  std::string text = "factorial";
  std::string measure;                  // of Path: what each step is judged by
  int number = 0;                       // resolution, samples or cells
  std::string generators;               // of Fractional; empty: by resolution
  bool fromOld = true, fromNew = true;  // of Ablate
  std::vector<std::size_t> order;       // of BuildUp: indices of factors
  Span span;
};

/// Parameters and constants of the experiment: what its clauses see besides the module's names.
class ExperimentEnvironment : public elaborate::Environment {
 public:
  ExperimentEnvironment(const syntax::ExperimentDecl& decl, const elaborate::SourceModule& home,
                        std::vector<elaborate::ParsedOverride> overrides)
      : decl_(decl), home_(home), overrides_(std::move(overrides)) {}
  [[nodiscard]] const elaborate::Scope* open(elaborate::Elaborator& elaborator) const override;

 private:
  const syntax::ExperimentDecl& decl_;
  const elaborate::SourceModule& home_;
  std::vector<elaborate::ParsedOverride> overrides_;
};

struct Spec {
  const syntax::ExperimentDecl* decl = nullptr;
  std::string doc;
  Span span;  // of the whole block
  const elaborate::SourceModule* home = nullptr;
  std::unique_ptr<ExperimentEnvironment> environment;
  std::map<std::string, double> constants;  // its parameters and `let`s that are numbers
  std::map<std::string, bool> flags;        // and those that are true or false
  const syntax::BlockDecl* train = nullptr;
  const elaborate::SourceModule* trainHome = nullptr;
  std::vector<BindSpec> base;  // arguments of `run`
  std::vector<FactorSpec> factors;
  std::vector<std::size_t> conditionOrder;  // of the factors: each `when` sees those before it decided
  std::vector<BindSpec> binds;              // in an order in which each uses only those before it
  std::vector<const syntax::Expr*> excludes;
  const syntax::ParamDecl* tunedParameter = nullptr;
  std::optional<study::Tuning> tuning;
  std::optional<Length> trialLength;  // with `tuning`
  DesignSpec design;
  std::vector<study::Block> blocks;
  bool isCrossed = false;  // the streams have numbers of seeds of their own
  std::string seeds;       // as written
  Rules rules;
  std::optional<Length> evaluateEvery;  // empty: the end of each epoch
  std::vector<const syntax::ProbeClause*> probes;
  std::vector<const syntax::MeasureClause*> measures;
  std::vector<std::pair<const syntax::ExpectClause*, Span>> expects;
  const syntax::ReportClause* report = nullptr;

  /// What a cell sets, as overrides of the train. `levels`: of each factor, -1 for none. `tuned`: the value of the
  /// tuned parameter; empty: the middle of its grid.
  std::vector<elaborate::ParsedOverride> overrides(const std::vector<int>& levels, std::optional<double> tuned) const;
};

/// Reads an experiment. `overrides`: of the command line, for its parameters. Empty: reported.
///
/// Errors  E1544-E0611, E0617; settings E0105-E0109; parameters E1551-E1554; and those of the expressions.
[[nodiscard]] std::optional<Spec> readExperiment(elaborate::ProjectState& state, const std::string& name,
                                                 const std::vector<elaborate::Override>& overrides);

}  // namespace nnc::experiment
