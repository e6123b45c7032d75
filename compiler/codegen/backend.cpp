// The plug-in: emits, optimizes, and hands over as code in memory, an object file or text.
#include "codegen/backend.h"

#include <future>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>

#include "codegen/c_header.h"
#include "codegen/jit.h"
#include "codegen/machine_code.h"
#include "codegen/model_functions.h"
#include "codegen/optimize.h"
#include "codegen/partition.h"
#include "codegen/program.h"
#include "codegen/target.h"
#include "nnc/blas.h"

namespace nnc::codegen {

namespace {

/// An LLVM module on its way, with what it is for.
struct Unit {
  llvm::LLVMContext context;
  std::optional<llvm::Module> module;
  Target target;
  std::vector<JitEntry> entries;
};

class LlvmBackend : public Backend {
 public:
  std::unique_ptr<Code> compile(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                const Options& options, std::string& error) override;
  std::optional<ModelObject> object(const ModelApi& api, const Options& options, std::string& error) override;
  std::string llvmText(const ir::Module& module, const std::vector<ir::FunctionId>& functions, const Options& options,
                       std::string& error) override;
  std::string assembly(const ir::Module& module, const std::vector<ir::FunctionId>& functions, const Options& options,
                       std::string& error) override;
  std::string hostCpu() const override { return hostCpuName(); }
  std::string blasCore() override;
};

}  // namespace

static bool begin(Unit& unit, const Options& options, std::string& error) {
  if (options.sanitizeAddress) {
    error = "code generation with AddressSanitizer is not supported";
    return false;
  }
  if (!makeTarget(options.cpu, options.optLevel, unit.target, error)) return false;
  unit.module.emplace("nnc", unit.context);
  unit.module->setTargetTriple(unit.target.machine->getTargetTriple().str());
  unit.module->setDataLayout(unit.target.machine->createDataLayout());
  unit.module->setPICLevel(llvm::PICLevel::BigPIC);
  return true;
}

/// One external function per ir function, named after its number: names of the program may clash with anything.
static bool emitEntries(Unit& unit, const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                        const Options& options, std::string& error) {
  const ScopedTimer timer(options.timings, "emit LLVM IR");
  SharedCode shared;
  ProgramEmitter emitter(module, functions, NumbersPlace::BehindArena, *unit.module, unit.target, shared);
  for (const ir::FunctionId id : functions) {
    const std::string symbol = "nnc_entry_" + std::to_string(id.index);
    if (emitter.emitEntry(id, symbol, /*isExternal=*/true) == nullptr) {
      error = emitter.error();
      return false;
    }
    unit.entries.push_back({symbol, module.function(id).name});
  }
  return true;
}

static bool optimizeUnit(Unit& unit, const Options& options, std::string& error) {
  const ScopedTimer timer(options.timings, "optimize LLVM IR");
  return optimize(*unit.module, unit.target, options.optLevel, error);
}

static std::string generate(Unit& unit, CodeFile kind, const Options& options, std::string& error) {
  const ScopedTimer timer(options.timings, "generate machine code");
  return machineCode(*unit.module, unit.target, kind, error);
}

namespace {

/// What one compile thread made.
struct Part {
  std::string object, error;
  std::vector<std::string> externals;
};

}  // namespace

/// Optimizes and translates the unit's share of the functions.
static Part compilePart(Unit& unit, int part, int parts, const Options& options) {
  Part result;
  if (parts > 1) keepPart(*unit.module, part, parts);
  if (!optimizeUnit(unit, options, result.error)) return result;
  result.externals = externalSymbols(*unit.module);
  result.object = generate(unit, CodeFile::Object, options, result.error);
  return result;
}

/// All parts at once; part 0 here. An LLVM context serves one thread, so every other part emits the program again.
static std::vector<Part> compileParts(Unit& first, const ir::Module& module,
                                      const std::vector<ir::FunctionId>& functions, const Options& options) {
  const int parts = usefulParts(*first.module, static_cast<int>(std::thread::hardware_concurrency()));
  Options quiet = options;
  quiet.timings = nullptr;  // not for several threads
  std::vector<std::future<Part>> others;
  for (int part = 1; part < parts; ++part)
    others.push_back(std::async(std::launch::async, [&module, &functions, quiet, part, parts] {
      Unit unit;
      Part result;
      if (!begin(unit, quiet, result.error) || !emitEntries(unit, module, functions, quiet, result.error))
        return result;
      return compilePart(unit, part, parts, quiet);
    }));
  std::vector<Part> results;
  results.push_back(compilePart(first, 0, parts, options));
  for (std::future<Part>& other : others) results.push_back(other.get());
  return results;
}

std::unique_ptr<Code> LlvmBackend::compile(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                           const Options& options, std::string& error) {
  Unit unit;
  if (!begin(unit, options, error) || !emitEntries(unit, module, functions, options, error)) return nullptr;
  std::vector<std::string> objects;
  std::set<std::string> externals;
  for (Part& part : compileParts(unit, module, functions, options)) {
    if (part.object.empty()) {
      error = part.error;
      return nullptr;
    }
    objects.push_back(std::move(part.object));
    externals.insert(part.externals.begin(), part.externals.end());
  }
  const ScopedTimer timer(options.timings, "link in process");
  return linkInProcess(objects, unit.entries, {externals.begin(), externals.end()}, error);
}

std::optional<ModelObject> LlvmBackend::object(const ModelApi& api, const Options& options, std::string& error) {
  error = checkModelApi(api);
  Unit unit;
  if (!error.empty() || !begin(unit, options, error)) return std::nullopt;
  if (!emitModelFunctions(*unit.module, unit.target, api, error) || !optimizeUnit(unit, options, error))
    return std::nullopt;
  const std::string header = cHeader(api, externalSymbols(*unit.module));
  std::string object = generate(unit, CodeFile::Object, options, error);
  if (object.empty()) return std::nullopt;
  return ModelObject{std::move(object), header};
}

std::string LlvmBackend::llvmText(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                  const Options& options, std::string& error) {
  Unit unit;
  if (!begin(unit, options, error) || !emitEntries(unit, module, functions, options, error)) return {};
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "; as emitted\n" << *unit.module;
  if (!optimizeUnit(unit, options, error)) return {};
  stream << "\n; optimized\n" << *unit.module;
  return text;
}

std::string LlvmBackend::assembly(const ir::Module& module, const std::vector<ir::FunctionId>& functions,
                                  const Options& options, std::string& error) {
  Unit unit;
  if (!begin(unit, options, error) || !emitEntries(unit, module, functions, options, error)) return {};
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
