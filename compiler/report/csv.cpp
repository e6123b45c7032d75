#include <fmt/format.h>

#include <cmath>
#include <map>

#include "report/tables.h"
#include "statistics/intervals.h"

namespace nnc::report {

namespace {

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

/// Joins fields to lines.
class Lines {
 public:
  Lines& operator<<(std::string_view field) {
    text_ += (isFirst_ ? "" : ",") + quoted(field);
    isFirst_ = false;
    return *this;
  }
  Lines& operator<<(double value) { return *this << (std::isnan(value) ? std::string() : exactText(value)); }
  void end() {
    text_ += '\n';
    isFirst_ = true;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  bool isFirst_ = true;
};

void addLevels(Lines& lines, const View& view, const CellRuns& cell) {
  for (std::size_t f = 0; f < view.study().factors.size(); ++f)
    lines << (cell.cell->levels[f] < 0 ? std::string() : view.levelLabel(static_cast<int>(f), cell.cell->levels[f]));
}

}  // namespace

std::string cellsCsv(const View& view) {
  const study::Study& study = view.study();
  Lines lines;
  lines << "cell" << "id" << "program";
  for (const study::Factor& factor : study.factors) lines << factor.name;
  lines << "parameters" << "steps" << "flops_per_step" << "tuned" << "edge" << "runs" << "ok" << "diverged" << "failed"
        << "timed_out";
  for (const study::Measure& measure : study.measures)
    lines << measure.name << measure.name + ".sd" << measure.name + ".n";
  lines.end();
  for (const CellRuns& cell : view.cells()) {
    lines << fmt::format("C{}", cell.number) << cell.cell->id << cell.cell->program;
    addLevels(lines, view, cell);
    lines << std::to_string(cell.cell->parameters) << std::to_string(cell.cell->steps) << cell.cell->flopsPerStep;
    lines << cell.chosen.value_or(std::nan("")) << (cell.isEdge ? "1" : "0");
    std::map<study::Status, int> counts;
    int runs = 0;
    for (const study::Run* run : cell.byBlock) {
      if (!run) continue;
      counts[run->status] += 1;
      ++runs;
    }
    lines << std::to_string(runs);
    for (const study::Status status :
         {study::Status::Ok, study::Status::Diverged, study::Status::Failed, study::Status::TimedOut})
      lines << std::to_string(counts[status]);
    for (const study::Measure& measure : study.measures) {
      const std::vector<double> values = view.values(cell.number - 1, measure.name);
      lines << view.mean(cell.number - 1, measure.name)
            << (values.size() < 2 ? std::nan("") : statistics::standardDeviation(values))
            << std::to_string(values.size());
    }
    lines.end();
  }
  return lines.take();
}

std::string runsCsv(const View& view, std::span<const study::Run> runs) {
  const study::Study& study = view.study();
  std::map<std::string, const CellRuns*> cells;
  for (const CellRuns& cell : view.cells()) cells.emplace(cell.cell->id, &cell);
  Lines lines;
  lines << "run" << "role" << "cell" << "block";
  for (const study::Factor& factor : study.factors) lines << factor.name;
  lines << "tuned" << "status" << "reason" << "steps" << "examples" << "flops" << "train_seconds" << "wall_seconds";
  for (const study::Measure& measure : study.measures) lines << measure.name << measure.name + ".censored";
  lines.end();
  for (const study::Run& run : runs) {
    const auto cell = cells.find(run.cell);
    if (cell == cells.end()) continue;
    lines << run.id << (run.role == study::Run::Role::Trial ? "trial" : "run")
          << fmt::format("C{}", cell->second->number) << std::to_string(run.block + 1);
    addLevels(lines, view, *cell->second);
    lines << run.tuned.value_or(std::nan("")) << statusWord(run.status) << run.reason << std::to_string(run.steps)
          << std::to_string(run.examples) << run.flops << run.trainSeconds << run.wallSeconds;
    for (const study::Measure& measure : study.measures) {
      const auto found = run.measures.find(measure.name);
      const bool hasValue = found != run.measures.end();
      lines << (hasValue ? found->second.value : std::nan(""))
            << (hasValue ? found->second.isCensored ? "1" : "0" : "");
    }
    lines.end();
  }
  return lines.take();
}

}  // namespace nnc::report
