// One run of the program nnc: parse the command line, run the command, show the messages.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "driver/options.h"
#include "engine/code_cache.h"
#include "support/source.h"
#include "support/timer.h"

namespace nnc::driver {

/// `arguments` are those after the program's name. Returns the exit code (docs/language.md, exit codes).
int run(const std::vector<std::string>& arguments);

/// What every command works with.
struct Context {
  CommandLine line;
  SourceManager sources;
  Diagnostics diagnostics;
  Timings timings;
  engine::CodeCache code;
};

/// Writes to standard output, where results go and nothing else. A failure shows when the program ends.
void writeResult(std::string_view text);

/// The commands, one file each. The value is the exit code when nothing was reported.
int runCommand(Context& context);
int checkCommand(Context& context);
int evalCommand(Context& context);
int probeCommand(Context& context);
int predictCommand(Context& context);
int generateCommand(Context& context);
int weightsCommand(Context& context);
int buildCommand(Context& context);
int showCommand(Context& context);
int reportCommand(Context& context);
int compareCommand(Context& context);
int fmtCommand(Context& context);
int docsCommand(Context& context);
int bpeCommand(Context& context);
int explainCommand(Context& context);
int helpCommand(Context& context);
int versionCommand(Context& context);

/// Writes all messages to standard error, in the form that the command line asks for.
void showMessages(const Context& context);

/// The exit code that the messages ask for: by the range of the first error's code. 0 without errors.
int exitCode(const Diagnostics& diagnostics);

}  // namespace nnc::driver
