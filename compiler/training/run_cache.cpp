#include "training/run_cache.h"

#include <algorithm>

#include "ir/print.h"
#include "support/hash.h"

namespace nnc::training {

/// The class numbers of all rows of all parts are a function of the rows, the map and which rows are in a part.
static std::uint64_t labelHash(const DataSet& data) {
  const elaborate::DataProgram& program = data.program();
  std::uint64_t hash = hashBytes(ir::print(program.module));
  hash = hashBytes(sourceKey(program.source, program.raw, {}), hash);
  if (program.test) hash = hashBytes(sourceKey(*program.test, program.raw, {}), hash);
  for (const auto& [field, bound] : program.labelBounds) hash = hashBytes(field + " " + std::to_string(bound), hash);
  for (const Part& part : data.parts())
    hash = hashBytes({reinterpret_cast<const char*>(part.rows.data()), part.rows.size() * sizeof part.rows[0]},
                     hashBytes(part.name, hash));
  return hash;
}

static std::int64_t arenaBytes(const CompiledPrograms& programs) {
  std::int64_t bytes = 0;
  for (const auto& [key, program] : programs.batches) bytes += program.executable.arenaBytes();
  return bytes;
}

bool RunCache::areLabelsChecked(const DataSet& data) const {
  const std::uint64_t hash = labelHash(data);
  const std::lock_guard lock(mutex_);
  return checkedLabels_.contains(hash);
}

void RunCache::noteLabelsChecked(const DataSet& data) {
  const std::uint64_t hash = labelHash(data);
  const std::lock_guard lock(mutex_);
  checkedLabels_.insert(hash);
}

CompiledPrograms RunCache::takePrograms(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(programs_.begin(), programs_.end(), [&](const auto& each) { return each.first == key; });
  if (found == programs_.end()) return {};
  CompiledPrograms programs = std::move(found->second);
  programs_.erase(found);
  keptBytes_ -= arenaBytes(programs);
  return programs;
}

void RunCache::givePrograms(const std::string& key, CompiledPrograms programs) {
  const std::lock_guard lock(mutex_);
  keptBytes_ += arenaBytes(programs);
  programs_.emplace_back(key, std::move(programs));
  while (keptBytes_ > programBytes_) {
    keptBytes_ -= arenaBytes(programs_.front().second);
    programs_.pop_front();
  }
}

}  // namespace nnc::training
