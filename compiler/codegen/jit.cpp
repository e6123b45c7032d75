// LLJIT.h is the costliest header of LLVM: it stays here.
#include "codegen/jit.h"

#include <functional>
#include <mutex>
#include <utility>

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/MemoryBuffer.h>

#include "nnc/blas.h"

namespace nnc::codegen {

struct Jit::Implementation {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  /// One link at a time, and each to its end. Otherwise a program may be told to be ready whose kernel another thread
  /// has given an address and not yet made executable.
  std::mutex linking;
  std::uint64_t programs = 0;  // names of their name spaces
};

Jit::Jit(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
Jit::~Jit() = default;

static bool fail(llvm::Error problem, std::string& error) {
  error = llvm::toString(std::move(problem));
  return false;
}

std::unique_ptr<Jit> Jit::create(std::string& error) {
  // No platform: generated code has no constructors and no thread-local storage.
  auto jit = llvm::orc::LLJITBuilder().setPlatformSetUp(llvm::orc::setUpInactivePlatform).create();
  if (!jit) {
    fail(jit.takeError(), error);
    return nullptr;
  }
  auto implementation = std::make_unique<Implementation>();
  implementation->jit = std::move(*jit);
  return std::unique_ptr<Jit>(new Jit(std::move(implementation)));
}

/// The address of a symbol of runtime/abi.def in this process.
static void* abiAddress(const runtime::Blas& blas, std::string_view symbol) {
  if (symbol == "cblas_sgemm") return reinterpret_cast<void*>(blas.sgemm);
  if (symbol == "cblas_dgemm") return reinterpret_cast<void*>(blas.dgemm);
  return nullptr;
}

static bool bindSymbols(llvm::orc::LLJIT& jit, llvm::orc::JITDylib& space, const std::vector<std::string>& externals,
                        std::string& error) {
  if (externals.empty()) return true;
  runtime::Failure failure;
  const runtime::Blas* blas = runtime::loadBlas(failure);
  if (blas == nullptr) {
    error = failure.path + ": " + failure.message;
    return false;
  }
  llvm::orc::SymbolMap symbols;
  for (const std::string& symbol : externals) {
    void* address = abiAddress(*blas, symbol);
    if (address == nullptr) {
      error = "generated code uses `" + symbol + "`, which is not in runtime/abi.def";
      return false;
    }
    symbols[jit.mangleAndIntern(symbol)] = {llvm::orc::ExecutorAddr::fromPtr(address),
                                            llvm::JITSymbolFlags::Exported | llvm::JITSymbolFlags::Callable};
  }
  llvm::Error problem = space.define(llvm::orc::absoluteSymbols(std::move(symbols)));
  return problem ? fail(std::move(problem), error) : true;
}

bool Jit::addShared(const std::string& object, const std::vector<std::string>& symbols, std::string& error) {
  const std::lock_guard lock(implementation_->linking);
  llvm::orc::LLJIT& jit = *implementation_->jit;
  if (llvm::Error problem = jit.addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, "nnc")))
    return fail(std::move(problem), error);
  for (const std::string& symbol : symbols)
    if (auto address = jit.lookup(symbol); !address) return fail(address.takeError(), error);
  return true;
}

std::optional<Jit::Entries> Jit::addProgram(const std::string& object, const std::vector<JitEntry>& entries,
                                            const std::vector<std::string>& externals, std::string& error) {
  const std::lock_guard lock(implementation_->linking);
  llvm::orc::LLJIT& jit = *implementation_->jit;
  auto space = jit.createJITDylib("program." + std::to_string(implementation_->programs++));
  if (!space) {
    fail(space.takeError(), error);
    return std::nullopt;
  }
  space->addToLinkOrder(jit.getMainJITDylib());
  if (!bindSymbols(jit, *space, externals, error)) return std::nullopt;
  if (llvm::Error problem = jit.addObjectFile(*space, llvm::MemoryBuffer::getMemBufferCopy(object, "nnc"))) {
    fail(std::move(problem), error);
    return std::nullopt;
  }
  Entries addresses;
  for (const JitEntry& entry : entries) {
    auto address = jit.lookup(*space, entry.symbol);
    if (!address) {
      fail(address.takeError(), error);
      return std::nullopt;
    }
    addresses[entry.function] = address->toPtr<Entry>();
  }
  return addresses;
}

}  // namespace nnc::codegen
