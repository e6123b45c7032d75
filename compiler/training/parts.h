// Which rows belong to train, valid and test, and in which order an epoch visits them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/program.h"
#include "training/data_set.h"

namespace nnc::training {

/// Cuts the sources (row counts of `source` and, if there is one, `test`) into parts. The parts of a random split are
/// drawn from the rows outside explicit ranges; what is left over is `train`, unless `train` is written. `splitSeed`
/// draws them when the split names no seed.
///
/// Errors  E1205, E1206: reported, result is empty.
std::optional<std::vector<Part>> cutParts(const elaborate::DataProgram& program,
                                          const std::vector<std::int64_t>& rowCounts, std::int64_t splitSeed,
                                          Diagnostics& diagnostics);

/// A text that two data blocks share when they cut the same rows into the same parts, and shuffle alike.
std::string splitText(const elaborate::DataProgram& data);

/// Bytes of the row numbers that cutParts makes and that a shuffled epoch draws, 8 a row: those of all parts, and once
/// more those of `source`.
std::int64_t rowNumberBytes(const std::vector<std::int64_t>& rowCounts);

/// A permutation of 0..count-1 that depends on (stream, seed, counter) and on nothing else.
std::vector<std::int64_t> permutation(std::int64_t count, std::string_view stream, std::int64_t seed,
                                      std::int64_t counter);

}  // namespace nnc::training
