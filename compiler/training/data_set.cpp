#include "training/data_set.h"

#include <fmt/format.h>

#include "diagnostics/kinds/data.h"
#include "engine/engine.h"
#include "engine/memory.h"
#include "support/suggest.h"
#include "training/parts.h"

namespace nnc::training {

std::optional<DataSet> DataSet::locate(const elaborate::DataProgram& program, SourceStore& store,
                                       Diagnostics& diagnostics, std::int64_t splitSeed) {
  DataSet data;
  data.program_ = &program;
  data.store_ = &store;
  std::vector<std::int64_t> rowCounts;
  bool isFine = true;
  for (const elaborate::Source* const source : {&program.source, program.test ? &*program.test : nullptr}) {
    if (source == nullptr) continue;
    const RowSource* const rows = store.open(*source, program.raw, data.meanings(), diagnostics);
    isFine = isFine && rows != nullptr;
    if (rows == nullptr) continue;
    rowCounts.push_back(rows->rows());
    data.sources_.push_back(rows);
  }
  if (!isFine) return std::nullopt;
  const std::vector<engine::MemoryPart> needs = {{data.bytes(), "the data files"},
                                                 {rowNumberBytes(rowCounts), "the numbers of the rows"}};
  if (auto refused = engine::refuseMemory(program.span, needs, engine::availableMemoryBytes(), diagnostics)) {
    refused->help("use fewer rows");
    return std::nullopt;
  }
  std::optional<std::vector<Part>> parts = cutParts(program, rowCounts, splitSeed, diagnostics);
  if (!parts) return std::nullopt;
  data.parts_ = std::move(*parts);
  return data;
}

bool DataSet::read(Diagnostics& diagnostics) {
  bool isFine = true;
  for (const RowSource* const source : sources_) isFine = store_->read(*source, diagnostics) && isFine;
  return isFine;
}

Meanings DataSet::meanings() const { return sources_.empty() ? Meanings() : sources_[0]->meanings(); }

std::int64_t DataSet::bytes() const {
  std::int64_t total = 0;
  for (const RowSource* const source : sources_) total += source->bytes();
  return total;
}

int DataSet::findPart(const std::string& name) const {
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].name == name) return static_cast<int>(i);
  return -1;
}

int DataSet::requirePart(const std::string& name, Diagnostics& diagnostics) const {
  const int found = findPart(name);
  if (found >= 0) return found;
  std::vector<std::string> names;
  for (const Part& part : parts_) names.push_back(part.name);
  DiagnosticBuilder message = diagnostics.emit<diag::UnknownPart>(program_->span, name);
  message.note(fmt::format("its parts are {}", fmt::join(names, ", ")));
  if (const std::optional<std::string> close = closestName(name, names))
    message.help(fmt::format("did you mean `{}`?", *close));
  return -1;
}

}  // namespace nnc::training
