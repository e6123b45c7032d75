// The setting `split` of a data block: ranges of rows, or random parts.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/project.h"
#include "elaborate/data_parts.h"
#include "elaborate/settings.h"

namespace nnc::elaborate {

using syntax::BlockKind;

/// `random(valid: 0.1, seed: 0)`
static bool readRandomSplit(Elaborator& elaborator, const syntax::CallExpr& call, Scope& scope, DataProgram& data) {
  double total = 0.0;
  for (const syntax::Arg& argument : call.arguments) {
    const std::optional<Value> value = elaborator.evaluate(*argument.value, scope);
    if (!value) return false;
    const std::string_view name = argument.name ? std::string_view(argument.name->text) : std::string_view();
    if (name == "seed") {
      const auto* seed = std::get_if<std::int64_t>(&*value);
      if (seed == nullptr || *seed < 0) {
        elaborator.error<diag::BadSplit>(
            argument.span,
            fmt::format("the seed of a split is a whole number from 0, and this is {}", describe(*value)));
        return false;
      }
      data.splitSeed = *seed;
      continue;
    }
    const std::optional<double> fraction = asReal(*value);
    if (name.empty() || !fraction || !(*fraction > 0.0) || !(*fraction < 1.0)) {
      elaborator.error<diag::BadSplit>(argument.span,
                                       "a random part is a name with a fraction between 0 and 1: `valid: 0.1`");
      return false;
    }
    total += *fraction;
    data.split.push_back({std::string(name), {}, *fraction, argument.span});
  }
  if (!data.split.empty() && total < 1.0) return true;
  elaborator.error<diag::BadSplit>(call.callee->span, data.split.empty()
                                                          ? "this split names no part"
                                                          : "the parts of this split leave nothing for `train`");
  return false;
}

static bool readRanges(Elaborator& elaborator, const syntax::TupleExpr& tuple, Scope& scope, DataProgram& data) {
  for (const syntax::Arg& entry : tuple.entries) {
    const std::optional<Value> value = elaborator.evaluate(*entry.value, scope);
    if (!value) return false;
    const auto* rows = std::get_if<Range>(&*value);
    if (!entry.name || rows == nullptr || rows->begin < 0 || rows->begin >= rows->end) {
      elaborator.error<diag::BadSplit>(
          entry.span, "a part is a name with a range of rows that is not empty: `valid: 50000..60000`");
      return false;
    }
    data.split.push_back({entry.name->text, {rows->begin, rows->end}, std::nullopt, entry.span});
  }
  return true;
}

static bool checkParts(Elaborator& elaborator, const DataProgram& data) {
  constexpr std::string_view kNames[] = {"train", "valid", "test", "seen"};
  for (std::size_t i = 0; i < data.split.size(); ++i) {
    const SplitPart& part = data.split[i];
    const auto refuse = [&](std::string text) {
      elaborator.error<diag::BadSplit>(part.span, text);
      return false;
    };
    if (std::find(std::begin(kNames), std::end(kNames), part.name) == std::end(kNames))
      return refuse(fmt::format("`{}` is no part of the data: parts are train, valid, test and seen", part.name));
    if (part.name == "test" && data.test) return refuse("the part `test` is already the source of `test:`");
    for (std::size_t k = 0; k < i; ++k) {
      const SplitPart& other = data.split[k];
      if (other.name == part.name) return refuse(fmt::format("the part `{}` stands twice", part.name));
      const std::int64_t begin = std::max(part.rows.begin, other.rows.begin),
                         end = std::min(part.rows.end, other.rows.end);
      // `seen` is rows of `train`, looked at as if they were new: without noise, with running statistics.
      const bool isSeen =
          (part.name == "seen" && other.name == "train") || (part.name == "train" && other.name == "seen");
      if (!part.randomFraction && !other.randomFraction && !isSeen && begin < end)
        return refuse(fmt::format("the parts `{}` and `{}` overlap: both have the rows {}..{}", other.name, part.name,
                                  begin, end));
    }
  }
  const bool isRandom = !data.split.empty() && data.split[0].randomFraction;
  const bool hasTrain =
      std::any_of(data.split.begin(), data.split.end(), [](const SplitPart& part) { return part.name == "train"; });
  if (hasTrain || isRandom || data.split.empty()) return true;
  elaborator.error<diag::BadSplit>(data.split[0].span, "this split has no part `train`");
  return false;
}

bool readSplit(Elaborator& elaborator, const syntax::Setting& setting, Scope& scope, DataProgram& data) {
  const auto* tuple = std::get_if<syntax::TupleExpr>(&setting.value->node);
  const auto* call = std::get_if<syntax::CallExpr>(&setting.value->node);
  const auto* callee = call != nullptr ? std::get_if<syntax::NameExpr>(&call->callee->node) : nullptr;
  const bool isRandom = callee != nullptr && callee->name == "random";
  if ((tuple == nullptr || tuple->entries.empty()) && !isRandom) {
    elaborator.error<diag::SettingValue>(setting.value->span, "split", settingTakes(BlockKind::Data, "split"),
                                         "something else");
    return false;
  }
  const bool isRead =
      isRandom ? readRandomSplit(elaborator, *call, scope, data) : readRanges(elaborator, *tuple, scope, data);
  return isRead && checkParts(elaborator, data);
}

}  // namespace nnc::elaborate
