// One file of a project or of the stdlib, and the names that it declares.
#pragma once
#include <map>
#include <string>
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

/// The name that a declaration introduces at module level; null for imports, probes and `export .. as`.
const syntax::Ident* declaredName(const syntax::Decl& decl);

/// Fills `names`, `declared` and `probes` of a parsed module with its own declarations.
///
/// Errors  E0110 a name twice; the result is then false.
bool declareNames(SourceModule& module, Diagnostics& diagnostics);

/// The names of a module that others may import, sorted.
std::vector<std::string> publicNames(const SourceModule& module);

}  // namespace nnc::elaborate
