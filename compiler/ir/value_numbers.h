// The numbers that values have in text: parameters first, then results in the order of the body. Internal to ir/.
#pragma once
#include <string>
#include <vector>

#include "ir/module.h"

namespace nnc::ir::text {

/// Made for one state of a function, which may be broken: nothing in it is trusted.
class ValueNumbers {
 public:
  explicit ValueNumbers(const Function& function);
  /// `%7`; `%undefined12` for index 12 if the function neither has it as a parameter nor defines it in its body.
  std::string name(Value value) const;

 private:
  std::vector<int> numbers_;  // by value index; -1: dead
};

}  // namespace nnc::ir::text
