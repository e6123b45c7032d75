// One elaboration of a definition with made-up arguments.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "elaborate/project.h"

namespace nnc::elaborate {

/// A definition that can be tried: nothing that it needs is code that only a caller has.
struct TrialSubject {
  /// A flag or symbol without a default.
  struct Choice {
    std::string name;
    std::vector<Value> values;
  };
  const syntax::CallableDecl* callable = nullptr;
  const SourceModule* home = nullptr;
  std::vector<Choice> choices;
  bool hasPack = false;  // `..s` among its shapes
};

/// Empty: a caller has to say what it does (a `fn`, `layer` or list without a default).
std::optional<TrialSubject> trialSubject(const syntax::CallableDecl& callable, const SourceModule& home);

/// The sizes of a trial: one for each dim and int that has none, different from all others.
///
/// Dims have many small divisors, so that `d / heads` and `d / 2` are whole numbers.
class TrialSizes {
 public:
  /// `set` 0, 1 or 2; 3 to 5: small ones, to compute with. `packRank`: the number of dims that `..s` stands for.
  TrialSizes(int set, std::size_t packRank) : set_(set), packRank_(packRank) {}

  std::int64_t dim(const std::string& name);
  std::int64_t integer(const std::string& name);
  std::size_t packRank() const { return packRank_; }
  /// Changes one of the sizes, so that the two numbers become one. False: neither is a size by itself.
  [[nodiscard]] bool makeEqual(std::int64_t have, std::int64_t want);
  std::vector<std::int64_t> values() const;
  /// "in = 840, out = 1680"
  std::string text() const;

 private:
  std::int64_t add(const std::string& name, std::int64_t value);
  int set_ = 0;
  std::size_t packRank_ = 2;
  std::int64_t dims_ = 0, integers_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> values_;
};

/// The first message of a trial.
struct TrialFault {
  std::string_view code;
  Span primary;
  std::optional<Elaborator::Clash> clash;
  TrialSizes sizes{0, 2};
};

/// Elaborates a fn with made-up arguments for its own sake: `module` gets a function (data.., seed, step) ->
/// (results..). Empty, and nothing is reported: these sizes do not fit.
std::optional<ir::FunctionId> traceTrial(ProjectState& state, const TrialSubject& subject, TrialSizes& sizes,
                                         ir::Module& module);

/// Empty: it elaborates. Its messages reach the project's only with `keepsMessages`.
std::optional<TrialFault> runTrial(ProjectState& state, const TrialSubject& subject,
                                   const std::map<std::string, Value>& choices, TrialSizes& sizes, bool keepsMessages);

}  // namespace nnc::elaborate
