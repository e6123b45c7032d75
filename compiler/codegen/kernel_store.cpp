// Division of kernels among threads, and who compiles which.
#include "codegen/kernel_store.h"

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

#include <llvm/IR/Function.h>
#include <llvm/IR/Module.h>

#include "codegen/compile_unit.h"
#include "codegen/partition.h"
#include "support/processor_time.h"

namespace nnc::codegen {

std::unique_ptr<CompiledKernels> CompiledKernels::create(std::string& error) {
  std::unique_ptr<Jit> jit = registerTarget(error) ? Jit::create(error) : nullptr;
  if (jit == nullptr) return nullptr;
  return std::unique_ptr<CompiledKernels>(new CompiledKernels(std::move(jit)));
}

KernelCounts CompiledKernels::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

using Kernels = std::vector<const KernelRequest*>;

static llvm::Function* define(CompileUnit& unit, const KernelRequest& request) {
  llvm::Function* function = declareKernel(*unit.module, unit.target, request.code, request.symbol);
  request.code.define(*function, unit.target);
  return function;
}

namespace {

/// What one compile thread made.
struct Part {
  std::string object, error;
  double helperSeconds = 0.0;  // of the thread, where it was started for the part
};

}  // namespace

static Part compilePart(CompileUnit& unit, const Options& options) {
  Part part;
  if (optimizeUnit(unit, options, part.error)) part.object = generate(unit, CodeFile::Object, options, part.error);
  return part;
}

/// Emits and compiles the kernels of one part in a context of its own: an LLVM context serves one thread.
static Part compileAlone(const Kernels& kernels, const Options& options) {
  CompileUnit unit;
  Part part;
  if (!beginUnit(unit, options, part.error)) return part;
  for (const KernelRequest* kernel : kernels) define(unit, *kernel);
  return compilePart(unit, options);
}

bool CompiledKernels::compile(const Kernels& kernels, const Options& options, std::string& error) {
  CompileUnit first;
  if (!beginUnit(first, options, error)) return false;
  std::vector<llvm::Function*> functions;
  std::vector<unsigned> sizes;
  {
    const ScopedTimer timer(options.timings, "emit kernels");
    for (const KernelRequest* kernel : kernels) {
      functions.push_back(define(first, *kernel));
      sizes.push_back(functions.back()->getInstructionCount());
    }
  }
  const std::vector<int> partOf = divide(sizes, static_cast<int>(std::thread::hardware_concurrency()));
  const int parts = *std::max_element(partOf.begin(), partOf.end()) + 1;
  Options quiet = options;
  quiet.timings = nullptr;  // not for several threads
  std::vector<std::future<Part>> others;
  for (int part = 1; part < parts; ++part) {
    Kernels share;
    for (std::size_t i = 0; i < kernels.size(); ++i)
      if (partOf[i] == part) share.push_back(kernels[i]);
    others.push_back(std::async(std::launch::async, [share, quiet] {
      Part made = compileAlone(share, quiet);
      made.helperSeconds = threadSeconds();
      return made;
    }));
  }
  for (std::size_t i = 0; i < functions.size(); ++i)
    if (partOf[i] != 0) functions[i]->eraseFromParent();
  std::vector<Part> results{compilePart(first, options)};
  for (std::future<Part>& other : others) results.push_back(other.get());
  for (std::size_t i = 0; i < results.size(); ++i) {
    {
      const std::lock_guard lock(mutex_);
      counts_.helperSeconds += results[i].helperSeconds;
    }
    std::vector<std::string> symbols;
    for (std::size_t k = 0; k < kernels.size(); ++k)
      if (partOf[k] == static_cast<int>(i)) symbols.push_back(kernels[k]->symbol);
    if (!results[i].object.empty() && jit_->addShared(results[i].object, symbols, error)) continue;
    if (error.empty()) error = results[i].error;
    return false;
  }
  return true;
}

/// Those that no thread has claimed yet.
Kernels CompiledKernels::claim(const std::vector<KernelRequest>& requests) {
  Kernels mine;
  const std::lock_guard lock(mutex_);
  for (const KernelRequest& request : requests)
    if (kernels_.try_emplace(request.symbol, State::Pending).second) mine.push_back(&request);
  counts_.compiled += static_cast<std::int64_t>(mine.size());
  counts_.reused += static_cast<std::int64_t>(requests.size() - mine.size());
  return mine;
}

bool CompiledKernels::provide(const std::vector<KernelRequest>& requests, const Options& options, std::string& error) {
  const Kernels mine = claim(requests);
  // What others wait for comes before what this thread waits for: no two threads wait for each other.
  const bool isCompiled = mine.empty() || compile(mine, options, error);
  std::unique_lock lock(mutex_);
  for (const KernelRequest* request : mine) kernels_[request->symbol] = isCompiled ? State::Ready : State::Failed;
  changed_.notify_all();
  for (const KernelRequest& request : requests) {
    const State& state = kernels_.at(request.symbol);
    changed_.wait(lock, [&] { return state != State::Pending; });
    if (state == State::Ready) continue;
    if (error.empty()) error = "a kernel that another thread compiled failed";
    return false;
  }
  return true;
}

}  // namespace nnc::codegen
