// One elaboration of a definition with made-up arguments.
#pragma once
#include <array>
#include <cstdint>
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

/// How sizes are made up.
///
/// To check shapes: different ones with many small divisors, so that `d / heads` and `d / 2` are whole numbers; rising,
/// falling, and rising in larger steps, so that an inequality which one breaks is kept by another.
/// To compute with: a few elements each; different ones, even ones, and the same for all.
enum class SizeSeries : std::uint8_t { Rising, Falling, Wide, Few, FewEven, FewEqual };
inline constexpr std::array kSizesToCheck = {SizeSeries::Rising, SizeSeries::Falling, SizeSeries::Wide};
inline constexpr std::array kSizesToCompute = {SizeSeries::Few, SizeSeries::FewEven, SizeSeries::FewEqual};

/// The sizes of a trial: one for each dim and int that has none.
class TrialSizes {
 public:
  /// `packRank`: the number of dims that `..s` stands for.
  TrialSizes(SizeSeries series, std::size_t packRank) : series_(series), packRank_(packRank) {}

  std::int64_t dim(const std::string& name);
  std::int64_t integer(const std::string& name);
  std::size_t packRank() const { return packRank_; }
  /// Changes one of the sizes, so that the two numbers become one. False: neither is a size by itself.
  [[nodiscard]] bool makeEqual(std::int64_t have, std::int64_t want);
  std::vector<std::int64_t> values() const;
  /// "in = 24, out = 48"
  std::string text() const;

 private:
  std::int64_t add(const std::string& name, std::int64_t value);
  SizeSeries series_;
  std::size_t packRank_;
  std::int64_t dims_ = 0, integers_ = 0;
  std::vector<std::pair<std::string, std::int64_t>> values_;
};

/// The first message of a trial.
struct TrialFault {
  std::string_view code;
  Span primary;
  std::optional<Elaborator::Clash> clash;
  TrialSizes sizes;
};

/// Elaborates a fn with made-up arguments for its own sake: `module` gets a function (data.., seed, step) ->
/// (results..). Empty, and nothing is reported: these sizes do not fit.
std::optional<ir::FunctionId> traceTrial(ProjectState& state, const TrialSubject& subject, TrialSizes& sizes,
                                         ir::Module& module);

/// Empty: it elaborates. Its messages reach the project's only with `keepsMessages`.
std::optional<TrialFault> runTrial(ProjectState& state, const TrialSubject& subject,
                                   const std::map<std::string, Value>& choices, TrialSizes& sizes, bool keepsMessages);

}  // namespace nnc::elaborate
