// Where the programs of probes come from: a Project for a plain train, a cell of a plan for an experiment.
#pragma once
#include <optional>
#include <string>

#include "elaborate/elaborate.h"

namespace nnc::probes {

/// Called from one thread at a time. Empty: reported.
class ProbeSource {
 public:
  virtual ~ProbeSource() = default;
  virtual std::optional<elaborate::ProbeProgram> probe(const elaborate::ProbeRequest& request) = 0;
  /// A probe of the stdlib. Needs: there is one of this name.
  virtual elaborate::ProbeDefinition standard(const std::string& name) = 0;
};

class ProjectProbes final : public ProbeSource {
 public:
  ProjectProbes(elaborate::Project& project, const elaborate::TrainProgram& train) : project_(project), train_(train) {}
  std::optional<elaborate::ProbeProgram> probe(const elaborate::ProbeRequest& request) override {
    return project_.probe(train_, request);
  }
  elaborate::ProbeDefinition standard(const std::string& name) override { return project_.standardProbe(name); }

 private:
  elaborate::Project& project_;
  const elaborate::TrainProgram& train_;
};

}  // namespace nnc::probes
