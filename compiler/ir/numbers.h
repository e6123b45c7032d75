// The numbers of a program that its code reads from a table when it runs: programs that differ in nothing else share
// their code, so a sweep over a learning rate compiles once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ir/module.h"

namespace nnc::ir {

/// Whether a node holds a number of the table: a float constant of one element for all, or the key of a draw. Constants
/// on which code depends stay in it: 0, 1 and -1, for which there are cheaper instructions, and what is no normal
/// number.
bool holdsNumber(const Node& node);

/// How the number of a node is held in the table: f32 (also for bf16) or f64, and i64 for a key. Needs: holdsNumber.
DType numberType(const Node& node);

/// The numbers of everything that `entries` run: 8 bytes for each node that holds one, in order of the program.
class NumberTable {
 public:
  static constexpr std::int64_t kBytesPerNumber = 8;

  NumberTable(const Module& module, const std::vector<FunctionId>& entries);
  /// Where the number of a node is, in bytes. Needs: holdsNumber, of a node that the entries run.
  std::int64_t offsetOf(FunctionId function, NodeId node) const { return offsets_.at({function, node}); }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  void add(const Node& node);

  std::map<std::pair<FunctionId, NodeId>, std::int64_t> offsets_;
  std::vector<std::byte> bytes_;
};

/// What the code of `entries` depends on, as text: programs with equal text have equal code, and tables of numbers of
/// one layout. Names, paths and places are not in it.
std::string codeText(const Module& module, const std::vector<FunctionId>& entries);

}  // namespace nnc::ir
