// The results file under kills, flips, a full disk and a second process.
#include "study/results.h"

#include <sys/resource.h>
#include <csignal>

#include <random>
#include <set>
#include <thread>

#include "fixture.h"

namespace nnc::study {

namespace {

class ResultsTest : public StudyTest {
 protected:
  /// results.jsonl with `count` runs.
  std::string fill(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += runText(sampleRun(i));
    put("results.jsonl", text);
    return text;
  }
  std::vector<std::string> idsRead(Diagnostics& diagnostics) {
    std::vector<std::string> ids;
    const std::optional<std::vector<study::Run>> runs = readRuns(folder_, diagnostics);
    EXPECT_TRUE(runs);
    for (const study::Run& run : *runs) ids.push_back(run.id);
    return ids;
  }
};

/// Files cannot grow beyond `bytes` as long as this lives: a disk that is full in the middle of a write.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &old_); }

 private:
  rlimit old_{};
};

}  // namespace

TEST_F(ResultsTest, WhatFailedOrTimedOutIsReplacedByALaterLine) {
  Diagnostics diagnostics;
  study::Run bad = sampleRun(0), good = sampleRun(0);
  good.status = Status::Ok;
  for (const Status status : {Status::Failed, Status::TimedOut}) {
    bad.status = status;
    put("results.jsonl", runText(bad) + runText(sampleRun(1)) + runText(good));
    const auto runs = readRuns(folder_, diagnostics);
    ASSERT_TRUE(runs && runs->size() == 2U);
    EXPECT_EQ(runText((*runs)[0]), runText(good));
    const auto file = ResultsFile::open(folder_, diagnostics);
    ASSERT_TRUE(file && file->sort({good.id}, diagnostics));
    EXPECT_EQ(contents("results.jsonl"), runText(sampleRun(1)) + runText(good)) << "what was asked for stands last";
  }
  EXPECT_EQ(codes(diagnostics), "");
  put("results.jsonl", runText(good) + runText(good));
  EXPECT_EQ(readRuns(folder_, diagnostics)->size(), 1U);
  EXPECT_EQ(codes(diagnostics), "W1413");
}

TEST_F(ResultsTest, AppendingReplacesInMemoryToo) {
  Diagnostics diagnostics;
  study::Run bad = sampleRun(0), good = sampleRun(0);
  bad.status = Status::TimedOut;
  good.status = Status::Ok;
  put("results.jsonl", runText(bad));
  const auto file = ResultsFile::open(folder_, diagnostics);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->isNew(bad.id));
  ASSERT_TRUE(file->append(good, diagnostics));
  EXPECT_TRUE(file->isNew(bad.id));
  ASSERT_EQ(file->runs().size(), 1U);
  EXPECT_EQ(file->runs()[0].status, Status::Ok);
  EXPECT_EQ(contents("results.jsonl"), runText(bad) + runText(good)) << "until it is sorted nothing is taken away";
}

TEST_F(ResultsTest, AppendsAndReadsBack) {
  Diagnostics diagnostics;
  {
    const auto file = ResultsFile::open(path("new/deep"), diagnostics);
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->runs().empty());
    ASSERT_TRUE(file->append(sampleRun(0), diagnostics));
    ASSERT_TRUE(file->append(sampleRun(1), diagnostics));
    EXPECT_EQ(file->runs().size(), 2U);
  }
  EXPECT_EQ(contents("new/deep/results.jsonl"), runText(sampleRun(0)) + runText(sampleRun(1)));
  const auto file = ResultsFile::open(path("new/deep"), diagnostics);
  ASSERT_TRUE(file);
  ASSERT_EQ(file->runs().size(), 2U);
  EXPECT_EQ(runText(file->runs()[1]), runText(sampleRun(1)));
  EXPECT_EQ(codes(diagnostics), "");
}

TEST_F(ResultsTest, NoFileIsNoRuns) {
  Diagnostics diagnostics;
  EXPECT_TRUE(idsRead(diagnostics).empty());
  EXPECT_FALSE(readStudy(folder_, diagnostics));
  EXPECT_TRUE(readVerdicts(folder_, diagnostics)->empty());
  EXPECT_EQ(codes(diagnostics), "E1410");
}

TEST_F(ResultsTest, AStudyOfAnOlderVersionSaysWhatToDo) {
  // Measures once had `lower_is_better` and not `better`.
  Study study;
  study.name = "comeback";
  study.file = "examples/comeback.nn";
  study.measures.emplace_back();
  std::string text = studyText(study);
  const std::size_t at = text.find("\"better\"");
  ASSERT_NE(at, std::string::npos);
  const std::size_t end = text.find(',', at);
  text.replace(at, end - at, "\"lower_is_better\": false");
  put("study.json", text);
  Diagnostics diagnostics;
  EXPECT_FALSE(readStudy(folder_, diagnostics));
  EXPECT_EQ(codes(diagnostics), "E1412");
  EXPECT_EQ(diagnostics.all()[0].message, "bad file `" + path("study.json") + "`: `measures[0]` lacks `better`");
  ASSERT_EQ(diagnostics.all()[0].help.size(), 1u);
  EXPECT_EQ(diagnostics.all()[0].help[0], "if another version of nnc wrote it: `nnc run " + study.file + " " +
                                              study.name + "` writes it anew, and reuses all results");
  EXPECT_EQ(studyOrigin(folder_)->file, study.file);
}

