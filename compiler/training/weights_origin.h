// Which run weights come from, as the metadata of their file say.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nnc::training {

/// The entry of the metadata of a safetensors file that describes the run.
inline constexpr const char* kRunKey = "run";

struct WeightsOrigin {
  std::string train;
  std::vector<std::pair<std::string, std::string>> given;  // parameters of the train that the command line set, as text

  /// "train `t`, --d 32 --lr 0.1"
  std::string text() const;
};

/// Empty where the metadata know of no run of nnc.
std::optional<WeightsOrigin> originIn(const std::map<std::string, std::string>& metadata);

/// The same for what `--weights` names: a run folder, a link into one or a file. Empty, too, where nothing can be read;
/// who reads the weights reports it.
std::optional<WeightsOrigin> originOf(const std::string& weights);

}  // namespace nnc::training
