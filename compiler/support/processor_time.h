// What the processor spent, as the system counts it.
#pragma once

namespace nnc {

/// Processor seconds of the calling thread.
double threadSeconds();
/// Processor seconds of all threads of the process, from its start.
double processSeconds();

}  // namespace nnc
