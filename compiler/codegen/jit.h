// Machine code in this process, by LLVM's ORC.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codegen/backend.h"

namespace nnc::codegen {

/// A function of an object file and the name by which Code::entry finds it.
struct JitEntry {
  std::string symbol, function;
};

/// Holds code that was linked into the process until it dies itself. Thread-safe.
class Jit {
 public:
  using Entries = std::map<std::string, Entry, std::less<>>;

  static std::unique_ptr<Jit> create(std::string& error);
  ~Jit();

  /// A relocatable object of this machine, whose functions all programs may call; `symbols` are those functions. They
  /// are linked and executable when this returns. False: `error` says why.
  [[nodiscard]] bool addShared(const std::string& object, const std::vector<std::string>& symbols, std::string& error);
  /// An object of its own name space, which may call what is shared. `externals` are the symbols of abi.def that it
  /// uses. Empty: `error` says why.
  [[nodiscard]] std::optional<Entries> addProgram(const std::string& object, const std::vector<JitEntry>& entries,
                                                  const std::vector<std::string>& externals, std::string& error);

 private:
  struct Implementation;
  explicit Jit(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace nnc::codegen
