// Project::check: everything that can be elaborated is.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "diagnostics/kinds/elaborate.h"
#include "diagnostics/kinds/project.h"
#include "elaborate/check_definitions.h"
#include "elaborate/check_names.h"
#include "elaborate/project.h"

namespace nnc::elaborate {

bool hasDefaults(const std::vector<syntax::ParamDecl>& parameters) {
  return std::all_of(parameters.begin(), parameters.end(),
                     [](const syntax::ParamDecl& parameter) { return parameter.defaultValue != nullptr; });
}

/// In .train and .eval. A train whose parameters have no defaults is elaborated when they are given.
static void checkTrain(Project& project, const syntax::BlockDecl& block) {
  if (!hasDefaults(block.parameters)) return;
  const std::optional<TrainProgram> train = project.train(block.name.text, {});
  if (train) (void)project.evaluation(*train, train->batch).has_value();
}

static void checkExports(Project& project, ProjectState& state) {
  std::map<std::string, Span> names;
  (void)project.exportedConstants().has_value();
  for (const ExportedName& exported : exportsOf(state.file())) {
    const auto [other, isNew] = names.emplace(exported.name->text, exported.name->span);
    if (isNew)
      (void)project.exported(exported.name->text).has_value();
    else
      state.diagnostics
          .emit<diag::ReservedCName>(exported.name->span, exported.name->text, "it is the name of another export")
          .also(other->second, "the other one");
  }
}

/// What stands on its own: constants and data.
static void checkDeclaration(ProjectState& state, const syntax::Decl& decl) {
  const SourceModule& home = state.modules->root();
  Elaboration elaboration(state);
  if (const auto* constant = std::get_if<syntax::ConstantDecl>(&decl.node)) {
    (void)elaboration->lookUp(constant->name.text, home, constant->name.span).has_value();
  }
  const auto* block = std::get_if<syntax::BlockDecl>(&decl.node);
  if (block != nullptr && block->kind == syntax::BlockKind::Data && hasDefaults(block->parameters)) {
    const std::optional<DataUse> use = defaultDataUse(*elaboration, *block, home);
    if (use) (void)buildData(*elaboration, *use).has_value();
  }
}

using References = std::map<const syntax::CallableDecl*, std::vector<Reference>>;

/// Follows references from `callable` back to one of those that led there. `path`: the way, from the outermost on.
static void findRecursion(const References& references, const syntax::CallableDecl* callable,
                          std::vector<const syntax::CallableDecl*>& path, std::set<const syntax::CallableDecl*>& done,
                          Diagnostics& diagnostics) {
  const auto named = references.find(callable);
  if (named == references.end() || done.contains(callable)) return;
  path.push_back(callable);
  for (const Reference& reference : named->second) {
    const bool isCycle = std::find(path.begin(), path.end(), reference.callable) != path.end();
    if (!isCycle) {
      findRecursion(references, reference.callable, path, done, diagnostics);
      continue;
    }
    DiagnosticBuilder message = diagnostics.emit<diag::Recursion>(reference.where, reference.callable->name.text);
    std::vector<std::string_view> round;
    for (auto at = std::find(path.begin(), path.end(), reference.callable); at != path.end(); ++at)
      round.push_back((*at)->name.text);
    round.push_back(reference.callable->name.text);
    if (round.size() > 2) message.note(fmt::format("one in the other: {}", fmt::join(round, ", ")));
    message.help("a chain of layers is `x |> repeat n { layer() }`, a loop that carries values is `scan`");
  }
  path.pop_back();
  done.insert(callable);
}

/// Names of all definitions, used or not, of the file and of those that it imports. Gives what they refer to.
static References checkAllNames(const ProjectState& state, Diagnostics& messages) {
  References references;
  for (const SourceModule* module : state.modules->own())
    for (const syntax::Decl& decl : module->tree.declarations)
      if (const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node))
        references[callable] = checkNames(*callable, *module, *state.modules, messages);
  return references;
}

/// That none of these definitions leads to itself.
static void checkRecursion(const ProjectState& state, const References& references, Diagnostics& messages) {
  std::vector<const syntax::CallableDecl*> path;
  std::set<const syntax::CallableDecl*> done;
  for (const SourceModule* module : state.modules->own())
    for (const syntax::Decl& decl : module->tree.declarations)
      if (const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node))
        findRecursion(references, callable, path, done, messages);
}

bool hasSilentMistake(ProjectState& state) {
  Diagnostics messages;
  for (const SourceModule* module : state.modules->own())
    for (const syntax::Decl& decl : module->tree.declarations)
      if (const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node))
        (void)checkNames(*callable, *module, *state.modules, messages);
  const std::vector<Diagnostic>& all = messages.all();
  const bool isFound = std::any_of(all.begin(), all.end(), [](const Diagnostic& message) {
    return message.code == diag::UnknownSymbol::kCode || message.code == diag::Unreachable::kCode;
  });
  if (!isFound) return false;
  messages.sortByPlace(0);
  state.diagnostics.appendNew(std::move(messages));
  return true;
}

void checkProject(Project& project, ProjectState& state) {
  Diagnostics names, rounds;
  checkRecursion(state, checkAllNames(state, names), rounds);
  if (rounds.hasErrors()) {
    // What calls itself has no end that elaboration could come to.
    names.append(std::move(rounds));
    names.sortByPlace(0);
    state.diagnostics.appendNew(std::move(names));
    return;
  }
  for (const syntax::Decl* decl : state.trains()) checkTrain(project, std::get<syntax::BlockDecl>(decl->node));
  checkExports(project, state);
  for (const syntax::Decl& decl : state.file().declarations) checkDeclaration(state, decl);
  // A mistake in a network shows in the train that uses it, with the sizes of that train; once is enough.
  if (state.diagnostics.hasErrors()) return;
  names.sortByPlace(0);
  state.diagnostics.appendNew(std::move(names));
  if (state.diagnostics.hasErrors()) return;
  for (const SourceModule* module : state.modules->own())
    for (const syntax::Decl& decl : module->tree.declarations)
      if (const auto* callable = std::get_if<syntax::CallableDecl>(&decl.node))
        checkDefinition(state, *callable, *module);
}

}  // namespace nnc::elaborate
