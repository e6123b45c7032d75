// Range reduction, a polynomial, reconstruction: the same steps for every width and for both float types.
#include "codegen/vector_math.h"

#include <cstdint>
#include <initializer_list>
#include <limits>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>

namespace nnc::codegen {

namespace {

/// A float type's layout and the constants of the reductions below.
struct Format {
  bool isDouble;
  unsigned mantissaBits;
  std::int64_t bias;
  double roundToInteger;      // adding it leaves an integer in the low bits
  double ln2High, ln2Low;     // high part with few bits: its products with exponents are exact
  double expLow, expHigh;     // e^x is 0 below and inf above
  std::int64_t sqrtHalfBits;  // bits of sqrt(1/2)
  double tanhThreshold;
};

constexpr Format kSingle{false, 23, 127, 0x1.8p23, 0x1.62e4p-1, 0x1.7f7d1cp-20, -104.0, 89.0, 0x3F3504F3, 0.625};
constexpr Format kDouble{
    true, 52, 1023, 0x1.8p52, 0x1.62e42feep-1, 0x1.a39ef35793c76p-33, -746.0, 710.0, 0x3FE6A09E667F3BCD, 0.35};

constexpr double kLog2E = 0x1.71547652b82fep+0;
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
// pi / 2 in pieces of 33, 33 and 53 bits; kHalfPiTail is the sum of the last two.
constexpr double kHalfPi1 = 0x1.921fb544p+0, kHalfPi2 = 0x1.0b4611a6p-34, kHalfPi3 = 0x1.3198a2e037073p-69;
constexpr double kHalfPiTail = 0x1.0b4611a626331p-34;

/// Shorthand around the builder for one argument type.
class Math {
 public:
  Math(const Emitter& emitter, llvm::Type* type)
      : e(emitter),
        b(emitter.builder),
        type_(type),
        f(type->getScalarType()->isDoubleTy() ? kDouble : kSingle),
        bitsType_(emitter.withElement(type, f.isDouble ? b.getInt64Ty() : b.getInt32Ty())) {}

  const Emitter& e;
  llvm::IRBuilderBase& b;

 private:
  llvm::Type* type_;

 public:
  const Format& f;

  llvm::Value* real(double value) const { return e.real(type_, value); }
  llvm::Value* integer(std::int64_t value) const { return e.integer(bitsType_, value); }
  llvm::Value* bits(llvm::Value* x) const { return b.CreateBitCast(x, bitsType_); }
  llvm::Value* fromBits(llvm::Value* x) const { return b.CreateBitCast(x, type_); }
  llvm::Value* abs(llvm::Value* x) const { return b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); }
  llvm::Value* withSign(llvm::Value* magnitude, llvm::Value* sign) const {
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, magnitude, sign);
  }
  llvm::Value* fma(llvm::Value* x, double factor, llvm::Value* c) const { return e.fma(x, real(factor), c); }
  /// Keeps NaN.
  llvm::Value* clamp(llvm::Value* x, double lo, double hi) const {
    x = b.CreateSelect(b.CreateFCmpOGT(x, real(hi)), real(hi), x);
    return b.CreateSelect(b.CreateFCmpOLT(x, real(lo)), real(lo), x);
  }
  /// c0 + c1 x + c2 x^2 + ...
  llvm::Value* polynomial(llvm::Value* x, std::initializer_list<double> coefficients) const {
    const double* c = coefficients.end();
    llvm::Value* sum = real(*--c);
    while (c != coefficients.begin()) sum = e.fma(sum, x, real(*--c));
    return sum;
  }
  /// 2^n for n in the exponent range of normal numbers.
  llvm::Value* power(llvm::Value* n) const {
    return fromBits(b.CreateShl(b.CreateAdd(n, integer(f.bias)), f.mantissaBits));
  }

 private:
  llvm::Type* bitsType_;
};

}  // namespace

