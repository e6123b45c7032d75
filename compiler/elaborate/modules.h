// Files and their names: what a project consists of before anything has a meaning.
//
// A file is a module. A name in it is looked up among its own declarations and imports, then in the prelude, which is
// the union of all modules of the stdlib.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/source_module.h"
#include "elaborate/stdlib.h"
#include "support/source.h"

namespace nnc::elaborate {

/// Owns the trees of a file and of all that it imports, and those of the stdlib.
///
/// Finding a name may parse a module of the stdlib: not to be used by two threads at once.
class Modules {
 public:
  /// Reads `path` and its imports. Null: reported.
  ///
  /// Errors  E1513 the file cannot be read; E00xx syntax; E0110-E0118 imports and names. W0703 is a warning.
  [[nodiscard]] static std::unique_ptr<Modules> load(const std::string& path, SourceManager& sources,
                                                     Diagnostics& diagnostics);

  const SourceModule& root() const { return *root_; }
  /// The modules that are not of the stdlib.
  std::vector<const SourceModule*> own() const;
  /// What `name` means in `from`: own declarations and imports, then the prelude. Empty: nothing.
  Named find(const SourceModule& from, std::string_view name) const;
  /// What `alias.name` means in `from`. Empty: no such alias, or nothing of that name that may be seen from outside.
  Named find(const SourceModule& from, std::string_view alias, std::string_view name) const;
  /// A probe that `from` or the stdlib declares, and where. Null: there is none.
  std::pair<const syntax::ProbeClause*, const SourceModule*> findProbe(const SourceModule& from,
                                                                       std::string_view name) const;
  /// Their names, those of `from` first.
  std::vector<std::string> probeNames(const SourceModule& from) const;
  /// Every name that `find(from, ..)` knows, sorted: for "did you mean".
  std::vector<std::string> visibleNames(const SourceModule& from) const;

 private:
  friend class ModuleLoader;
  Modules(SourceManager& sources, Diagnostics& diagnostics) : stdlib_(sources, diagnostics) {}

  mutable Stdlib stdlib_;                               // what it has parsed is seen by nobody
  std::vector<std::unique_ptr<SourceModule>> modules_;  // those that are not of the stdlib
  const SourceModule* root_ = nullptr;
};

}  // namespace nnc::elaborate
