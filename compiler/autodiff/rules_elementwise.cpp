// Rules of the elementwise ops. y is the result, g its cotangent.
#include <numbers>

#include "autodiff/rules.h"

namespace nnc::autodiff::rules {

using ir::Value;

void Neg(Vjp& v) { v.give(0, v.b.neg(v.g())); }

/// g * y
void Exp(Vjp& v) { v.give(0, v.b.mul(v.g(), v.result())); }

/// g / x
void Log(Vjp& v) { v.give(0, v.b.div(v.g(), v.operand(0))); }

/// g / (2 y)
void Sqrt(Vjp& v) {
  const Value two = v.b.constantLike(v.result(), 2.0);
  v.give(0, v.b.div(v.g(), v.b.mul(two, v.result())));
}

/// g * cos(x), with cos(x) = sin(x + pi / 2)
void Sin(Vjp& v) {
  const Value quarter = v.b.constantLike(v.operand(0), std::numbers::pi / 2);
  v.give(0, v.b.mul(v.g(), v.b.sin(v.b.add(v.operand(0), quarter))));
}

/// g * (1 - y * y)
void Tanh(Vjp& v) {
  const Value one = v.b.constantLike(v.result(), 1.0);
  v.give(0, v.b.mul(v.g(), v.b.sub(one, v.b.mul(v.result(), v.result()))));
}

/// Between floats only: back to the dtype of x.
void Cast(Vjp& v) { v.give(0, v.b.cast(v.g(), v.operandType(0).dtype)); }

void Add(Vjp& v) {
  v.give(0, v.g());
  v.give(1, v.g());
}

/// g * b, g * a
void Mul(Vjp& v) {
  if (v.wants(0)) v.give(0, v.b.mul(v.g(), v.operand(1)));
  if (v.wants(1)) v.give(1, v.b.mul(v.g(), v.operand(0)));
}

/// q = g / b, -(q * y)
void Div(Vjp& v) {
  const Value q = v.b.div(v.g(), v.operand(1));
  v.give(0, q);
  if (v.wants(1)) v.give(1, v.b.neg(v.b.mul(q, v.result())));
}

/// Where a > b, g goes to a, elsewhere to b: a tie gives to b, so that relu(x) = max(x, 0) has derivative 0 at 0.
/// y > b says the same as a > b, also for NaN, and needs no memory for a, which is often what a matrix product made.
void Max(Vjp& v) {
  const Value takesA = v.b.compare(ir::Predicate::Gt, v.result(), v.operand(1));
  const Value zero = v.b.constantLike(v.g(), 0.0);
  if (v.wants(0)) v.give(0, v.b.select(takesA, v.g(), zero));
  if (v.wants(1)) v.give(1, v.b.select(takesA, zero, v.g()));
}

/// y = a - floor(a / b) * b: g, -(g * floor(a / b))
void Rem(Vjp& v) {
  v.give(0, v.g());
  if (v.wants(1)) v.give(1, v.b.neg(v.b.mul(v.g(), v.b.floor(v.b.div(v.operand(0), v.operand(1))))));
}

void Select(Vjp& v) {
  const Value zero = v.b.constantLike(v.g(), 0.0);
  if (v.wants(1)) v.give(1, v.b.select(v.operand(0), v.g(), zero));
  if (v.wants(2)) v.give(2, v.b.select(v.operand(0), zero, v.g()));
}

}  // namespace nnc::autodiff::rules
