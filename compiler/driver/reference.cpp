#include "driver/reference.h"

#include <algorithm>

#include "driver/options.h"
#include "elaborate/builtins.h"
#include "elaborate/modules.h"
#include "elaborate/native_probes.h"
#include "elaborate/readers.h"
#include "elaborate/settings.h"
#include "ir/module.h"
#include "passes/pipeline.h"
#include "syntax/parse.h"

namespace nnc::driver {

namespace {

std::string title(std::string_view name, std::string_view source) {
  return fmt::format("# {}\n\nMade from {} by `nnc docs`; edit that instead.\n\n", name, source);
}

/// A text in a cell of a table.
std::string cell(std::string_view words) {
  std::string out;
  for (const char c : words) out += c == '|' ? std::string("\\|") : c == '\n' ? std::string(" ") : std::string(1, c);
  return out;
}

std::string opsPage() {
  constexpr std::string_view kClasses[] = {"constant",  "elementwise", "view",  "data",
                                           "reduction", "contraction", "region"};
  std::string out = title("Ops of the tensor IR", "`compiler/ir/ops.def`");
  out +=
      "y is the result, x, a, b, c are operands in order. How they round and what they do with NaN:\n"
      "[semantics.md](../semantics.md).\n\n| op | operands | class | meaning |\n|---|---|---|---|\n";
  for (int i = 0; i < ir::kOpCount; ++i) {
    const ir::OpInfo& op = ir::opInfo(static_cast<ir::Op>(i));
    std::string operands = std::to_string(op.minOperands);
    if (op.maxOperands < 0)
      operands += " or more";
    else if (op.maxOperands != op.minOperands)
      operands += " to " + std::to_string(op.maxOperands);
    out += fmt::format("| `{}` | {} | {} | {} |\n", op.name, operands, kClasses[static_cast<std::size_t>(op.opClass)],
                       cell(op.doc));
  }
  return out;
}

std::string factsText(ir::Facts facts) {
  constexpr std::pair<ir::Facts, std::string_view> kNames[] = {{ir::Facts::Differentiated, "differentiated"},
                                                               {ir::Facts::Inlined, "inlined"},
                                                               {ir::Facts::Fused, "fused"},
                                                               {ir::Facts::Scheduled, "scheduled"},
                                                               {ir::Facts::Planned, "planned"}};
  std::string out;
  for (const auto& [fact, name] : kNames)
    if (ir::contains(facts, fact)) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

std::string orderText(std::span<const ir::Pass> pipeline) {
  std::string out;
  for (const ir::Pass& pass : pipeline) out += (out.empty() ? "`" : ", `") + std::string(pass.name) + "`";
  return out;
}

std::string passesPage() {
  std::string out = title("Passes", "the table in the header of each pass");
  out += fmt::format("A training step: {}.\n\nA network that is only applied: {}.\n\n", orderText(passes::kTraining),
                     orderText(passes::kInference));
  out += "| pass | what it does | needs | gives | may be disabled |\n|---|---|---|---|---|\n";
  for (const ir::Pass& pass : passes::kAll)
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", pass.name, cell(pass.summary), factsText(pass.needs),
                       factsText(pass.gives),
                       pass.required        ? "no"
                       : pass.preservesBits ? "yes, the results keep their bits"
                                            : "yes, the results may round otherwise");
  return out;
}

std::string errorsPage() {
  std::string out = title("Messages", "`compiler/diagnostics/kinds/`");
  out += "`nnc explain CODE` prints an entry. `..` stands for what depends on the program.\n";
  for (const KindInfo& kind : sortedKinds())
    out += fmt::format("\n## {}\n\n{}: {}\n\n{}\n", kind.code, kind.severity == Severity::Error ? "error" : "warning",
                       messageText(kind.format), kind.explanation);
  return out;
}

std::string commandsPage() {
  std::string out = title("Commands", "`compiler/driver/commands.def` and `options.def`");
  out += "```\n" + generalHelp() + "```\n";
  for (const CommandInfo& command : allCommands())
    out += fmt::format("\n## nnc {}\n\n```\n{}```\n", command.name, commandHelp(command.command));
  return out;
}

std::string settingsPage() {
  std::string out = title("Settings and readers", "`compiler/elaborate/settings.def` and `readers.def`");
  for (const syntax::BlockKind block :
       {syntax::BlockKind::Data, syntax::BlockKind::Train, syntax::BlockKind::Experiment, syntax::BlockKind::Report}) {
    out += fmt::format("## Settings of `{}`\n\n| setting | needed | takes |\n|---|---|---|\n",
                       elaborate::blockKindName(block));
    for (const elaborate::SettingInfo& setting : elaborate::allSettings()) {
      if (setting.block != block) continue;
      const std::string need = setting.need == elaborate::SettingNeed::Required ? "yes"
                               : setting.need == elaborate::SettingNeed::OneOf
                                   ? fmt::format("this or `{}`", setting.excludes)
                                   : "";
      out += fmt::format("| `{}` | {} | {} |\n", setting.name, need, cell(setting.takes));
    }
    out += "\n";
  }
  out += "## Readers\n\n| reader | use |\n|---|---|\n";
  for (const elaborate::ReaderInfo& reader : elaborate::allReaders())
    out += fmt::format("| `{}` | {} |\n", reader.name, cell(reader.doc));
  return out;
}

/// The comment at the top of a file, without its slashes.
std::string headOf(std::string_view file) {
  std::string out;
  while (file.starts_with("//") && !file.starts_with("///")) {
    const std::size_t end = std::min(file.find('\n'), file.size());
    std::string_view words = file.substr(2, end - 2);
    if (words.starts_with(' ')) words.remove_prefix(1);
    out += std::string(words) + "\n";
    file.remove_prefix(std::min(end + 1, file.size()));
  }
  return out;
}

/// `layer dense(out: dim)(x: f32[..s, in]) -> f32[..s, out]`, on one line; a probe as it is written; empty for the
/// rest.
std::string signatureOf(const syntax::Decl& decl, const SourceManager& sources) {
  if (std::holds_alternative<syntax::ProbeClause>(decl.node)) return std::string(sources.text(decl.span));
  const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node);
  if (callable == nullptr) return "";
  const std::uint32_t end = callable->body ? callable->body->span.begin : callable->expression->span.begin;
  std::string_view text = sources.text(Span{decl.span.file, decl.span.begin, end});
  if (!callable->body) text = text.substr(0, text.rfind('='));
  std::string out;
  for (const char c : text) {
    const bool isSpace = c == ' ' || c == '\n';
    if (isSpace && (out.empty() || out.back() == ' ')) continue;
    out += isSpace ? ' ' : c;
  }
  while (out.ends_with(' ')) out.pop_back();
  for (std::size_t at; (at = out.find(") (")) != std::string::npos;) out.erase(at + 1, 1);
  return out;
}

std::string moduleText(const elaborate::StdlibFile& module) {
  SourceManager sources;
  Diagnostics diagnostics;
  const FileId file = sources.add(std::string(module.name), std::string(module.text));
  const std::optional<syntax::File> tree = syntax::parse(file, sources, diagnostics);
  std::string out = fmt::format("\n## std.{}\n\n{}", module.name, headOf(module.text));
  if (!tree) return out;  // the stdlib parses: every program needs it
  for (const syntax::Decl& decl : tree->declarations) {
    const std::string signature = signatureOf(decl, sources);
    if (signature.empty()) continue;
    const auto* const callable = std::get_if<syntax::CallableDecl>(&decl.node);
    const std::string& name = callable ? callable->name.text : std::get<syntax::ProbeClause>(decl.node).name.text;
    if (name.starts_with('_')) continue;
    out += fmt::format("\n### {}\n\n```nn\n{}\n```\n\n{}\n", name, signature, decl.doc);
  }
  return out;
}

std::string nativeProbesText() {
  std::string out =
      "\n## Native probes\n\nThe cost is that of one look, in training steps of 500 examples; a forward pass counts "
      "as a third of one, and L is the number of weights.\n\n| probe | what it gives | unit | cost "
      "|\n|---|---|---|---|\n";
  for (const elaborate::NativeProbe& probe : elaborate::nativeProbes())
    out += fmt::format("| `{}` | {} | {} | {} |\n", probe.name, cell(probe.doc), probe.unit, probe.cost);
  return out;
}

std::string stdlibPage() {
  std::string out = title("The standard library",
                          "the comments in `stdlib/`, `compiler/elaborate/builtins.def` and `native_probes.def`");
  out +=
      "Everything here is visible without an import. B is the batch, `..s` any number of dims.\n\n"
      "## Built in\n\n| function | what it gives |\n|---|---|\n";
  for (const std::string& name : elaborate::builtinNames()) {
    const elaborate::Builtin& builtin = *elaborate::findBuiltin(name);
    std::string parameters(builtin.parameters);
    for (std::size_t at = 0; (at = parameters.find(' ', at)) != std::string::npos; at += 2)
      parameters.insert(at, 1, ',');
    out += fmt::format("| `{}({})` | {} |\n", name, parameters, cell(builtin.doc));
  }
  for (const elaborate::StdlibFile& module : elaborate::stdlibFiles()) out += moduleText(module);
  return out + nativeProbesText();
}

}  // namespace

std::string messageText(std::string_view format) {
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const bool isDoubled = i + 1 < format.size() && format[i + 1] == format[i];
    if (format[i] == '{' && !isDoubled) {
      text += "..";
      i = format.find('}', i);
      continue;
    }
    text += format[i];
    if ((format[i] == '{' || format[i] == '}') && isDoubled) ++i;
  }
  return text;
}

std::vector<KindInfo> sortedKinds() {
  std::vector<KindInfo> kinds = allKinds();
  std::sort(kinds.begin(), kinds.end(),
            [](const KindInfo& a, const KindInfo& b) { return a.code.substr(1) < b.code.substr(1); });
  return kinds;
}

std::vector<ReferencePage> referencePages() {
  std::vector<ReferencePage> pages;
  pages.push_back({"commands.md", commandsPage()});
  pages.push_back({"errors.md", errorsPage()});
  pages.push_back({"ops.md", opsPage()});
  pages.push_back({"passes.md", passesPage()});
  pages.push_back({"settings.md", settingsPage()});
  pages.push_back({"stdlib.md", stdlibPage()});
  return pages;
}

}  // namespace nnc::driver
