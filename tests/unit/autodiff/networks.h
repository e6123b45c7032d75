// Layers and losses of the standard library, written with the builder: what derivatives are checked on.
#pragma once
#include <vector>

#include "gradient_check.h"

namespace nnc::test {

/// Every network: name, body, shapes.
std::vector<Problem> networks();

}  // namespace nnc::test
