#include "elaborate/source_module.h"

#include "diagnostics/kinds/project.h"

namespace nnc::elaborate {

const syntax::Ident* declaredName(const syntax::Decl& decl) {
  if (const auto* constant = std::get_if<syntax::ConstantDecl>(&decl.node)) return &constant->name;
  if (const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node)) return &callable->name;
  if (const auto* block = std::get_if<syntax::BlockDecl>(&decl.node)) return &block->name;
  if (const auto* experiment = std::get_if<syntax::ExperimentDecl>(&decl.node)) return &experiment->name;
  return nullptr;
}

static bool declareProbe(SourceModule& module, const syntax::ProbeClause& probe, Diagnostics& diagnostics) {
  const auto [known, isNew] = module.probes.emplace(probe.name.text, &probe);
  if (isNew) return true;
  diagnostics.emit<diag::DeclaredTwice>(probe.name.span, probe.name.text)
      .also(known->second->name.span, "the first declaration");
  return false;
}

bool declareNames(SourceModule& module, Diagnostics& diagnostics) {
  bool isFine = true;
  for (const syntax::Decl& decl : module.tree.declarations) {
    if (const auto* probe = std::get_if<syntax::ProbeClause>(&decl.node))
      isFine &= declareProbe(module, *probe, diagnostics);
    const syntax::Ident* const name = declaredName(decl);
    if (name == nullptr) continue;
    if (module.names.emplace(name->text, Named{&module, &decl}).second) {
      module.declared.emplace(name->text, name->span);
      continue;
    }
    diagnostics.emit<diag::DeclaredTwice>(name->span, name->text)
        .also(module.declared.find(name->text)->second, "the first declaration");
    isFine = false;
  }
  return isFine;
}

std::vector<std::string> publicNames(const SourceModule& module) {
  std::vector<std::string> names;
  for (const auto& [name, named] : module.names)
    if (named.module == &module && !name.starts_with('_')) names.push_back(name);
  return names;
}

}  // namespace nnc::elaborate
