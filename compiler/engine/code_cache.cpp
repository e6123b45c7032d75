#include "engine/code_cache.h"

#include "support/processor_time.h"

namespace nnc::engine {

codegen::KernelStore* CodeCache::kernelsOf(codegen::Backend& backend, std::string& error) {
  const std::lock_guard lock(mutex_);
  if (kernels_ == nullptr) kernels_ = backend.newKernelStore(error);
  return kernels_.get();
}

codegen::Entry CodeCache::get(codegen::Backend& backend, std::string_view codeText, const std::string& name,
                              const Compile& compile, std::string& error) {
  const Hash128 key = hashBytes128(codeText);
  std::unique_lock lock(mutex_);
  const auto [at, isNew] = programs_.try_emplace(key);
  Program& program = at->second;  // stays in its place: nothing is ever erased
  ++(isNew ? counts_.compiled : counts_.reused);
  if (!isNew) {
    done_.wait(lock, [&] { return program.isDone; });
    error = program.error;
    return program.entry;
  }
  lock.unlock();
  const double begun = threadSeconds();
  codegen::KernelStore* const kernels = kernelsOf(backend, error);
  std::unique_ptr<codegen::Code> code = kernels != nullptr ? compile(kernels, error) : nullptr;
  const codegen::Entry entry = code != nullptr ? code->entry(name) : nullptr;
  lock.lock();
  counts_.seconds += threadSeconds() - begun;
  program = {true, std::move(code), entry, error};
  lock.unlock();
  done_.notify_all();
  return entry;
}

CodeCache::Counts CodeCache::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  if (kernels_ != nullptr) counts.kernels = kernels_->counts();
  counts.seconds += counts.kernels.helperSeconds;
  return counts;
}

}  // namespace nnc::engine
