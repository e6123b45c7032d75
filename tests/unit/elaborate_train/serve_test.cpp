// Mode serve: sessions, writes into their states, exports with listed dims.
#include "fixture.h"

namespace nnc::elaborate {

using ServeTest = ProjectTest;

/// Two layers of grouped attention with rotary positions and room for 8 tokens; a train on rows of 7 bytes.
static const char* const kDecoder = R"nn(
let model = llama(vocab: 11, d: 16, depth: 2, heads: 4, kv_heads: 2, hidden: 10, max_len: 8)
data d {
  source: idx("a")
  fields: (row: u8[7])
  let tokens[i: 6] = cast(row[i], i32)
  let y[i: 6] = cast(row[i + 1], i32)
}
fn loss(z: f32[B, T, V], y: i32[B, T]) -> f32[B] {
  let l[b] = mean[t](logsumexp[w](z[b, t, w]) - z[b, t, y[b, t]])
  return l
}
train fit { network: model  data: d  loss: loss  optimizer: sgd(0.1)  batch: 2  steps: 1 }
export model as lm(B: 2, T: [4, 1])
)nn";

/// The tokens [from, from + count) of both sequences.
static ir::Tensor tokensOf(std::int64_t from, std::int64_t count) {
  ir::Tensor tokens(ir::Type{ir::DType::I32, {2, count}});
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t t = 0; t < count; ++t) tokens.setInteger(b * count + t, (3 * (from + t) + 5 * b + 1) % 11);
  return tokens;
}

static std::vector<ir::Tensor> freshSession(const ExportProgram& program) {
  std::vector<ir::Tensor> states;
  for (const SessionState& state : program.session) {
    EXPECT_EQ(state.initial, 0.0);
    states.emplace_back(state.type);
  }
  return states;
}

TEST_F(ServeTest, TokenByTokenIsTheWholeSequence) {
  Project* const project = loadText(kDecoder);
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_TRUE(project->check()) << messages();
  const std::optional<TrainProgram> train = project->train("fit", {});
  ASSERT_TRUE(train.has_value()) << messages();
  const std::optional<ExportProgram> whole = project->network(*train, {2});
  const std::optional<ExportProgram> served = project->exported("lm");
  ASSERT_TRUE(whole.has_value() && served.has_value()) << messages();
  EXPECT_TRUE(whole->session.empty()) << "training and evaluation have no session";
  ASSERT_EQ(served->dims, std::vector<std::string>{"T"});
  ASSERT_EQ(served->entries.size(), 2u);
  EXPECT_EQ(served->entries[0].sizes, std::vector<std::int64_t>{1});
  EXPECT_EQ(served->entries[1].sizes, std::vector<std::int64_t>{4});
  ASSERT_EQ(served->session.size(), 6u) << "position, keys and values of two layers";
  EXPECT_EQ(served->session[1].path, "net.h.llama_block[0].h.attention.keys");
  ASSERT_EQ(served->slots.size(), whole->slots.size());

  const std::vector<ir::Tensor> weights = run(whole->initModule, whole->init, {number(3)});
  std::vector<ir::Tensor> arguments = weights;
  arguments.push_back(tokensOf(0, 6));
  arguments.push_back(number(0));
  const std::vector<double> expected = reals(run(whole->entries[0].module, whole->entries[0].function, arguments)[0]);

  std::vector<ir::Tensor> session = freshSession(*served);
  std::int64_t position = 0;
  for (const std::int64_t count : {4, 1, 1}) {
    const ExportEntry& entry = served->entries[count == 4 ? 1 : 0];
    arguments = weights;
    arguments.push_back(tokensOf(position, count));
    arguments.push_back(number(0));
    arguments.insert(arguments.end(), session.begin(), session.end());
    ASSERT_TRUE(entry.overrun.has_value());
    EXPECT_EQ(run(entry.overrunModule, *entry.overrun, arguments)[0].integer(0), 0);
    const std::vector<ir::Tensor> results = run(entry.module, entry.function, arguments);
    session.assign(results.begin() + 1, results.end());
    const std::vector<double> logits = reals(results[0]);
    // The keys that do not exist yet weigh exp(-1e30) = 0 and add exact zeros; the evaluator sums in the order of the
    // indices whatever the lengths are. So the bits are the same.
    for (std::int64_t b = 0; b < 2; ++b)
      for (std::int64_t t = 0; t < count; ++t)
        for (std::int64_t v = 0; v < 11; ++v)
          EXPECT_EQ(logits[static_cast<std::size_t>((b * count + t) * 11 + v)],
                    expected[static_cast<std::size_t>((b * 6 + position + t) * 11 + v)])
              << b << " " << position + t << " " << v;
    position += count;
  }
  // Six of eight places are taken: one more token fits, four do not.
  for (const ExportEntry& entry : served->entries) {
    arguments = weights;
    arguments.push_back(tokensOf(6, entry.sizes[0]));
    arguments.push_back(number(0));
    arguments.insert(arguments.end(), session.begin(), session.end());
    EXPECT_EQ(run(entry.overrunModule, *entry.overrun, arguments)[0].integer(0), entry.sizes[0] == 4 ? 1 : 0);
  }
}

