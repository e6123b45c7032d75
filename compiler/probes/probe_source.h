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
  /// The probe of this name; some are defined by others.
  virtual std::optional<elaborate::ProbeDefinition> find(const std::string& name) = 0;
};

class ProjectProbes final : public ProbeSource {
 public:
  ProjectProbes(elaborate::Project& project, const elaborate::TrainProgram& train) : project_(project), train_(train) {}
  std::optional<elaborate::ProbeProgram> probe(const elaborate::ProbeRequest& request) override {
    return project_.probe(train_, request);
  }
  std::optional<elaborate::ProbeDefinition> find(const std::string& name) override { return project_.findProbe(name); }

 private:
  elaborate::Project& project_;
  const elaborate::TrainProgram& train_;
};

}  // namespace nnc::probes
