// The plug-in: emits, optimizes, and hands over as code in memory, an object file or text.
#include "codegen/backend.h"

#include <optional>
#include <utility>

#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

#include "codegen/c_header.h"
#include "codegen/compile_unit.h"
#include "codegen/kernel_store.h"
#include "codegen/model_functions.h"
#include "codegen/program.h"
#include "nnc/blas.h"

namespace nnc::codegen {

namespace {

class LlvmBackend : public Backend {
 public:
  std::unique_ptr<KernelStore> newKernelStore(std::string& error) override { return CompiledKernels::create(error); }
  std::unique_ptr<Code> compile(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                const Options& options, KernelStore* store, std::string& error) override;
  std::optional<ModelObject> object(const ModelApi& api, const Options& options, std::string& error) override;
  std::string llvmText(const ir::Module& module, const std::vector<ir::FunctionId>& functions, const Options& options,
                       std::string& error) override;
  std::string assembly(const ir::Module& module, const std::vector<ir::FunctionId>& functions, const Options& options,
                       std::string& error) override;
  std::string hostCpu() const override { return hostCpuName(); }
  std::string blasCore() override;
};

class JitCode : public Code {
 public:
  JitCode(std::unique_ptr<KernelStore> store, Jit::Entries entries)
      : store_(std::move(store)), entries_(std::move(entries)) {}
  Entry entry(std::string_view function) const override {
    const auto at = entries_.find(function);
    return at == entries_.end() ? nullptr : at->second;
  }

 private:
  std::unique_ptr<KernelStore> store_;  // null: the caller's
  Jit::Entries entries_;
};

}  // namespace

/// One external function per ir function, named after its number: names of the program may clash with anything.
static bool emitEntries(CompileUnit& unit, SharedCode& shared, const ir::Module& module,
                        const std::vector<ir::FunctionId>& functions, const Options& options,
                        std::vector<JitEntry>& entries, std::string& error) {
  const ScopedTimer timer(options.timings, "emit LLVM IR");
  ProgramEmitter emitter(module, functions, NumbersPlace::BehindArena, *unit.module, unit.target, shared);
  for (const ir::FunctionId id : functions) {
    const std::string symbol = "nnc_entry_" + std::to_string(id.index);
    if (emitter.emitEntry(id, symbol, /*isExternal=*/true) == nullptr) {
      error = emitter.error();
      return false;
    }
    entries.push_back({symbol, module.function(id).name});
  }
  return true;
}

std::unique_ptr<Code> LlvmBackend::compile(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                           const Options& options, KernelStore* store, std::string& error) {
  std::unique_ptr<KernelStore> own;
  if (store == nullptr && (store = (own = newKernelStore(error)).get()) == nullptr) return nullptr;
  auto& kernels = static_cast<CompiledKernels&>(*store);
  // What is left beside kernels is calls in a row: there is nothing to optimize, and much of it.
  Options plain = options;
  plain.optLevel = 0;
  CompileUnit unit;
  KernelRequests requests(options);
  SharedCode shared;
  shared.requests = &requests;
  std::vector<JitEntry> entries;
  if (!beginUnit(unit, plain, error) || !emitEntries(unit, shared, module, functions, plain, entries, error))
    return nullptr;
  // First what other threads may wait for.
  if (!kernels.provide(requests.all(), options, error) || !optimizeUnit(unit, plain, error)) return nullptr;
  const std::vector<std::string> externals = externalSymbols(*unit.module);
  const std::string object = generate(unit, CodeFile::Object, plain, error);
  if (object.empty()) return nullptr;
  const ScopedTimer timer(options.timings, "link in process");
  std::optional<Jit::Entries> linked = kernels.jit().addProgram(object, entries, externals, error);
  return linked ? std::make_unique<JitCode>(std::move(own), std::move(*linked)) : nullptr;
}

std::optional<ModelObject> LlvmBackend::object(const ModelApi& api, const Options& options, std::string& error) {
  error = checkModelApi(api);
  CompileUnit unit;
  if (!error.empty() || !beginUnit(unit, options, error)) return std::nullopt;
  if (!emitModelFunctions(*unit.module, unit.target, api, error) || !optimizeUnit(unit, options, error))
    return std::nullopt;
  const std::string header = cHeader(api, externalSymbols(*unit.module));
  std::string object = generate(unit, CodeFile::Object, options, error);
  if (object.empty()) return std::nullopt;
  return ModelObject{std::move(object), header};
}

std::string LlvmBackend::llvmText(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                  const Options& options, std::string& error) {
  CompileUnit unit;
  SharedCode shared;
  std::vector<JitEntry> entries;
  if (!beginUnit(unit, options, error) || !emitEntries(unit, shared, module, functions, options, entries, error))
    return {};
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "; as emitted\n" << *unit.module;
  if (!optimizeUnit(unit, options, error)) return {};
  stream << "\n; optimized\n" << *unit.module;
  return text;
}

std::string LlvmBackend::assembly(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                  const Options& options, std::string& error) {
  CompileUnit unit;
  SharedCode shared;
  std::vector<JitEntry> entries;
  if (!beginUnit(unit, options, error) || !emitEntries(unit, shared, module, functions, options, entries, error))
    return {};
  if (!optimizeUnit(unit, options, error)) return {};
  return generate(unit, CodeFile::Assembly, options, error);
}

std::string LlvmBackend::blasCore() {
  runtime::Failure failure;
  const runtime::Blas* blas = runtime::loadBlas(failure);
  return blas == nullptr ? std::string() : blas->core;
}

}  // namespace nnc::codegen

extern "C" __attribute__((visibility("default"))) nnc::codegen::Backend* nnc_create_backend();
extern "C" nnc::codegen::Backend* nnc_create_backend() {
  return std::make_unique<nnc::codegen::LlvmBackend>().release();
}
