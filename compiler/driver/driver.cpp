#include "driver/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "diagnostics/kinds/data.h"

namespace nnc::driver {

void showMessages(const Context& context) {
  const Options& options = context.line.options;
  const std::string text =
      options.json ? renderJson(context.diagnostics, context.sources)
                   : renderText(context.diagnostics, context.sources, {.color = wantsColor(colorMode(options))});
  std::fwrite(text.data(), 1, text.size(), stderr);
}

namespace {

void showTimings(const Context& context) {
  for (const auto& [name, millis] : context.timings.entries) fmt::print(stderr, "{:>10.3f} ms  {}\n", millis, name);
  const engine::CodeCache::Counts programs = context.code.counts();
  if (programs.compiled == 0) return;
  fmt::print(stderr, "{:>10}     compiled programs, of {} kernels\n{:>10}     reused programs, and {} kernels\n",
             programs.compiled, programs.kernels.compiled, programs.reused, programs.kernels.reused);
}

int dispatch(Context& context) {
  switch (context.line.command) {
#define NNC_DISPATCH(NAME, FUNCTION) \
  case Command::NAME:                \
    return FUNCTION(context);
    NNC_DISPATCH(Run, runCommand)
    NNC_DISPATCH(Check, checkCommand)
    NNC_DISPATCH(Eval, evalCommand)
    NNC_DISPATCH(Predict, predictCommand)
    NNC_DISPATCH(Probe, probeCommand)
    NNC_DISPATCH(Generate, generateCommand)
    NNC_DISPATCH(Weights, weightsCommand)
    NNC_DISPATCH(Build, buildCommand)
    NNC_DISPATCH(Show, showCommand)
    NNC_DISPATCH(Report, reportCommand)
    NNC_DISPATCH(Compare, compareCommand)
    NNC_DISPATCH(Fmt, fmtCommand)
    NNC_DISPATCH(Docs, docsCommand)
    NNC_DISPATCH(Bpe, bpeCommand)
    NNC_DISPATCH(Explain, explainCommand)
    NNC_DISPATCH(Help, helpCommand)
    NNC_DISPATCH(Version, versionCommand)
#undef NNC_DISPATCH
  }
  return 70;
}

}  // namespace

void writeResult(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// Hands what was written to the system; a full disk is a message, not silence.
static void finishOutput(Diagnostics& diagnostics) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  diagnostics.emit<diag::CannotWriteFile>({}, "standard output",
                                          errno != 0 ? std::strerror(errno) : "the device is full");
}

int exitCode(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != Severity::Error) continue;
    const std::string_view range = diagnostic.code.substr(1, 2);
    if (range == "15") return 2;
    if (range == "12" || range == "13" || range == "14") return 3;
    if (range == "11") return 4;
    if (range == "16") return 5;
    if (range == "99") return 70;
    return 1;
  }
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  Context context;
  // Before the line is parsed, --json already decides how a mistake in it is shown.
  context.line.options.json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  std::optional<CommandLine> line = parseCommandLine(arguments, context.diagnostics);
  int code = 2;
  if (line) {
    context.line = std::move(*line);
    code = dispatch(context);
  }
  finishOutput(context.diagnostics);
  showMessages(context);
  if (context.line.options.time) showTimings(context);
  const int reported = exitCode(context.diagnostics);
  return reported != 0 ? reported : code;
}

}  // namespace nnc::driver
