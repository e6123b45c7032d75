#include "training/decoded_rows.h"

#include <cstring>
#include <numeric>

#include "support/piece_hash.h"

namespace nnc::training {

namespace {

constexpr std::int64_t kBlockBytes = std::int64_t{1} << 20;

}  // namespace

DecodedRows::DecodedRows(std::vector<std::int64_t> fieldBytes, std::string path, std::int64_t mostHeld)
    : fieldBytes_(std::move(fieldBytes)), bytes_(std::move(path), mostHeld) {
  for (const std::int64_t bytes : fieldBytes_) {
    starts_.push_back(rowBytes_);
    rowBytes_ += bytes;
  }
  blockRows_ = std::max<std::int64_t>(kBlockBytes / std::max<std::int64_t>(rowBytes_, 1), 1);
  block_.resize(static_cast<std::size_t>(blockRows_ * rowBytes_));
}

bool DecodedRows::endRow(runtime::Failure& failure) {
  ++rows_;
  return ++inBlock_ < blockRows_ || endBlock(failure);
}

bool DecodedRows::endBlock(runtime::Failure& failure) {
  for (std::size_t field = 0; field < fieldBytes_.size(); ++field) {
    const auto* const begin = reinterpret_cast<const char*>(block_.data() + starts_[field] * blockRows_);
    if (!bytes_.append({begin, static_cast<std::size_t>(inBlock_ * fieldBytes_[field])}, failure)) return false;
  }
  inBlock_ = 0;
  return true;
}

bool DecodedRows::finish(runtime::Failure& failure) {
  const bool isWritten = endBlock(failure);
  std::vector<std::byte>().swap(block_);
  return isWritten && bytes_.finish(failure);
}

void DecodedRows::copy(std::size_t field, std::int64_t row, std::byte* destination) const {
  const std::int64_t first = row - row % blockRows_;
  const std::int64_t at = first * rowBytes_ + starts_[field] * rowsFrom(first) + (row - first) * fieldBytes_[field];
  std::memcpy(destination, bytes_.view().data() + at, static_cast<std::size_t>(fieldBytes_[field]));
}

std::uint64_t DecodedRows::checksum() const {
  std::uint64_t seed = 0;
  for (std::size_t field = 0; field < fieldBytes_.size(); ++field) {
    PieceHash hash(seed);
    for (std::int64_t first = 0; first < rows_; first += blockRows_) {
      const std::int64_t rows = rowsFrom(first), at = first * rowBytes_ + starts_[field] * rows;
      hash.add(bytes_.view().substr(static_cast<std::size_t>(at), static_cast<std::size_t>(rows * fieldBytes_[field])));
    }
    seed = hash.value();
  }
  return seed;
}

std::int64_t DecodedRows::residentBytes(const std::vector<std::int64_t>& fieldBytes, std::int64_t rows,
                                        std::int64_t mostHeld) {
  const std::int64_t rowBytes = std::accumulate(fieldBytes.begin(), fieldBytes.end(), std::int64_t{0});
  return runtime::DecodedBytes::residentBytes(rows * rowBytes, mostHeld);
}

}  // namespace nnc::training
