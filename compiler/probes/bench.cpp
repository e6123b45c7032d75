#include "probes/bench.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "diagnostics/kinds/probes.h"
#include "elaborate/native_probes.h"
#include "support/hash.h"
#include "support/philox.h"

namespace nnc::probes {

const Examples* Bench::probeSet() {
  constexpr std::int64_t kProbed = 500;
  if (!probeSet_) probeSet_ = Examples::load(*data_, {"valid", "train"}, kProbed, options_, *diagnostics_);
  return probeSet_ ? &*probeSet_ : nullptr;
}

const Examples* Bench::trainingSet() {
  constexpr std::int64_t kFixed = 2000;
  if (!trainingSet_) trainingSet_ = Examples::load(*data_, {"train"}, kFixed, options_, *diagnostics_);
  return trainingSet_ ? &*trainingSet_ : nullptr;
}

Program* Bench::program(elaborate::ProbeKind kind, std::int64_t batch) {
  if (const auto known = programs_.find({kind, batch}); known != programs_.end()) return &known->second;
  std::optional<Program> made = Program::make(*source_, {kind, batch, {}}, options_, *diagnostics_);
  return made ? &programs_.emplace(std::pair(kind, batch), std::move(*made)).first->second : nullptr;
}

Program* Bench::series(const std::vector<elaborate::ProbeDefinition>& probes) {
  std::string key;
  for (const elaborate::ProbeDefinition& probe : probes) key += probe.name + " ";
  return keptSeries(key, probes);
}

Program* Bench::keptSeries(const std::string& key, const std::vector<elaborate::ProbeDefinition>& probes) {
  if (const auto known = series_.find(key); known != series_.end()) return &known->second;
  const Examples* const examples = probeSet();
  if (examples == nullptr) return nullptr;
  const elaborate::ProbeRequest request{elaborate::ProbeKind::Series, examples->count(), probes};
  std::optional<Program> made = Program::make(*source_, request, options_, *diagnostics_);
  return made ? &series_.emplace(key, std::move(*made)).first->second : nullptr;
}

std::optional<Row> Bench::standard(const std::string& name, const Moment& moment, std::vector<std::int64_t>& sizes) {
  // An experiment may have a probe of this name with another value.
  Program* const program = keptSeries("std." + name, {source_->standard(name)});
  if (program == nullptr) return std::nullopt;
  program->run(*train_, moment.slots, *probeSet(), 0, moment.step + 1);
  sizes = program->series()[0].sizes;
  return rowsOf(*program)[0];
}

std::optional<std::optional<elaborate::LayerChain>> Bench::layerChain() {
  if (chain_) return chain_;
  const std::optional<elaborate::ProbeProgram> program =
      source_->probe({elaborate::ProbeKind::LayerChain, train_->batch, {}});
  if (program) chain_ = program->chain;
  return chain_;
}

bool Bench::requireExamples(const Examples& examples, std::int64_t needed, std::string_view probe) {
  if (examples.count() >= needed) return true;
  diagnostics_->emit<diag::ProbeExamples>(data_->program().span, probe, needed,
                                          examples.count() == 1 ? "is one" : fmt::format("are {}", examples.count()));
  return false;
}

Rows rowsOf(const Program& program) {
  Rows rows;
  for (std::size_t i = 0; i < program.series().size(); ++i) {
    Row& row = rows.emplace_back(Row{program.series()[i].name, program.series()[i].paths, {}});
    const Numbers numbers = program.result(i);
    for (std::int64_t k = 0; k < numbers.count; ++k) row.values.push_back(numbers[k]);
  }
  return rows;
}

bool measureNative(std::string_view name, Bench& bench, const Moment& moment, Rows& rows) {
#define NNC_NATIVE_PROBE(NAME, SPELLING, ...) \
  if (name == #SPELLING) return measure##NAME(bench, moment, rows);
#include "elaborate/native_probes.def"
#undef NNC_NATIVE_PROBE
  return false;
}

bool looksAtStep(std::string_view name) {
  const elaborate::NativeProbe* const probe = elaborate::findNativeProbe(name);
  return probe != nullptr && probe->needs == elaborate::NativeProbe::Needs::Step;
}

/// Two uniform numbers for each element: in (0, 1] and in [0, 1).
static std::pair<double, double> uniformAt(std::string_view name, std::int64_t counter, std::int64_t element) {
  const std::uint64_t key = philoxKey(hashBytes(name), 0);
  const auto draw = [&](std::uint64_t i) { return randomBits(key, counter, i) * 0x1p-32; };
  return {1.0 - draw(2 * static_cast<std::uint64_t>(element)), draw(2 * static_cast<std::uint64_t>(element) + 1)};
}

double normalAt(std::string_view name, std::int64_t counter, std::int64_t element) {
  const auto [u, v] = uniformAt(name, counter, element);
  return std::sqrt(-2.0 * std::log(u)) * std::sin(2.0 * std::numbers::pi * v);  // Box and Muller 1958
}

double signAt(std::string_view name, std::int64_t counter, std::int64_t element) {
  return uniformAt(name, counter, element).second < 0.5 ? -1.0 : 1.0;
}

}  // namespace nnc::probes
