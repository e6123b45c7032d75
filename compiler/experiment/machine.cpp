#include "experiment/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string_view>

#include "diagnostics/kinds/study.h"
#include "support/hash.h"

namespace nnc::experiment {

/// The value of a line of /proc/cpuinfo, of the first processor: `model name`, `flags`.
static std::string processorFact(std::string_view name) {
  std::ifstream stream("/proc/cpuinfo");
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with(name))
      if (const std::size_t at = line.find(": "); at != std::string::npos) return line.substr(at + 2);
  return "";
}

std::string instructionSets(const std::string& flags) {
  // Families of instructions that compute. Other flags speak of clocks, caches and protection, and come and go with the
  // system.
  static constexpr std::string_view kFamilies[] = {"sse", "ssse",   "pni",   "avx",  "fma",  "f16c",    "bmi",
                                                   "abm", "popcnt", "movbe", "gfni", "vaes", "vpclmul", "amx"};
  std::set<std::string> sets;
  std::istringstream words(flags);
  for (std::string word; words >> word;)
    if (std::any_of(std::begin(kFamilies), std::end(kFamilies),
                    [&](std::string_view family) { return word.starts_with(family); }))
      sets.insert(word);
  return fmt::format("{}", fmt::join(sets, " "));
}

std::string Machine::origin() const {
  return fmt::format("{}, {} with features {}, OpenBLAS {}", compiler, processor, hexDigits(hashBytes(features)),
                     blas.empty() ? "absent" : blas);
}

Machine thisMachine(const std::string& version, codegen::Backend& backend) {
  return {version, processorFact("model name"), backend.hostCpu(), instructionSets(processorFact("flags")),
          backend.blasCore()};
}

void describeMachine(const Machine& machine, int workers, study::Study& study) {
  const auto add = [&](const char* name, std::string text) { study.provenance.emplace_back(name, std::move(text)); };
  add("compiler", machine.compiler);
  add("processor",
      machine.model.empty() ? machine.processor : fmt::format("{}, code for {}", machine.model, machine.processor));
  add("features", machine.features);
  add("BLAS", machine.blas.empty() ? "none" : fmt::format("OpenBLAS, {} kernels, one thread", machine.blas));
  add("threads", fmt::format("{} run{} at a time, each in one thread", workers, workers == 1 ? "" : "s"));
  add("bits",
      "a run has the same bits with the same compiler, features and BLAS kernels, for any number of threads and any "
      "order "
      "of the runs; where one of the three differs, sums may be rounded differently");
  add("origin of its runs", machine.origin());
}

void reportOrigins(const study::Study& study, std::span<const study::Run> runs, const std::string& origin,
                   Diagnostics& diagnostics) {
  std::set<std::string> cells;
  for (const study::Cell& cell : study.cells) cells.insert(cell.id);
  std::map<std::string, std::size_t> others;
  for (const study::Run& run : runs)
    if (cells.contains(run.cell) && !run.origin.empty() && run.origin != origin) ++others[run.origin];
  for (const auto& [other, count] : others)
    diagnostics.emit<diag::ResultsFromElsewhere>({}, count, count == 1 ? "result was" : "results were", other)
        .note(fmt::format("this is `{}`", origin));
}

}  // namespace nnc::experiment
