// Loss and metrics of one part in mode eval.
#pragma once
#include <functional>
#include <vector>

#include "training/session.h"

namespace nnc::training {

/// Runs the batches of an evaluation pass. `means` receives loss and metrics: the results of the examples, summed in
/// f64 in row order, divided by their number. `onBatch`, when given, sees each call after it ran; false from it stops.
///
/// Errors  E11xx: reported, false. Stopped by `onBatch`: false, nothing reported.
bool evaluatePart(Session& session, BatchStream& stream, const Pass& pass, std::size_t metricCount,
                  std::vector<double>& means, const std::function<bool(const BatchCall&, const Batch&)>& onBatch);

}  // namespace nnc::training
