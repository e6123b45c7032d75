#include "training/source_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "ir/print.h"

namespace nnc::training {

namespace {

/// Writes everything of a source that its rows depend on. Texts are quoted by their length, so that no two run
/// together.
struct KeyWriter {
  std::string key;

  void add(std::string_view text) { key += fmt::format("{}:{} ", text.size(), text); }
  void add(std::int64_t number) { key += fmt::format("{} ", number); }
  void add(const std::vector<elaborate::SourceFile>& files) {
    add(static_cast<std::int64_t>(files.size()));
    for (const elaborate::SourceFile& file : files) add(file.name);
  }
  void add(const elaborate::Source& source) {
    add(source.baseDirectory);
    add(static_cast<std::int64_t>(source.node.index()));
    std::visit(*this, source.node);
  }

  void operator()(const elaborate::IdxSource& node) { add(node.files); }
  void operator()(const elaborate::NpySource& node) { add(node.files); }
  void operator()(const elaborate::NpzSource& node) { add(node.file.name); }
  void operator()(const elaborate::BinSource& node) { add(node.pattern.name); }
  void operator()(const elaborate::CsvSource& node) {
    add(node.file.name);
    add(static_cast<std::int64_t>(node.header));
    add(node.label ? node.label->name : std::string());
    add(node.missing ? fmt::format("{}", *node.missing) : std::string());
  }
  void operator()(const elaborate::ImagesSource& node) {
    add(node.folder.name);
    add(node.height);
    add(node.width);
  }
  void operator()(const elaborate::TextSource& node) {
    add(node.file.name);
    add(node.length);
    add(static_cast<std::int64_t>(node.vocabulary));
    add(node.tokenizer.name);
  }
  void operator()(const elaborate::GenerateSource& node) {
    add(node.count);
    add(node.seed);
    add(ir::print(node.module));
    add(node.function.index);
  }
  void operator()(const elaborate::ZipSource& node) {
    for (const std::size_t count : node.fieldCounts) add(static_cast<std::int64_t>(count));
    for (const elaborate::Source& source : node.sources) add(source);
  }
};

}  // namespace

std::string sourceKey(const elaborate::Source& source, std::span<const elaborate::Field> fields,
                      const Meanings& known) {
  KeyWriter writer;
  writer.add(source);
  for (const elaborate::Field& field : fields) {
    writer.add(field.name);
    writer.add(ir::toString(field.type));
  }
  for (const auto& [name, meaning] : known) {
    writer.add(name);
    writer.add(meaning);
  }
  return std::move(writer.key);
}

const RowSource* SourceStore::open(const elaborate::Source& source, std::span<const elaborate::Field> fields,
                                   const Meanings& known, Diagnostics& diagnostics) {
  std::string key = sourceKey(source, fields, known);
  const std::lock_guard lock(mutex_);
  for (const std::unique_ptr<Entry>& entry : entries_)
    if (entry->key == key) return entry->rows.get();
  auto entry = std::make_unique<Entry>();
  entry->key = std::move(key);
  entry->source = source;
  entry->rows = openSource(entry->source, fields, {known, mostHeld_}, diagnostics);
  if (entry->rows == nullptr) return nullptr;
  entries_.push_back(std::move(entry));
  return entries_.back()->rows.get();
}

bool SourceStore::read(const RowSource& rows, Diagnostics& diagnostics) {
  Entry* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const std::unique_ptr<Entry>& each) { return each->rows.get() == &rows; });
    assert(found != entries_.end() && "the rows of this store");
    entry = found->get();
  }
  const std::lock_guard lock(entry->reading);
  if (!entry->isRead) entry->isRead = entry->rows->read(diagnostics);
  return entry->isRead;
}

}  // namespace nnc::training
