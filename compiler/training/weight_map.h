// Names of tensors in other programs, and what they are called here.
#pragma once
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "nnc/safetensors.h"

namespace nnc::training {

/// The rules of a map file, one a line: `FROM TO`. `{i}` in FROM stands for a number, and the same in TO for that
/// number; TO `-` drops the tensor, and TO `+NAME` adds it to the one that is called NAME: PyTorch has two biases where
/// one would do. Empty lines and those that begin with `#` say nothing. The first rule that fits a name wins.
class WeightMap {
 public:
  /// Errors  E1341 unreadable file, or a line that is no rule: reported.
  [[nodiscard]] static std::optional<WeightMap> read(const std::string& path, Diagnostics& diagnostics);

  /// Gives every tensor its new name; one without a rule keeps its own.
  ///
  /// Errors  E1341 a rule that fits no tensor, or a sum of what cannot be added; E1342 two tensors of one name:
  /// reported.
  [[nodiscard]] bool rename(std::vector<runtime::NamedArray>& tensors, Diagnostics& diagnostics) const;

 private:
  struct Rule {
    int line = 0;
    std::string from, to;
    std::regex pattern;
    std::vector<std::string> numbers;  // names of the groups
  };
  /// Empty: the rule does not fit.
  static std::optional<std::string> apply(const Rule& rule, const std::string& name);

  void refuse(int line, const std::string& problem, Diagnostics& diagnostics) const;

  std::string path_;
  std::vector<Rule> rules_;
};

}  // namespace nnc::training
