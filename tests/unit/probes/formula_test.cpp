// Every native probe against its formula, computed by a network of its own in f64 with finite differences: batch norm
// uses the statistics of the batch in all of them, and derivatives pass through these.
#include <cmath>

#include "reference_network.h"

namespace nnc::probes {

using Net = ReferenceNetwork;
using Values = Net::Values;

class FormulaTest : public BenchTest {
 protected:
  void SetUp() override {
    open(Net::program());
    ASSERT_FALSE(HasFatalFailure());
    // Scales of batch norm that would show where they are left out.
    set("net.batch_norm.gamma", {0.5, 1.5, 1.0, 2.0, 0.7});
    set("net.batch_norm.beta", {0.1, -0.2, 0.3, 0.0, 0.5});
    parameters_ = Net::parametersOf(*train_, slots_->view());
    const Examples* const examples = bench_->probeSet();
    ASSERT_NE(examples, nullptr);
    ASSERT_EQ(examples->count(), 16);
    batch_ = Net::batchOf(*examples, 0, 16);
  }

  Values weightGradient(int layer) { return Net::weightGradient(parameters_, batch_, Net::weight(layer)); }
  Values deltaOf(int layer) {
    return Net::gradient(
        [&](const Values& moved) { return Net::loss(Net::forward(parameters_, batch_, layer, moved), batch_); },
        Values(Net::forward(parameters_, batch_)[static_cast<std::size_t>(layer)].size(), 0.0));
  }
  /// The row of a series among those of a probe.
  static Row rowOf(const Rows& rows, const std::string& series) {
    for (const Row& row : rows)
      if (row.series == series) return row;
    ADD_FAILURE() << "no series " << series;
    return {};
  }

  Net::Parameters parameters_;
  Net::Batch batch_;
};

// Finite differences are off by 1e-9 (reference_network.h); lengths here are 1e-2 and more, so that ratios are right to
// 1e-6.
constexpr double kNear = 1e-6;

TEST_F(FormulaTest, LengthsOfGradients) {
  std::vector<std::int64_t> sizes;
  const Moment moment{slots_->view(), 0, nullptr};
  const std::optional<Row> norms = bench_->standard("grad_norm", moment, sizes);
  const std::optional<Row> squares = bench_->standard("grad_rms", moment, sizes);
  const std::optional<Row> deltas = bench_->standard("delta_norm", moment, sizes);
  ASSERT_TRUE(norms && squares && deltas) << messages();
  ASSERT_EQ(norms->values.size(), 4U);
  ASSERT_EQ(deltas->values.size(), 4U);
  Values lengths, logarithms;
  for (int l = 0; l < Net::kLayers; ++l) {
    const auto i = static_cast<std::size_t>(l);
    const Values gradient = weightGradient(l), delta = deltaOf(l);
    EXPECT_NEAR(norms->values[i], lengthOf(gradient), kNear);
    EXPECT_NEAR(squares->values[i], lengthOf(gradient) / std::sqrt(static_cast<double>(gradient.size())), kNear);
    EXPECT_NEAR(deltas->values[i], lengthOf(delta), kNear);
    lengths.push_back(lengthOf(gradient));
    logarithms.push_back(std::log(lengthOf(delta)));
  }
  // The first weight has another shape than the next two, the last one is the output: layers 2 and 3 are compared. The
  // outputs of all three hidden layers have one shape: a line through three points has the slope of its ends.
  EXPECT_NEAR(measured("grad_ratio")[0].values[0], lengths[1] / lengths[2], kNear);
  EXPECT_NEAR(measured("depth_rate")[0].values[0], std::exp(-(logarithms[2] - logarithms[0]) / 2.0), kNear);
}

TEST_F(FormulaTest, GradNoise) {
  const Examples& examples = *bench_->probeSet();
  const Row row = measured("grad_noise")[0];
  ASSERT_EQ(row.values.size(), 4U);
  for (int l = 0; l < Net::kLayers; ++l) {
    const Values first = Net::weightGradient(parameters_, Net::batchOf(examples, 0, 8), Net::weight(l));
    const Values second = Net::weightGradient(parameters_, Net::batchOf(examples, 8, 8), Net::weight(l));
    EXPECT_NEAR(row.values[static_cast<std::size_t>(l)], cosineOf(first, second), kNear);
  }
}

/// A step that changes every trained number; G' of a layer has what stands in front of it after the step.
TEST_F(FormulaTest, IcsAndUpdateRatio) {
  const SlotCopy before(*train_, slots_->view());
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    if (train_->slots[i].kind != elaborate::SlotKind::Parameter) continue;
    for (std::int64_t k = 0; k < tensors_[i].type.elementCount(); ++k)
      tensors_[i].setReal(k, tensors_[i].real(k) + 0.2 * normalAt("step/" + train_->slots[i].path, 0, k));
  }
  keepSlots();
  const Net::Parameters after = Net::parametersOf(*train_, slots_->view());
  const Rows rows = measured("ics", &before, 1);
  const Row ratios = measured("update_ratio", &before, 1)[0];
  Net::Parameters mixed = parameters_;
  const std::vector<std::size_t> trained = trainedSlots(*train_);
  std::size_t column = 0;
  for (const std::size_t slot : trained) {
    const std::string& path = train_->slots[slot].path;
    if (train_->slots[slot].type.rank() >= 2) {
      const Values old = Net::weightGradient(parameters_, batch_, path);
      const Values changed = Net::weightGradient(mixed, batch_, path);
      EXPECT_NEAR(rowOf(rows, "ics.cos").values[column], cosineOf(old, changed), kNear) << path;
      EXPECT_NEAR(rowOf(rows, "ics.distance").values[column], lengthOf(minus(changed, old)), kNear) << path;
      EXPECT_NEAR(rowOf(rows, "ics.relative").values[column], lengthOf(minus(changed, old)) / lengthOf(old), 1e-5);
      EXPECT_NEAR(ratios.values[column],
                  lengthOf(minus(after.at(path), parameters_.at(path))) / lengthOf(parameters_.at(path)), 1e-12);
      ++column;
    }
    mixed[path] = after.at(path);
  }
  EXPECT_EQ(column, 4U);
  EXPECT_LT(rowOf(rows, "ics.cos").values[3], 0.999);  // something changed
}