TEST_F(ResultsTest, DamagedStudyNamesThePlace) {
  Diagnostics diagnostics;
  put("study.json", "{\"name\": 3}");
  EXPECT_FALSE(readStudy(folder_, diagnostics));
  put("verdicts.json", "[{}]");
  EXPECT_FALSE(readVerdicts(folder_, diagnostics));
  EXPECT_EQ(codes(diagnostics), "E1412 E1412");
  EXPECT_EQ(diagnostics.all()[0].message, "bad file `" + path("study.json") + "`: `name` is no text");
  EXPECT_EQ(diagnostics.all()[1].message, "bad file `" + path("verdicts.json") + "`: `[0]` lacks `text`");
}

TEST_F(ResultsTest, SecondProcessIsRefused) {
  Diagnostics diagnostics;
  auto first = ResultsFile::open(folder_, diagnostics);
  ASSERT_TRUE(first);
  EXPECT_FALSE(ResultsFile::open(folder_, diagnostics));
  ASSERT_EQ(codes(diagnostics), "E1411");
  EXPECT_EQ(diagnostics.all()[0].message, "study folder `" + folder_ + "` is in use by another process");
  first.reset();
  EXPECT_TRUE(ResultsFile::open(folder_, diagnostics));
}

TEST_F(ResultsTest, KillAtEveryByteOfALineLosesThatLineOnly) {
  const std::string kept = fill(1), line = runText(sampleRun(1));
  for (std::size_t length = 0; length < line.size(); ++length) {
    put("results.jsonl", kept + line.substr(0, length));
    Diagnostics diagnostics;
    const auto file = ResultsFile::open(folder_, diagnostics);
    ASSERT_TRUE(file) << length;
    ASSERT_EQ(file->runs().size(), 1U) << length;
    ASSERT_EQ(codes(diagnostics), length == 0 ? "" : "W1414") << length;
    ASSERT_EQ(contents("results.jsonl"), kept) << length;
    ASSERT_TRUE(file->append(sampleRun(1), diagnostics)) << length;
    ASSERT_EQ(contents("results.jsonl"), kept + line) << length;
  }
}

TEST_F(ResultsTest, UnfinishedLineIsNamed) {
  put("results.jsonl", runText(sampleRun(0)) + "{\"id\":");
  Diagnostics diagnostics;
  EXPECT_EQ(idsRead(diagnostics).size(), 1U);
  ASSERT_EQ(codes(diagnostics), "W1414");
  EXPECT_EQ(diagnostics.all()[0].message,
            "line 2 of `" + path("results.jsonl") + "` does not count: it ends after 6 bytes, unfinished");
}

// Whichever bit flips: the lines that it touches are named, all others count, and nothing that counts is altered.
TEST_F(ResultsTest, ThousandFlippedBytes) {
  constexpr int kRuns = 5;
  const std::string whole = fill(kRuns);
  std::set<std::string> genuine;
  for (int i = 0; i < kRuns; ++i) genuine.insert(runText(sampleRun(i)));
  std::mt19937 random(7);
  for (int flip = 0; flip < 1000; ++flip) {
    std::string text = whole;
    const std::size_t at = random() % text.size();
    const bool wasLineEnd = text[at] == '\n';
    text[at] = static_cast<char>(text[at] ^ (1 << (random() % 8)));
    put("results.jsonl", text);
    Diagnostics diagnostics;
    const std::optional<std::vector<study::Run>> runs = readRuns(folder_, diagnostics);
    ASSERT_TRUE(runs);
    // A line end that became another byte joins two lines, which are then damaged together.
    ASSERT_EQ(runs->size(), static_cast<std::size_t>(kRuns - (wasLineEnd && at + 1 < text.size() ? 2 : 1))) << at;
    ASSERT_FALSE(diagnostics.all().empty()) << at;
    ASSERT_FALSE(diagnostics.hasErrors()) << at;
    for (const study::Run& run : *runs) ASSERT_TRUE(genuine.contains(runText(run))) << at;
  }
}

TEST_F(ResultsTest, EditedLineIsNamedAndTheRestKept) {
  std::string text = fill(3);
  const std::size_t second = text.find('\n') + 1;
  text.replace(text.find("0.8612", second), 6, "0.9912");
  put("results.jsonl", text);
  Diagnostics diagnostics;
  EXPECT_EQ(idsRead(diagnostics), (std::vector<std::string>{sampleRun(0).id, sampleRun(2).id}));
  ASSERT_EQ(codes(diagnostics), "W1413");
  EXPECT_EQ(diagnostics.all()[0].message,
            "line 2 of `" + path("results.jsonl") +
                "` does not count: it is damaged or was edited: its content differs from its checksum");
}

