// The training loop allocates nothing: how often operator new is called does not grow with the number of steps.
#include <atomic>
#include <cstdlib>
#include <new>

#include "fixture.h"

namespace {

std::atomic<std::int64_t> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  std::abort();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace nnc::training {
namespace {

class Allocations : public TrainTest {
 protected:
  std::int64_t during(const std::string& folder, const std::string& steps, int threads) const {
    RunOptions run = options(folder);
    run.threads = threads;
    const std::int64_t before = allocations;
    const Attempt attempt = train(run, {{"steps", steps}});
    EXPECT_TRUE(attempt.result) << attempt.messages;
    return allocations - before;
  }
};

TEST_F(Allocations, do_not_grow_with_the_steps) {
  writeData("x.idx", "y.idx", 16 * 3000, 1);
  edit("train: 0..70, valid: 70..100", "train: 0..47900, valid: 47900..48000");
  edit("epochs: int = 4", "steps: int = 4");
  edit("  epochs:    epochs", "  steps:     steps");
  during("first", "100", 1);  // what is made once per process
  for (const int threads : {1, 2}) {
    const std::int64_t few = during("few" + std::to_string(threads), "100", threads),
                       many = during("many" + std::to_string(threads), "2900", threads);
    // Both compile the same programs, in which the code generator's own threads leave some noise: far below one
    // allocation for each of the 2800 steps between them.
    EXPECT_LT(std::abs(many - few), 280) << few << " and " << many << " with " << threads << " threads";
  }
}

}  // namespace
}  // namespace nnc::training
