// What data and train blocks refuse: the message, and the place that it blames.
#include "fixture.h"

namespace nnc::elaborate {

/// A program that is right; the cases replace one piece of it.
static std::string program(const std::string& from, const std::string& to) {
  std::string text = R"nn(
data toy {
  source: idx("a", "b")
  fields: (pixels: u8[2, 2], label: u8)
  let x = reshape(cast(pixels, f32) / 255.0, [4])
  let y = cast(label, i32)
  split: (train: 0..80, valid: 80..100)
}
network net(hidden: dim = 3)(x: f32[B, 4]) -> f32[B, 2] {
  return x |> dense(hidden) |> relu |> dense(2)
}
train fit(hidden: dim = 3, lr: real = 0.1, act: fn = relu, opt: enum(sgd, adam) = .sgd) {
  network:   net(hidden)
  data:      toy
  loss:      cross_entropy
  metrics:   [accuracy]
  optimizer: sgd(lr)
  batch:     10
  epochs:    2
}
)nn";
  if (from.empty()) return text + to;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST_F(ProjectTest, TheProgramItselfIsRight) {
  Project* const project = loadText(program("", ""));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_TRUE(project->check()) << messages();
  EXPECT_EQ(messages(), "");
}

struct TrainCase {
  const char* name;
  const char* from;
  const char* to;
  const char* message;  // a part of messages()
  const char* blamed;
};

class TrainErrors : public ProjectTest, public testing::WithParamInterface<TrainCase> {};

TEST_P(TrainErrors, AreReported) {
  Project* const project = loadText(program(GetParam().from, GetParam().to));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->check());
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
  EXPECT_EQ(blamed(), GetParam().blamed) << messages();
}

