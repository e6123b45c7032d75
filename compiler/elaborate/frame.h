// One call that is being elaborated.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "elaborate/trace.h"
#include "elaborate/value.h"

namespace nnc::elaborate {

struct Loop;

struct Frame {
  const syntax::CallableDecl* decl = nullptr;  // null: a lambda or chain under a name, or the outermost frame
  std::string_view name;                       // for messages
  Span call;                                   // the call, in the text of the caller
  Instance* instance = nullptr;                // what parameters, states and draws belong to
  bool isPure = true;                          // inside a fn: no parameters, states or draws without a key
  bool isReapplied = false;                    // a shared instance that has its slots from an earlier application
  // How instances are named: enclosing path, binding, callee, and the numbers of the repeats around.
  std::string binding;
  std::string repeatSuffix;
  std::map<std::string, int, std::less<>> bindings;  // `let`s of each name so far
  std::map<std::string, int, std::less<>> callees;   // instances of each `binding.callee` so far
  Loop* loop = nullptr;                              // the scan whose body is being elaborated in this very frame
  Span insideScan;             // that scan, or the one around the call: no new instances, no updates
  bool isShared = false;       // the call of a `sub`
  bool isUnderShared = false;  // in a `sub` that stands outside the scan: what it makes is made once
  bool isFrozen = false;       // in a `frozen(..)`: no state is updated, and the mode is not .train
  std::optional<Value> returned;
  Span returnSpan;
};

}  // namespace nnc::elaborate
