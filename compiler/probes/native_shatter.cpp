// grad_shatter: derivatives by the input along lines between two examples.
#include <fmt/format.h>

#include <algorithm>

#include "probes/bench.h"

namespace nnc::probes {

namespace {

constexpr std::int64_t kPoints = 256;
constexpr std::size_t kPairs = 4;

bool hasClasses(const Bench& bench, const Examples& examples) {
  const auto& labels = bench.data().program().labelBounds;
  return !labels.empty() && examples.type(labels[0].first).rank() == 0;
}

/// The class of an example; 0 in a data block without classes.
std::int64_t classOf(const Bench& bench, const Examples& examples, std::int64_t row) {
  if (!hasClasses(bench, examples)) return 0;
  const std::string& field = bench.data().program().labelBounds[0].first;
  return training::integerAt(examples.type(field).dtype, examples.at(field, row));
}

/// Each example with the next one of another class that is free; without classes, neighbours.
std::vector<std::pair<std::int64_t, std::int64_t>> pairsOf(const Bench& bench, const Examples& examples) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  std::vector<bool> isTaken(static_cast<std::size_t>(examples.count()), false);
  for (std::int64_t a = 0; a < examples.count() && pairs.size() < kPairs; ++a) {
    for (std::int64_t b = a + 1; b < examples.count() && !isTaken[static_cast<std::size_t>(a)]; ++b) {
      const bool isOther = !hasClasses(bench, examples) || classOf(bench, examples, a) != classOf(bench, examples, b);
      if (isTaken[static_cast<std::size_t>(b)] || !isOther) continue;
      isTaken[static_cast<std::size_t>(a)] = isTaken[static_cast<std::size_t>(b)] = true;
      pairs.emplace_back(a, b);
    }
  }
  return pairs;
}

/// The points (1 - t) a + t b of the input, t = 0..1; what else the network takes is that of a.
void fillLine(Program& program, const Examples& examples, std::int64_t a, std::int64_t b) {
  for (std::size_t i = 0; i < program.fields().size(); ++i) {
    const std::string& field = program.fields()[i];
    const ir::Type& type = examples.type(field);
    for (std::int64_t point = 0; point < kPoints; ++point) {
      std::byte* const row = program.field(i).data() + point * type.byteCount();
      examples.copy(field, a, 1, row);
      if (field != program.name(0)) continue;
      const double t = static_cast<double>(point) / (kPoints - 1);
      const Numbers from{type.dtype, type.elementCount(), examples.at(field, a)};
      const Numbers to{type.dtype, type.elementCount(), examples.at(field, b)};
      for (std::int64_t k = 0; k < from.count; ++k)
        setReal(type.dtype, row + k * ir::dtypeBytes(type.dtype), (1.0 - t) * from[k] + t * to[k]);
    }
  }
}

/// Mean over t of cos(G(t), G(t + lag)).
double correlation(const Program& program, std::int64_t lag) {
  const Numbers all = program.result(0);
  const std::int64_t size = all.count / kPoints, bytes = size * ir::dtypeBytes(all.dtype);
  const auto at = [&](std::int64_t point) { return Numbers{all.dtype, size, all.bytes + point * bytes}; };
  double sum = 0.0;
  for (std::int64_t point = 0; point + lag < kPoints; ++point) sum += cosine(at(point), at(point + lag));
  return sum / static_cast<double>(kPoints - lag);
}

}  // namespace

/// The derivative of the output of a's class (the first output where there are no classes) at 256 points of the line
/// from example a to b, all of them one batch. 1: smooth; 0: white noise. Source: Balduzzi et al., "The shattered
/// gradients problem", 2017.
bool measureGradShatter(Bench& bench, const Moment& moment, Rows& rows) {
  const Examples* const examples = bench.probeSet();
  if (examples == nullptr || !bench.requireExamples(*examples, 2, "grad_shatter")) return false;
  Program* const program = bench.program(elaborate::ProbeKind::InputGradient, kPoints);
  if (program == nullptr) return false;
  constexpr std::int64_t kLags[] = {1, 4, 16};
  double sums[std::size(kLags)] = {};
  const auto pairs = pairsOf(bench, *examples);
  for (const auto& [a, b] : pairs) {
    fillLine(*program, *examples, a, b);
    const ir::Type& type = program->inputType(0);
    const std::int64_t outputs = type.elementCount() / kPoints, chosen = classOf(bench, *examples, a) % outputs;
    for (std::int64_t i = 0; i < type.elementCount(); ++i)
      setReal(type.dtype, program->input(0).data() + i * ir::dtypeBytes(type.dtype), i % outputs == chosen ? 1.0 : 0.0);
    program->run(bench.train(), moment.slots, moment.step + 1);
    for (std::size_t i = 0; i < std::size(kLags); ++i) sums[i] += correlation(*program, kLags[i]);
  }
  for (std::size_t i = 0; i < std::size(kLags); ++i)
    rows.push_back({fmt::format("grad_shatter.lag{}", kLags[i]), {""}, {sums[i] / static_cast<double>(pairs.size())}});
  return true;
}

}  // namespace nnc::probes