static std::string caseName(const testing::TestParamInfo<TrainCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Settings, TrainErrors,
    testing::Values(
        TrainCase{"Unknown", "epochs:    2", "epoch: 2", "E0105 unknown setting `epoch` in train block `fit`", "epoch"},
        TrainCase{"UnknownHasAHint", "epochs:    2", "epoch: 2", "help did you mean `epochs`?", "epoch"},
        TrainCase{"OfTheOtherBlock", "epochs:    2", "epochs: 2 shuffle: false",
                  "E0105 unknown setting `shuffle` in train block", "shuffle"},
        TrainCase{"Twice", "epochs:    2", "epochs: 2 batch: 4",
                  "E0106 setting `batch` stands twice in train block `fit`\n  also first here", "batch"},
        TrainCase{"Missing", "loss:      cross_entropy", "", "E0107 train block `fit` has no setting `loss`", "fit"},
        TrainCase{"NeitherEpochsNorSteps", "epochs:    2", "", "help or write `steps:` instead", "fit"},
        TrainCase{"EpochsAndSteps", "epochs:    2", "epochs: 2 steps: 5",
                  "E0108 `epochs` and `steps` exclude each other", "steps"},
        TrainCase{"TargetIsANumber", "epochs:    2", "epochs: 2 target: 1",
                  "E0109 setting `target` takes a condition, valid.accuracy >= 0.9, and this is no comparison", "1"},
        TrainCase{"Batch", "batch:     10", "batch: 0",
                  "E0109 setting `batch` takes a whole number from 1, and this is 0", "0"},
        TrainCase{"BatchIsReal", "batch:     10", "batch: 1.5",
                  "E0109 setting `batch` takes a whole number from 1, and this is", "1.5"},
        TrainCase{"NetworkIsANumber", "network:   net(hidden)", "network: 3",
                  "E0109 setting `network` takes a network or layer", "3"},
        TrainCase{"LossIsAnOptimizer", "loss:      cross_entropy", "loss: sgd(0.1)",
                  "E0109 setting `loss` takes a function", "sgd(0.1)"},
        TrainCase{"OptimizerIsAFn", "optimizer: sgd(lr)", "optimizer: relu",
                  "E0109 setting `optimizer` takes an optimizer", "relu"},
        TrainCase{"DataIsATrain", "data:      toy", "data: fit", "E0109 setting `data` takes a data block", "fit"},
        TrainCase{"TakeNothing", "data:      toy", "data: toy.take(0)",
                  "E0109 setting `take` takes one whole number from 1, and this is 0", "toy.take(0)"},
        TrainCase{"MetricTwice", "[accuracy]", "[accuracy, accuracy]", "a second result named `accuracy`", "accuracy"},
        TrainCase{"ClipBelowZero", "epochs:    2", "epochs: 2 clip: global_norm(-1.0)",
                  "E0109 setting `clip` takes global_norm(1.0), and this is no number above 0", "-1.0"},
        TrainCase{"PatienceOfAnUnknownMetric", "epochs:    2", "epochs: 2 stop: patience(valid.error, 3)",
                  "`error`, which is neither `loss` nor a metric", "error"},
        TrainCase{"PatienceOfAnUnknownPart", "epochs:    2", "epochs: 2 stop: patience(test.loss, 3)",
                  "E0812 `test.loss` asks for the part `test`, and data `toy` has train, valid", "test.loss"},
        TrainCase{"CheckpointNow", "epochs:    2", "epochs: 2 checkpoint: true",
                  "E0109 setting `checkpoint` takes a period, every(minutes(5)) or every(steps(1000)), and this is "
                  "something else",
                  "true"},
        TrainCase{"CheckpointOfAnUnknownUnit", "epochs:    2", "epochs: 2 checkpoint: every(days(1))",
                  "and this is something else", "days(1)"},
        TrainCase{"CheckpointAtHalfASteps", "epochs:    2", "epochs: 2 checkpoint: every(steps(0.5))",
                  "and this is no whole number from 1", "0.5"},
        TrainCase{"CheckpointWithoutPause", "epochs:    2", "epochs: 2 checkpoint: every(minutes(0))",
                  "and this is no number above 0", "0"},
        TrainCase{"CheckpointOfTwoNumbers", "epochs:    2", "epochs: 2 checkpoint: every(minutes(1, 30))",
                  "and this is 2 numbers", "minutes(1, 30)"},
        TrainCase{"UnknownPrecision", "epochs:    2", "epochs: 2 precision: .f16",
                  "E0109 setting `precision` takes .f32, .f64 or .bf16 (matrix products of bf16, all else in f32), and "
                  "this is the symbol .f16",
                  ".f16"},
        TrainCase{"FreezeNothing", "epochs:    2", "epochs: 2 freeze: [net.stem]",
                  "E0815 `net.stem` names no parameter of the network\n  note parameters: net.dense.w, net.dense.b, "
                  "net.dense_2.w, net.dense_2.b",
                  "net.stem"},
        TrainCase{"FreezeAll", "epochs:    2", "epochs: 2 freeze: [net]",
                  "E0814 train `fit` trains nothing: all parameters are frozen", "net(hidden)"},
        TrainCase{"NothingToTrain", "network:   net(hidden)", "network: relu",
                  "E0814 train `fit` trains nothing: its network has no parameters", "relu"}),
    caseName);