/// All trained parameters move along their gradient, biases and those of batch norm among them.
TEST_F(FormulaTest, Smooth) {
  const auto gradientAt = [&](const Net::Parameters& parameters) {
    Values all;
    for (const auto& [path, values] : parameters) {
      const Values part = Net::weightGradient(parameters, batch_, path);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  };
  const Values start = gradientAt(parameters_);
  double low = Net::loss(parameters_, batch_), high = low, greatest = 0.0, beta = 0.0;
  for (const double factor : {0.25, 0.5, 1.0, 2.0, 4.0}) {
    Net::Parameters moved = parameters_;
    std::size_t at = 0;
    for (auto& [path, values] : moved)
      for (double& value : values) value -= factor * 0.1 * start[at++];
    const double change = lengthOf(minus(gradientAt(moved), start));
    low = std::min(low, Net::loss(moved, batch_));
    high = std::max(high, Net::loss(moved, batch_));
    greatest = std::max(greatest, change);
    beta = std::max(beta, change / (factor * 0.1 * lengthOf(start)));
  }
  const Rows rows = measured("smooth");
  // The learning rate is a number in f32: 0.1 to 1.5e-8.
  EXPECT_NEAR(rowOf(rows, "smooth.low").values[0], low, kNear);
  EXPECT_NEAR(rowOf(rows, "smooth.high").values[0], high, kNear);
  EXPECT_NEAR(rowOf(rows, "smooth.gradient").values[0], greatest, kNear);
  EXPECT_NEAR(rowOf(rows, "smooth.beta").values[0], beta, 1e-5);
}

/// The whole Jacobian over the batch, one column for each output of the layer in front.
TEST_F(FormulaTest, JacobianSingularValues) {
  const Rows rows = measured("jac_sv");
  ASSERT_EQ(rows[0].values.size(), 3U);
  for (int l = 0; l + 1 < Net::kLayers; ++l) {
    const std::size_t from = batch_.x.size() * Net::kUnits;
    const std::size_t to = Net::forward(parameters_, batch_)[static_cast<std::size_t>(l) + 1].size();
    std::vector<Values> columns;  // [from][to]
    for (std::size_t c = 0; c < from; ++c) {
      Values up(from, 0.0), down(from, 0.0);
      up[c] = 1e-5;
      down[c] = -1e-5;
      Values column = minus(Net::forward(parameters_, batch_, l, up)[static_cast<std::size_t>(l) + 1],
                            Net::forward(parameters_, batch_, l, down)[static_cast<std::size_t>(l) + 1]);
      for (double& each : column) each /= 2e-5;
      columns.push_back(std::move(column));
    }
    const auto transposed = [&](const Values& v) {
      Values result;
      for (const Values& column : columns) result.push_back(dotOf(column, v));
      return result;
    };
    const auto applied = [&](const Values& u) {
      Values result(to, 0.0);
      for (std::size_t c = 0; c < from; ++c)
        for (std::size_t r = 0; r < to; ++r) result[r] += columns[c][r] * u[c];
      return result;
    };
    // The estimate of 8 random sign vectors, and how far it may lie from |J|_F^2: the variance of v^T A v is twice the
    // sum of the squares of A = J J^T beside its diagonal.
    double squares = 0.0, exact = 0.0, variance = 0.0;
    for (std::int64_t i = 0; i < 8; ++i) {
      Values v;
      for (std::size_t r = 0; r < to; ++r) v.push_back(signAt("jac_sv/v", i, static_cast<std::int64_t>(r)));
      const Values back = transposed(v);
      squares += dotOf(back, back) / 8.0;
    }
    for (const Values& column : columns) exact += dotOf(column, column);
    for (std::size_t a = 0; a < to; ++a)
      for (std::size_t b = 0; b < to; ++b) {
        double entry = 0.0;
        for (const Values& column : columns) entry += column[a] * column[b];
        if (a != b) variance += 2.0 * entry * entry / 8.0;
      }
    const auto count = static_cast<double>(std::min(from, to));
    const auto at = static_cast<std::size_t>(l);
    EXPECT_NEAR(rowOf(rows, "jac_sv.rms").values[at], std::sqrt(squares / count), kNear);
    EXPECT_NEAR(squares, exact, 4.0 * std::sqrt(variance));
    // Ten steps of the power method, and the bound that they approach from below: 200 more.
    Values u;
    for (std::size_t c = 0; c < from; ++c) u.push_back(normalAt("jac_sv/u", 0, static_cast<std::int64_t>(c)));
    double greatest = 0.0, limit = 0.0;
    for (int i = 0; i < 210; ++i) {
      const double size = lengthOf(u);
      for (double& each : u) each /= size;
      u = transposed(applied(u));
      limit = std::sqrt(lengthOf(u));
      if (i == 9) greatest = limit;
    }
    EXPECT_NEAR(rowOf(rows, "jac_sv.max").values[at], greatest, kNear);
    EXPECT_LE(greatest, limit + kNear);
    // Of n values from a random start, k steps find the greatest eigenvalue, here its square, with a relative error of
    // 0.871 ln n / (k - 1) in the mean: Kuczynski and Wozniakowski 1992, theorem 3.1.
    EXPECT_GT(greatest * greatest, (1.0 - 0.871 * std::log(static_cast<double>(from)) / 9.0) * limit * limit);
  }
}

/// Examples 0 and 1, 2 and 3, .. of classes 0 1 2 0 1 2 ..: each with the next one of another class.
TEST_F(FormulaTest, GradShatter) {
  constexpr int kPoints = 256;
  const int lags[] = {1, 4, 16};
  double sums[3] = {};
  for (std::size_t pair = 0; pair < 4; ++pair) {
    const Values &a = batch_.x[2 * pair], &b = batch_.x[2 * pair + 1];
    const int chosen = batch_.y[2 * pair];
    Net::Batch line;
    for (int point = 0; point < kPoints; ++point) {
      const double t = static_cast<double>(point) / (kPoints - 1);
      Values& x = line.x.emplace_back();
      for (std::size_t k = 0; k < a.size(); ++k) x.push_back((1.0 - t) * a[k] + t * b[k]);
    }
    const auto logit = [&] {
      const std::vector<Values> z = Net::forward(parameters_, line);
      double sum = 0.0;
      for (int point = 0; point < kPoints; ++point)
        sum += z.back()[static_cast<std::size_t>(point * Net::kClasses + chosen)];
      return sum;
    };
    std::vector<Values> gradients;
    for (int point = 0; point < kPoints; ++point)
      gradients.push_back(Net::gradient(
          [&](const Values& x) {
            const Values kept = std::exchange(line.x[static_cast<std::size_t>(point)], x);
            const double sum = logit();
            line.x[static_cast<std::size_t>(point)] = kept;
            return sum;
          },
          line.x[static_cast<std::size_t>(point)]));
    for (std::size_t i = 0; i < 3; ++i)
      for (int point = 0; point + lags[i] < kPoints; ++point)
        sums[i] +=
            cosineOf(gradients[static_cast<std::size_t>(point)], gradients[static_cast<std::size_t>(point + lags[i])]) /
            (kPoints - lags[i]) / 4.0;
  }
  const Rows rows = measured("grad_shatter");
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(rowOf(rows, "grad_shatter.lag" + std::to_string(lags[i])).values[0], sums[i], kNear);
  EXPECT_LT(sums[2], 0.999);
}

/// Biases and the parameters of batch norm stay; each unit's direction is as long as its weights.
TEST_F(FormulaTest, Slice) {
  const Net::Batch batch = Net::batchOf(*bench_->trainingSet(), 0, 24);
  const auto directionOf = [&](std::int64_t number) {
    Net::Parameters all;
    for (int l = 0; l < Net::kLayers; ++l) {
      const std::string path = Net::weight(l);
      const Values& w = parameters_.at(path);
      const std::size_t units = l + 1 < Net::kLayers ? Net::kUnits : Net::kClasses;
      Values d(w.size());
      for (std::size_t k = 0; k < w.size(); ++k) d[k] = normalAt("slice/" + path, number, static_cast<std::int64_t>(k));
      for (std::size_t u = 0; u < units; ++u) {
        double wanted = 0.0, drawn = 0.0;
        for (std::size_t k = u; k < w.size(); k += units) {
          wanted += w[k] * w[k];
          drawn += d[k] * d[k];
        }
        for (std::size_t k = u; k < w.size(); k += units) d[k] *= std::sqrt(wanted / drawn);
      }
      all[path] = std::move(d);
    }
    return all;
  };
  const Net::Parameters d = directionOf(0), e = directionOf(1);
  const auto lossAt = [&](double a, double b) {
    Net::Parameters moved = parameters_;
    for (auto& [path, values] : moved)
      if (d.contains(path))
        for (std::size_t k = 0; k < values.size(); ++k) values[k] += a * d.at(path)[k] + b * e.at(path)[k];
    return Net::loss(moved, batch);
  };
  const Rows rows = measured("slice");
  for (int i = 0; i < 21; ++i)
    EXPECT_NEAR(rowOf(rows, "slice").values[static_cast<std::size_t>(i)], lossAt(-1.0 + 0.1 * i, 0.0), 1e-9);
  EXPECT_NEAR(rowOf(rows, "slice.sharp").values[0], (lossAt(-0.5, 0) + lossAt(0.5, 0)) / 2.0 - lossAt(0, 0), 1e-9);
  const Row plane = measured("slice_2d")[0];
  for (int j = 0; j < 21; ++j)
    for (int i = 0; i < 21; ++i)
      EXPECT_NEAR(plane.values[static_cast<std::size_t>(21 * j + i)], lossAt(-1.0 + 0.1 * i, -1.0 + 0.1 * j), 1e-9);
}

}  // namespace nnc::probes
