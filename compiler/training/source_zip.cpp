// Sources side by side: row i has the fields of row i of each.
#include "diagnostics/kinds/data.h"
#include "training/sources.h"

namespace nnc::training {

namespace {

class ZipRows final : public RowSource {
 public:
  /// False: another number of rows than the sources before.
  bool add(std::unique_ptr<RowSource> source, std::size_t fieldCount, Diagnostics& diagnostics) {
    if (!sources_.empty() && source->rows() != rows_) {
      const DataFile &own = source->files().front(), &first = files_.front();
      diagnostics.emit<diag::RowCountsDiffer>(own.span, own.path, source->rows(), first.path, rows_);
      return false;
    }
    rows_ = source->rows();
    for (std::size_t field = 0; field < fieldCount; ++field) places_.push_back({sources_.size(), field, files_.size()});
    files_.insert(files_.end(), source->files().begin(), source->files().end());
    sources_.push_back(std::move(source));
    return true;
  }
  bool read(Diagnostics& diagnostics) override {
    bool isFine = true;
    for (const std::unique_ptr<RowSource>& source : sources_) isFine = source->read(diagnostics) && isFine;
    files_.clear();  // again, with their checksums
    for (const std::unique_ptr<RowSource>& source : sources_)
      files_.insert(files_.end(), source->files().begin(), source->files().end());
    return isFine;
  }
  bool copy(std::size_t field, std::int64_t row, std::byte* destination, Diagnostics& diagnostics) const override {
    return sources_[places_[field].source]->copy(places_[field].field, row, destination, diagnostics);
  }
  std::int64_t bytes() const override {
    std::int64_t total = 0;
    for (const std::unique_ptr<RowSource>& source : sources_) total += source->bytes();
    return total;
  }
  std::size_t fileOf(std::size_t field, std::int64_t row) const override {
    const Place& place = places_[field];
    return place.firstFile + sources_[place.source]->fileOf(place.field, row);
  }
  Meanings meanings() const override {
    Meanings all;
    for (const std::unique_ptr<RowSource>& source : sources_)
      for (auto& meaning : source->meanings()) all.push_back(std::move(meaning));
    return all;
  }

 private:
  struct Place {
    std::size_t source = 0, field = 0, firstFile = 0;
  };
  std::vector<std::unique_ptr<RowSource>> sources_;
  std::vector<Place> places_;  // of each field
};

}  // namespace

std::unique_ptr<RowSource> open(const elaborate::ZipSource& zip, const elaborate::Source&,
                                std::span<const elaborate::Field> fields, const OpenOptions& options,
                                Diagnostics& diagnostics) {
  auto rows = std::make_unique<ZipRows>();
  std::size_t first = 0;
  for (std::size_t i = 0; i < zip.sources.size(); ++i) {
    const std::size_t count = zip.fieldCounts[i];
    std::unique_ptr<RowSource> source = openSource(zip.sources[i], fields.subspan(first, count), options, diagnostics);
    if (source == nullptr || !rows->add(std::move(source), count, diagnostics)) return nullptr;
    first += count;
  }
  return rows;
}

}  // namespace nnc::training
