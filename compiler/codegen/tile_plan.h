// Products whose operands are read through views, and how they are cut into register tiles.
//
// A convolution is a matrix product: its rows are the pixels of the result, its columns the channels, its sum the taps.
// Every element that it reads lies at a sum of products of loop counters, so no operand has to be rearranged first.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "codegen/kernel.h"
#include "codegen/target.h"

namespace nnc::codegen {

/// A loop of a product and how far a step of it moves in each tensor, in elements.
struct ProductLoop {
  std::int64_t extent = 1;
  std::int64_t left = 0, right = 0, y = 0;
};

/// Two bf16 of a sum that one instruction multiplies and adds: how far the second lies from the first.
struct ProductPair {
  std::int64_t left = 0, right = 0;
};

/// y[batch, rows, columns] = sum over sums of left[batch, rows, sums] * right[batch, columns, sums]. Loops are in the
/// order of the kernel's, outermost first; neighbours that move alike are one loop.
struct ViewedProduct {
  ir::DType dtype = ir::DType::F32;     // of y and the sums
  ir::DType operands = ir::DType::F32;  // of left and right: `dtype`, or bf16, whose products are exact in f32
  std::optional<ProductPair> pair;      // one of the loops of sums goes in steps of two elements of bf16
  int left = 0, right = 0, y = 0;       // buffers
  std::int64_t leftStart = 0, rightStart = 0, yStart = 0;
  std::vector<ProductLoop> batch, rows, columns, sums;
};

/// How columns of the right operand that no vector can load, or that lie far apart, are copied into a panel first.
enum class Packing : std::uint8_t {
  None,
  Rows,     // columns are neighbours: long rows are copied, vector by vector
  Squares,  // the sums are neighbours instead: transposed in registers
  Singly,   // neither
};

/// How a product is computed. A tile is `vectors` vectors of columns for each of up to `rows` rows, held in registers
/// over the sums. Lanes run along the innermost loop of columns.
struct TilePlan {
  ViewedProduct product;  // its operands exchanged where that is better
  int vectors = 1, rows = 1;
  int repeats = 1;             // steps of the next loop of columns in a tile; > 1: `vectors` hold the innermost loop
  std::size_t firstTiled = 0;  // rows[firstTiled] is cut into pieces, those after it are whole in a tile
  Packing packing = Packing::None;
  std::size_t firstInPanel = 0;  // sums from here on are in a panel; those before it are added up in y
  double cost = 0.0;             // cycles, about

  bool isPacked() const { return packing != Packing::None; }
  /// Sums of one panel.
  std::int64_t panelSteps() const;
};

/// The plan of a kernel that is a contraction of two tensors in f32, f64 or bf16, each read at an affine index. Empty:
/// the kernel is something else, or plain loops are better.
///
/// Of bf16, pairs are taken along the innermost sum of even extent, where the target can: what is added in which order
/// depends on the sums alone, not on rows, columns or threads.
std::optional<TilePlan> planTiles(const Kernel& kernel, const Target& target);

}  // namespace nnc::codegen
