#include "study/codec.h"

#include "study/decode.h"
#include "study/encode.h"
#include "study/results.h"
#include "support/hash.h"

namespace nnc::study {

// A line ends with the checksum of what stands before it. The checksum covers the clocks and therefore stands among
// them, so that all that differs between two equal runs is in one object.
static constexpr std::string_view kMark = R"(,"checksum":")";
static constexpr std::string_view kEnd = R"("}})";
static constexpr std::size_t kHashDigits = 16;

std::string studyText(const Study& study) { return dump(encode(study), 1) + "\n"; }

std::string verdictsText(const std::vector<Verdict>& verdicts) { return dump(encode(verdicts), 1) + "\n"; }

/// Moves the values that a clock made from `run` into the result.
static Clocks takeClocks(Run& run) {
  Clocks clocks{run.trainSeconds, run.wallSeconds, run.curveSeconds, {}, run.spent, run.limitSeconds, {}};
  if (!run.origin.empty()) clocks.origin = run.origin;
  for (const auto& [name, measured] : run.measures)
    if (measured.isClock) clocks.measures[name] = measured;
  std::erase_if(run.measures, [](const auto& entry) { return entry.second.isClock; });
  return clocks;
}

std::string runText(const Run& run) {
  Run content = run;
  const Clocks clocks = takeClocks(content);
  Json object = encode(content);
  object["time"] = encode(clocks);
  std::string line = dump(object, -1);
  line.resize(line.size() - 2);  // the braces that end `time` and the line
  const std::string checksum = hexDigits(hashBytes(line));
  line += kMark;
  line += checksum;
  line += kEnd;
  return line + "\n";
}

/// Whether the line ends with the checksum of its content.
static bool isIntact(std::string_view line) {
  constexpr std::size_t kTail = kMark.size() + kHashDigits + kEnd.size();
  if (line.size() < kTail) return false;
  const std::string_view content = line.substr(0, line.size() - kTail);
  std::string_view tail = line.substr(content.size());
  if (!tail.starts_with(kMark) || !tail.ends_with(kEnd)) return false;
  return tail.substr(kMark.size(), kHashDigits) == hexDigits(hashBytes(content));
}

static bool checkRun(const Run& run, Problem& problem) {
  for (const Curve& curve : run.curves)
    if (curve.steps.size() != curve.values.size())
      return problem.fail(
          fmt::format("curve `{}` has {} steps and {} values", curve.metric, curve.steps.size(), curve.values.size()));
  for (const ProbeSeries& series : run.probes) {
    bool isEven = series.values.size() == series.steps.size();
    for (const std::vector<double>& row : series.values) isEven = isEven && row.size() == series.paths.size();
    if (!isEven) return problem.fail(fmt::format("probe `{}` is no table of steps and paths", series.probe));
  }
  return true;
}

std::optional<Run> parseRun(std::string_view line, std::string& problem) {
  if (!isIntact(line)) {
    problem = "is damaged or was edited: its content differs from its checksum";
    return std::nullopt;
  }
  Problem found;
  const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  Run run;
  Clocks clocks;
  bool isFine = decode(object, run, found);
  if (isFine && !object.contains("time")) isFine = found.fail("lacks `time`");
  if (isFine) isFine = (decode(object["time"], clocks, found) || found.within(".time")) && checkRun(run, found);
  if (!isFine) {
    problem = "is no run: " + found.text();
    return std::nullopt;
  }
  run.trainSeconds = clocks.trainSeconds;
  run.wallSeconds = clocks.wallSeconds;
  run.curveSeconds = std::move(clocks.curveSeconds);
  run.spent = clocks.spent.value_or(Spent{});
  run.limitSeconds = clocks.limitSeconds;
  run.origin = clocks.origin.value_or("");
  for (const auto& [name, measured] : clocks.measures)
    run.measures[name] = {measured.value, measured.isCensored, /*isClock=*/true};
  return run;
}

static bool isLevel(int level, const Factor& factor) {
  return level >= 0 && level < static_cast<int>(factor.levels.size());
}

/// Levels of a combination: one per factor, each a level of it or none.
static bool checkLevels(const std::vector<int>& levels, const Study& study, Problem& problem) {
  if (levels.size() != study.factors.size())
    return problem.fail(fmt::format("has {} levels, and there are {} factors", levels.size(), study.factors.size()));
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (levels[i] != -1 && !isLevel(levels[i], study.factors[i]))
      return problem.fail(fmt::format("names level {} of `{}`, which has {}", levels[i], study.factors[i].name,
                                      study.factors[i].levels.size()));
  return true;
}

bool isPageName(std::string_view name) {
  constexpr std::string_view kForbidden("/\\\0", 3);
  return name.ends_with(".html") && name.find_first_of(kForbidden) == std::string_view::npos;
}

static bool checkStudy(const Study& study, Problem& problem) {
  // The report is written to it: a study.json from elsewhere must not reach beyond its folder.
  if (!study.reportFile.empty() && !isPageName(study.reportFile)) {
    problem.fail(fmt::format("is \"{}\", which is no name of an .html file in the study folder", study.reportFile));
    return problem.within(".report");
  }
  for (std::size_t i = 0; i < study.factors.size(); ++i) {
    const Factor& factor = study.factors[i];
    if (isLevel(factor.oldLevel, factor) && isLevel(factor.newLevel, factor)) continue;
    problem.fail("names a level that it does not have as `old` or `new`");
    return problem.within(fmt::format("factors[{}]", i));
  }
  for (std::size_t i = 0; i < study.cells.size(); ++i)
    if (!checkLevels(study.cells[i].levels, study, problem)) return problem.within(fmt::format("cells[{}]", i));
  for (std::size_t i = 0; i < study.removed.size(); ++i)
    if (!checkLevels(study.removed[i].levels, study, problem)) return problem.within(fmt::format("removed[{}]", i));
  return true;
}

template <typename T>
static std::optional<T> parseWhole(std::string_view text, std::string& problem) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  Problem found;
  T value;
  if (json.is_discarded())
    problem = "is no JSON";
  else if (!decode(json, value, found))
    problem = found.text();
  else
    return value;
  return std::nullopt;
}

std::optional<Study> parseStudy(std::string_view text, std::string& problem) {
  std::optional<Study> study = parseWhole<Study>(text, problem);
  Problem found;
  if (!study || checkStudy(*study, found)) return study;
  problem = found.text();
  return std::nullopt;
}

std::optional<std::string> studyField(std::string_view text, const char* name) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(name) || !json[name].is_string()) return std::nullopt;
  return json[name].get<std::string>();
}

std::optional<std::vector<Verdict>> parseVerdicts(std::string_view text, std::string& problem) {
  return parseWhole<std::vector<Verdict>>(text, problem);
}

}  // namespace nnc::study
