// The attributes of every op by name, once, for the printer and the parser of IR text. Internal to ir/.
//
// What the type of the result says is not repeated: the types of const, iota and random, the dtype of cast, the shapes
// of reshape, broadcast and unwindow. The elements of a const are written before its type.
#pragma once
#include <cstdint>

#include "ir/attributes.h"

namespace nnc::ir::text {

enum class Presence : std::uint8_t {
  Always,
  NotInCode,      // left out of codeText: code does not depend on it
  UnlessDefault,  // left out when false, empty or absent
};

/// Calls `f(name, field, presence)` for each field in the order of the text.
template <typename F>
void eachField(NoAttributes&, F&&) {}
template <typename F>
void eachField(ConstAttributes&, F&&) {}
template <typename F>
void eachField(IotaAttributes& a, F&& f) {
  f("axis", a.axis, Presence::Always);
}
template <typename F>
void eachField(RandomAttributes& a, F&& f) {
  f("key", a.key, Presence::NotInCode);
}
template <typename F>
void eachField(CastAttributes&, F&&) {}
template <typename F>
void eachField(CompareAttributes& a, F&& f) {
  f("predicate", a.predicate, Presence::Always);
}
template <typename F>
void eachField(ReshapeAttributes&, F&&) {}
template <typename F>
void eachField(TransposeAttributes& a, F&& f) {
  f("perm", a.perm, Presence::Always);
}
template <typename F>
void eachField(BroadcastAttributes& a, F&& f) {
  f("dims", a.dims, Presence::Always);
}
template <typename F>
void eachField(SliceAttributes& a, F&& f) {
  f("lo", a.lo, Presence::Always);
  f("hi", a.hi, Presence::Always);
  f("step", a.step, Presence::Always);
}
template <typename F>
void eachField(PadAttributes& a, F&& f) {
  f("lo", a.lo, Presence::Always);
  f("hi", a.hi, Presence::Always);
  f("interior", a.interior, Presence::Always);
  f("value", a.value, Presence::Always);
}
template <typename F>
void eachField(ConcatAttributes& a, F&& f) {
  f("axis", a.axis, Presence::Always);
}
template <typename F>
void eachField(WindowAttributes& a, F&& f) {
  f("dims", a.dims, Presence::Always);
}
template <typename F>
void eachField(UnwindowAttributes& a, F&& f) {
  f("dims", a.dims, Presence::Always);
}
template <typename F>
void eachField(ReduceAttributes& a, F&& f) {
  f("axes", a.axes, Presence::Always);
}
template <typename F>
void eachField(ContractAttributes& a, F&& f) {
  f("a", a.a, Presence::Always);
  f("b", a.b, Presence::Always);
  f("y", a.y, Presence::Always);
}
template <typename F>
void eachField(GatherAttributes& a, F&& f) {
  f("axis", a.axis, Presence::Always);
}
template <typename F>
void eachField(ScatterAttributes& a, F&& f) {
  f("axis", a.axis, Presence::Always);
  f("mode", a.mode, Presence::Always);
}
template <typename F>
void eachField(ScanAttributes& a, F&& f) {
  f("body", a.body, Presence::Always);
  f("carries", a.carries, Presence::Always);
  f("xs", a.xs, Presence::Always);
  f("length", a.length, Presence::Always);
  f("reverse", a.reverse, Presence::UnlessDefault);
}
template <typename F>
void eachField(CallAttributes& a, F&& f) {
  f("kind", a.kind, Presence::Always);
  f("name", a.name, Presence::NotInCode);
  f("body", a.body, Presence::Always);
  f("wrt", a.wrt, Presence::UnlessDefault);
  f("vjp", a.vjp, Presence::UnlessDefault);
}

// The words of the enumerations, in their order.
inline constexpr const char* kPredicates[] = {"eq", "ne", "lt", "le", "gt", "ge"};
inline constexpr const char* kScatterModes[] = {"add", "set"};
inline constexpr const char* kCallKinds[] = {"composite", "gradient", "kernel"};
inline constexpr const char* kStorageKinds[] = {"none", "argument", "result", "arena", "constant"};

}  // namespace nnc::ir::text
