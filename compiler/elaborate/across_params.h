// `across_params(e)` of an optimizer: the sum of a number over all parameters that are trained.
//
// An optimizer is traced once for each parameter, one after the other, and each wants the sum over all of them. So a
// placeholder is handed out; the sums stand behind the last parameter, and nodes are then put in order.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ir/builder.h"
#include "ir/edit.h"
#include "support/source.h"

namespace nnc::elaborate {

class AcrossParams {
 public:
  /// The sum of `term` and of what the same place of the other parameters' optimizers adds. `owner` is the path of the
  /// parameter.
  ir::Value add(ir::Builder& builder, ir::Value term, const std::string& owner, Span place);
  /// Computes the sums, in the order of the parameters, and says what to use for each placeholder. Once, behind the
  /// last parameter.
  ir::Replacements finish(ir::Builder& builder);

 private:
  struct Sum {
    ir::Value placeholder;
    std::vector<ir::Value> terms;
  };
  std::vector<Sum> sums_;
  std::map<std::pair<std::uint64_t, int>, std::size_t> byPlace_;  // place and how often it was met for one parameter
  std::map<std::pair<std::string, std::uint64_t>, int> met_;
};

}  // namespace nnc::elaborate