TEST_F(ResultsTest, RepeatedRunCountsOnce) {
  put("results.jsonl", runText(sampleRun(0)) + runText(sampleRun(1)) + runText(sampleRun(0)));
  Diagnostics diagnostics;
  EXPECT_EQ(idsRead(diagnostics).size(), 2U);
  ASSERT_EQ(codes(diagnostics), "W1413");
  EXPECT_NE(diagnostics.all()[0].message.find("it repeats the run of line 1"), std::string::npos);
}

TEST_F(ResultsTest, FullDiskLeavesNothingHalfWritten) {
  Diagnostics diagnostics;
  const auto file = ResultsFile::open(folder_, diagnostics);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->append(sampleRun(0), diagnostics));
  const std::string kept = contents("results.jsonl");
  for (std::size_t room = 0; room < runText(sampleRun(1)).size(); room += 37) {
    Diagnostics full;
    {
      const FullDisk limit(kept.size() + room);
      EXPECT_FALSE(file->append(sampleRun(1), full)) << room;
      EXPECT_FALSE(file->write("study.json", std::string(kept.size() + room + 1, 'x'), full)) << room;
    }
    EXPECT_EQ(codes(full), "E1401 E1401");
    EXPECT_EQ(contents("results.jsonl"), kept) << room;
    EXPECT_FALSE(fs::exists(path("study.json")));
  }
  ASSERT_TRUE(file->append(sampleRun(1), diagnostics));
  EXPECT_EQ(contents("results.jsonl"), kept + runText(sampleRun(1)));
  EXPECT_EQ(file->runs().size(), 2U);
}

TEST_F(ResultsTest, SortGivesTheSameFileWhateverTheOrderOfRunning) {
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(sampleRun(i).id);
  std::string sorted;
  for (const std::vector<int>& order : {std::vector<int>{2, 0, 3, 1}, {3, 2, 1, 0}}) {
    fs::remove(path("results.jsonl"));
    Diagnostics diagnostics;
    const auto file = ResultsFile::open(folder_, diagnostics);
    ASSERT_TRUE(file);
    for (const int i : order) ASSERT_TRUE(file->append(sampleRun(i), diagnostics));
    ASSERT_TRUE(file->sort(ids, diagnostics));
    EXPECT_EQ(file->runs()[1].id, ids[1]);
    if (sorted.empty()) sorted = contents("results.jsonl");
    EXPECT_EQ(contents("results.jsonl"), sorted);
    ASSERT_TRUE(file->append(sampleRun(7), diagnostics));
    EXPECT_EQ(contents("results.jsonl"), sorted + runText(sampleRun(7)));
    EXPECT_EQ(codes(diagnostics), "");
  }
}

TEST_F(ResultsTest, SortKeepsRunsItDoesNotKnow) {
  fill(3);
  Diagnostics diagnostics;
  const auto file = ResultsFile::open(folder_, diagnostics);
  ASSERT_TRUE(file->sort({sampleRun(0).id}, diagnostics));
  EXPECT_EQ(contents("results.jsonl"), runText(sampleRun(1)) + runText(sampleRun(2)) + runText(sampleRun(0)));
}

TEST_F(ResultsTest, RevisingWritesTheLinesThatDifferAndAppendsGoOn) {
  fill(3);
  Diagnostics diagnostics;
  const auto file = ResultsFile::open(folder_, diagnostics);
  const std::string before = contents("results.jsonl");
  ASSERT_TRUE(file->revise([](study::Run&) {}, diagnostics));
  EXPECT_EQ(contents("results.jsonl"), before);

  study::Run changed = sampleRun(1);
  changed.measures["more"] = {0.25, false, false};
  ASSERT_TRUE(file->revise(
      [&](study::Run& run) {
        if (run.id == changed.id) run.measures = changed.measures;
      },
      diagnostics));
  EXPECT_EQ(contents("results.jsonl"), runText(sampleRun(0)) + runText(changed) + runText(sampleRun(2)));
  EXPECT_EQ(file->runs()[1].measures.at("more").value, 0.25);
  ASSERT_TRUE(file->append(sampleRun(7), diagnostics));
  EXPECT_EQ(contents("results.jsonl"),
            runText(sampleRun(0)) + runText(changed) + runText(sampleRun(2)) + runText(sampleRun(7)));
  EXPECT_EQ(codes(diagnostics), "");
}

TEST_F(ResultsTest, ThreadsAppendWholeLines) {
  Diagnostics diagnostics;
  const auto file = ResultsFile::open(folder_, diagnostics);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&file, t] {
      Diagnostics own;
      for (int i = 0; i < 10; ++i) ASSERT_TRUE(file->append(sampleRun(10 * t + i), own));
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(idsRead(diagnostics).size(), 40U);
  EXPECT_EQ(codes(diagnostics), "");
}

}  // namespace nnc::study
