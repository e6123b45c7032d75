// Machine code in this process, by LLVM's ORC.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "codegen/backend.h"

namespace nnc::codegen {

/// A function of an object file and the name by which Code::entry finds it.
struct JitEntry {
  std::string symbol, function;
};

/// Links relocatable objects of this machine into the process. `externals` are the symbols of abi.def that they use.
/// Null: `error` says why.
std::unique_ptr<Code> linkInProcess(const std::vector<std::string>& objects, const std::vector<JitEntry>& entries,
                                    const std::vector<std::string>& externals, std::string& error);

}  // namespace nnc::codegen
