// nnc fmt: lays out .nn files.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "diagnostics/kinds/data.h"
#include "diagnostics/kinds/driver.h"
#include "driver/driver.h"
#include "format/format.h"
#include "nnc/files.h"

namespace nnc::driver {

/// The file that a path leads to, so that a link stays one.
static std::string realPath(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result = resolved;
  std::free(resolved);
  return result;
}

/// Replaces a file and keeps its permissions.
static bool replaceFile(const std::string& path, std::string_view text, Diagnostics& diagnostics) {
  const std::string real = realPath(path);
  struct stat info{};
  const bool isKnown = ::stat(real.c_str(), &info) == 0;
  runtime::Failure failure;
  if (::access(real.c_str(), W_OK) == 0 && runtime::writeFileAtomically(real, text, failure)) {
    if (isKnown) ::chmod(real.c_str(), info.st_mode & 07777);
    return true;
  }
  diagnostics.emit<diag::CannotWriteFile>({}, path,
                                          failure.message.empty() ? "the file is read-only" : failure.message);
  return false;
}

/// Formats one file, or with --check adds it to those that it would change. False: reported, or not formatted.
static bool formatFile(const std::string& path, Context& context, std::vector<std::string>& unformatted) {
  runtime::Failure failure;
  std::optional<std::string> text = runtime::readFile(path, failure);
  if (!text) {
    context.diagnostics.emit<diag::CannotReadSource>({}, path, failure.message);
    return false;
  }
  const FileId file = context.sources.add(path, std::move(*text));
  const std::optional<std::string> formatted = format::format(file, context.sources, context.diagnostics);
  if (!formatted) return false;
  if (*formatted == context.sources.text(file)) return true;
  if (!context.line.options.check) return replaceFile(path, *formatted, context.diagnostics);
  unformatted.push_back(path);
  return false;
}

static std::string readStandardInput() {
  std::string text;
  char buffer[1 << 16];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, stdin)) text.append(buffer, count);
  return text;
}

int fmtCommand(Context& context) {
  const CommandLine& line = context.line;
  if (line.options.standardInput) {
    if (!line.positional.empty()) {
      context.diagnostics.emit<diag::TooManyArguments>({}, line.positional[0], "fmt --stdin");
      return 2;
    }
    const FileId file = context.sources.add("<stdin>", readStandardInput());
    const std::optional<std::string> formatted = format::format(file, context.sources, context.diagnostics);
    if (!formatted) return 1;
    if (line.options.check) return *formatted == context.sources.text(file) ? 0 : 1;
    writeResult(*formatted);
    return 0;
  }
  bool isFine = true;
  std::vector<std::string> unformatted;
  for (const std::string& path : line.positional) isFine = formatFile(path, context, unformatted) && isFine;
  if (line.options.json && line.options.check)
    writeResult(
        nlohmann::json({{"unformatted", unformatted}}).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
        "\n");
  else
    for (const std::string& path : unformatted) writeResult(path + "\n");
  return isFine ? 0 : 1;
}

}  // namespace nnc::driver
