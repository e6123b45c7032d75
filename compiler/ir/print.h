// The text form of the IR (.nnir). `parse(print(m))` is `m`, apart from dead nodes and the numbers of values and
// scopes.
//
//   // a comment runs to the end of the line
//   func @step(%0: f32[32, 8] "x", %1: f32[8, 4] "net.w") -> (f32[8, 4] "net.w" alias %1, f32 "loss") {
//     %2 = contract(%0, %1) {a = "bi", b = "io", y = "bo"} : f32[32, 4]  scope "net"  loc("net.nn":3:5:3:12)
//     %3 = const 0.5 : f32[32, 4]            one element for all
//     %4 = const [1, 2, 3] : i32[3]          elements in row-major order: numbers, inf, nan, nan(0x7ff8000000000001),
//     %5 = cast(%4) : f32[3]                 true, false; a cast has the dtype, a reshape the shape of its result
//     %6, %7 = scan(%1, %2) {body = @cell, carries = 1, xs = 1, length = 32} : f32[8, 4], f32[32, 4]
//     %8 = window(%2) {dims = [axis 0 size 3 stride 1 dilation 1]} : f32[30, 4, 3]
//     return %1, %9
//   }
//
// Names of values, functions and paths: letters, digits, `_` and `.`; other function names stand in quotes: @"a b".
// Attributes stand in any order. A planned function says where its values are: `arena BYTES` before its `{`, and
// `at argument I | result I | arena OFFSET | constant %N | none` after the types of a node (one for each result), for
// scans with `scratch OFFSET [CARRY OFFSETS]` behind it. Parameters are `at argument I` unless they say otherwise.
#pragma once
#include <optional>
#include <string>

#include "diagnostics/diagnostics.h"
#include "ir/module.h"

namespace nnc::ir {

struct PrintOptions {
  bool locations = false;  // `loc("file.nn":3:5:3:12)`, from and to; needs `sources`
  bool scopes = true;      // the instance path of a node
  const SourceManager* sources = nullptr;
};

std::string print(const Module& module, const PrintOptions& options = {});
std::string print(const Module& module, FunctionId function, const PrintOptions& options = {});

/// Reads what print writes. Errors (E1001) are reported at their place in `file`; the result is then empty.
///
/// A node keeps the place that its `loc` names if `sources` holds that file, and else the place of its own text.
std::optional<Module> parse(FileId file, const SourceManager& sources, Diagnostics& diagnostics);

}  // namespace nnc::ir
