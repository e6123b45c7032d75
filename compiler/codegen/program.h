// Planned functions as LLVM functions: a call per kernel, matrix products, loops of scans, in the order of the body.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codegen/backend.h"
#include "codegen/emitter.h"
#include "codegen/kernel.h"
#include "codegen/loop.h"
#include "ir/module.h"
#include "ir/numbers.h"

namespace llvm {
class Function;
class GlobalVariable;
}  // namespace llvm

namespace nnc::codegen {

/// A function with loops, which the code of programs calls: its signature, and what emits its body.
struct KernelCode {
  std::string description;  // of what it does: functions of equal descriptions are one
  std::string name;         // for people who read the output
  std::size_t pointers = 0;
  std::vector<ir::DType> numbers;  // arguments behind the pointers
  std::function<void(llvm::Function& function, const Target& target)> define;
};

/// The function of a kernel in a module, without a body.
llvm::Function* declareKernel(llvm::Module& module, const Target& target, const KernelCode& kernel,
                              const std::string& symbol);

/// A kernel that is compiled on its own.
struct KernelRequest {
  std::string symbol;
  KernelCode code;
};

/// The kernels of a program, each once. Kernels that do the same have the same symbol in all programs that are compiled
/// with the same options.
class KernelRequests {
 public:
  explicit KernelRequests(const Options& options);
  /// The symbol of a kernel that has not been added before.
  std::string add(KernelCode kernel);
  const std::vector<KernelRequest>& all() const { return all_; }

 private:
  std::string options_;
  std::vector<KernelRequest> all_;
};

/// What the functions of one LLVM module share, whichever IR module they come from.
struct SharedCode {
  KernelRequests* requests = nullptr;                      // null: kernels are internal functions of the module
  std::map<std::string, llvm::Function*> kernels;          // by description: those that do the same are emitted once
  std::map<std::string, llvm::GlobalVariable*> constants;  // by bytes
};

/// Where an entry finds its table of numbers.
enum class NumbersPlace : std::uint8_t {
  BehindArena,  // the caller's: programs that differ in numbers alone have the same code
  Constant,     // read-only data
};

/// Fills one LLVM module with functions of one IR module.
class ProgramEmitter {
 public:
  /// `entries` are the functions of emitEntry: those whose numbers the table holds.
  ProgramEmitter(const ir::Module& module, const std::vector<ir::FunctionId>& entries, NumbersPlace numbersPlace,
                 llvm::Module& output, const Target& target, SharedCode& shared)
      : module_(module),
        numbers_(module, entries),
        numbersPlace_(numbersPlace),
        output_(output),
        target_(target),
        shared_(shared) {}

  /// A function `symbol` with the signature of codegen::Entry: runs a planned function with denormals flushed to zero.
  /// Null: error() says why.
  llvm::Function* emitEntry(ir::FunctionId id, const std::string& symbol, bool isExternal);
  const std::string& error() const { return error_; }

 private:
  /// The function that is being emitted.
  struct Frame {
    ir::FunctionId id;
    const ir::Function* function = nullptr;
    const ir::MemoryPlan* plan = nullptr;
    Values arguments, results;  // pointers
    llvm::Value *arena = nullptr, *numbers = nullptr;
  };

  /// The internal function of a planned function: arguments, results, arena, numbers. Null: error() says why.
  llvm::Function* emitFunction(ir::FunctionId id);
  bool emitNode(const Emitter& emitter, Frame& frame, ir::NodeId id);
  bool emitNodeKernel(const Emitter& emitter, Frame& frame, const ir::Node& node);
  bool emitKernelCall(const Emitter& emitter, Frame& frame, const ir::Node& node, const Kernel& kernel,
                      ir::FunctionId constantsOf);
  void callKernel(const Emitter& emitter, const Kernel& kernel, const Values& arguments,
                  const std::vector<bool>& isAlone);
  llvm::Value* numberOf(const Emitter& emitter, const Frame& frame, ir::FunctionId owner, const NumberArgument& number);
  llvm::Value* numbersOfEntry(const Emitter& emitter, ir::FunctionId id, llvm::Value* arena);
  bool emitCall(const Emitter& emitter, Frame& frame, const ir::Node& node);
  bool emitConst(const Emitter& emitter, Frame& frame, const ir::Node& node);
  bool emitContract(const Emitter& emitter, Frame& frame, const ir::Node& node);
  bool emitScatter(const Emitter& emitter, Frame& frame, const ir::Node& node);
  bool emitScan(const Emitter& emitter, Frame& frame, ir::NodeId id);
  llvm::Function* findKernel(const std::string& description) const;
  llvm::Function* addKernel(KernelCode kernel);
  void emitCopy(const Emitter& emitter, const ir::Type& type, llvm::Value* from, llvm::Value* to);
  bool copyStrayResults(const Emitter& emitter, Frame& frame);

  llvm::Value* pointerOf(const Emitter& emitter, Frame& frame, ir::Value value);
  ir::Storage storageOf(const Frame& frame, ir::Value value) const;
  bool fail(std::string message);

  const ir::Module& module_;
  const ir::NumberTable numbers_;
  const NumbersPlace numbersPlace_;
  llvm::Module& output_;
  const Target& target_;
  std::map<std::int32_t, llvm::Function*> functions_;
  SharedCode& shared_;
  std::string error_;
};

/// Read-only bytes, aligned 64; the same bytes are there once.
llvm::GlobalVariable* constantBytes(llvm::Module& module, SharedCode& shared, const std::string& bytes);

}  // namespace nnc::codegen
