#include "experiment/study_meter.h"

namespace nnc::experiment {

study::Spent StudyMeter::now() const {
  return {std::chrono::duration<double>(Clock::now() - begun_).count(), processSeconds(),
          code_ != nullptr ? code_->counts().seconds : 0.0};
}

study::Spent StudyMeter::sinceTaken() const {
  const study::Spent here = now();
  return {here.wallSeconds - before_.wallSeconds, here.processorSeconds - before_.processorSeconds,
          here.codeSeconds - before_.codeSeconds};
}

study::Spent StudyMeter::take() {
  const study::Spent spent = sinceTaken();
  before_ += spent;
  return spent;
}

}  // namespace nnc::experiment
