#include "elaborate/modules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "diagnostics/kinds/driver.h"
#include "diagnostics/kinds/project.h"
#include "support/suggest.h"
#include "syntax/parse.h"

namespace nnc::elaborate {

namespace {

constexpr int kMaxImportDepth = 64;

/// The bytes of a file up to one more than the parser accepts, so that it can refuse what is too long.
std::optional<std::string> readText(const std::string& path, std::string& reason) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    reason = "it is a folder";
    return std::nullopt;
  }
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    reason = std::strerror(errno);
    return std::nullopt;
  }
  const std::size_t limit = static_cast<std::size_t>(syntax::Limits{}.fileBytes) + 1;
  std::string text;
  char buffer[1 << 14];
  while (text.size() < limit) {
    const std::size_t count = std::fread(buffer, 1, std::min(sizeof buffer, limit - text.size()), file);
    if (count == 0) break;
    text.append(buffer, count);
  }
  const bool hasFailed = std::ferror(file) != 0;
  if (hasFailed) reason = std::strerror(errno);
  std::fclose(file);
  if (hasFailed) return std::nullopt;
  return text;
}

/// Text that is the same however it is spaced: for comparing signatures.
std::string withoutSpace(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') result += c;
  return result;
}

std::string listSignature(const std::vector<syntax::ParamDecl>& parameters, const SourceManager& sources) {
  std::string text = "(";
  for (const syntax::ParamDecl& parameter : parameters)
    text += parameter.name.text + ":" + withoutSpace(sources.text(parameter.type->span)) + ",";
  return text + ")";
}

/// What callers rely on: names and types of the parameters. Empty for anything that is not called.
std::string signature(const syntax::Decl& decl, const SourceManager& sources) {
  const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node);
  if (callable == nullptr) return "";
  std::string text = listSignature(callable->first, sources);
  if (callable->second) text += listSignature(*callable->second, sources);
  return text;
}

}  // namespace

/// Reads files depth first; a file that is still being read when it is imported again closes a cycle.
class ModuleLoader {
 public:
  ModuleLoader(Modules& modules, SourceManager& sources, Diagnostics& diagnostics)
      : modules_(modules), sources_(sources), diagnostics_(diagnostics) {}

  bool run(const std::string& path) {
    std::string reason;
    std::optional<std::string> text = readText(path, reason);
    if (!text) {
      diagnostics_.emit<diag::CannotReadSource>({}, path, reason);
      return false;
    }
    SourceModule* const root = loadFile(path, std::move(*text));
    modules_.root_ = root;
    return root != nullptr;
  }

 private:
  SourceModule& add(std::string path, std::string directory) {
    auto module = std::make_unique<SourceModule>();
    module->path = std::move(path);
    module->directory = std::move(directory);
    modules_.modules_.push_back(std::move(module));
    return *modules_.modules_.back();
  }

  bool parseInto(SourceModule& module, std::string text) {
    const FileId id = sources_.add(module.path, std::move(text));
    std::optional<syntax::File> tree = syntax::parse(id, sources_, diagnostics_);
    if (!tree) return false;
    module.tree = std::move(*tree);
    return true;
  }

  /// A file that was not read yet, with its imports. Null: reported.
  SourceModule* loadFile(const std::string& path, std::string text) {
    SourceModule& module = add(path, std::filesystem::path(path).parent_path().string());
    const std::string identity = identityOf(path);
    loaded_.emplace(identity, &module);
    chain_.push_back({identity, path});
    const bool isFine = parseInto(module, std::move(text)) && loadImports(module);
    chain_.pop_back();
    return isFine ? &module : nullptr;
  }

  bool loadImports(SourceModule& module) {
    bool isFine = declareNames(module, diagnostics_);
    for (const syntax::Decl& decl : module.tree.declarations)
      if (const auto* import = std::get_if<syntax::ImportDecl>(&decl.node)) isFine &= loadImport(module, *import);
    if (isFine) compareWithPrelude(module);
    return isFine;
  }

