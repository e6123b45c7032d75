// The fixed examples that probes look at: the first rows of a part, without shuffling and augmentation.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "training/data_set.h"
#include "training/row_map.h"

namespace nnc::probes {

class Examples {
 public:
  /// The first rows of a part, at most `most`: `parts` are names, the first one that exists is taken. Needs: data that
  /// was read. Errors  E11xx, E1202.
  static std::optional<Examples> load(const training::DataSet& data, const std::vector<std::string>& parts,
                                      std::int64_t most, const engine::Options& options, Diagnostics& diagnostics);

  std::int64_t count() const { return count_; }
  /// Writes the rows [begin, begin + count) of a field one after the other.
  void copy(const std::string& field, std::int64_t begin, std::int64_t count, std::byte* destination) const;
  /// The type of one example's field.
  const ir::Type& type(const std::string& field) const { return types_[indexOf(field)]; }
  const std::byte* at(const std::string& field, std::int64_t row) const;

 private:
  std::size_t indexOf(const std::string& field) const;

  std::int64_t count_ = 0;
  std::vector<std::string> names_;
  std::vector<ir::Type> types_;
  std::vector<training::Buffer> fields_;
};

}  // namespace nnc::probes
