// Programs that look at a network: the values of probes, and the pieces that native probes are made of.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "elaborate/probe_request.h"
#include "elaborate/train.h"

namespace nnc::elaborate {

/// The definition behind a clause of an experiment in `home`. A clause without a value means the probe of that name
/// that the file or the stdlib declares, or a native one; a range then takes the place of the declared one.
///
/// Errors  E1801 no such probe; E1802 a native probe with a range.
[[nodiscard]] std::optional<ProbeDefinition> resolveProbe(const syntax::ProbeClause& clause, const SourceModule& home,
                                                          const Modules& modules, Diagnostics& diagnostics);
/// The same by name alone, seen from `home`.
[[nodiscard]] std::optional<ProbeDefinition> findProbe(std::string_view name, Span where, const SourceModule& home,
                                                       const Modules& modules, Diagnostics& diagnostics);

/// The period of a clause. `names`: of the experiment, its parameters and constants among them.
///
/// Errors  E1809 something else than steps(n) and epochs(n).
[[nodiscard]] std::optional<ProbePeriod> readPeriod(Elaborator& elaborator, const syntax::ProbeClause& clause,
                                                    const Scope& names);

/// What the programs below are made of: the train, and its slots as they are elaborated (before a precision is set).
struct ProbedTrain {
  const TrainSpec& spec;
  const DataProgram& data;
  const std::vector<Slot>& slots;
  std::int64_t batch = 0;
};

/// The values of probes, computed in f64 from what the network computes in its own precision.
///
/// In the value stand `loss`, the mean over the batch, the variable of the range, `grad(loss, variable)`, and
/// `variable.function`, what was applied; else what a fn may use. What has axes left counts as its mean. A list gives
/// one series for each entry.
/// Errors  E1803 a range that means nothing or matches nothing; E1804 a value that is no number.
[[nodiscard]] std::optional<ProbeProgram> buildSeries(Elaborator& elaborator, const ProbedTrain& train,
                                                      const std::vector<ProbeDefinition>& probes);

/// -> the mean loss.
[[nodiscard]] std::optional<ProbeProgram> buildLoss(Elaborator& elaborator, const ProbedTrain& train);
/// -> the mean loss, then its derivative by each trained parameter, in the order of the slots, then `lr`, the learning
/// rate of the next step (`step` says which one it is), if the optimizer has one.
[[nodiscard]] std::optional<ProbeProgram> buildGradients(Elaborator& elaborator, const ProbedTrain& train);
/// Input dy, shaped like the first output of the network -> the derivative of sum(output * dy) by the first field that
/// the network takes, of `outputs[0]`, and the output.
///
/// Errors  E1805 that field is not of floats.
[[nodiscard]] std::optional<ProbeProgram> buildInputGradient(Elaborator& elaborator, const ProbedTrain& train);
/// For the Jacobian J from the output of each weight layer to that of the next one: inputs v (of the next one) and u,
/// alternating -> J^T v and J^T J u, alternating. `outputs` has the path of the former layer for each result. Pairs
/// of which the latter does not depend on the former are left out.
[[nodiscard]] std::optional<ProbeProgram> buildLayerJacobians(Elaborator& elaborator, const ProbedTrain& train);

/// -> the mean loss; `chain` is that of the network's hidden layers, and empty where they are none.
[[nodiscard]] std::optional<ProbeProgram> buildLayerChain(Elaborator& elaborator, const ProbedTrain& train);

/// The one that is asked for; `train.batch` is that of the request.
[[nodiscard]] std::optional<ProbeProgram> buildProbe(Elaborator& elaborator, const ProbedTrain& train,
                                                     const ProbeRequest& request);

}  // namespace nnc::elaborate
