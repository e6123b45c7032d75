#include "passes/lower_precision.h"

#include "ir/round_products.h"

namespace nnc::passes {

bool lowerPrecision(ir::Module& module, Diagnostics& /*diagnostics*/) {
  ir::roundProducts(module);
  return true;
}

}  // namespace nnc::passes
