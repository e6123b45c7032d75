// Seeds of several streams that are crossed: `seeds: (init: 4, data: 2)` is eight blocks, but not eight independent
// samples, as blocks share the seeds of a stream.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace nnc::statistics {

/// The streams that are crossed, and the level of each in every block. Empty: each block is a sample of its own.
struct Crossing {
  struct Stream {
    std::string name;
    std::vector<int> levels;  // of each block, counted from 0
    int count = 0;            // of levels
  };
  std::vector<Stream> streams;

  bool isEmpty() const { return streams.empty(); }
};

/// The seeds that one stream has in each block.
struct StreamSeeds {
  std::string name;
  std::vector<std::int64_t> seeds;
};

/// Streams with one seed are left out, and those that change with another one are one stream with it. Empty when what
/// is left has another seed in every block.
Crossing crossingOf(std::span<const StreamSeeds> streams);

/// How much a mean over blocks would vary with other seeds.
struct MeanError {
  double standardError = 0;
  double degrees = 0;  // of freedom
};

/// `byBlock`: NaN where a block is missing. Without a crossing sd / sqrt n with n - 1 degrees.
///
/// With one, the variances of the means of the levels add up: sum over the streams of sd(level means)^2 / levels, with
/// the degrees of Satterthwaite, Biometrics Bull. 2:110-114, 1946. For init and data with I and D seeds its expectation
/// is Vi/I + Vd/D + 2 Ve/(I D), where the mean has Vi/I + Vd/D + Ve/(I D): never too small. A stream that has no effect
/// adds nothing.
///
/// Errors  empty when no stream has values at two levels.
std::optional<MeanError> errorOfMean(std::span<const double> byBlock, const Crossing& crossing);

}  // namespace nnc::statistics
