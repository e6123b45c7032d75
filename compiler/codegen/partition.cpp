#include "codegen/partition.h"

#include <algorithm>
#include <vector>

#include <llvm/ADT/STLExtras.h>
#include <llvm/IR/Module.h>

namespace nnc::codegen {

// A hundred instructions take about 2 ms from here to machine code; starting a part takes 3 ms.
static constexpr unsigned kInstructionsPerPart = 600;

int usefulParts(const llvm::Module& module, int threads) {
  const unsigned instructions = module.getInstructionCount();
  return std::clamp(static_cast<int>(instructions / kInstructionsPerPart), 1, std::max(threads, 1));
}

void keepPart(llvm::Module& module, int part, int parts) {
  std::vector<llvm::Function*> functions;
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    functions.push_back(&function);
    if (!function.hasLocalLinkage()) continue;
    function.setLinkage(llvm::GlobalValue::ExternalLinkage);
    function.setVisibility(llvm::GlobalValue::HiddenVisibility);
  }
  // The largest first, each to the part that has least.
  std::stable_sort(functions.begin(), functions.end(), [](const llvm::Function* a, const llvm::Function* b) {
    return a->getInstructionCount() > b->getInstructionCount();
  });
  std::vector<unsigned> sizes(static_cast<std::size_t>(parts), 0);
  for (llvm::Function* function : functions) {
    const auto least = std::min_element(sizes.begin(), sizes.end());
    *least += function->getInstructionCount();
    if (least - sizes.begin() != part) function->deleteBody();
  }
  for (llvm::GlobalVariable& global : llvm::make_early_inc_range(module.globals()))
    if (global.use_empty()) global.eraseFromParent();
}

}  // namespace nnc::codegen
