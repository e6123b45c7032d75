#include "probes/examples.h"

#include <algorithm>
#include <cassert>

namespace nnc::probes {

std::optional<Examples> Examples::load(const training::DataSet& data, const std::vector<std::string>& parts,
                                       std::int64_t most, const engine::Options& options, Diagnostics& diagnostics) {
  const auto named =
      std::find_if(parts.begin(), parts.end(), [&](const std::string& name) { return data.findPart(name) >= 0; });
  assert(named != parts.end() && "every data block has a part `train`");
  const training::Part& part = data.parts()[static_cast<std::size_t>(data.findPart(*named))];
  Examples examples;
  for (const elaborate::Field& field : data.program().fields) examples.names_.push_back(field.name);
  std::optional<training::RowMap> map =
      training::RowMap::compile(data.program(), examples.names_, /*withAugmentation=*/false, options, diagnostics);
  if (!map) return std::nullopt;
  examples.count_ = std::min(most, part.size());
  examples.types_ = map->types();
  for (const ir::Type& type : examples.types_) examples.fields_.emplace_back(type.byteCount() * examples.count_);
  std::vector<std::byte*> destinations(examples.fields_.size());
  for (std::int64_t row = 0; row < examples.count_; ++row) {
    for (std::size_t i = 0; i < destinations.size(); ++i)
      destinations[i] = examples.fields_[i].data() + row * examples.types_[i].byteCount();
    const std::int64_t number = part.rows[static_cast<std::size_t>(row)];
    if (!map->map(data, part.source, number, destinations.data(), diagnostics)) return std::nullopt;
  }
  return examples;
}

std::size_t Examples::indexOf(const std::string& field) const {
  const auto found = std::find(names_.begin(), names_.end(), field);
  assert(found != names_.end() && "a field of the data block");
  return static_cast<std::size_t>(found - names_.begin());
}

const std::byte* Examples::at(const std::string& field, std::int64_t row) const {
  const std::size_t i = indexOf(field);
  return fields_[i].data() + row * types_[i].byteCount();
}

void Examples::copy(const std::string& field, std::int64_t begin, std::int64_t count, std::byte* destination) const {
  std::memcpy(destination, at(field, begin), static_cast<std::size_t>(count * type(field).byteCount()));
}

}  // namespace nnc::probes
