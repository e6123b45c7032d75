// nnc help, nnc version, nnc explain: what nnc says about itself.
#include <cstdio>

#include "driver/driver.h"
#include "support/suggest.h"

namespace nnc::driver {

int helpCommand(Context& context) {
  const CommandLine& line = context.line;
  if (line.positional.empty()) {
    fmt::print("{}", generalHelp());
    return 0;
  }
  std::vector<std::string> names;
  for (const CommandInfo& info : allCommands()) {
    if (info.name == line.positional[0]) {
      fmt::print("{}", commandHelp(info.command));
      return 0;
    }
    names.emplace_back(info.name);
  }
  DiagnosticBuilder message = context.diagnostics.emit<diag::UnknownCommand>({}, line.positional[0]);
  if (const auto close = closestName(line.positional[0], names))
    message.help(fmt::format("did you mean `nnc help {}`?", *close));
  return 2;
}

int versionCommand(Context&) {
  fmt::print("nnc {}\n", NNC_VERSION);
  return 0;
}

int explainCommand(Context& context) {
  const CommandLine& line = context.line;
  if (line.positional.empty()) {
    for (const KindInfo& kind : allKinds()) fmt::print("{}  {}\n", kind.code, kind.format);
    return 0;
  }
  std::vector<std::string> codes;
  for (const KindInfo& kind : allKinds()) {
    if (kind.code == line.positional[0]) {
      fmt::print("{}: {}\n\n{}\n", kind.code, kind.format, kind.explanation);
      return 0;
    }
    codes.emplace_back(kind.code);
  }
  DiagnosticBuilder message = context.diagnostics.emit<diag::UnknownCode>({}, line.positional[0]);
  if (const auto close = closestName(line.positional[0], codes))
    message.help(fmt::format("did you mean `nnc explain {}`?", *close));
  return 2;
}

}  // namespace nnc::driver