INSTANTIATE_TEST_SUITE_P(
    Data, TrainErrors,
    testing::Values(
        TrainCase{"NoReader", "source: idx(\"a\", \"b\")", "source: \"a\"",
                  "E0804 `source` takes a reader, and this is none", "\"a\""},
        TrainCase{"MisspeltReader", "source: idx(\"a\", \"b\")", "source: idxx(\"a\", \"b\")",
                  "help did you mean `idx`?", "idxx(\"a\", \"b\")"},
        TrainCase{"ReaderInTheFields", "source: idx(\"a\", \"b\")", "source: zip(csv(\"a\"), text_window(\"b\", 3))",
                  "E0804 `source` takes a reader, and this is none", "text_window(\"b\", 3)"},
        TrainCase{"ZipOfOne", "source: idx(\"a\", \"b\")", "source: zip(idx(\"a\", \"b\"))",
                  "E0805 `zip` takes two readers or more", "zip(idx(\"a\", \"b\"))"},
        TrainCase{"ZipOfOneFieldTwice", "source: idx(\"a\", \"b\")",
                  "source: zip(idx(\"a\", \"b\"), bin(\"c\", record: (label: u8)))",
                  "E0805 `zip` takes one field `label`, and two readers deliver one",
                  "bin(\"c\", record: (label: u8))"},
        TrainCase{"CsvHeader", "source: idx(\"a\", \"b\")", "source: csv(\"a\", header: 1)",
                  "E0805 `csv` takes `header: .auto`, true or false, and this is 1", "header: 1"},
        TrainCase{"CsvMissing", "source: idx(\"a\", \"b\")", "source: csv(\"a\", missing: \"x\")",
                  "E0805 `csv` takes a number for empty cells, and this is the text \"x\"", "missing: \"x\""},
        TrainCase{"ImageSize", "source: idx(\"a\", \"b\")", "source: images(\"a\", size: (0, 3))",
                  "E0805 `images` takes the size of the images as (height, width), each from 1 to 16384",
                  "size: (0, 3)"},
        TrainCase{"NotAFileName", "source: idx(\"a\", \"b\")", "source: idx(\"a\", 3)",
                  "E0805 `idx` takes names of files, one for each field", "3"},
        TrainCase{"FilesAndFields", "source: idx(\"a\", \"b\")", "source: idx(\"a\")",
                  "E0801 `fields` names 2 fields and `source` reads one file", "idx(\"a\")"},
        TrainCase{"TestFilesAndFields", "source: idx(\"a\", \"b\")",
                  "source: idx(\"a\", \"b\") test: idx(\"c\", \"d\", \"e\")",
                  "E0801 `fields` names 2 fields and `test` reads 3 files", "idx(\"c\", \"d\", \"e\")"},
        TrainCase{"NoDType", "label: u8", "label: byte", "E0802 field `label` is `byte`, which is no dtype", "byte"},
        TrainCase{"SizeZero", "pixels: u8[2, 2]", "pixels: u8[0, 2]", "E0802 field `pixels` is of a size that is 0",
                  "0"},
        TrainCase{"NoFieldsSetting", "fields: (pixels: u8[2, 2], label: u8)", "",
                  "E0107 data block `toy` has no setting `fields`", "toy"},
        TrainCase{"Overlap", "valid: 80..100", "valid: 70..100",
                  "E0803 the parts `train` and `valid` overlap: both have the rows 70..80", "valid: 70..100"},
        TrainCase{"SeenOverlap", "valid: 80..100", "valid: 80..100, seen: 60..90",
                  "E0803 the parts `valid` and `seen` overlap: both have the rows 80..90", "seen: 60..90"},
        TrainCase{"EmptyRange", "valid: 80..100", "valid: 80..80",
                  "E0803 a part is a name with a range of rows that is not empty", "valid: 80..80"},
        TrainCase{"UnknownPart", "valid: 80..100", "validation: 80..100",
                  "E0803 `validation` is no part of the data: parts are train, valid, test and seen",
                  "validation: 80..100"},
        TrainCase{"NoTrainPart", "train: 0..80, ", "", "E0803 this split has no part `train`", "valid: 80..100"},
        TrainCase{"RandomIsTooMuch", "(train: 0..80, valid: 80..100)", "random(valid: 0.5, test: 0.5)",
                  "E0803 the parts of this split leave nothing for `train`", "random"},
        TrainCase{"RandomIsNoFraction", "(train: 0..80, valid: 80..100)", "random(valid: 2)",
                  "E0803 a random part is a name with a fraction between 0 and 1", "valid: 2"},
        TrainCase{"Augment", "split: ", "augment: [1] split: ",
                  "E0109 setting `augment` takes a list of functions, [random_crop(pad: 4)], and this is the int 1",
                  "1"},
        TrainCase{"FieldsOfAText", "source: idx(\"a\", \"b\")", "source: text_windows(\"a\", 8)",
                  "E0808 the reader `text_windows` names its fields itself\n  also delivers tokens: i32[8], y: i32[8]\n"
                  "  help leave `fields` out",
                  "pixels"},
        TrainCase{"TestOfAnotherLength", "source: idx(\"a\", \"b\")\n  fields: (pixels: u8[2, 2], label: u8)",
                  "source: text_windows(\"a\", 8) test: text_windows(\"a\", length: 9)",
                  "E0817 the test source delivers tokens: i32[9], y: i32[9], and the source tokens: i32[8], y: i32[8]",
                  "text_windows(\"a\", length: 9)"},
        TrainCase{"NoLength", "source: idx(\"a\", \"b\")", "source: text_windows(\"a\")",
                  "E0805 `text_windows` takes the argument `length`\n  note text_windows(\"file\", length: 128,",
                  "text_windows(\"a\")"},
        TrainCase{"NoSuchArgument", "source: idx(\"a\", \"b\")", "source: text_windows(\"a\", 8, stride: 2)",
                  "E0805 `text_windows` takes no argument `stride`; it takes file, length, vocab", "stride: 2"},
        TrainCase{"NoVocabulary", "source: idx(\"a\", \"b\")", "source: text_windows(\"a\", 8, vocab: .words)",
                  "E0805 `text_windows` takes `vocab: .bytes`, `.chars` or `bpe(\"bpe.json\")`, and this is .words",
                  "vocab: .words"},
        TrainCase{"LengthZero", "source: idx(\"a\", \"b\")", "source: text_windows(\"a\", 0)",
                  "E0805 `text_windows` takes a whole number from 1 to 2^40, and this is 0", "0"}),
    caseName);

