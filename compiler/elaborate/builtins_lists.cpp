// Builtins that make static lists.
#include <cmath>

#include "elaborate/builtin_handlers.h"

namespace nnc::elaborate::builtin {

namespace {

struct Grid {
  double low = 0.0, high = 0.0;
  std::int64_t count = 0;
};

std::optional<Grid> gridArguments(Elaborator& elaborator, BuiltinCall& call) {
  constexpr std::int64_t kMost = 10000;
  static constexpr std::string_view kNames[] = {"lo", "hi"};
  Grid grid;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::optional<double> number = asReal(call.value(i));
    if (!number || !std::isfinite(*number)) {
      badArgument(elaborator, call, i, kNames[i], "a number is needed, and this is " + describe(call.value(i)));
      return std::nullopt;
    }
    (i == 0 ? grid.low : grid.high) = *number;
  }
  const auto* count = std::get_if<std::int64_t>(&call.value(2));
  if (count == nullptr || *count < 2 || *count > kMost) {
    badArgument(elaborator, call, 2, "n", fmt::format("a whole number from 2 to {} is needed", kMost));
    return std::nullopt;
  }
  grid.count = *count;
  return grid;
}

/// The ends are exactly those that were given.
template <typename Between>
Value gridValues(Elaborator& elaborator, const Grid& grid, Between between) {
  List list;
  for (std::int64_t i = 0; i < grid.count; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(grid.count - 1);
    list.items.emplace_back(i == 0 ? grid.low : i + 1 == grid.count ? grid.high : between(part));
  }
  return elaborator.keepList(std::move(list));
}

}  // namespace

std::optional<Value> LogGrid(Elaborator& elaborator, BuiltinCall& call) {
  const std::optional<Grid> grid = gridArguments(elaborator, call);
  if (!grid) return std::nullopt;
  for (std::size_t i = 0; i < 2; ++i)
    if (!((i == 0 ? grid->low : grid->high) > 0.0))
      return badArgument(elaborator, call, i, i == 0 ? "lo" : "hi", "a number above 0 is needed: its logarithm counts");
  return gridValues(elaborator, *grid, [&](double part) { return grid->low * std::pow(grid->high / grid->low, part); });
}

std::optional<Value> LinearGrid(Elaborator& elaborator, BuiltinCall& call) {
  const std::optional<Grid> grid = gridArguments(elaborator, call);
  if (!grid) return std::nullopt;
  return gridValues(elaborator, *grid, [&](double part) { return grid->low + (grid->high - grid->low) * part; });
}

}  // namespace nnc::elaborate::builtin
