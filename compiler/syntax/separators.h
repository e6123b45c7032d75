// Commas between settings, as other languages have them: reported once for a block, and left out.
#pragma once
#include "syntax/lex.h"

namespace nnc::syntax {

/// Takes out the commas that stand between the settings of a block and behind the last one.
///
/// Needs   brackets that match.
/// Errors  E0046, once for each block.
void dropSeparators(LexedFile& lexed, FileId file, Diagnostics& diagnostics);

}  // namespace nnc::syntax
