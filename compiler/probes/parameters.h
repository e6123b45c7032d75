// The slots of a run as probes see and change them: pointers into the run, or copies.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "elaborate/program.h"
#include "training/buffer.h"

namespace nnc::probes {

/// One pointer per TrainProgram::slots; what they point to is lent.
using Slots = std::span<const std::byte* const>;

/// A setting of all slots of its own.
class SlotCopy {
 public:
  SlotCopy(const elaborate::TrainProgram& train, Slots slots);
  Slots view() const { return pointers_; }
  /// Overwrites slot i.
  void set(std::size_t i, const std::byte* bytes);
  std::byte* data(std::size_t i) { return buffers_[i].data(); }

 private:
  std::vector<training::Buffer> buffers_;
  std::vector<const std::byte*> pointers_;
};

/// Elements of one tensor, read as doubles.
struct Numbers {
  ir::DType dtype = ir::DType::F32;
  std::int64_t count = 0;
  const std::byte* bytes = nullptr;
  double operator[](std::int64_t i) const { return training::realAt(dtype, bytes + i * ir::dtypeBytes(dtype)); }
};
/// Sums in f64, in the order of the elements.
double dot(const Numbers& a, const Numbers& b);
double length(const Numbers& a);
double distance(const Numbers& a, const Numbers& b);
/// The cosine of the angle between two tensors; 0 when one of them is 0.
double cosine(const Numbers& a, const Numbers& b);
void setReal(ir::DType dtype, std::byte* element, double value);

/// The numbers of the slots that are trained, those of weights (two axes or more) alone: in order.
std::vector<std::size_t> trainedSlots(const elaborate::TrainProgram& train);
std::vector<std::size_t> weightSlots(const elaborate::TrainProgram& train);
Numbers slotNumbers(const elaborate::TrainProgram& train, Slots slots, std::size_t i);

}  // namespace nnc::probes