INSTANTIATE_TEST_SUITE_P(
    Matching, TrainErrors,
    testing::Values(
        TrainCase{"NetworkArgument", "let x = reshape", "let image = reshape",
                  "E0806 `x` of network `net` matches no field of data `toy`", "net(hidden)"},
        TrainCase{"BothSides", "let x = reshape", "let image = reshape",
                  "  also defines, for each example: image: f32[4], y: i32, pixels: u8[2, 2], label: u8\n"
                  "  note network `net` takes x: f32[B, 4]",
                  "net(hidden)"},
        TrainCase{"LossArgument", "let y = cast", "let label_ = cast",
                  "E0806 `y` of loss `cross_entropy` matches no field of data `toy`", "cross_entropy"},
        TrainCase{"BothSidesOfALoss", "let y = cast", "let label_ = cast",
                  "note loss `cross_entropy` takes the network's output, y: i32[B]", "cross_entropy"},
        TrainCase{"Rank", "let x = reshape(cast(pixels, f32) / 255.0, [4])", "let x = cast(pixels, f32)",
                  "E0807 field `x` of data `toy` is f32[2, 2] for each example, and network `net` takes `x: f32[B, 4]`",
                  "net(hidden)"},
        TrainCase{"DType", "let y = cast(label, i32)", "let y = label",
                  "E0807 field `y` of data `toy` is u8 for each example, and loss `cross_entropy` takes `y: i32[B]`",
                  "cross_entropy"},
        TrainCase{"DTypeHasAHint", "let y = cast(label, i32)", "let y = label",
                  "help convert it: `let y = cast(.., i32)`", "cross_entropy"},
        TrainCase{"BatchIsANumber", "(x: f32[B, 4])", "(x: f32[10, 4])",
                  "E0809 the first dim of `x` is the batch, and must be a name such as `B`", "x: f32[10, 4]"},
        TrainCase{"LossIsNotPerExample", "loss:      cross_entropy", "loss: fn (z, y) => z",
                  "E0810 loss `fn (..) => ..` gives", "fn (z, y) => z"},
        TrainCase{"TotalOfExamples", "metrics:   [accuracy]",
                  "metrics:   [\"a\": fn (z, y) => over_batches(cross_entropy(z, y))]",
                  "E0811 `over_batches`: the metric `a` gives one number per example, and here sums over batches",
                  "over_batches(cross_entropy(z, y))"},
        TrainCase{
            "TotalOfTheBatchsShape", "metrics:   [accuracy]",
            "metrics:   [\"a\": fn (z, y) => total(over_batches(cross_entropy(z, y)))]",
            "E0811 `over_batches`: the shape of what is summed depends on the batch: it is f32[10] for one size and "
            "f32[20] for another",
            "over_batches(cross_entropy(z, y))"},
        TrainCase{"TotalInIndexNotation", "metrics:   [accuracy]",
                  "metrics:   [\"a\": fn (z, y) => sum[b](over_batches(z[b, 0]))]",
                  "E0220 `x` of `over_batches`: the whole tensor is summed: outside index notation and scans",
                  "z[b, 0]"}),
    caseName);

