#include "elaborate/scope.h"

#include "elaborate/trace.h"

namespace nnc::elaborate {

const Name* Scope::findHere(std::string_view name) const {
  for (auto at = names_.rbegin(); at != names_.rend(); ++at)
    if (at->text == name) return &*at;
  return nullptr;
}

const Name* Scope::find(std::string_view name) const {
  for (const Scope* scope = this; scope; scope = scope->parent_)
    if (const Name* found = scope->findHere(name)) return found;
  return nullptr;
}

std::vector<std::string> Scope::visibleNames() const {
  std::vector<std::string> names;
  for (const Scope* scope = this; scope; scope = scope->parent_)
    for (const Name& name : scope->names_) names.emplace_back(name.text);
  return names;
}

SlotRecord* Trace::findSlot(std::string_view path) {
  for (SlotRecord& record : slots)
    if (record.slot.path == path) return &record;
  return nullptr;
}

}  // namespace nnc::elaborate