TEST_F(ServeTest, EveryCombinationOfListedDimsIsAnEntry) {
  Project* const project = loadText(
      "network net(x: f32[B, n, m]) -> f32[B, m] {\n  let y[b, j] = sum[i](x[b, i, j])\n  return y\n}\n"
      "export net as e(B: [8, 1], n: [3, 2], m: 4)\n");
  ASSERT_NE(project, nullptr) << messages();
  const std::optional<ExportProgram> program = project->exported("e");
  ASSERT_TRUE(program.has_value()) << messages();
  EXPECT_EQ(program->dims, std::vector<std::string>{"n"}) << "a bare number is fixed";
  std::vector<std::pair<std::int64_t, std::int64_t>> shapes;
  for (const ExportEntry& entry : program->entries) {
    shapes.emplace_back(entry.sizes.at(0), entry.batch);
    EXPECT_EQ(entry.inputs.at(0).type.shape, (ir::Shape{entry.sizes[0], 4}));
    EXPECT_EQ(entry.results.at(0).type.shape, (ir::Shape{4}));
  }
  EXPECT_EQ(shapes, (std::vector<std::pair<std::int64_t, std::int64_t>>{{2, 1}, {2, 8}, {3, 1}, {3, 8}}));
}

struct ServeCase {
  const char* name;
  const char* text;
  const char* message;
  const char* blamed;
};
class ServeErrors : public ProjectTest, public testing::WithParamInterface<ServeCase> {};

TEST_P(ServeErrors, AreReported) {
  Project* const project = loadText(GetParam().text);
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->check());
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
  EXPECT_EQ(blamed(), GetParam().blamed) << messages();
}

INSTANTIATE_TEST_SUITE_P(
    All, ServeErrors,
    testing::Values(
        ServeCase{"WithoutServe",
                  "layer l()(x: f32[B, 2]) -> f32[B, 2] {\n  state(scope: .session) n: i32 = 0\n  update n = n + 1\n"
                  "  return x\n}\n",
                  "E0415 state `net.n` belongs to a session, and only mode .serve has sessions", "scope: .session"},
        ServeCase{"InitialFunction",
                  "layer l()(x: f32[B, 2]) -> f32[B, 2] {\n  if mode != .serve { return x }\n"
                  "  state(scope: .session) n: f32[2] = normal(0.1)\n  update n = n\n  return x\n}\n"
                  "export l() as e(B: 1)\n",
                  "E0407", "normal(0.1)"},
        ServeCase{
            "SeveralBatches",
            "layer l()(x: f32[B, 2]) -> f32[B, 2] {\n  if mode != .serve { return x }\n"
            "  state(scope: .session) n: f32[B, 2] = 0.0\n  update n = x\n  return n\n}\n"
            "export l() as e(B: [1, 2])\n",
            "E0124 export `e`: a session belongs to one batch, and `net.n` is a state of it; give the batch one size",
            "e"},
        ServeCase{
            "StateOfASize",
            "layer l()(x: f32[B, T]) -> f32[B, T] {\n  if mode != .serve { return x }\n"
            "  state(scope: .session) n: f32[T] = 0.0\n  update n = n\n  return x\n}\n"
            "export l() as e(B: 1, T: [1, 2])\n",
            "E0124 export `e`: its entries share one session, and the state `net.n` is not the same in all of them",
            "e"},
        ServeCase{
            "WrittenTooFar",
            "layer l()(x: f32[B, 4]) -> f32[B, 5] = write(zeros([B, 5]), x, at: 2, axis: 1)\nexport l() as e(B: 1)\n",
            "E0416 `write` goes outside of f32[1, 5]: axis 1 has 5 entries, and 4 are written from 2", "at: 2"},
        ServeCase{
            "WrittenTooMuch",
            "layer l()(x: f32[B, 4]) -> f32[B, 3] = write(zeros([B, 3]), x, at: 0, axis: -1)\nexport l() as e(B: 1)\n",
            "E0416 `write` goes outside of f32[1, 3]: axis 1 has 3 entries, and 4 are written", "at: 0"},
        ServeCase{"WrittenAnywhere",
                  "layer l()(x: f32[B, 1], at: i32[B]) -> f32[B, 3] = write(zeros([B, 3]), x, at: at[0], axis: 1)\n",
                  "`at` is known only when the program runs, and mode .serve alone checks it then", "at: at[0]"},
        ServeCase{"WrittenOtherShape",
                  "layer l()(x: f32[B, 4]) -> f32[B, 3, 3] = write(zeros([B, 3, 3]), x, at: 0, axis: 1)\n"
                  "export l() as e(B: 1)\n",
                  "f32[1, 4] does not fit f32[1, 3, 3] along axis 1", "x"},
        ServeCase{
            "WrittenNoAxis",
            "layer l()(x: f32[B, 4]) -> f32[B, 5] = write(zeros([B, 5]), x, at: 0, axis: 2)\nexport l() as e(B: 1)\n",
            "f32[1, 5] has no axis 2", "axis: 2"}),
    [](const testing::TestParamInfo<ServeCase>& one) { return one.param.name; });

}  // namespace nnc::elaborate
