// The C functions of an exported model as LLVM IR: checks of the arguments, choice of the batch size, padding.
#pragma once
#include <string>

#include "codegen/emitter.h"
#include "codegen/model_api.h"

namespace nnc::codegen {

/// Fills `module` with all that the header declares. False: `error` says why. Needs: checkModelApi found nothing.
[[nodiscard]] bool emitModelFunctions(llvm::Module& module, const Target& target, const ModelApi& api,
                                      std::string& error);

}  // namespace nnc::codegen
