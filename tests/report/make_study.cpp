// Writes the synthetic studies as study folders, as a runner does: what results.jsonl holds already is kept.
// Usage: make_study DIRECTORY [RUNS]; makes DIRECTORY/factorial and DIRECTORY/sweep, of RUNS runs each where that is
// given.
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>

#include "../unit/report/synthetic.h"
#include "diagnostics/diagnostics.h"
#include "study/results.h"

using nnc::study::ResultsFile;
using nnc::study::Run;

static bool write(const std::string& directory, const nnc::report::SyntheticStudy& made) {
  nnc::Diagnostics diagnostics;
  const auto file = ResultsFile::open(directory, diagnostics);
  bool isFine = file && file->write("study.json", nnc::study::studyText(made.study), diagnostics);
  std::set<std::string> done;
  std::vector<std::string> order;
  if (isFine)
    for (const Run& run : file->runs()) done.insert(run.id);
  for (const Run& run : made.runs) {
    order.push_back(run.id);
    if (!done.contains(run.id)) isFine = isFine && file->append(run, diagnostics);
  }
  isFine = isFine && file->sort({order.rbegin(), order.rend()}, diagnostics);
  isFine = isFine && file->write("verdicts.json", nnc::study::verdictsText(made.verdicts), diagnostics);
  for (const nnc::Diagnostic& diagnostic : diagnostics.all())
    std::fprintf(stderr, "[%.*s] %s\n", static_cast<int>(diagnostic.code.size()), diagnostic.code.data(),
                 diagnostic.message.c_str());
  return isFine;
}

int main(int count, char** arguments) {
  if (count < 2 || count > 3) return 2;
  const std::string directory = arguments[1];
  nnc::report::SyntheticStudy factorial = nnc::report::syntheticFactorial(), sweep = nnc::report::syntheticSweep();
  if (count == 3) {
    const auto runs = static_cast<std::size_t>(std::atoi(arguments[2]));
    factorial.runs.resize(std::min(runs, factorial.runs.size()));
    sweep.runs.resize(std::min(runs, sweep.runs.size()));
  }
  return write(directory + "/factorial", factorial) && write(directory + "/sweep", sweep) ? 0 : 3;
}
