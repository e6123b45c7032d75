#include "passes/cse.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ir/call_graph.h"
#include "ir/edit.h"

namespace nnc::passes {

namespace {

/// Mixes numbers into one. Used for lookup only: what is equal is decided by comparison.
class Hasher {
 public:
  void add(std::uint64_t x) { hash_ = (std::rotl(hash_, 5) ^ x) * 0x9E3779B97F4A7C15u; }
  void add(std::int64_t x) { add(static_cast<std::uint64_t>(x)); }
  void add(int x) { add(static_cast<std::uint64_t>(static_cast<std::int64_t>(x))); }
  void add(bool x) { add(std::uint64_t{x}); }
  void add(char x) { add(static_cast<std::uint64_t>(static_cast<unsigned char>(x))); }
  void add(double x) { add(std::bit_cast<std::uint64_t>(x)); }
  template <typename T>
    requires std::is_enum_v<T>
  void add(T x) {
    add(static_cast<std::uint64_t>(x));
  }
  void add(const std::string& text) {
    add(std::uint64_t{text.size()});
    for (const char c : text) add(c);
  }
  template <typename Tag>
  void add(TypedIndex<Tag> index) {
    add(static_cast<int>(index.index));
  }
  void add(const ir::WindowDim& d) { add(d.axis), add(d.size), add(d.stride), add(d.dilation); }
  void add(const ir::Type& type) { add(type.dtype), add(type.shape); }
  template <typename T>
  void add(const std::vector<T>& all) {
    add(std::uint64_t{all.size()});
    for (const T& x : all) add(x);
  }

  void attributes(const ir::NoAttributes&) {}
  void attributes(const ir::ConstAttributes& a) { add(a.type), add(a.isSplat), add(a.reals), add(a.integers); }
  void attributes(const ir::IotaAttributes& a) { add(a.type), add(a.axis); }
  void attributes(const ir::RandomAttributes& a) { add(a.type), add(a.key); }
  void attributes(const ir::CastAttributes& a) { add(a.dtype); }
  void attributes(const ir::CompareAttributes& a) { add(a.predicate); }
  void attributes(const ir::ReshapeAttributes& a) { add(a.shape); }
  void attributes(const ir::TransposeAttributes& a) { add(a.perm); }
  void attributes(const ir::BroadcastAttributes& a) { add(a.shape), add(a.dims); }
  void attributes(const ir::SliceAttributes& a) { add(a.lo), add(a.hi), add(a.step); }
  void attributes(const ir::PadAttributes& a) { add(a.lo), add(a.hi), add(a.interior), add(a.value); }
  void attributes(const ir::ConcatAttributes& a) { add(a.axis); }
  void attributes(const ir::WindowAttributes& a) { add(a.dims); }
  void attributes(const ir::UnwindowAttributes& a) { add(a.dims), add(a.shape); }
  void attributes(const ir::ReduceAttributes& a) { add(a.axes); }
  void attributes(const ir::ContractAttributes& a) { add(a.a), add(a.b), add(a.y); }
  void attributes(const ir::GatherAttributes& a) { add(a.axis); }
  void attributes(const ir::ScatterAttributes& a) { add(a.axis), add(a.mode); }
  void attributes(const ir::ScanAttributes& a) {
    add(a.body), add(a.carries), add(a.xs), add(a.length), add(a.reverse);
  }
  void attributes(const ir::CallAttributes& a) {
    add(a.name), add(a.body), add(a.kind), add(a.wrt), add(a.vjp.value_or(ir::FunctionId()));
  }

  std::uint64_t value() const { return hash_ ^ (hash_ >> 32); }

 private:
  std::uint64_t hash_ = 0;
};

/// Finds nodes equal to earlier ones of one function.
class EqualNodes {
 public:
  explicit EqualNodes(const ir::Function& function) : function_(function) {}

  /// An earlier node equal to `id`, or `id` itself, which later ones are then compared with.
  ir::NodeId firstLike(ir::NodeId id) {
    const ir::Node& node = function_.node(id);
    std::vector<ir::NodeId>& bucket = buckets_[hash(node)];
    for (const ir::NodeId other : bucket)
      if (areEqual(function_.node(other), node)) return other;
    bucket.push_back(id);
    return id;
  }

 private:
  static std::vector<ir::Value> sortedOperands(const ir::Node& node) {
    std::vector<ir::Value> operands = node.operands;
    if (node.op == ir::Op::Add || node.op == ir::Op::Mul) std::sort(operands.begin(), operands.end());
    return operands;
  }

  static std::uint64_t hash(const ir::Node& node) {
    Hasher hasher;
    hasher.add(node.op);
    hasher.add(sortedOperands(node));
    std::visit([&](const auto& attributes) { hasher.attributes(attributes); }, node.attributes);
    return hasher.value();
  }

  static bool areEqual(const ir::Node& a, const ir::Node& b) {
    if (a.op != b.op || a.attributes != b.attributes || sortedOperands(a) != sortedOperands(b)) return false;
    if (a.op != ir::Op::Pad) return true;
    // Numbers compare -0.0 equal to 0.0; filling with one is not filling with the other.
    return std::bit_cast<std::uint64_t>(std::get<ir::PadAttributes>(a.attributes).value) ==
           std::bit_cast<std::uint64_t>(std::get<ir::PadAttributes>(b.attributes).value);
  }

  const ir::Function& function_;
  std::unordered_map<std::uint64_t, std::vector<ir::NodeId>> buckets_;  // never iterated
};

}  // namespace

static void mergeEqual(ir::Function& function) {
  EqualNodes nodes(function);
  ir::Replacements replacements(function);
  std::vector<ir::NodeId> body;
  body.reserve(function.body.size());
  for (const ir::NodeId id : function.body) {
    ir::Node& node = function.node(id);
    replacements.applyTo(node.operands);
    const ir::NodeId first = nodes.firstLike(id);
    if (first == id) {
      body.push_back(id);
      continue;
    }
    for (std::size_t i = 0; i < node.results.size(); ++i)
      replacements.replace(node.results[i], function.node(first).results[i]);
  }
  if (body.size() == function.body.size()) return;
  function.body = std::move(body);
  replacements.applyTo(function.results);
  function.plan.reset();
}

bool cse(ir::Module& module, Diagnostics&) {
  const std::vector<bool> isKernel = ir::kernelBodies(module);
  for (std::size_t i = 0; i < isKernel.size(); ++i)
    if (!isKernel[i]) mergeEqual(module.functions[i]);
  return true;
}

}  // namespace nnc::passes
