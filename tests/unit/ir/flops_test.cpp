// Operations are counted by hand-made functions.
#include "ir/flops.h"

#include <gtest/gtest.h>

#include "text_module.h"

namespace nnc::ir {
namespace {

double flopsOf(const std::string& text) {
  const Module module = testing::moduleOf(text);
  return countOperations(module, *module.findFunction("f")).all;
}

TEST(Flops, count_products_elements_and_reductions) {
  EXPECT_EQ(flopsOf(R"(func @f(%0: f32[32, 8], %1: f32[8, 4]) -> (f32) {
  %2 = contract(%0, %1) {a = "bi", b = "io", y = "bo"} : f32[32, 4]
  %3 = const 0.5 : f32[32, 4]
  %4 = mul(%2, %3) : f32[32, 4]
  %5 = compare(%4, %3) {predicate = lt} : bool[32, 4]
  %6 = select(%5, %4, %3) : f32[32, 4]
  %7 = reduce_sum(%6) {axes = [0, 1]} : f32
  return %7
}
)"),
            2.0 * 32 * 8 * 4 + 4 * 32 * 4);
}

TEST(Flops, transcendental_functions_are_counted_apart_too) {
  const Module module = testing::moduleOf(R"(func @f(%0: f32[6], %1: f32[5]) -> (f32[6]) {
  %2 = exp(%0) : f32[6]
  %3 = log(%2) : f32[6]
  %4 = sqrt(%3) : f32[6]
  %5 = scan(%4, %1) {body = @turn, carries = 1, xs = 1, length = 5, reverse = false} : f32[6]
  return %5
}

func @turn(%0: f32[6], %1: f32) -> (f32[6]) {
  %2 = tanh(%0) : f32[6]
  %3 = sin(%2) : f32[6]
  return %3
}
)");
  const Operations counted = countOperations(module, *module.findFunction("f"));
  EXPECT_EQ(counted.transcendental, 2.0 * 6 + 5.0 * 2 * 6);
  EXPECT_EQ(counted.all, counted.transcendental + 6);
}

TEST(Flops, bytes_are_what_nodes_take_and_give) {
  const Module module = testing::moduleOf(R"(func @f(%0: f32[32, 8], %1: f64[8]) -> (f32[8, 8], f32[256], f64[8]) {
  %2 = contract(%0, %0) {a = "bi", b = "bo", y = "io"} : f32[8, 8]
  %3 = reshape(%0) : f32[256]
  %4 = scan(%1) {body = @turn, carries = 1, xs = 0, length = 3, reverse = false} : f64[8]
  return %2, %3, %4
}

func @turn(%0: f64[8]) -> (f64[8]) {
  %1 = call(%0) {kind = kernel, name = "twice", body = @twice} : f64[8]
  return %1
}

func @twice(%0: f64[8]) -> (f64[8]) {
  %1 = add(%0, %0) : f64[8]
  return %1
}
)");
  // An operand that is there twice is read once; what a kernel holds in registers is no traffic.
  EXPECT_EQ(countBytes(module, *module.findFunction("f")), 4.0 * (32 * 8 + 8 * 8) + 3 * 8.0 * (8 + 8));
}

TEST(Flops, moving_casting_and_counting_are_free) {
  EXPECT_EQ(flopsOf(R"(func @f(%0: f32[6], %1: i32[6]) -> (f32[3, 2], i32[6], f32[6]) {
  %2 = reshape(%0) : f32[3, 2]
  %3 = add(%1, %1) : i32[6]
  %4 = cast(%3) : f32[6]
  return %2, %3, %4
}
)"),
            0.0);
}

TEST(Flops, a_scan_counts_its_body_for_each_turn_and_a_call_once) {
  EXPECT_EQ(flopsOf(R"(func @f(%0: f32[8], %1: f32[5, 8]) -> (f32[8]) {
  %2 = scan(%0, %1) {body = @turn, carries = 1, xs = 1, length = 5, reverse = false} : f32[8]
  %3 = call(%2) {kind = composite, name = "twice", body = @twice} : f32[8]
  return %3
}

func @turn(%0: f32[8], %1: f32[8]) -> (f32[8]) {
  %2 = call(%0) {kind = composite, name = "twice", body = @twice} : f32[8]
  %3 = add(%2, %1) : f32[8]
  return %3
}

func @twice(%0: f32[8]) -> (f32[8]) {
  %1 = add(%0, %0) : f32[8]
  return %1
}
)"),
            5.0 * (8 + 8) + 8);
}

}  // namespace
}  // namespace nnc::ir
