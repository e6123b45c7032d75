#include "training/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "diagnostics/kinds/data.h"
#include "support/draws.h"

namespace nnc::training {

namespace {

bool checkRange(const elaborate::SplitPart& part, std::int64_t rows, Diagnostics& diagnostics) {
  if (part.rows.begin >= 0 && part.rows.begin <= part.rows.end && part.rows.end <= rows) return true;
  diagnostics.emit<diag::PartOutOfRange>(part.span, part.name, part.rows.begin, part.rows.end, rows);
  return false;
}

/// The rows in no explicit range, in random order.
std::vector<std::int64_t> freeRows(const elaborate::DataProgram& program, std::int64_t rows, std::int64_t splitSeed) {
  std::vector<bool> isTaken(static_cast<std::size_t>(rows), false);
  for (const elaborate::SplitPart& part : program.split) {
    if (part.randomFraction) continue;
    std::fill(isTaken.begin() + part.rows.begin, isTaken.begin() + part.rows.end, true);
  }
  std::vector<std::int64_t> result;
  for (const std::int64_t row : permutation(rows, "data/split", program.splitSeed.value_or(splitSeed), 0))
    if (!isTaken[static_cast<std::size_t>(row)]) result.push_back(row);
  return result;
}

std::vector<std::int64_t> rangeRows(std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(end - begin));
  std::iota(rows.begin(), rows.end(), begin);
  return rows;
}

bool isWritten(const elaborate::DataProgram& program, std::string_view name) {
  return std::any_of(program.split.begin(), program.split.end(),
                     [&](const elaborate::SplitPart& part) { return part.name == name; });
}

/// The parts of `source` in the order in which they are written, `train` in front when it is what is left over.
std::vector<Part> cutMain(const elaborate::DataProgram& program, std::int64_t rows, std::int64_t splitSeed) {
  if (program.split.empty()) return {{"train", 0, rangeRows(0, rows)}};
  const bool hasRandom = std::any_of(program.split.begin(), program.split.end(),
                                     [](const elaborate::SplitPart& part) { return part.randomFraction.has_value(); });
  std::vector<std::int64_t> free = hasRandom ? freeRows(program, rows, splitSeed) : std::vector<std::int64_t>();
  const auto freeCount = static_cast<double>(free.size());
  std::vector<Part> parts;
  for (const elaborate::SplitPart& written : program.split) {
    if (!written.randomFraction) {
      parts.push_back({written.name, 0, rangeRows(written.rows.begin, written.rows.end)});
      continue;
    }
    const auto wanted = static_cast<std::size_t>(std::llround(*written.randomFraction * freeCount));
    const auto first = free.end() - static_cast<std::ptrdiff_t>(std::min(wanted, free.size()));
    parts.push_back({written.name, 0, {first, free.end()}});
    free.erase(first, free.end());
  }
  if (hasRandom && !isWritten(program, "train")) parts.insert(parts.begin(), Part{"train", 0, std::move(free)});
  for (Part& part : parts) std::sort(part.rows.begin(), part.rows.end());
  return parts;
}

}  // namespace

std::string splitText(const elaborate::DataProgram& data) {
  std::string text =
      fmt::format("shuffle {} take {} seed {}", data.shuffle, data.take.value_or(-1), data.splitSeed.value_or(0));
  for (const elaborate::SplitPart& part : data.split)
    text += part.randomFraction ? fmt::format(" {} {}", part.name, *part.randomFraction)
                                : fmt::format(" {} {}..{}", part.name, part.rows.begin, part.rows.end);
  return text;
}

std::int64_t rowNumberBytes(const std::vector<std::int64_t>& rowCounts) {
  const std::int64_t all = std::accumulate(rowCounts.begin(), rowCounts.end(), std::int64_t{0});
  return static_cast<std::int64_t>(sizeof(std::int64_t)) * (all + (rowCounts.empty() ? 0 : rowCounts[0]));
}

std::vector<std::int64_t> permutation(std::int64_t count, std::string_view stream, std::int64_t seed,
                                      std::int64_t counter) {
  std::vector<std::int64_t> order = rangeRows(0, count);
  Draws(stream, seed, counter).shuffle(order);
  return order;
}

std::optional<std::vector<Part>> cutParts(const elaborate::DataProgram& program,
                                          const std::vector<std::int64_t>& rowCounts, std::int64_t splitSeed,
                                          Diagnostics& diagnostics) {
  bool isFine = true;
  for (const elaborate::SplitPart& part : program.split)
    if (!part.randomFraction) isFine = checkRange(part, rowCounts[0], diagnostics) && isFine;
  if (!isFine) return std::nullopt;
  std::vector<Part> parts = cutMain(program, rowCounts[0], splitSeed);
  if (rowCounts.size() > 1) parts.push_back({"test", 1, rangeRows(0, rowCounts[1])});
  for (Part& part : parts) {
    if (part.name == "train" && program.take)
      part.rows.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(*program.take, 0, part.size())));
    if (!part.rows.empty()) continue;
    const auto written = std::find_if(program.split.begin(), program.split.end(),
                                      [&](const elaborate::SplitPart& p) { return p.name == part.name; });
    diagnostics.emit<diag::PartEmpty>(written != program.split.end() ? written->span : program.span, part.name);
    isFine = false;
  }
  if (!isFine) return std::nullopt;
  return parts;
}

}  // namespace nnc::training
