// Runs that differ in rates alone share their programs, and come to the same bits as runs that share nothing.
#include "fixture.h"

namespace nnc::training {
namespace {

class Sweep : public TrainTest {};

/// Rate, momentum and rate of dropout of the train are parameters.
const std::vector<std::pair<std::string, std::string>> kSweep = {
    {"net(hidden: dim = 8)", "net(hidden: dim = 8, drop: real = 0.2)"},
    {"dropout(0.2)", "dropout(drop)"},
    {"lr: real = 0.1,", "lr: real = 0.1, drop: real = 0.2, momentum: real = 0.9,"},
    {"net(hidden)\n", "net(hidden, drop)\n"},
    {"momentum: 0.9", "momentum: momentum"}};

TEST_F(Sweep, a_sweep_over_rates_compiles_once) {
  for (const auto& [from, to] : kSweep) edit(from, to);
  engine::CodeCache cache;
  RunOptions first = options("first");
  first.engine.cache = &cache;
  ASSERT_TRUE(train(first).result);
  const std::int64_t programs = cache.counts().compiled;
  EXPECT_GT(programs, 0);
  std::int64_t runs = 0;
  for (const elaborate::Override& value :
       {elaborate::Override{"lr", "0.03"}, {"lr", "0.07"}, {"drop", "0.3"}, {"momentum", "0.8"}}) {
    const std::string name = value.name + value.value;
    RunOptions shared = options(name + " shared");
    shared.engine.cache = &cache;
    ASSERT_TRUE(train(shared, {value}).result) << name;
    EXPECT_EQ(cache.counts().compiled, programs) << name;
    ++runs;
    trained(name + " own", {value});
    EXPECT_EQ(read(name + " shared/metrics.jsonl"), read(name + " own/metrics.jsonl")) << name;
    EXPECT_EQ(read(name + " shared/last"), read(name + " own/last")) << name;
    EXPECT_NE(read(name + " shared/metrics.jsonl"), read("first/metrics.jsonl")) << name;
  }
  EXPECT_GE(cache.counts().reused, runs * programs);
}

TEST_F(Sweep, a_dropout_of_nothing_is_a_program_of_its_own) {
  for (const auto& [from, to] : kSweep) edit(from, to);
  engine::CodeCache cache;
  RunOptions some = options("some"), none = options("none");
  some.engine.cache = none.engine.cache = &cache;
  ASSERT_TRUE(train(some).result);
  const std::int64_t programs = cache.counts().compiled;
  ASSERT_TRUE(train(none, {{"drop", "0.0"}}).result);
  EXPECT_GT(cache.counts().compiled, programs);
}

}  // namespace
}  // namespace nnc::training
