// nnc help, nnc version, nnc explain: what nnc says about itself.
#include <nlohmann/json.hpp>

#include "diagnostics/kinds/driver.h"
#include "driver/driver.h"
#include "driver/reference.h"
#include "support/suggest.h"

namespace nnc::driver {

int helpCommand(Context& context) {
  const CommandLine& line = context.line;
  if (line.positional.empty()) {
    writeResult(generalHelp());
    return 0;
  }
  std::vector<std::string> names;
  for (const CommandInfo& info : allCommands()) {
    if (info.name == line.positional[0]) {
      writeResult(commandHelp(info.command));
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
  writeResult(fmt::format("nnc {}\n", NNC_VERSION));
  return 0;
}

static nlohmann::ordered_json kindJson(const KindInfo& kind) {
  return {{"code", kind.code},
          {"severity", kind.severity == Severity::Error ? "error" : "warning"},
          {"message", messageText(kind.format)},
          {"explanation", kind.explanation}};
}

int explainCommand(Context& context) {
  const CommandLine& line = context.line;
  const bool wantsJson = line.options.json;
  if (line.positional.empty()) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    std::string text;
    for (const KindInfo& kind : sortedKinds()) {
      all.push_back(kindJson(kind));
      text += fmt::format("{}  {}\n", kind.code, messageText(kind.format));
    }
    writeResult(wantsJson ? all.dump() + "\n" : text);
    return 0;
  }
  std::vector<std::string> codes;
  for (const KindInfo& kind : allKinds()) {
    if (kind.code == line.positional[0]) {
      writeResult(wantsJson ? kindJson(kind).dump() + "\n"
                            : fmt::format("{}: {}\n\n{}\n", kind.code, messageText(kind.format), kind.explanation));
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
