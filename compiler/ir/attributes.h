// What an op carries besides its operands. ops.def names the struct of each op.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/types.h"
#include "support/typed_index.h"

namespace nnc::ir {

using FunctionId = TypedIndex<struct FunctionTag>;

struct NoAttributes {
  friend bool operator==(const NoAttributes&, const NoAttributes&) = default;
};

/// Elements in row-major order, or a single one that stands for all (`isSplat`).
/// Float dtypes use `reals` (already rounded to the dtype), integers and bool use `integers`.
struct ConstAttributes {
  Type type;
  bool isSplat = false;
  std::vector<double> reals;
  std::vector<std::int64_t> integers;
  // Compares bits, so that NaN equals itself and 0.0 differs from -0.0.
  friend bool operator==(const ConstAttributes& a, const ConstAttributes& b);
};

struct IotaAttributes {
  Type type;  // i32 or i64
  int axis = 0;
  friend bool operator==(const IotaAttributes&, const IotaAttributes&) = default;
};

/// `key` is the hash of stream, instance path and call site: what makes a draw independent of call order.
struct RandomAttributes {
  Type type;
  std::uint64_t key = 0;
  friend bool operator==(const RandomAttributes&, const RandomAttributes&) = default;
};

struct CastAttributes {
  DType dtype = DType::F32;
  friend bool operator==(const CastAttributes&, const CastAttributes&) = default;
};

enum class Predicate : std::uint8_t { Eq, Ne, Lt, Le, Gt, Ge };
struct CompareAttributes {
  Predicate predicate = Predicate::Eq;
  friend bool operator==(const CompareAttributes&, const CompareAttributes&) = default;
};

struct ReshapeAttributes {
  Shape shape;
  friend bool operator==(const ReshapeAttributes&, const ReshapeAttributes&) = default;
};

struct TransposeAttributes {
  std::vector<int> perm;
  friend bool operator==(const TransposeAttributes&, const TransposeAttributes&) = default;
};

struct BroadcastAttributes {
  Shape shape;            // of the result
  std::vector<int> dims;  // dims[i]: axis of the result that axis i of the operand becomes
  friend bool operator==(const BroadcastAttributes&, const BroadcastAttributes&) = default;
};

struct SliceAttributes {
  Shape lo, hi, step;  // one entry per axis
  friend bool operator==(const SliceAttributes&, const SliceAttributes&) = default;
};

struct PadAttributes {
  Shape lo, hi, interior;  // one entry per axis
  double value = 0.0;      // converted to the dtype of the operand
  friend bool operator==(const PadAttributes&, const PadAttributes&) = default;
};

struct ConcatAttributes {
  int axis = 0;
  friend bool operator==(const ConcatAttributes&, const ConcatAttributes&) = default;
};

struct WindowDim {
  int axis = 0;
  std::int64_t size = 1, stride = 1, dilation = 1;
  friend bool operator==(const WindowDim&, const WindowDim&) = default;
};
struct WindowAttributes {
  std::vector<WindowDim> dims;
  friend bool operator==(const WindowAttributes&, const WindowAttributes&) = default;
};
struct UnwindowAttributes {
  std::vector<WindowDim> dims;
  Shape shape;  // of the result
  friend bool operator==(const UnwindowAttributes&, const UnwindowAttributes&) = default;
};

struct ReduceAttributes {
  std::vector<int> axes;  // ascending
  friend bool operator==(const ReduceAttributes&, const ReduceAttributes&) = default;
};

/// One letter per axis: a = "bi", b = "io", y = "bo" is a matrix product.
struct ContractAttributes {
  std::string a, b, y;
  friend bool operator==(const ContractAttributes&, const ContractAttributes&) = default;
};

struct GatherAttributes {
  int axis = 0;
  friend bool operator==(const GatherAttributes&, const GatherAttributes&) = default;
};

enum class ScatterMode : std::uint8_t { Add, Set };
struct ScatterAttributes {
  int axis = 0;
  ScatterMode mode = ScatterMode::Add;
  friend bool operator==(const ScatterAttributes&, const ScatterAttributes&) = default;
};

/// Operands are `carries` initial values, then `xs` tensors whose axis 0 is sliced per step, then constants.
struct ScanAttributes {
  FunctionId body;
  int carries = 0, xs = 0;
  std::int64_t length = 0;
  bool reverse = false;  // runs t = length - 1 down to 0; ys[t] belongs to step t
  friend bool operator==(const ScanAttributes&, const ScanAttributes&) = default;
};

/// Composite: a named piece of the program that may be inlined.
/// Gradient: results are those of `body` and then, for each entry of `wrt` (indices of operands), the derivative of the
///   sum of the body's FIRST result with respect to that operand. Expanded by the pass `differentiate`.
/// Kernel: a fused group made by the pass `fuse`; codegen compiles the body as one loop nest.
enum class CallKind : std::uint8_t { Composite, Gradient, Kernel };
struct CallAttributes {
  std::string name;
  FunctionId body;
  CallKind kind = CallKind::Composite;
  std::vector<int> wrt;             // Gradient only
  std::optional<FunctionId> vjp{};  // Composite: (operands.., cotangents of results..) -> a cotangent per operand
  friend bool operator==(const CallAttributes&, const CallAttributes&) = default;
};

using Attributes =
    std::variant<NoAttributes, ConstAttributes, IotaAttributes, RandomAttributes, CastAttributes, CompareAttributes,
                 ReshapeAttributes, TransposeAttributes, BroadcastAttributes, SliceAttributes, PadAttributes,
                 ConcatAttributes, WindowAttributes, UnwindowAttributes, ReduceAttributes, ContractAttributes,
                 GatherAttributes, ScatterAttributes, ScanAttributes, CallAttributes>;

}  // namespace nnc::ir
