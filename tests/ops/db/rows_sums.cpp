// Samples of reductions and contractions.
#include "db/helpers.h"

namespace nnc::ops::rows {

struct ReduceCase {
  Shape shape;
  std::vector<int> axes;
};
static const std::vector<ReduceCase>& reduceCases() {
  static const std::vector<ReduceCase> kCases = {{{}, {}},
                                                 {{7}, {}},
                                                 {{0}, {0}},
                                                 {{1}, {0}},
                                                 {{7}, {0}},
                                                 {{16}, {0}},
                                                 {{17}, {0}},
                                                 {{33}, {0}},
                                                 {{65}, {0}},
                                                 {{3, 5}, {0}},
                                                 {{3, 5}, {1}},
                                                 {{3, 5}, {0, 1}},
                                                 {{17, 33}, {0}},
                                                 {{17, 33}, {1}},
                                                 {{2, 3, 4}, {0, 2}},
                                                 {{2, 3, 4}, {1}},
                                                 {{2, 3, 4}, {0, 1, 2}},
                                                 {{0, 3}, {0}},
                                                 {{3, 0}, {0}},
                                                 {{2, 0, 3}, {0, 1}},
                                                 {{1, 64}, {0}},
                                                 {{64, 1}, {0}},
                                                 {{2, 3, 2, 5}, {1, 3}}};
  return kCases;
}
static std::string noteOf(const ReduceCase& c) {
  std::string note = "over";
  for (const int axis : c.axes) note += " " + std::to_string(axis);
  return note;
}

/// `smooth` keeps the elements of a maximum apart.
static Row reduction(Agreement agreement, const Fill& smooth, bool takesBool) {
  Row row;
  row.agreement = agreement;
  row.differentiable = {true};
  for (const ReduceCase& c : reduceCases())
    for (const DType dtype : kFloats)
      row.samples.push_back(sampleOf({{{dtype, c.shape}, smooth}}, ir::ReduceAttributes{c.axes}, noteOf(c)));
  for (const DType dtype : kAllTypes) {
    if (dtype == DType::Bool && !takesBool) continue;
    for (const ReduceCase& c :
         {ReduceCase{{3, 5}, {0}}, ReduceCase{{3, 5}, {1}}, ReduceCase{{0, 3}, {0}}, ReduceCase{{5, 16}, {1}}}) {
      Sample sample = sampleOf({{{dtype, c.shape}, listed(specials(dtype))}}, ir::ReduceAttributes{c.axes},
                               noteOf(c) + " specials");
      sample.notSmooth = "edges of the dtype";
      row.samples.push_back(std::move(sample));
    }
  }
  Sample half = sampleOf({{{DType::BF16, {5, 17}}, uniform(-2, 2)}}, ir::ReduceAttributes{{1}}, "bf16");
  half.notSmooth = "bf16";
  row.samples.push_back(std::move(half));
  return row;
}

Row ReduceSum() { return reduction(Agreement::Sum, uniform(-2, 2), false); }
Row ReduceMax() {
  Row row = reduction(Agreement::Bits, distinct(), true);
  Sample ties =
      sampleOf({{{DType::F32, {2, 4}}, listed({1, 3, 3, 2, -1, -1, -1, -1})}}, ir::ReduceAttributes{{1}}, "ties");
  ties.notSmooth = "ties";
  row.samples.push_back(std::move(ties));
  return row;
}

Row Contract() {
  Row row;
  row.agreement = Agreement::Sum;
  row.differentiable = {true, true};
  struct Case {
    Shape a, b;
    ir::ContractAttributes letters;
  };
  const std::vector<Case> cases = {
      {{2, 3}, {3, 4}, {"bi", "io", "bo"}},
      {{17, 33}, {33, 16}, {"bi", "io", "bo"}},
      {{33, 17}, {33, 16}, {"ib", "io", "bo"}},
      {{17, 9}, {16, 9}, {"bi", "oi", "bo"}},
      {{9, 17}, {16, 9}, {"ib", "oi", "bo"}},
      {{17, 9}, {9, 16}, {"bi", "io", "ob"}},
      {{1, 64}, {64, 1}, {"bi", "io", "bo"}},
      {{64, 1}, {1, 7}, {"bi", "io", "bo"}},
      {{3, 0}, {0, 2}, {"bi", "io", "bo"}},
      {{0, 3}, {3, 2}, {"bi", "io", "bo"}},
      {{5}, {5}, {"i", "i", ""}},
      {{65}, {65}, {"i", "i", ""}},
      {{3}, {4}, {"i", "j", "ij"}},
      {{3}, {4}, {"i", "j", "ji"}},
      {{}, {}, {"", "", ""}},
      {{}, {5}, {"", "i", "i"}},
      {{3, 5}, {5}, {"bi", "i", "b"}},
      {{3, 5}, {3, 5}, {"bi", "bi", "b"}},
      {{3, 5}, {3, 5}, {"bi", "bi", "bi"}},
      {{2, 3, 4}, {2, 4, 5}, {"bik", "bkj", "bij"}},
      {{2, 3, 4}, {2, 4, 5}, {"bik", "bkj", "jbi"}},
      {{4, 3, 2}, {5, 2, 4}, {"kib", "jbk", "bij"}},
      {{2, 3, 4}, {3, 4, 5}, {"aij", "ijk", "ak"}},
      {{2, 3, 4}, {4, 3, 5}, {"aij", "jik", "ak"}},
      {{2, 3, 2, 4}, {3, 2, 5}, {"bqui", "quo", "boi"}},
      {{2, 2, 3, 3, 2, 2}, {2, 2, 2, 3}, {"bqijuv", "quvo", "bijo"}},  // a convolution over windows
  };
  for (const Case& c : cases)
    for (const DType dtype : kFloats)
      row.samples.push_back(sampleOf({{{dtype, c.a}, uniform(-2, 2)}, {{dtype, c.b}, uniform(-2, 2)}}, c.letters,
                                     c.letters.a + "," + c.letters.b + "->" + c.letters.y));
  // Pairs of bf16 along a sum of even extent, in every arrangement that a product can have; odd extents; tails of rows
  // and columns; more sums than one panel holds; a pair along a sum that is not the innermost.
  std::vector<Case> ofBf16 = cases;
  ofBf16.insert(ofBf16.end(), {{{33, 34}, {34, 47}, {"bi", "io", "bo"}},
                               {{34, 33}, {34, 47}, {"ib", "io", "bo"}},
                               {{17, 10}, {33, 10}, {"bi", "oi", "bo"}},
                               {{34, 17}, {16, 34}, {"ib", "oi", "bo"}},
                               {{3, 2}, {2, 70}, {"bi", "io", "bo"}},
                               {{2, 3000}, {3000, 40}, {"bi", "io", "bo"}},
                               {{40, 3000}, {36, 3000}, {"bi", "oi", "bo"}},
                               {{3, 4, 5, 6}, {6, 3, 4, 5}, {"abcd", "eafc", "bdef"}},
                               {{5, 4, 3}, {4, 3, 17}, {"bij", "ijo", "bo"}},
                               {{2, 5, 6}, {2, 6, 5}, {"bik", "bkj", "bij"}}});
  for (const Case& c : ofBf16) {
    Sample sample = sampleOf({{{DType::BF16, c.a}, uniform(-2, 2)}, {{DType::BF16, c.b}, uniform(-2, 2)}}, c.letters,
                             c.letters.a + "," + c.letters.b + "->" + c.letters.y);
    sample.notSmooth = "bf16";
    row.samples.push_back(std::move(sample));
  }
  for (const DType dtype : {DType::I8, DType::U8, DType::I32, DType::I64}) {
    const Fill fill = listed(specials(dtype));
    Sample sample = sampleOf({{{dtype, {3, 7}}, fill}, {{dtype, {7, 5}}, fill}},
                             ir::ContractAttributes{"bi", "io", "bo"}, "bi,io->bo");
    sample.notSmooth = kNotReal;
    row.samples.push_back(std::move(sample));
  }
  return row;
}

}  // namespace nnc::ops::rows