// e^x = 2^n e^r with |r| <= ln 2 / 2, and e^r = 1 + (r + r^2 q(r)).
llvm::Value* emitExp(const Emitter& emitter, llvm::Value* x) {
  const Math m(emitter, x->getType());
  x = m.clamp(x, m.f.expLow, m.f.expHigh);
  llvm::Value* magic = m.real(m.f.roundToInteger);
  llvm::Value* shifted = m.fma(x, kLog2E, magic);
  llvm::Value* n = m.b.CreateFSub(shifted, magic);
  llvm::Value* exponent = m.b.CreateSub(m.bits(shifted), m.bits(magic));
  llvm::Value* r = m.fma(n, -m.f.ln2Low, m.fma(n, -m.f.ln2High, x));
  llvm::Value* q =
      m.f.isDouble
          ? m.polynomial(r, {0x1.0000000000008p-1, 0x1.55555555554fdp-3, 0x1.5555555550e73p-5, 0x1.1111111127607p-7,
                             0x1.6c16c1831605ep-10, 0x1.a01a012a47190p-13, 0x1.a0199c919d0cbp-16, 0x1.71df28cda30ddp-19,
                             0x1.28ab632438091p-22, 0x1.ad75eaaa04f99p-26})
          : m.polynomial(r, {0x1.fffffcp-2, 0x1.555494p-3, 0x1.5558e4p-5, 0x1.1238b4p-7, 0x1.6a28fep-10});
  llvm::Value* p = m.b.CreateFAdd(emitter.fma(m.b.CreateFMul(r, r), q, r), m.real(1.0));
  // Two factors, so that neither overflows where the product does not, and denormals round once.
  llvm::Value* half = m.b.CreateAShr(exponent, m.integer(1));
  return m.b.CreateFMul(m.b.CreateFMul(p, m.power(half)), m.power(m.b.CreateSub(exponent, half)));
}

// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt 2).
llvm::Value* emitLog(const Emitter& emitter, llvm::Value* x) {
  const Math m(emitter, x->getType());
  const double smallest = m.f.isDouble ? 0x1p-1022 : 0x1p-126;
  const double lift = m.f.isDouble ? 0x1p52 : 0x1p23;
  llvm::Value* isTiny = m.b.CreateFCmpOLT(x, m.real(smallest));
  llvm::Value* bits = m.bits(m.b.CreateSelect(isTiny, m.b.CreateFMul(x, m.real(lift)), x));
  llvm::Value* moved = m.b.CreateSub(bits, m.integer(m.f.sqrtHalfBits));
  llvm::Value* exponent = m.b.CreateAShr(moved, m.integer(m.f.mantissaBits));
  exponent = m.b.CreateSub(exponent, m.b.CreateSelect(isTiny, m.integer(m.f.mantissaBits), m.integer(0)));
  if (m.f.isDouble) exponent = m.b.CreateTrunc(exponent, emitter.withElement(x->getType(), m.b.getInt32Ty()));
  llvm::Value* n = m.b.CreateSIToFP(exponent, x->getType());
  llvm::Value* mantissa = m.b.CreateAnd(moved, m.integer((std::int64_t{1} << m.f.mantissaBits) - 1));
  llvm::Value* f = m.b.CreateFSub(m.fromBits(m.b.CreateAdd(mantissa, m.integer(m.f.sqrtHalfBits))), m.real(1.0));
  llvm::Value* square = m.b.CreateFMul(f, f);
  llvm::Value* result = nullptr;
  if (m.f.isDouble) {
    // log(1 + f) = f - (f^2/2 - s (f^2/2 + z L(z))) with s = f / (2 + f), z = s^2: the series of 2 atanh(s).
    llvm::Value* s = m.b.CreateFDiv(f, m.b.CreateFAdd(f, m.real(2.0)));
    llvm::Value* z = m.b.CreateFMul(s, s);
    llvm::Value* rest = m.b.CreateFMul(
        z, m.polynomial(z, {0x1.5555555555588p-1, 0x1.9999999982a29p-2, 0x1.2492493fdfa98p-2, 0x1.c71c538234eb5p-3,
                            0x1.7465f97371353p-3, 0x1.39a821339f093p-3, 0x1.2ec9ac64b9b48p-3}));
    llvm::Value* half = m.b.CreateFMul(square, m.real(0.5));
    llvm::Value* inner = emitter.fma(s, m.b.CreateFAdd(half, rest), m.b.CreateFMul(n, m.real(m.f.ln2Low)));
    result = m.fma(n, m.f.ln2High, m.b.CreateFSub(f, m.b.CreateFSub(half, inner)));
  } else {
    // log(1 + f) = f - f^2/2 + f^3 q(f)
    llvm::Value* q = m.polynomial(f, {0x1.555554p-2, -0x1.000214p-2, 0x1.99a07p-3, -0x1.5476cep-3, 0x1.22d63p-3,
                                      -0x1.0d5afcp-3, 0x1.055f38p-3, -0x1.3984b6p-4});
    llvm::Value* tail = m.b.CreateFMul(m.b.CreateFMul(f, square), q);
    tail = m.fma(square, -0.5, m.fma(n, m.f.ln2Low, tail));
    result = m.fma(n, m.f.ln2High, m.b.CreateFAdd(f, tail));
  }
  const double infinity = std::numeric_limits<double>::infinity();
  result = m.b.CreateSelect(m.b.CreateFCmpOLT(x, m.real(infinity)), result, x);
  result = m.b.CreateSelect(m.b.CreateFCmpOEQ(x, m.real(0.0)), m.real(-infinity), result);
  return m.b.CreateSelect(m.b.CreateFCmpOLT(x, m.real(0.0)), m.real(std::numeric_limits<double>::quiet_NaN()), result);
}

