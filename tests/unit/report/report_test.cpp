// The report as a whole: the same bytes, everything that the data support, nothing from elsewhere.
#include "report/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "report/conclusion.h"
#include "report/figures.h"
#include "report/page.h"
#include "report/tables.h"
#include "synthetic.h"

namespace nnc::report {
namespace {

Report reportOf(const SyntheticStudy& made) { return makeReport(made.study, made.runs, made.verdicts); }

std::size_t countOf(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

const std::string& fileOf(const Report& report, const std::string& name) {
  static const std::string kNone;
  for (const auto& [path, text] : report.files)
    if (path == name) return text;
  ADD_FAILURE() << "no file " << name;
  return kNone;
}

/// Ids of the figures that a study has, and of those left out.
std::map<std::string, bool> figuresOf(const SyntheticStudy& made) {
  const View view(made.study, made.runs);
  const Selection selection = selectFigures(view);
  std::map<std::string, bool> isThere;
  for (const std::vector<Figure>* const list : {&selection.shown, &selection.further})
    for (const Figure& figure : *list) {
      isThere[figure.id] = isThere[figure.id] || figure.absent.empty();
      EXPECT_TRUE(!figure.absent.empty() || !figure.variants.empty() || !figure.html.empty()) << figure.id;
    }
  return isThere;
}

/// What is wrong with the nesting of tags; empty: nothing.
std::string nestingFault(const std::string& xml) {
  std::vector<std::string> open;
  for (std::size_t at = xml.find('<'); at != std::string::npos; at = xml.find('<', at + 1)) {
    const std::size_t end = xml.find('>', at);
    if (end == std::string::npos) return "a tag does not end";
    std::string tag = xml.substr(at + 1, end - at - 1);
    if (tag.ends_with("/")) continue;
    const std::string name = tag.substr(tag[0] == '/' ? 1 : 0, tag.find(' ') - (tag[0] == '/' ? 1 : 0));
    if (tag[0] != '/') {
      open.push_back(name);
      continue;
    }
    if (open.empty() || open.back() != name) return "</" + name + "> closes another tag";
    open.pop_back();
  }
  return open.empty() ? "" : "<" + open.back() + "> stays open";
}

TEST(Report, SameBytesEveryTime) {
  const Report first = reportOf(syntheticFactorial()), second = reportOf(syntheticFactorial());
  EXPECT_EQ(first.files, second.files);
  EXPECT_EQ(first.terminal, second.terminal);
}

TEST(Report, AFactorialHasEveryFigureButTheSweep) {
  const std::map<std::string, bool> figures = figuresOf(syntheticFactorial());
  for (const FigureKind& kind : figureKinds()) {
    if (kind.kind == "table") continue;  // on request: the table of all cells ends every page
    EXPECT_EQ(figures.at(std::string(kind.id)), kind.id != "F7") << kind.id;
  }
}

TEST(Report, ASweepHasF7) { EXPECT_TRUE(figuresOf(syntheticSweep()).at("F7")); }

TEST(Report, PagesNeedNothingElseAndAreSmall) {
  for (const SyntheticStudy& made : {syntheticFactorial(), syntheticSweep()}) {
    const std::string page = reportOf(made).files[0].second;
    EXPECT_LT(page.size(), 3U * 1024 * 1024);
    EXPECT_EQ(countOf(page, "http"), countOf(page, "xmlns=\"http://www.w3.org/2000/svg\""));
    for (const char* const outside : {" src=", "@import", "url(", "<iframe", "<img"})
      EXPECT_EQ(countOf(page, outside), 0U) << outside;
  }
}

TEST(Report, DrawingsAreWellFormedAndNamed) {
  for (const SyntheticStudy& made : {syntheticFactorial(), syntheticSweep()}) {
    const Report report = reportOf(made);
    for (const auto& [name, text] : report.files) {
      if (!name.ends_with(".svg")) continue;
      EXPECT_EQ(nestingFault(text), "") << name;
      for (const char* const bad : {"\"nan", "Mnan", "Lnan", "Hnan", "Vnan", " nan", "inf ", "inf\""})
        EXPECT_EQ(text.find(bad), std::string::npos) << name << bad;
      EXPECT_NE(text.find("role=\"img\" aria-labelledby="), std::string::npos) << name;
      EXPECT_NE(text.find("<style>"), std::string::npos) << name;
    }
  }
}

TEST(Report, IdsAreUnique) {
  const std::string page = reportOf(syntheticFactorial()).files[0].second;
  std::set<std::string> ids;
  for (std::size_t at = page.find(" id=\""); at != std::string::npos; at = page.find(" id=\"", at + 1)) {
    const std::size_t begin = at + 5;
    EXPECT_TRUE(ids.insert(page.substr(begin, page.find('"', begin) - begin)).second) << page.substr(begin, 40);
  }
  EXPECT_GT(ids.size(), 300U);
}

TEST(Report, EveryRunIsOnThePageAndInTheTable) {
  const SyntheticStudy made = syntheticFactorial(2);
  const Report report = reportOf(made);
  const std::string &page = report.files[0].second, &csv = fileOf(report, "runs.csv");
  for (const study::Run& run : made.runs) {
    EXPECT_NE(page.find("id=\"r-" + run.id + "\""), std::string::npos);
    EXPECT_NE(csv.find(run.id), std::string::npos);
  }
  EXPECT_EQ(countOf(csv, "\n"), made.runs.size() + 1);
  EXPECT_EQ(countOf(fileOf(report, "cells.csv"), "\n"), made.study.cells.size() + 1);
}

TEST(Report, WordsOfTheStudyCannotBecomeMarkup) {
  SyntheticStudy made = syntheticFactorial(2);
  const std::string hostile = "<script>alert(1)</script>";
  made.study.title = made.study.doc = made.study.scope = made.study.data = hostile;
  made.study.factors[0].name = made.study.factors[1].levels[1].label = hostile;
  made.study.measures[0].text = hostile;
  made.study.provenance = {{hostile, hostile}};
  made.verdicts[0].message = hostile;
  made.runs.back().reason = hostile;
  const Report report = reportOf(made);
  for (const auto& [name, text] : report.files) {
    if (name.ends_with(".csv")) continue;
    EXPECT_EQ(text.find(hostile), std::string::npos) << name;
  }
}

TEST(Report, NothingToShowIsSaidOneByOne) {
  SyntheticStudy made = syntheticFactorial(2);
  made.runs.clear();
  made.study.measures.clear();
  const std::string page = reportOf(made).files[0].second;
  EXPECT_NE(page.find("Left out"), std::string::npos);
  for (const auto& [id, isThere] : figuresOf(made)) EXPECT_EQ(isThere, id == "F12") << id;
}

TEST(Report, HalfAStudyIsReported) {
  SyntheticStudy made = syntheticFactorial(3);
  made.runs.resize(made.runs.size() / 2);
  const Report report = reportOf(made);
  EXPECT_NE(report.files[0].second.find("Cells and runs"), std::string::npos);
  EXPECT_NE(report.terminal.find("0/3"), std::string::npos);
}

TEST(Report, ShowClausesDecideTheOrder) {
  SyntheticStudy made = syntheticFactorial(2);
  made.study.shows = {{"curves", {"valid.loss"}, {{"by", {"act"}}}},
                      {"effects", {"test"}, {{"order", {"2"}}, {"interval", {"0.9"}}}},
                      {"curves", {"valid.magic"}, {}}};
  const View view(made.study, made.runs);
  const Selection selection = selectFigures(view);
  std::vector<std::string> slugs;
  for (const Figure& figure : selection.shown) slugs.push_back(figure.id + " " + figure.slug);
  EXPECT_EQ(slugs, (std::vector<std::string>{"F0 verdict-test", "F1 curves-valid-loss-by-act", "F4 effects-test",
                                             "F5 interactions-test", "F1 curves-valid-magic"}));
  EXPECT_EQ(selection.shown.back().absent, "no finished run has a curve of valid.magic");
  EXPECT_NE(selection.shown[2].caption.find("90\u00A0%"), std::string::npos);
  const std::string page = reportOf(made).files[0].second;
  EXPECT_LT(page.find("id=\"f1-curves-valid-loss-by-act\""), page.find("id=\"f4-effects-test\""));
  EXPECT_LT(page.find("id=\"f4-effects-test\""), page.find("Appendix"));
  EXPECT_NE(page.find("Left out: no finished run has a curve of valid.magic."), std::string::npos);
}

TEST(Report, TheConclusionTellsHowRunsEnded) {
  const auto textOf = [](const SyntheticStudy& made) {
    std::string text;
    const View view(made.study, made.runs);
    for (const Paragraph& paragraph : conclusion(view, made.study.measures[0], nullptr))
      for (const std::string& sentence : paragraph.sentences) text += sentence + "\n";
    return text;
  };
  SyntheticStudy made = syntheticFactorial(3);
  for (const char* const word : {"timed out", "failed", "compilers or machines"})
    EXPECT_EQ(textOf(made).find(word), std::string::npos) << word;
  int timedOut = 0;
  for (study::Run& run : made.runs) {
    run.origin = run.block == 0 ? "here" : "there";
    if (run.role != study::Run::Role::Run || run.block != 0 || ++timedOut > 3) continue;
    run.status = study::Status::TimedOut;
    run.limitSeconds = 20.0;
  }
  made.runs.back().status = study::Status::Failed;
  made.runs.back().role = study::Run::Role::Run;
  const std::string text = textOf(made);
  EXPECT_NE(text.find("3 runs timed out after 20\u00A0s of steps; each counts with what it had reached."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("1 run failed and has no value: what is said is of the others."), std::string::npos) << text;
  EXPECT_NE(text.find("The runs come from 2 compilers or machines"), std::string::npos) << text;
  EXPECT_NE(terminalText(View(made.study, made.runs), {}).find("1 timed out, 3/3"), std::string::npos);
}

TEST(Report, MisspeltShowsSayWhatThereIsNot) {
  const study::Study study = syntheticFactorial(1).study;
  const auto problem = [&](const study::Show& show, const std::vector<std::string>& metrics = {}) {
    const std::optional<ShowProblem> found = showProblem(study, show, metrics);
    return found ? found->what : "";
  };
  EXPECT_EQ(problem({"effects", {"test"}, {{"order", {"2"}}}}), "");
  EXPECT_EQ(problem({"shapley", {"test"}, {}}), "");
  EXPECT_EQ(problem({"efects", {}, {}}), "there is no such figure");
  EXPECT_EQ(problem({"effects", {"tset"}, {}}), "the study has no measure `tset`");
  EXPECT_EQ(problem({"curves", {"valid.loss"}, {{"bye", {"act"}}}}), "it takes no argument `bye`");
  EXPECT_EQ(problem({"curves", {"valid.loss"}, {{"by", {"akt"}}}}), "the study has no factor `akt`");
  EXPECT_EQ(problem({"provenance", {"test"}, {}}), "it takes no arguments");
  EXPECT_EQ(problem({"layers", {"grad_nrom"}, {}}), "the study has no probe `grad_nrom`");
  EXPECT_EQ(problem({"curves", {"valid.magic"}, {}}), "") << "results are not known here";
  EXPECT_EQ(problem({"curves", {"valid.magic"}, {}}, {"valid.loss"}), "the study has no result `valid.magic`");
  EXPECT_EQ(showProblem(study, {"effects", {"tset"}, {}})->name, "tset");
  for (const std::string& kind : showKinds()) EXPECT_EQ(problem({kind, {}, {}}), "");
  SyntheticStudy made = syntheticFactorial(1);
  made.study.shows = {{"effects", {"tset"}, {}}};
  EXPECT_NE(reportOf(made).files[0].second.find("Left out: the study has no measure `tset`."), std::string::npos);
}

TEST(Report, ResponsesAreReadInThreeLayers) {
  const std::string page = reportOf(syntheticFactorial(3)).files[0].second;
  EXPECT_NE(page.find("share of runs that train"), std::string::npos);
  // By the truth of the generator 8 cells without norm and skip never pass halfway to the best; 2 x 4 runs with a skip
  // alone and dropout diverge in block 2, and count as guessing.
  EXPECT_NE(page.find("68 of 96 runs train"), std::string::npos)
      << page.substr(page.find("Main effects on three"), 200);
}

// Three of three is no certainty: Wilson's lower bound is 3 / (3 + 1.96^2) = 44 %.
TEST(Report, SharesOfRunsThatTrainHaveAnInterval) {
  const std::string page = reportOf(syntheticFactorial(3)).files[0].second;
  EXPECT_NE(page.find("Which cells train"), std::string::npos);
  EXPECT_NE(page.find("<td>3/3</td><td>100\u00A0%</td><td>44\u2013100\u00A0%</td>"), std::string::npos);
}

TEST(Report, SharesOfTheVarianceAddUp) {
  const std::string page = reportOf(syntheticFactorial()).files[0].second;
  const std::size_t from = page.find("Shares of the variance"), to = page.find("</details>", from);
  ASSERT_NE(from, std::string::npos);
  double sum = 0;
  std::size_t rows = 0;
  for (std::size_t at = page.find("class=\"number\">", from); at < to;
       at = page.find("class=\"number\">", at + 1), ++rows)
    sum += std::strtod(page.c_str() + at + 15, nullptr);
  EXPECT_GT(rows, 3u);
  EXPECT_NEAR(sum, 100, 0.05 * static_cast<double>(rows)) << "each is rounded to a tenth";
}

TEST(Report, TimesToATargetAreCompared) {
  const std::string page = reportOf(syntheticFactorial()).files[0].second;
  EXPECT_NE(page.find("median, times that of"), std::string::npos);
}

TEST(Report, BothStandardErrorsAreThere) {
  SyntheticStudy made = syntheticFactorial();
  made.study.measures[0].part = "valid";
  made.study.measures[0].examples = 10'000;
  const std::string page = reportOf(made).files[0].second;
  EXPECT_NE(page.find("points of one value (Wilson, at "), std::string::npos);
  EXPECT_NE(page.find("over the seeds, the standard error of that value is "), std::string::npos);
}

TEST(Report, VerdictsAndEdgesShow) {
  const Report report = reportOf(syntheticFactorial(2));
  EXPECT_NE(report.files[0].second.find("1 held, 1 failed, 1 undecided"), std::string::npos);
  EXPECT_NE(report.files[0].second.find("EDGE"), std::string::npos);
  EXPECT_NE(report.terminal.find("failed     expect effect(test, drop) > 0.0"), std::string::npos);
}

TEST(Report, WhatAConstraintUnbalancesStandsFirst) {
  const std::string page = reportOf(syntheticSweep(2)).files[0].second;
  EXPECT_LT(page.find("Unbalanced: depth 3 lacks"), page.find("What this study says"));
}

TEST(Report, CaveatsOfTheConclusionStandOut) {
  SyntheticStudy made = syntheticFactorial(2);
  made.study.removed = {{{0, 0, 0, 0, 0}, "exclude when act == sigmoid and drop == 0.0"}};
  const View view(made.study, made.runs);
  std::vector<std::string> caveats;
  for (const Paragraph& paragraph : conclusion(view, *view.mainMeasure()))
    if (paragraph.kind == Paragraph::Kind::Caveat)
      caveats.insert(caveats.end(), paragraph.sentences.begin(), paragraph.sentences.end());
  const auto says = [&](std::string_view word) {
    return std::any_of(caveats.begin(), caveats.end(),
                       [&](const std::string& text) { return text.find(word) != std::string::npos; });
  };
  EXPECT_TRUE(says("EDGE: in 24 cells"));
  EXPECT_TRUE(says("diverged"));
  EXPECT_TRUE(says("`exclude when act == sigmoid and drop == 0.0` removed 1 cell"));
}

TEST(Report, DivergedRunsEndInACross) {
  const SyntheticStudy made = syntheticFactorial(3);
  const View view(made.study, made.runs);
  study::Show show{"curves", {"valid.loss"}, {{"by", {"residual", "norm"}}}};
  const std::vector<Figure> figures = makeCurves(view, &show);
  ASSERT_EQ(figures.size(), 1U);
  EXPECT_EQ(figures[0].variants.size(), 4U);
  EXPECT_EQ(countOf(figures[0].variants[0].svg, "class=\"mark "), 1U);  // only residual without norm diverges
}

TEST(Report, GradientsThatUnderflowedAreHatched) {
  const SyntheticStudy made = syntheticFactorial(2);
  const std::vector<Figure> figures = makeLayerMap(View(made.study, made.runs), nullptr);
  ASSERT_EQ(figures.size(), 1U);
  EXPECT_GT(countOf(figures[0].variants[0].svg, "class=\"hatched\""), 0U);
}

}  // namespace
}  // namespace nnc::report
