#include "experiment/cell_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "diagnostics/kinds/data.h"
#include "experiment/plan.h"
#include "ir/numbers.h"
#include "ir/print.h"
#include "nnc/files.h"
#include "support/hash.h"
#include "training/checkpoint.h"
#include "training/data_set.h"
#include "training/parts.h"
#include "training/source_store.h"

namespace nnc::experiment {

/// The bytes of a file; of a folder, the names and sizes of what is in it. Empty: reported.
static std::optional<std::string> contentOf(const training::DataFile& file, Diagnostics& diagnostics) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_directory(file.path, error)) {
    std::vector<std::string> entries;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(file.path, error))
      if (entry.is_regular_file(error))
        entries.push_back(fmt::format("{} {}", entry.path().string(), entry.file_size(error)));
    std::sort(entries.begin(), entries.end());
    return fmt::format("{}", fmt::join(entries, "\n"));
  }
  runtime::Failure failure;
  std::optional<std::string> bytes = runtime::readFile(file.path, failure);
  if (!bytes) diagnostics.emit<diag::CannotReadFile>(file.span, file.path, failure.message);
  return bytes;
}

std::string DataRegister::hashOf(const training::DataFile& file, Diagnostics& diagnostics) {
  std::string& hash = hashes_[file.path];
  if (!hash.empty()) return hash;
  if (const std::optional<std::string> content = contentOf(file, diagnostics)) hash = hexDigits(hashBytes(*content));
  return hash;
}

std::optional<DataFacts> DataRegister::facts(const elaborate::DataProgram& data, Diagnostics& diagnostics) {
  std::string key = training::sourceKey(data.source, data.raw, {}) + "\n" + training::splitText(data);
  if (data.test) key += "\n" + training::sourceKey(*data.test, data.raw, {});
  if (const auto known = facts_.find(key); known != facts_.end()) return known->second;
  std::optional<DataFacts> facts = find(data, diagnostics);
  if (facts) facts_.emplace(std::move(key), *facts);
  return facts;
}

std::optional<DataFacts> DataRegister::find(const elaborate::DataProgram& data, Diagnostics& diagnostics) {
  const std::optional<training::DataSet> found = training::DataSet::locate(data, store_, diagnostics);
  const int train = found ? found->requirePart("train", diagnostics) : -1;
  if (train < 0) return std::nullopt;
  DataFacts facts;
  facts.trainRows = found->parts()[static_cast<std::size_t>(train)].size();
  for (const training::Part& part : found->parts()) {
    facts.parts.push_back(part.name);
    facts.rows[part.name] = part.size();
  }
  for (int source = 0; source < found->sourceCount(); ++source)
    for (const training::DataFile& file : found->source(source).files()) {
      std::string hash = file.maker.empty() ? hashOf(file, diagnostics) : file.maker;
      if (hash.empty()) return std::nullopt;
      facts.files.emplace_back(file.path, std::move(hash));
    }
  return facts;
}

std::string structureHash(const elaborate::BatchProgram& step) {
  return hexDigits(hashBytes(ir::codeText(step.module, {step.function})));
}

std::string cellHash(const elaborate::TrainProgram& train, const elaborate::BatchProgram& step,
                     const elaborate::BatchProgram& evaluation, const DataFacts& data, const std::string& rules) {
  std::string text = training::programHash(train, hashBytes(ir::print(step.module)));
  text += hexDigits(hashBytes(ir::print(evaluation.module)));
  text += train.steps ? " steps " + std::to_string(*train.steps) : " epochs " + std::to_string(*train.epochs);
  for (const auto& [name, hash] : data.files) text += " " + hash;
  return hexDigits(hashBytes(text + rules));
}

std::string runId(const study::Study& study, const study::Cell& cell, int block, std::optional<double> tuned,
                  std::int64_t steps) {
  // Seeds and not the number of the block: a study that gets more seeds finds its runs again.
  const study::Block& seeds = study.blocks[static_cast<std::size_t>(block)];
  return hexDigits(hashBytes(fmt::format("{} {} {} {} {} {}", cell.id, seeds.init, seeds.data, seeds.noise,
                                         tuned ? fmt::format("{:a}", *tuned) : "-", steps)));
}

}  // namespace nnc::experiment
