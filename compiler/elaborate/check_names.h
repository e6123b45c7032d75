// Checks a definition that nothing elaborates: names only.
#pragma once
#include <vector>

#include "diagnostics/diagnostics.h"
#include "elaborate/modules.h"

namespace nnc::elaborate {

/// A place in a definition that names another one.
struct Reference {
  const syntax::CallableDecl* callable = nullptr;
  Span where;
};

/// Reports names in the body and the defaults of a callable that mean nothing, whatever its arguments are.
///
/// Errors  E0101 an unknown name. W0701 (a warning) a dim that occurs once and looks like another name misspelt.
/// Result  the definitions that it names.
std::vector<Reference> checkNames(const syntax::CallableDecl& callable, const SourceModule& home,
                                  const Modules& modules, Diagnostics& diagnostics);

}  // namespace nnc::elaborate
