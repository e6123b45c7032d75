// What the training runs of one process share: data that was read, programs that were compiled.
#pragma once
#include <memory>

namespace nnc::training {

/// Any thread.
class RunCache {
 public:
  RunCache();
  RunCache(const RunCache&) = delete;
  RunCache& operator=(const RunCache&) = delete;
  ~RunCache();

 private:
  friend class Session;
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace nnc::training
