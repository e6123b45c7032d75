// Loss and metrics of one part in mode eval.
#pragma once
#include <functional>
#include <vector>

#include "training/session.h"

namespace nnc::training {

/// `train.loss`, `train.accuracy`: what a part is measured by.
std::vector<std::string> metricNames(const elaborate::TrainProgram& train, const std::string& part);

/// Runs the batches of an evaluation pass. `metrics` receives loss and metrics of the part: the results of the
/// examples, summed in f64 in row order, divided by their number; of a metric that sums over batches, its last value.
/// `onBatch`, when given, sees each call after it ran; false from it stops.
///
/// Errors  E11xx, E1202: reported, false. Stopped by `onBatch`: false, nothing reported.
bool evaluatePart(Session& session, BatchStream& stream, const elaborate::TrainProgram& train, const Pass& pass,
                  std::vector<Metric>& metrics, const std::function<bool(const BatchCall&, const Batch&)>& onBatch);

}  // namespace nnc::training
