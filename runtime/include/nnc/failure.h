// How the runtime says that the outside world went wrong: a file, a place in it, and the reason.
#pragma once
#include <cstdint>
#include <string>

namespace nnc::runtime {

/// Filled by a function that returns empty or false. `offset` is a byte offset, or -1; `line` and `column` count from
/// 1, or are 0.
struct Failure {
  std::string path;
  std::int64_t offset = -1;
  std::int64_t line = 0;
  std::string message;  // lower case, no period: "ends after 7 bytes; the header needs 16"
  std::int64_t column = 0;
};

}  // namespace nnc::runtime
