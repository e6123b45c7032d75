// LLJIT.h is the costliest header of LLVM: it stays here.
#include "codegen/jit.h"

#include <functional>
#include <map>
#include <utility>

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/MemoryBuffer.h>

#include "nnc/blas.h"

namespace nnc::codegen {

namespace {

class JitCode : public Code {
 public:
  using Entries = std::map<std::string, Entry, std::less<>>;
  JitCode(std::unique_ptr<llvm::orc::LLJIT> jit, Entries entries)
      : jit_(std::move(jit)), entries_(std::move(entries)) {}
  Entry entry(std::string_view function) const override {
    const auto at = entries_.find(function);
    return at == entries_.end() ? nullptr : at->second;
  }

 private:
  std::unique_ptr<llvm::orc::LLJIT> jit_;
  Entries entries_;
};

}  // namespace

/// The address of a symbol of runtime/abi.def in this process.
static void* abiAddress(const runtime::Blas& blas, std::string_view symbol) {
  if (symbol == "cblas_sgemm") return reinterpret_cast<void*>(blas.sgemm);
  if (symbol == "cblas_dgemm") return reinterpret_cast<void*>(blas.dgemm);
  return nullptr;
}

static bool bindSymbols(llvm::orc::LLJIT& jit, const std::vector<std::string>& externals, std::string& error) {
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
  if (llvm::Error problem = jit.getMainJITDylib().define(llvm::orc::absoluteSymbols(std::move(symbols)))) {
    error = llvm::toString(std::move(problem));
    return false;
  }
  return true;
}

std::unique_ptr<Code> linkInProcess(const std::vector<std::string>& objects, const std::vector<JitEntry>& entries,
                                    const std::vector<std::string>& externals, std::string& error) {
  const auto fail = [&](llvm::Error problem) {
    error = llvm::toString(std::move(problem));
    return nullptr;
  };
  // No platform: generated code has no constructors and no thread-local storage.
  auto jit = llvm::orc::LLJITBuilder().setPlatformSetUp(llvm::orc::setUpInactivePlatform).create();
  if (!jit) return fail(jit.takeError());
  if (!bindSymbols(**jit, externals, error)) return nullptr;
  for (const std::string& object : objects)
    if (llvm::Error problem = (*jit)->addObjectFile(llvm::MemoryBuffer::getMemBufferCopy(object, "nnc")))
      return fail(std::move(problem));
  JitCode::Entries addresses;
  for (const JitEntry& entry : entries) {
    auto address = (*jit)->lookup(entry.symbol);
    if (!address) return fail(address.takeError());
    addresses[entry.function] = address->toPtr<Entry>();
  }
  return std::make_unique<JitCode>(std::move(*jit), std::move(addresses));
}

}  // namespace nnc::codegen
