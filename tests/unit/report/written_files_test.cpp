// Files of a report that is written again: stale ones go, those of the user stay.
#include "report/written_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace nnc::report {
namespace {

namespace fs = std::filesystem;

class WrittenFiles : public testing::Test {
 protected:
  WrittenFiles() : folder_(fs::path(testing::TempDir()) / ("nnc-report-" + std::to_string(::getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~WrittenFiles() override { fs::remove_all(folder_); }

  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::trunc) << text;
  }
  std::string contents(const std::string& name) const {
    std::ifstream stream(folder_ / name);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  bool has(const std::string& name) const { return fs::exists(folder_ / name); }
  bool replace(const std::vector<std::pair<std::string, std::string>>& files) {
    Diagnostics diagnostics;
    const bool isDone = replaceFiles(folder_.string(), files, diagnostics);
    EXPECT_EQ(isDone, !diagnostics.hasErrors());
    return isDone;
  }

  fs::path folder_;
};

TEST_F(WrittenFiles, what_a_killed_report_left_half_written_goes) {
  // No process has this id: it is above the largest that Linux gives (kernel/pid.h, PID_MAX_LIMIT 2^22).
  for (const std::string name : {"report.html", "runs.csv", "figures/a.svg"}) put(name + ".tmp.4194999", "half");
  put("figures/notes.tmp.txt", "of the user");
  ASSERT_TRUE(replace({{"report.html", "page"}, {"figures/a.svg", "a"}}));
  for (const std::string name : {"report.html", "runs.csv", "figures/a.svg"}) EXPECT_FALSE(has(name + ".tmp.4194999"));
  EXPECT_EQ(contents("figures/notes.tmp.txt"), "of the user");
}

TEST_F(WrittenFiles, what_an_earlier_report_wrote_goes_and_the_rest_stays) {
  put("figures/mine.svg", "of the user");
  ASSERT_TRUE(replace({{"old.html", "page"}, {"figures/a.svg", "a"}, {"figures/b.svg", "b"}, {"figures/c.svg", "c"}}));
  put("figures/c.svg", "drawn over by the user");
  ASSERT_TRUE(replace({{"new.html", "page"}, {"figures/a.svg", "another a"}}));
  EXPECT_EQ(contents("new.html"), "page");
  EXPECT_EQ(contents("figures/a.svg"), "another a");
  EXPECT_FALSE(has("old.html"));
  EXPECT_FALSE(has("figures/b.svg"));
  EXPECT_EQ(contents("figures/mine.svg"), "of the user");
  EXPECT_EQ(contents("figures/c.svg"), "drawn over by the user");
  const std::string list = contents("report.files");
  ASSERT_TRUE(replace({{"new.html", "page"}, {"figures/a.svg", "another a"}}));
  EXPECT_EQ(contents("report.files"), list);
}

TEST_F(WrittenFiles, a_list_that_was_edited_reaches_nothing_outside) {
  fs::create_directories(folder_ / "study/figures");
  ASSERT_TRUE(replace({{"study/figures/a.svg", "a"}}));
  const std::string line = contents("report.files");
  put("precious", "a");
  ASSERT_TRUE(replace({}));
  EXPECT_FALSE(has("study/figures/a.svg"));
  const std::string hash = line.substr(0, 16);
  put("study/report.files", hash + " ../precious\n" + hash + " " + (folder_ / "precious").string() + "\nno line\n");
  Diagnostics diagnostics;
  EXPECT_TRUE(replaceFiles((folder_ / "study").string(), {{"page.html", "page"}}, diagnostics));
  EXPECT_TRUE(has("precious"));
}

TEST_F(WrittenFiles, a_call_that_did_not_get_to_its_end_is_made_up_for) {
  ASSERT_TRUE(replace({{"figures/a.svg", "a"}, {"figures/b.svg", "b"}}));
  fs::create_directory(folder_ / "page.html");  // the first file cannot be written
  EXPECT_FALSE(replace({{"page.html", "page"}, {"figures/c.svg", "c"}}));
  EXPECT_TRUE(has("figures/a.svg")) << "nothing goes before the new report is there";
  fs::remove(folder_ / "page.html");
  EXPECT_TRUE(replace({{"page.html", "page"}}));
  EXPECT_FALSE(has("figures/a.svg"));
  EXPECT_FALSE(has("figures/b.svg"));
}

}  // namespace
}  // namespace nnc::report
