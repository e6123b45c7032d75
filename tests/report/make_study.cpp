// Writes the synthetic studies as study folders: usage make_study DIRECTORY; makes DIRECTORY/factorial and /sweep.
#include <cstdio>
#include <string>

#include "../unit/report/synthetic.h"
#include "diagnostics/diagnostics.h"
#include "study/results.h"

static bool write(const std::string& directory, const nnc::report::SyntheticStudy& made) {
  nnc::Diagnostics diagnostics;
  const auto file = nnc::study::ResultsFile::open(directory, diagnostics);
  bool isFine = file && file->write("study.json", nnc::study::studyText(made.study), diagnostics);
  if (isFine && !made.verdicts.empty())
    isFine = file->write("verdicts.json", nnc::study::verdictsText(made.verdicts), diagnostics);
  for (const nnc::study::Run& run : made.runs) isFine = isFine && file->append(run, diagnostics);
  for (const nnc::Diagnostic& diagnostic : diagnostics.all()) std::fprintf(stderr, "%s\n", diagnostic.message.c_str());
  return isFine;
}

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::string directory = arguments[1];
  return write(directory + "/factorial", nnc::report::syntheticFactorial()) &&
                 write(directory + "/sweep", nnc::report::syntheticSweep())
             ? 0
             : 1;
}