// Near 0 an odd polynomial, x + x^3 q(x^2); elsewhere 1 - 2 / (e^2|x| + 1).
llvm::Value* emitTanh(const Emitter& emitter, llvm::Value* x) {
  const Math m(emitter, x->getType());
  llvm::Value* z = m.b.CreateFMul(x, x);
  llvm::Value* q =
      m.f.isDouble
          ? m.polynomial(z, {-0x1.5555555555555p-2, 0x1.1111111111111p-3, -0x1.ba1ba1ba1b939p-5, 0x1.664f4882b7571p-6,
                             -0x1.226e355aa08b3p-7, 0x1.d6d3cf0946ca0p-9, -0x1.7da3199b32198p-10, 0x1.35504aea16bb0p-11,
                             -0x1.f46693dd72eb2p-13, 0x1.8a21fb2e11527p-14, -0x1.edd92d5075bc0p-16})
          : m.polynomial(z, {-0x1.555538p-2, 0x1.1107e6p-3, -0x1.b851c8p-5, 0x1.52a2fep-6, -0x1.77da3ep-8});
  llvm::Value* small = emitter.fma(m.b.CreateFMul(x, z), q, x);
  llvm::Value* magnitude = m.abs(x);
  llvm::Value* exponential = emitExp(emitter, m.b.CreateFAdd(magnitude, magnitude));
  llvm::Value* quotient = m.b.CreateFDiv(m.real(2.0), m.b.CreateFAdd(exponential, m.real(1.0)));
  llvm::Value* large = m.b.CreateFSub(m.real(1.0), quotient);
  llvm::Value* isSmall = m.b.CreateFCmpOLT(magnitude, m.real(m.f.tanhThreshold));
  // The sign last: it also keeps -0, which the polynomial's sum loses.
  return m.withSign(m.b.CreateSelect(isSmall, small, large), x);
}

