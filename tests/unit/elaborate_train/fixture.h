// Projects written to a temporary folder, and their programs run by the reference evaluator.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/differentiate.h"
#include "elaborate/elaborate.h"
#include "ir/evaluate.h"
#include "ir/tensor.h"
#include "ir/verify.h"

namespace nnc::elaborate {

class ProjectTest : public testing::Test {
 protected:
  ProjectTest() {
    const testing::TestInfo* const info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("nnc_" + std::to_string(::getpid()) + "_" + info->test_suite_name() + "_" + info->name());
    std::filesystem::create_directories(folder_);
  }
  ~ProjectTest() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  Project* load(const std::string& name) {
    project_ = Project::load((folder_ / name).string(), sources_, diagnostics_);
    return project_.get();
  }
  Project* loadText(const std::string& text) {
    write("main.nn", text);
    return load("main.nn");
  }

  /// All messages, one a line, with their labels, notes and help: `E0105 unknown ..`, `  note ..`.
  std::string messages() const {
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics_.all()) {
      text += std::string(diagnostic.code) + " " + diagnostic.message + "\n";
      if (!diagnostic.primaryLabel.empty()) text += "  here " + diagnostic.primaryLabel + "\n";
      for (const Label& label : diagnostic.labels) text += "  also " + label.text + "\n";
      for (const std::string& note : diagnostic.notes) text += "  note " + note + "\n";
      for (const std::string& help : diagnostic.help) text += "  help " + help + "\n";
    }
    return text;
  }
  /// The source text that the first message points at.
  std::string blamed() const {
    if (diagnostics_.all().empty() || !diagnostics_.all()[0].primary) return "";
    return std::string(sources_.text(diagnostics_.all()[0].primary));
  }

  /// Runs a function; gradient calls are expanded first. The module must verify before and after.
  static std::vector<ir::Tensor> run(ir::Module module, ir::FunctionId function,
                                     const std::vector<ir::Tensor>& arguments) {
    Diagnostics diagnostics;
    EXPECT_EQ(ir::verify(module), std::vector<std::string>());
    EXPECT_TRUE(autodiff::differentiate(module, diagnostics)) << text(diagnostics);
    EXPECT_EQ(ir::verify(module), std::vector<std::string>());
    return ir::evaluate(module, function, arguments);
  }

  static std::string text(const Diagnostics& diagnostics) {
    std::string result;
    for (const Diagnostic& diagnostic : diagnostics.all()) result += diagnostic.message + "\n";
    return result;
  }

  static ir::Tensor tensor(ir::Type type, const std::vector<double>& values) {
    ir::Tensor result(std::move(type));
    EXPECT_EQ(static_cast<std::int64_t>(values.size()), result.type.elementCount());
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (ir::isFloat(result.type.dtype))
        result.setReal(static_cast<std::int64_t>(i), values[i]);
      else
        result.setInteger(static_cast<std::int64_t>(i), static_cast<std::int64_t>(values[i]));
    }
    return result;
  }
  static ir::Tensor number(std::int64_t value) { return tensor({ir::DType::I64, {}}, {static_cast<double>(value)}); }
  static std::vector<double> reals(const ir::Tensor& tensor) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < tensor.type.elementCount(); ++i)
      values.push_back(ir::isFloat(tensor.type.dtype) ? tensor.real(i) : static_cast<double>(tensor.integer(i)));
    return values;
  }
  static void expectNear(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], tolerance) << "element " << i;
  }

  std::filesystem::path folder_;
  SourceManager sources_;
  Diagnostics diagnostics_;
  std::unique_ptr<Project> project_;
};

}  // namespace nnc::elaborate
