#include "probes/parameters.h"

#include <cassert>
#include <cmath>

namespace nnc::probes {

SlotCopy::SlotCopy(const elaborate::TrainProgram& train, Slots slots) {
  assert(slots.size() == train.slots.size() && "one pointer per slot");
  for (std::size_t i = 0; i < slots.size(); ++i) {
    buffers_.emplace_back(train.slots[i].type.byteCount());
    pointers_.push_back(buffers_.back().data());
    set(i, slots[i]);
  }
}

void SlotCopy::set(std::size_t i, const std::byte* bytes) {
  std::memcpy(buffers_[i].data(), bytes, static_cast<std::size_t>(buffers_[i].size()));
}

double dot(const Numbers& a, const Numbers& b) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < a.count; ++i) sum += a[i] * b[i];
  return sum;
}

double length(const Numbers& a) { return std::sqrt(dot(a, a)); }

double distance(const Numbers& a, const Numbers& b) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < a.count; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

double cosine(const Numbers& a, const Numbers& b) {
  const double lengths = length(a) * length(b);
  return lengths > 0.0 ? dot(a, b) / lengths : 0.0;
}

void setReal(ir::DType dtype, std::byte* element, double value) {
  assert((dtype == ir::DType::F32 || dtype == ir::DType::F64) && "parameters are f32 or f64");
  const auto single = static_cast<float>(value);
  if (dtype == ir::DType::F32)
    std::memcpy(element, &single, sizeof single);
  else
    std::memcpy(element, &value, sizeof value);
}

std::vector<std::size_t> trainedSlots(const elaborate::TrainProgram& train) {
  std::vector<std::size_t> slots;
  for (std::size_t i = 0; i < train.slots.size(); ++i)
    if (train.slots[i].kind == elaborate::SlotKind::Parameter && train.slots[i].isTrained) slots.push_back(i);
  return slots;
}

std::vector<std::size_t> weightSlots(const elaborate::TrainProgram& train) {
  std::vector<std::size_t> slots;
  for (const std::size_t i : trainedSlots(train))
    if (train.slots[i].type.rank() >= 2) slots.push_back(i);
  return slots;
}

Numbers slotNumbers(const elaborate::TrainProgram& train, Slots slots, std::size_t i) {
  return {train.slots[i].type.dtype, train.slots[i].type.elementCount(), slots[i]};
}

}  // namespace nnc::probes