// x = n pi/2 + r with |r| <= pi/4, computed in double for both types; then sin or cos of r by n mod 4.
llvm::Value* emitSin(const Emitter& emitter, llvm::Value* x) {
  const Math m(emitter, x->getType());
  llvm::Value* wide = m.f.isDouble ? x : m.b.CreateFPExt(x, emitter.withElement(x->getType(), m.b.getDoubleTy()));
  const Math d(emitter, wide->getType());
  llvm::Value* magic = d.real(d.f.roundToInteger);
  llvm::Value* shifted = d.fma(wide, kTwoOverPi, magic);
  llvm::Value* n = d.b.CreateFSub(shifted, magic);
  llvm::Value* r = d.fma(n, -kHalfPi1, wide);
  r = m.f.isDouble ? d.fma(n, -kHalfPi3, d.fma(n, -kHalfPi2, r)) : d.fma(n, -kHalfPiTail, r);
  r = d.clamp(r, -0.7855, 0.7855);
  llvm::Value* quadrant = d.bits(shifted);
  if (!m.f.isDouble) {
    r = m.b.CreateFPTrunc(r, x->getType());
    quadrant = m.b.CreateTrunc(quadrant, emitter.withElement(x->getType(), m.b.getInt32Ty()));
  }
  llvm::Value* z = m.b.CreateFMul(r, r);
  llvm::Value* s =
      m.f.isDouble
          ? m.polynomial(z, {-0x1.5555555555555p-3, 0x1.111111111110cp-7, -0x1.a01a01a018c65p-13, 0x1.71de3a5353c70p-19,
                             -0x1.ae6452b60b6dbp-26, 0x1.6120a387b989ap-33, -0x1.aaaccb0824f22p-41})
          : m.polynomial(z, {-0x1.555556p-3, 0x1.111108p-7, -0x1.a00fc6p-13, 0x1.6ce06ep-19});
  llvm::Value* c = m.f.isDouble ? m.polynomial(z, {0x1.5555555555555p-5, -0x1.6c16c16c16c12p-10, 0x1.a01a01a0190a2p-16,
                                                   -0x1.27e4fb76243b8p-22, 0x1.1eed8cc8cc4ccp-29,
                                                   -0x1.93935cc92890fp-37, 0x1.aad42e0e15becp-45})
                                : m.polynomial(z, {0x1.555556p-5, -0x1.6c16b8p-10, 0x1.a010f4p-16, -0x1.24225ap-22});
  llvm::Value* sine = m.withSign(emitter.fma(m.b.CreateFMul(r, z), s, r), r);  // -0 stays
  llvm::Value* cosine = emitter.fma(m.b.CreateFMul(z, z), c, m.fma(z, -0.5, m.real(1.0)));
  llvm::Value* isOdd = m.b.CreateICmpNE(m.b.CreateAnd(quadrant, m.integer(1)), m.integer(0));
  llvm::Value* sign = m.b.CreateShl(m.b.CreateAnd(quadrant, m.integer(2)), m.f.isDouble ? 62 : 30);
  return m.fromBits(m.b.CreateXor(m.bits(m.b.CreateSelect(isOdd, cosine, sine)), sign));
}

llvm::Value* emitFloor(const Emitter& emitter, llvm::Value* x) {
  const Math m(emitter, x->getType());
  if (emitter.target.hasRounding) return m.b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, x);
  // Adding 2^23 (2^52) drops the fraction; numbers as large as that are integers already.
  const double big = m.f.isDouble ? 0x1p52 : 0x1p23;
  llvm::Value* magnitude = m.abs(x);
  llvm::Value* nearest = m.withSign(m.b.CreateFSub(m.b.CreateFAdd(magnitude, m.real(big)), m.real(big)), x);
  llvm::Value* lower = m.b.CreateFSub(nearest, m.real(1.0));
  nearest = m.b.CreateSelect(m.b.CreateFCmpOGT(nearest, x), lower, nearest);
  return m.b.CreateSelect(m.b.CreateFCmpOLT(magnitude, m.real(big)), nearest, x);
}

}  // namespace nnc::codegen
