// nnc-opt: reads IR text, runs passes, prints the result. A tool for tests and for people who work on passes.
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "diagnostics/render.h"
#include "ir/evaluate.h"
#include "ir/print.h"
#include "passes/pipeline.h"
#include "passes/runner.h"

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kUsage =
    "usage: nnc-opt [options] FILE.nnir      (- reads standard input)\n"
    "  --passes=A,B           run these passes, then print the module; training and inference name whole pipelines\n"
    "  --evaluate             print the results of each function without parameters instead of the module\n"
    "  --verify-each          verify before the first and after every pass\n"
    "  --print-after=A        print the module to stderr after the pass A, or after `all`\n"
    "  --stop-after=A         stop after the pass A\n"
    "  --disable-pass=A       leave out the pass A\n"
    "  --opt-bisect-limit=N   run only the first N passes that are not required\n"
    "  --locations            print places in the source\n"
    "  --time                 print the time of each pass to stderr\n"
    "  --list-passes          list the passes and stop\n";

struct CommandLine {
  std::string file, passes;
  bool evaluates = false, lists = false, times = false;
  nnc::passes::RunOptions run;
};

bool usageError(const std::string& problem) {
  fmt::print(stderr, "nnc-opt: {}\n{}", problem, kUsage);
  return false;
}

/// The value of `--name=value`, when `argument` is that option.
std::optional<std::string> valueOf(std::string_view argument, std::string_view name) {
  if (!argument.starts_with(name) || !argument.substr(name.size()).starts_with("=")) return std::nullopt;
  return std::string(argument.substr(name.size() + 1));
}

bool parseBisectLimit(const std::string& text, CommandLine& line) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    return usageError(fmt::format("--opt-bisect-limit takes a number from 0, not `{}`", text));
  line.run.bisectLimit = value;
  return true;
}

bool parseArgument(std::string_view argument, CommandLine& line) {
  if (argument == "--evaluate"sv) return line.evaluates = true;
  if (argument == "--list-passes"sv) return line.lists = true;
  if (argument == "--verify-each"sv) return line.run.verifyEach = true;
  if (argument == "--locations"sv) return line.run.print.locations = true;
  if (argument == "--time"sv) return line.times = true;
  if (const auto value = valueOf(argument, "--opt-bisect-limit")) return parseBisectLimit(*value, line);
  if (const auto value = valueOf(argument, "--passes"))
    line.passes = *value;
  else if (const auto after = valueOf(argument, "--print-after"))
    line.run.printAfter.push_back(*after);
  else if (const auto stop = valueOf(argument, "--stop-after"))
    line.run.stopAfter = *stop;
  else if (const auto disabled = valueOf(argument, "--disable-pass"))
    line.run.disabled.push_back(*disabled);
  else if (argument != "-" && argument.starts_with("-"))
    return usageError(fmt::format("unknown option `{}`", argument));
  else if (!line.file.empty())
    return usageError("more than one file");
  else
    line.file = argument;
  return true;
}

std::optional<std::string> readAll(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    char block[65536];
    while (const std::size_t count = std::fread(block, 1, sizeof block, stdin))
      text.write(block, static_cast<std::streamsize>(count));
    return std::move(text).str();
  }
  std::ifstream in(path, std::ios::binary);
  if (!in || !(text << in.rdbuf())) {
    if (in && in.peek() == std::ifstream::traits_type::eof()) return std::string();
    fmt::print(stderr, "nnc-opt: cannot read `{}`: {}\n", path, std::strerror(errno));
    return std::nullopt;
  }
  return std::move(text).str();
}

int listPasses() {
  for (const nnc::ir::Pass& pass : nnc::passes::kAll)
    fmt::print("{:16} {}{}\n", pass.name, pass.summary, pass.required ? " (required)" : "");
  return 0;
}

std::optional<std::vector<nnc::ir::Pass>> pipelineOf(const std::string& names, nnc::Diagnostics& diagnostics) {
  const auto copy = [](const auto& list) { return std::vector<nnc::ir::Pass>(list.begin(), list.end()); };
  if (names == "training") return copy(nnc::passes::kTraining);
  if (names == "inference") return copy(nnc::passes::kInference);
  return nnc::passes::parsePipeline(names, diagnostics);
}

/// `f32[2] [1, 2.5]`: the elements in row-major order, with as many digits as tell them apart.
std::string toText(const nnc::ir::Tensor& tensor) {
  std::vector<std::string> elements;
  for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i) {
    if (tensor.type.dtype == nnc::ir::DType::F32)
      elements.push_back(fmt::format("{}", static_cast<float>(tensor.real(i))));
    else if (nnc::ir::isFloat(tensor.type.dtype))
      elements.push_back(fmt::format("{}", tensor.real(i)));
    else
      elements.push_back(fmt::format("{}", tensor.integer(i)));
  }
  return fmt::format("{} [{}]", nnc::ir::toString(tensor.type), fmt::join(elements, ", "));
}

void evaluateAll(const nnc::ir::Module& module) {
  for (std::size_t i = 0; i < module.functions.size(); ++i) {
    const nnc::ir::Function& function = module.functions[i];
    if (!function.parameters.empty() || function.results.empty()) continue;
    for (const nnc::ir::Tensor& result : nnc::ir::evaluate(module, nnc::ir::FunctionId(i), {}))
      fmt::print("@{} = {}\n", function.name, toText(result));
  }
}

/// 0 fine, 1 the input is wrong, 2 usage, 70 a pass broke the module.
int exitCode(const nnc::Diagnostics& diagnostics) {
  for (const nnc::Diagnostic& diagnostic : diagnostics.all()) {
    if (diagnostic.severity != nnc::Severity::Error) continue;
    if (diagnostic.code.starts_with("E15")) return 2;
    return diagnostic.code.starts_with("E99") ? 70 : 1;
  }
  return 0;
}

bool work(CommandLine& line, nnc::SourceManager& sources, nnc::Diagnostics& diagnostics, std::string text) {
  const auto pipeline = pipelineOf(line.passes, diagnostics);
  if (!pipeline || !nnc::passes::checkRunOptions(line.run, diagnostics)) return false;
  const nnc::FileId file = sources.add(line.file == "-" ? "<stdin>" : line.file, std::move(text));
  line.run.print.sources = &sources;
  auto module = nnc::ir::parse(file, sources, diagnostics);
  if (!module || !nnc::passes::runPasses(*module, *pipeline, line.run, diagnostics)) return false;
  if (line.evaluates)
    evaluateAll(*module);
  else
    fmt::print("{}", nnc::ir::print(*module, line.run.print));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  for (int i = 1; i < argc; ++i)
    if (!parseArgument(argv[i], line)) return 2;
  if (line.lists) return listPasses();
  if (line.file.empty()) {
    usageError("no file");
    return 2;
  }
  std::optional<std::string> text = readAll(line.file);
  if (!text) return 3;

  nnc::Timings timings;
  if (line.times) line.run.timings = &timings;
  nnc::SourceManager sources;
  nnc::Diagnostics diagnostics;
  work(line, sources, diagnostics, std::move(*text));
  const std::string messages = nnc::renderText(diagnostics, sources, {.color = nnc::wantsColor(nnc::ColorMode::Auto)});
  std::fwrite(messages.data(), 1, messages.size(), stderr);
  for (const auto& [name, millis] : timings.entries) fmt::print(stderr, "{:>10.3f} ms  {}\n", millis, name);
  return exitCode(diagnostics);
}