  bool loadImport(SourceModule& module, const syntax::ImportDecl& import) {
    if (!import.alias && import.names.empty()) {
      diagnostics_.emit<diag::EmptyImport>(import.targetSpan, import.target)
          .help("list names, `(x, y)`, or give it a name, `as m`, behind the target");
      return false;
    }
    const SourceModule* const target = import.isFile ? importedFile(module, import) : stdlibModule(import);
    if (target == nullptr) return false;
    bool isFine = true;
    if (import.alias) isFine = introduce(module, *import.alias, {}, target);
    for (const syntax::Ident& name : import.names) isFine &= importName(module, *target, name);
    return isFine;
  }

  const SourceModule* stdlibModule(const syntax::ImportDecl& import) {
    if (const SourceModule* const module = modules_.stdlib_.findModule(import.target)) return module;
    const std::vector<std::string> known = modules_.stdlib_.moduleNames();
    DiagnosticBuilder message = diagnostics_.emit<diag::UnknownStdModule>(import.targetSpan, import.target);
    message.note(fmt::format("modules: {}", fmt::join(known, ", ")));
    if (const auto close = closestName(import.target, known)) message.help(fmt::format("did you mean `{}`?", *close));
    return nullptr;
  }

  const SourceModule* importedFile(const SourceModule& from, const syntax::ImportDecl& import) {
    const std::filesystem::path target(import.target);
    const std::string path =
        (target.is_absolute() || from.directory.empty() ? target : std::filesystem::path(from.directory) / target)
            .string();
    const std::string identity = identityOf(path);
    if (reportCycle(identity, import)) return nullptr;
    const auto found = loaded_.find(identity);
    if (found != loaded_.end()) return failed_.contains(identity) ? nullptr : found->second;
    if (chain_.size() >= kMaxImportDepth) {
      diagnostics_.emit<diag::ImportDepth>(import.targetSpan, kMaxImportDepth);
      return nullptr;
    }
    std::string reason;
    std::optional<std::string> text = readText(path, reason);
    if (!text) {
      diagnostics_.emit<diag::ImportNotFound>(import.targetSpan, path, reason);
      return nullptr;
    }
    const SourceModule* const module = loadFile(path, std::move(*text));
    if (module == nullptr) failed_.insert(identity);
    return module;
  }

  bool reportCycle(const std::string& identity, const syntax::ImportDecl& import) {
    const auto start =
        std::find_if(chain_.begin(), chain_.end(), [&](const Link& link) { return link.identity == identity; });
    if (start == chain_.end()) return false;
    std::string circle;
    for (auto link = start; link != chain_.end(); ++link) circle += link->path + " -> ";
    diagnostics_.emit<diag::ImportCycle>(import.targetSpan, import.target, circle + start->path);
    return true;
  }

  bool importName(SourceModule& module, const SourceModule& target, const syntax::Ident& name) {
    const auto found = target.names.find(name.text);
    const bool isOwn = found != target.names.end() && found->second.module == &target;
    if (isOwn && name.text.starts_with('_')) {
      diagnostics_.emit<diag::PrivateImport>(name.span, name.text, target.path);
      return false;
    }
    if (isOwn) return introduce(module, name, found->second, nullptr);
    const std::vector<std::string> known = publicNames(target);
    DiagnosticBuilder message = diagnostics_.emit<diag::UnknownImport>(name.span, target.path, name.text);
    if (const auto close = closestName(name.text, known)) message.help(fmt::format("did you mean `{}`?", *close));
    message.note(known.empty() ? fmt::format("`{}` declares nothing", target.path)
                               : fmt::format("it declares: {}", fmt::join(known, ", ")));
    return false;
  }

  /// An imported name or, with `target`, the alias of a module.
  bool introduce(SourceModule& module, const syntax::Ident& name, Named named, const SourceModule* target) {
    const auto [place, isNew] = module.declared.emplace(name.text, name.span);
    if (!isNew) {
      const auto other = module.names.find(name.text);
      const bool isDeclared = other != module.names.end() && other->second.module == &module;
      if (!isDeclared && target == nullptr && other != module.names.end() && other->second.decl == named.decl &&
          other->second.module == named.module)
        return true;  // the same declaration, listed twice
      diagnostics_.emit<diag::NameCollision>(name.span, name.text, isDeclared ? "declared" : "imported again")
          .also(place->second, isDeclared ? "declared here" : "first import");
      return false;
    }
    if (target != nullptr)
      module.aliases.emplace(name.text, target);
    else
      module.names.emplace(name.text, named);
    return true;
  }

