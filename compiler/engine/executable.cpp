// A compiled function, its arena, and calling it.
#include <fmt/format.h>

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "diagnostics/kinds/engine.h"
#include "engine/engine.h"
#include "engine/memory.h"
#include "ir/numbers.h"

namespace nnc::engine {

struct Executable::Implementation {
  ir::Module module;
  ir::FunctionId function;
  std::unique_ptr<codegen::Code> code;  // null: the cache's
  codegen::Entry entry = nullptr;
  Pages arena;  // the planned bytes, then the numbers
};

namespace {

/// Treats denormals as zero while it lives: one of them can slow a loop down a hundredfold.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }
  ~FlushDenormals() { _mm_setcsr(saved_); }
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" : : "r"(saved_ | (std::uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
#error "how are denormals flushed on this processor?"
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__x86_64__)
  unsigned saved_;
#else
  std::uint64_t saved_ = 0;
#endif
};

/// Aligned memory for tensors of a call.
struct Free {
  void operator()(std::byte* bytes) const { std::free(bytes); }
};
using AlignedBytes = std::unique_ptr<std::byte, Free>;

}  // namespace

static AlignedBytes alignedBytes(std::int64_t bytes) {
  constexpr std::size_t kAlignment = 64;
  const std::size_t size = (static_cast<std::size_t>(bytes) + kAlignment) / kAlignment * kAlignment;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(kAlignment, size));
  assert(memory != nullptr && "checkMemory counted arguments and results");
  return AlignedBytes(memory);
}

Executable::Executable(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Executable::Executable(Executable&&) noexcept = default;
Executable& Executable::operator=(Executable&&) noexcept = default;
Executable::~Executable() = default;

/// Everything that machine code depends on.
static std::string cacheText(const ir::Module& module, ir::FunctionId function, const codegen::Options& options) {
  return fmt::format("{} {} {}\n{}", options.cpu, options.optLevel, options.sanitizeAddress,
                     ir::codeText(module, {function}));
}

static std::optional<Pages> mapArena(const ir::Module& module, ir::FunctionId function, std::string& error) {
  const std::int64_t arenaBytes = module.function(function).plan->arenaBytes;
  const ir::NumberTable numbers(module, {function});
  const std::size_t size = numbers.bytes().size();
  std::optional<Pages> arena = Pages::map(arenaBytes + static_cast<std::int64_t>(size), error);
  if (arena && size > 0) std::memcpy(static_cast<std::byte*>(arena->data()) + arenaBytes, numbers.bytes().data(), size);
  return arena;
}

std::optional<Executable> Executable::compile(ir::Module module, ir::FunctionId function, const Options& options,
                                              Diagnostics& diagnostics) {
  assert(module.function(function).plan.has_value() && "compile needs a function that `lower` planned");
  if (!checkMemory(module, function, options.maxMemoryBytes, diagnostics)) return std::nullopt;
  codegen::Backend* generator = backend(diagnostics);
  if (generator == nullptr) return std::nullopt;
  auto implementation = std::make_unique<Implementation>();
  const std::string name = module.function(function).name;
  std::string error;
  const auto compileCode = [&](codegen::KernelStore* kernels, std::string& reason) {
    return generator->compile(module, {function}, options.codegen, kernels, reason);
  };
  {
    const ScopedTimer timer(options.timings, "codegen");
    if (options.cache != nullptr) {
      implementation->entry =
          options.cache->get(*generator, cacheText(module, function, options.codegen), name, compileCode, error);
    } else if ((implementation->code = compileCode(nullptr, error)) != nullptr) {
      implementation->entry = implementation->code->entry(name);
    }
  }
  if (implementation->entry == nullptr) {
    diagnostics.emit<diag::CodegenFailed>(Span{}, name, error.empty() ? "it has no entry" : error);
    return std::nullopt;
  }
  std::optional<Pages> arena = mapArena(module, function, error);
  if (!arena) {
    diagnostics.emit<diag::ArenaRefused>(Span{}, formatBytes(module.function(function).plan->arenaBytes), error);
    return std::nullopt;
  }
  implementation->arena = std::move(*arena);
  implementation->module = std::move(module);
  implementation->function = function;
  return Executable(std::move(implementation));
}

const ir::Function& Executable::signature() const {
  return implementation_->module.function(implementation_->function);
}

std::int64_t Executable::arenaBytes() const { return implementation_->arena.size(); }

void Executable::run(void* const* arguments, void* const* results) const {
  const FlushDenormals flush;
  implementation_->entry(arguments, results, implementation_->arena.data());
}

std::vector<ir::Tensor> Executable::run(const std::vector<ir::Tensor>& arguments) const {
  const ir::Function& function = signature();
  assert(arguments.size() == function.parameters.size() && "one tensor per parameter");
  std::vector<AlignedBytes> buffers;
  std::vector<void*> argumentPointers, resultPointers;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    assert(arguments[i].type == function.type(function.parameters[i]) && "tensors have the types of the parameters");
    buffers.push_back(alignedBytes(arguments[i].type.byteCount()));
    if (!arguments[i].bytes.empty())
      std::memcpy(buffers.back().get(), arguments[i].bytes.data(), arguments[i].bytes.size());
    argumentPointers.push_back(buffers.back().get());
  }
  for (const ir::Value result : function.results) {
    buffers.push_back(alignedBytes(function.type(result).byteCount()));
    resultPointers.push_back(buffers.back().get());
  }
  run(argumentPointers.data(), resultPointers.data());
  for (const ir::Alias& alias : function.aliases) resultPointers[alias.result] = argumentPointers[alias.parameter];
  std::vector<ir::Tensor> results;
  for (std::size_t i = 0; i < function.results.size(); ++i) {
    ir::Tensor tensor(function.type(function.results[i]));
    if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), resultPointers[i], tensor.bytes.size());
    results.push_back(std::move(tensor));
  }
  return results;
}

}  // namespace nnc::engine
