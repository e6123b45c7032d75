// A Project as a source of programs.
#pragma once
#include "training/run.h"

namespace nnc::training {

class ProjectSource final : public ProgramSource {
 public:
  ProjectSource(elaborate::Project& project, const elaborate::TrainProgram& train) : project_(project), train_(train) {}
  std::optional<elaborate::BatchProgram> step(std::int64_t batch) override { return project_.step(train_, batch); }
  std::optional<elaborate::BatchProgram> evaluation(std::int64_t batch) override {
    return project_.evaluation(train_, batch);
  }

 private:
  elaborate::Project& project_;
  const elaborate::TrainProgram& train_;
};

}  // namespace nnc::training
