// Text forms of runs and studies: they read back to the same bits, and what is wrong is said with its place.
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "fixture.h"
#include "support/hash.h"

namespace nnc::study {

static Study sampleStudy() {
  Study study;
  study.name = "comeback";
  study.doc = "why \xE2\x86\x92 so";
  study.factors = {{"act", {"act"}, {{"sigmoid", {"sigmoid"}, {}}, {"ReLU", {"relu"}, {}}}, 0, 1, false, ""},
                   {"depth", {"depth"}, {{"5", {"5"}, 5.0}, {"21", {"21"}, 21.0}}, 0, 1, true, "act == relu"}};
  study.cells = {{"00000000000000aa", {0, -1}, {{"act", "sigmoid"}}, "00000000000000bb", 1234, 400, 150, 390, 8.9e7}};
  study.removed = {{{1, 1}, "exclude when depth > 5"}};
  study.blocks = {{1, 2, 3}, {4, 5, 6}};
  study.tuning = Tuning{"lr", {1e-4, 0.1, 1.0}, "valid.loss", true, "150 steps", 2};
  study.measures = {{"test", "valid.accuracy.at(.best)", Measure::Better::Unknown, false, 0.1, Measure::Scale::Fraction,
                     "", std::nullopt}};
  study.probes = {{"dead", "fraction(u == 0)", ""}};
  study.shows = {{"effects", {"test"}, {{"order", {"2"}}, {"rows", {"act", "norm"}}}}};
  study.provenance = {{"compiler", "0.1.0"}};
  study.caveats = {"unbalanced"};
  return study;
}

TEST(Codec, RunReadsBackToTheSameBytes) {
  const std::string line = runText(sampleRun(1));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  std::string problem;
  const std::optional<study::Run> run = parseRun(line.substr(0, line.size() - 1), problem);
  ASSERT_TRUE(run) << problem;
  EXPECT_EQ(runText(*run), line);
  EXPECT_TRUE(std::isinf(run->curves[0].values[2]));
  EXPECT_EQ(run->curves[0].values[1], 5e-324);
  EXPECT_TRUE(std::signbit(run->probes[0].values[0][1]));
  EXPECT_EQ(run->reason, sampleRun(1).reason);
  EXPECT_TRUE(run->measures.at("speed").isCensored);
  EXPECT_TRUE(run->measures.at("cost").isClock);
  EXPECT_FALSE(run->measures.at("test").isClock);
  EXPECT_EQ(run->curveSeconds, sampleRun(1).curveSeconds);
  EXPECT_EQ(run->spent.codeSeconds, 0.25);
}

TEST(Codec, RunsOfVersionsThatDidNotKeepWhatWasSpentCount) {
  std::string line = runText(sampleRun(1));
  const std::size_t begin = line.find(R"(,"spent":)"), end = line.find(R"(,"checksum":")");
  ASSERT_LT(begin, end);
  const std::string content = line.substr(0, begin);
  line = content + R"(,"checksum":")" + hexDigits(hashBytes(content)) + R"("}})";
  std::string problem;
  const std::optional<study::Run> run = parseRun(line, problem);
  ASSERT_TRUE(run) << problem;
  EXPECT_EQ(run->spent.wallSeconds, 0.0);
}

TEST(Codec, UndefinedIsNull) {
  study::Run run;
  run.measures["vanish"].value = std::nan("");
  const std::string line = runText(run);
  EXPECT_NE(line.find(R"("vanish":{"value":null)"), std::string::npos);
  std::string problem;
  const std::optional<study::Run> back = parseRun(line.substr(0, line.size() - 1), problem);
  ASSERT_TRUE(back) << problem;
  EXPECT_TRUE(std::isnan(back->measures.at("vanish").value));
}

TEST(Codec, ClocksSitTogetherAtTheEnd) {
  study::Run a = sampleRun(1), b = a;
  b.trainSeconds = 9.0;
  b.wallSeconds = 10.0;
  b.curveSeconds = {0.0, 4.0, 9.0};
  b.measures["cost"].value = 7.0;
  const std::string first = runText(a), second = runText(b);
  EXPECT_NE(first, second);
  const std::size_t time = first.find(",\"time\":{");
  ASSERT_NE(time, std::string::npos);
  EXPECT_EQ(first.substr(0, time), second.substr(0, time));
  auto json = nlohmann::ordered_json::parse(first);
  EXPECT_EQ(std::prev(json.end()).key(), "time");
}

TEST(Codec, EditOfAClockShowsToo) {
  std::string line = runText(sampleRun(1)), problem;
  line.pop_back();
  const std::size_t at = line.find("1.75");
  ASSERT_NE(at, std::string::npos);
  line[at] = '2';
  EXPECT_FALSE(parseRun(line, problem));
  EXPECT_EQ(problem, "is damaged or was edited: its content differs from its checksum");
}

TEST(Codec, StudyReadsBackToTheSameBytes) {
  const std::string text = studyText(sampleStudy());
  std::string problem;
  const std::optional<Study> study = parseStudy(text, problem);
  ASSERT_TRUE(study) << problem;
  EXPECT_EQ(studyText(*study), text);
  EXPECT_EQ(study->factors[1].levels[1].number, 21.0);
  EXPECT_EQ(study->shows[0].named[1].second[1], "norm");
  EXPECT_EQ(study->tuning->grid[0], 1e-4);
  EXPECT_EQ(study->measures[0].scale, Measure::Scale::Fraction);
}

TEST(Codec, VerdictsReadBack) {
  const std::string text = verdictsText({{"a > b", "why", "f.nn:1:2", Verdict::Outcome::Failed, "a = 1"}});
  std::string problem;
  const auto verdicts = parseVerdicts(text, problem);
  ASSERT_TRUE(verdicts) << problem;
  EXPECT_EQ(verdicts->at(0).outcome, Verdict::Outcome::Failed);
  EXPECT_EQ(verdictsText(*verdicts), text);
}

/// `text` with one replacement; what reading it says.
static std::string problemAfter(const std::string& from, const std::string& to) {
  std::string text = nlohmann::ordered_json::parse(studyText(sampleStudy())).dump(), problem;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  EXPECT_FALSE(parseStudy(text, problem));
  return problem;
}

TEST(Codec, ThePageStaysInItsFolder) {
  std::string problem;
  Study study = sampleStudy();
  for (const std::string name : {"", "normalisation.html", "a b.html"}) {
    study.reportFile = name;
    EXPECT_TRUE(parseStudy(studyText(study), problem)) << name << ": " << problem;
  }
  for (const std::string name :
       {"../../victim/.profile", "/etc/motd", "../page.html", "a/page.html", "a\\page.html", "page", "results.jsonl"}) {
    study.reportFile = name;
    EXPECT_FALSE(parseStudy(studyText(study), problem)) << name;
    EXPECT_EQ(problem, "`report` is \"" + name + "\", which is no name of an .html file in the study folder");
  }
}

TEST(Codec, StudyProblemsHaveAPlace) {
  EXPECT_EQ(problemAfter(R"("steps":400)", R"("steps":4.5)"), "`cells[0].steps` is no whole number");
  EXPECT_EQ(problemAfter(R"("steps":400)", R"("step":400)"), "`cells[0]` lacks `steps`");
  EXPECT_EQ(problemAfter(R"("steps":400)", R"("steps":18446744073709551615)"), "`cells[0].steps` is no whole number");
  EXPECT_EQ(problemAfter(R"("scale":"fraction")", R"("scale":"much")"),
            "`measures[0].scale` is none of plain, fraction, seconds");
  EXPECT_EQ(problemAfter(R"("grid":[0.0001)", R"("grid":[true)"), "`tuning.grid[0]` is no number");
  EXPECT_EQ(problemAfter(R"("values":[["act","sigmoid"]])", R"("values":[["act"]])"),
            "`cells[0].values[0]` is no pair");
  EXPECT_EQ(problemAfter(R"("levels":[0,-1])", R"("levels":[0,2])"),
            "`cells[0]` names level 2 of `depth`, which has 2");
  EXPECT_EQ(problemAfter(R"("levels":[0,-1])", R"("levels":[0])"), "`cells[0]` has 1 levels, and there are 2 factors");
  EXPECT_EQ(problemAfter(R"("new":1)", R"("new":5)"),
            "`factors[0]` names a level that it does not have as `old` or `new`");
  EXPECT_EQ(problemAfter("{", "["), "is no JSON");
}

}  // namespace nnc::study