  static bool isNetwork(const syntax::Decl& decl) {
    const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node);
    return callable != nullptr && callable->kind == syntax::CallableKind::Network;
  }

  void compareWithPrelude(const SourceModule& module) {
    for (const syntax::Decl& decl : module.tree.declarations) {
      const syntax::Ident* const name = declaredName(decl);
      if (name == nullptr) continue;
      const Named hidden = modules_.stdlib_.find(name->text);
      if (hidden.decl == nullptr) continue;
      // Classic networks have names that are everyone's (`mlp`, `resnet`), and nothing in the stdlib is built on them.
      if (isNetwork(decl) && isNetwork(*hidden.decl)) continue;
      const std::string own = signature(decl, sources_);
      if (!own.empty() && own == signature(*hidden.decl, sources_)) continue;
      diagnostics_.emit<diag::ShadowsPrelude>(name->span, name->text, name->text)
          .also(hidden.module->declared.find(name->text)->second, "the prelude's");
    }
  }

  /// The same for every spelling of a path.
  static std::string identityOf(const std::string& path) {
    std::error_code error;
    const std::filesystem::path canonical = std::filesystem::weakly_canonical(path, error);
    return error ? path : canonical.string();
  }

  struct Link {
    std::string identity, path;
  };
  Modules& modules_;
  SourceManager& sources_;
  Diagnostics& diagnostics_;
  std::map<std::string, SourceModule*> loaded_;
  std::set<std::string> failed_;
  std::vector<Link> chain_;  // files that are being read, the outermost first
};

std::unique_ptr<Modules> Modules::load(const std::string& path, SourceManager& sources, Diagnostics& diagnostics) {
  std::unique_ptr<Modules> modules(new Modules(sources, diagnostics));
  return ModuleLoader(*modules, sources, diagnostics).run(path) ? std::move(modules) : nullptr;
}

std::vector<const SourceModule*> Modules::own() const {
  std::vector<const SourceModule*> own;
  for (const std::unique_ptr<SourceModule>& module : modules_) own.push_back(module.get());
  return own;
}

std::pair<const syntax::ProbeClause*, const SourceModule*> Modules::findProbe(const SourceModule& from,
                                                                              std::string_view name) const {
  if (const auto own = from.probes.find(name); own != from.probes.end()) return {own->second, &from};
  return stdlib_.findProbe(name);
}

std::vector<std::string> Modules::probeNames(const SourceModule& from) const {
  std::vector<std::string> names;
  if (!from.isStdlib)
    for (const syntax::Decl& decl : from.tree.declarations)
      if (const auto* probe = std::get_if<syntax::ProbeClause>(&decl.node)) names.push_back(probe->name.text);
  const std::vector<std::string> common = stdlib_.probeNames();
  names.insert(names.end(), common.begin(), common.end());
  return names;
}

Named Modules::find(const SourceModule& from, std::string_view name) const {
  const auto own = from.names.find(name);
  return own != from.names.end() ? own->second : stdlib_.find(name);
}

Named Modules::find(const SourceModule& from, std::string_view alias, std::string_view name) const {
  const auto target = from.aliases.find(alias);
  if (target == from.aliases.end() || name.starts_with('_')) return {};
  const auto found = target->second->names.find(name);
  const bool isOwn = found != target->second->names.end() && found->second.module == target->second;
  return isOwn ? found->second : Named{};
}

std::vector<std::string> Modules::visibleNames(const SourceModule& from) const {
  std::set<std::string> names;
  for (const auto& [name, named] : from.names) names.insert(name);
  for (const auto& [name, module] : from.aliases) names.insert(name);
  for (const std::string& name : stdlib_.names()) names.insert(name);
  return {names.begin(), names.end()};
}

}  // namespace nnc::elaborate