TEST_F(ProjectTest, ParametersMayNotDependOnTheBatch) {
  Project* const project = loadText(program("return x |> dense(hidden) |> relu |> dense(2)\n}",
                                            "return x |> bad |> dense(2)\n}\nlayer bad(x: f32[B, n]) -> f32[B, n] {\n  "
                                            "param w: f32[B, n]\n  return x * w\n}"));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->check());
  EXPECT_NE(
      messages().find(
          "E0809 `net.bad.w` depends on the batch: it is f32[10, 4] for a batch of 10 and f32[20, 4] for one of 20"),
      std::string::npos)
      << messages();
}

TEST_F(ProjectTest, AParameterOfEvaluationAloneIsRefused) {
  Project* const project =
      loadText(program("return x |> dense(hidden) |> relu |> dense(2)\n}",
                       "return x |> late |> dense(2)\n}\nlayer late(x: f32[B, n]) -> f32[B, n] {\n  if mode == .train "
                       "{ return x }\n  param w: f32[n] = 1.0\n  let y[b, i] = x[b, i] * w[i]\n  return y\n}"));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->check());
  EXPECT_NE(messages().find("E0816 `net.late.w` exists in mode .eval and not in mode .train"), std::string::npos)
      << messages();
}

TEST_F(ProjectTest, AParameterWithoutGradientWarns) {
  Project* const project = loadText(program("return x |> dense(hidden) |> relu |> dense(2)",
                                            "return stop_gradient(x |> dense(hidden)) |> relu |> dense(2)"));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_TRUE(project->check()) << messages();
  EXPECT_NE(messages().find("W0702 no gradient reaches parameter `net.dense.w`"), std::string::npos) << messages();
  EXPECT_EQ(messages().find("`net.dense_2.w`"), std::string::npos) << messages();
  // Said once, though the network is elaborated for several modes and batch sizes.
  EXPECT_EQ(diagnostics_.all().size(), 2u) << messages();
}

TEST_F(ProjectTest, ExperimentsAreKnownByName) {
  Project* const project = loadText(program(
      "", "experiment compare {\n  run: fit\n  vary lr in [0.1, 0.2]\n  seeds: 2\n  measure a = valid.accuracy\n}\n"));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_TRUE(project->check()) << messages();
  EXPECT_EQ(messages(), "");
  EXPECT_EQ(project->experiments(), std::vector<std::string>{"compare"});
  EXPECT_EQ(project->experimentsWithDefaults(), std::vector<std::string>{"compare"});
  EXPECT_TRUE(project->train("", {}).has_value());
}

// ------------------------------------------------------------------ command line

struct OverrideCase {
  const char* name;
  Override override;
  const char* message;
};
class OverrideErrors : public ProjectTest, public testing::WithParamInterface<OverrideCase> {};

TEST_P(OverrideErrors, AreReported) {
  Project* const project = loadText(program("", ""));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->train("fit", {GetParam().override}).has_value());
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
}

