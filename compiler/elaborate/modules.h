// Files and their names: what a project consists of before anything has a meaning.
//
// A file is a module. A name in it is looked up among its own declarations and imports, then in the prelude, which is
// the union of all modules of the stdlib.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "support/source.h"
#include "syntax/ast.h"

namespace nnc::elaborate {

struct SourceModule;

/// A declaration and the module whose names its text sees. `decl` null: a reader of std.data (`idx`), which is built
/// in.
struct Named {
  const SourceModule* module = nullptr;
  const syntax::Decl* decl = nullptr;
  explicit operator bool() const { return module != nullptr; }
};

struct SourceModule {
  std::string path;       // as messages show it: `nets/mlp.nn`, `<stdlib>/layers.nn`
  std::string directory;  // that relative paths in it (imports, data files) start from
  bool isStdlib = false;
  syntax::File tree;
  std::map<std::string, Named, std::less<>> names;                  // own declarations, listed imports
  std::map<std::string, const SourceModule*, std::less<>> aliases;  // of `import .. as b`
  std::map<std::string, Span, std::less<>> declared;                // where each of the names above was introduced
  std::map<std::string, const syntax::ProbeClause*, std::less<>> probes;  // declared here; names of their own
};

/// Owns the trees of a file and of all that it imports, and those of the stdlib.
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
  /// The names of a module that others may import, sorted.
  static std::vector<std::string> publicNames(const SourceModule& module);

 private:
  friend class ModuleLoader;
  std::vector<std::unique_ptr<SourceModule>> modules_;
  std::map<std::string, Named, std::less<>> prelude_;
  const SourceModule* root_ = nullptr;
};

/// A module of the stdlib as it stands in the binary: `layers` and its text.
struct StdlibFile {
  std::string_view name;
  std::string_view text;
};
/// All of them, in the order of their names. Generated from stdlib/*.nn when nnc is built.
const std::vector<StdlibFile>& stdlibFiles();

}  // namespace nnc::elaborate
