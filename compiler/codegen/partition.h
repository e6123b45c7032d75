// Division of functions among compile threads.
#pragma once
#include <vector>

namespace nnc::codegen {

/// Which part each function goes to, given their numbers of instructions: parts of about the same size, at most one per
/// thread, and only as many as are worth starting. Part 0 is never empty unless there are no functions.
std::vector<int> divide(const std::vector<unsigned>& sizes, int threads);

}  // namespace nnc::codegen
