// The block bootstrap: intervals for quantities that are no means (ratios, medians, time to target).
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "statistics/intervals.h"

namespace nnc::statistics {

inline constexpr int kBootstrapDraws = 10'000;
inline constexpr int kFewestBlocksForBootstrap = 5;  // with fewer it is too narrow
inline constexpr int kFewestBlocksForBca = 10;

/// A quantity of a list of block numbers (with repetitions). NaN: not defined for this draw, which is then left out.
using BlockStatistic = std::function<double(std::span<const int> blocks)>;

/// Resamples blocks 0..blockCount-1. The percentile interval; BCa from ten blocks on: Efron, J. Am. Stat. Assoc.
/// 82:171-185, 1987. The draws are a function of `seed` alone.
///
/// Errors  empty with fewer than five blocks, or when the statistic is not defined on the blocks as they are, or in
///         more than one draw in twenty.
std::optional<Interval> bootstrapInterval(int blockCount, const BlockStatistic& statistic, std::uint64_t seed,
                                          double level = 0.95, int draws = kBootstrapDraws);

/// The share of bootstrap draws of blocks in which the mean of `first` exceeds that of `second`; means that are equal
/// to rounding count half. Blocks in which either is NaN are left out. Of crossed seeds the levels of each stream are
/// drawn, and a block counts as often as its levels together: Owen, Ann. Appl. Stat. 1:386-411, 2007.
///
/// Needs   equal lengths: entry i of both is block i.
/// Errors  empty with fewer than five blocks, or levels of a stream.
std::optional<double> probabilityGreater(std::span<const double> first, std::span<const double> second,
                                         std::uint64_t seed, const Crossing& crossing = {},
                                         int draws = kBootstrapDraws);

}  // namespace nnc::statistics
