#include "passes/runner.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/kinds/passes.h"
#include "ir/verify.h"
#include "passes/check_kernels.h"
#include "passes/check_plan.h"
#include "passes/pipeline.h"

namespace nnc::passes {

static bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool checkRunOptions(const RunOptions& options, Diagnostics& diagnostics) {
  bool fine = true;
  for (const std::string& name : options.printAfter)
    if (name != "all" && findPass(name, diagnostics) == nullptr) fine = false;
  if (!options.stopAfter.empty() && findPass(options.stopAfter, diagnostics) == nullptr) fine = false;
  for (const std::string& name : options.disabled) {
    const ir::Pass* pass = findPass(name, diagnostics);
    if (pass == nullptr) {
      fine = false;
    } else if (pass->required) {
      diagnostics.emit<diag::RequiredPass>({}, name);
      fine = false;
    }
  }
  return fine;
}

/// How many faults of a broken module a message lists.
static constexpr std::size_t kMaxFaults = 5;

static std::string faultsOf(const std::vector<std::string>& faults) {
  std::string text =
      fmt::format("{}", fmt::join(faults.begin(), faults.begin() + std::min(faults.size(), kMaxFaults), "; "));
  if (faults.size() > kMaxFaults) text += fmt::format("; and {} more", faults.size() - kMaxFaults);
  return text;
}

namespace {

/// Decides which optional passes run, and counts them.
class Bisection {
 public:
  explicit Bisection(const RunOptions& options) : options_(options) {}

  bool allows(const ir::Pass& pass) {
    if (!options_.bisectLimit || pass.required) return true;
    const bool runs = ++count_ <= *options_.bisectLimit;
    fmt::print(options_.output, "bisect: {} pass ({}) {}\n", runs ? "running" : "not running", count_, pass.name);
    return runs;
  }

 private:
  const RunOptions& options_;
  int count_ = 0;
};

}  // namespace

static void printModule(const ir::Module& module, std::string_view pass, const RunOptions& options) {
  fmt::print(options.output, "// after {}\n{}", pass, ir::print(module, options.print));
}

/// What is wrong with a module after a pass: the rules of the IR, and what the pass itself promises.
static std::vector<std::string> faultsAfter(const ir::Pass& pass, const ir::Module& module) {
  std::vector<std::string> faults = ir::verify(module);
  if (!faults.empty()) return faults;
  if (ir::contains(pass.gives, ir::Facts::Fused)) return checkKernels(module);
  if (ir::contains(pass.gives, ir::Facts::Planned)) return checkPlans(module);
  return faults;
}

bool runPasses(ir::Module& module, std::span<const ir::Pass> pipeline, const RunOptions& options,
               Diagnostics& diagnostics) {
  if (options.verifyEach) {
    if (const auto faults = ir::verify(module); !faults.empty()) {
      diagnostics.emit<diag::IrInvalidModule>({}, faultsOf(faults));
      return false;
    }
  }
  Bisection bisection(options);
  for (const ir::Pass& pass : pipeline) {
    if (!contains(options.disabled, pass.name) && bisection.allows(pass)) {
      const ScopedTimer timer(options.timings, fmt::format("pass {}", pass.name));
      if (!pass.run(module, diagnostics)) return false;
    }
    if (contains(options.printAfter, pass.name) || contains(options.printAfter, "all"))
      printModule(module, pass.name, options);
    if (options.verifyEach) {
      if (const auto faults = faultsAfter(pass, module); !faults.empty()) {
        diagnostics.emit<diag::PassBrokeModule>({}, pass.name, faultsOf(faults));
        return false;
      }
    }
    if (pass.name == options.stopAfter) break;
  }
  return true;
}

}  // namespace nnc::passes