INSTANTIATE_TEST_SUITE_P(
    All, OverrideErrors,
    testing::Values(
        OverrideCase{"Unknown",
                     {"hiden", "5"},
                     "E1551 train `fit` has no parameter `hiden`\n  note parameters: hidden: dim = 3, lr: real = 0.1, "
                     "act: fn = relu, opt: enum(sgd, adam) = .sgd\n  help did you mean `--hidden`?"},
        OverrideCase{"DimIsReal",
                     {"hidden", "1.5"},
                     "E1552 `--hidden 1.5`: parameter `hidden: dim = 3` of train `fit` takes a whole number from 1"},
        OverrideCase{"DimIsZero",
                     {"hidden", "0"},
                     "E1552 `--hidden 0`: parameter `hidden: dim = 3` of train `fit` takes a whole number from 1"},
        OverrideCase{"DimIsNegative", {"hidden", "-4"}, "E1552 `--hidden -4`"},
        OverrideCase{"RealIsText",
                     {"lr", "fast"},
                     "E1552 `--lr fast`: parameter `lr: real = 0.1` of train `fit` takes a number\n  note `fast` is "
                     "not defined here"},
        OverrideCase{"RealIsEmpty", {"lr", ""}, "E1552 `--lr `"},
        OverrideCase{"RealIsTwo", {"lr", "1 2"}, "E1552 `--lr 1 2`"},
        OverrideCase{"MoreThanAValue", {"lr", "1) let b = (2"}, "E1552 `--lr 1) let b = (2`"},
        OverrideCase{"FnIsMisspelt", {"act", "rleu"}, "help did you mean `relu`?"},
        OverrideCase{
            "EnumIsUnknown",
            {"opt", "lion"},
            "E1552 `--opt lion`: parameter `opt: enum(sgd, adam) = .sgd` of train `fit` takes one of sgd, adam"}),
    [](const testing::TestParamInfo<OverrideCase>& one) { return one.param.name; });

TEST_F(ProjectTest, OverridesHaveTheDeclaredTypes) {
  Project* const project =
      loadText(program("optimizer: sgd(lr)", "optimizer: if opt == .adam then adam(lr) else sgd(lr)"));
  ASSERT_NE(project, nullptr) << messages();
  const std::optional<TrainProgram> train =
      project->train("", {{"hidden", "7"}, {"lr", "1"}, {"act", "sigmoid"}, {"opt", "adam"}});
  ASSERT_TRUE(train.has_value()) << messages();
  const std::vector<std::pair<std::string, std::string>> values = {
      {"hidden", "7"}, {"lr", "1.0"}, {"act", "sigmoid"}, {"opt", ".adam"}};
  EXPECT_EQ(train->values, values);
  EXPECT_EQ(train->setOnCommandLine, (std::vector<std::string>{"hidden", "lr", "act", "opt"}));
  EXPECT_EQ(train->slots[0].type.shape, (ir::Shape{4, 7}));
  EXPECT_EQ(train->slots.back().path, "net.dense_2.b/v") << "adam has two moments";
  EXPECT_TRUE(project->train("", {{"opt", ".adam"}}).has_value()) << messages();
}

TEST_F(ProjectTest, AParameterWithoutDefaultMustBeSet) {
  Project* const project = loadText(program("lr: real = 0.1", "lr: real"));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_TRUE(project->check()) << "it cannot be elaborated yet";
  EXPECT_FALSE(project->train("", {}).has_value());
  EXPECT_NE(messages().find(
                "E1553 train `fit` needs a value for its parameter `lr: real`\n  help write `--lr VALUE`: a number"),
            std::string::npos)
      << messages();
  EXPECT_TRUE(project->train("", {{"lr", "0.5"}}).has_value()) << messages();
}

TEST_F(ProjectTest, TheTrainIsChosenByName) {
  Project* const project = loadText(
      program("",
              "train other { network: net() data: toy loss: cross_entropy optimizer: adam batch: 5 steps: 3 }\n"
              "experiment seeds { run: other() measure loss = train.loss }"));
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_TRUE(project->train("other", {}).has_value()) << messages();
  EXPECT_FALSE(project->train("", {}).has_value());
  EXPECT_NE(messages().find("has 2 trains, and none was named\n  note trains: fit, other\n  note experiments: seeds"),
            std::string::npos)
      << messages();
  EXPECT_FALSE(project->train("fitt", {}).has_value());
  EXPECT_NE(messages().find("E1541"), std::string::npos) << messages();
  EXPECT_NE(messages().find("help did you mean `fit`?"), std::string::npos) << messages();
}

TEST_F(ProjectTest, AFileWithoutTrainSaysSo) {
  Project* const project = loadText("let a = 1");
  ASSERT_NE(project, nullptr) << messages();
  EXPECT_FALSE(project->train("", {}).has_value());
  EXPECT_NE(messages().find("E0121"), std::string::npos) << messages();
}

}  // namespace nnc::elaborate
