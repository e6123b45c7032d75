// F6: the lattice of all combinations, from the old recipe to the new one.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "report/attribution.h"
#include "report/figures.h"
#include "report/plot.h"
#include "report/style.h"

namespace nnc::report {

namespace {

constexpr std::size_t kMostFactors = 5;
constexpr double kRankHeight = 92.0, kRadius = 19.0, kTop = 36.0;

/// The shortest beginnings of the factors' names that tell them apart.
std::vector<std::string> initials(const View& view, const std::vector<int>& players) {
  std::vector<std::string> names;
  for (const int player : players) {
    const std::string& name = view.study().factors[static_cast<std::size_t>(player)].name;
    std::size_t length = 1;
    const auto isTaken = [&](const std::string& front) {
      return std::any_of(players.begin(), players.end(), [&](int other) {
        return other != player && view.study().factors[static_cast<std::size_t>(other)].name.starts_with(front);
      });
    };
    while (length < name.size() && isTaken(name.substr(0, length))) ++length;
    names.push_back(name.substr(0, length));
  }
  return names;
}

struct Node {
  double x = 0.0, y = 0.0, value = 0.0;
  int cell = -1;  // index in the view; -1: not run
  bool isKnown() const { return cell >= 0 && !std::isnan(value); }
};

class Lattice {
 public:
  Lattice(const View& view, const Attribution& attribution, const Figure& figure)
      : view_(view),
        attribution_(attribution),
        figure_(figure),
        players_(view.players()),
        short_(initials(view, players_)),
        nodes_(std::size_t{1} << players_.size()) {
    place();
    fill();
    findBestPath();
  }

  std::string draw() {
    Svg svg(kFigureWidth, kTop + kRankHeight * static_cast<double>(players_.size()) + kRadius + 34);
    for (std::size_t set = 0; set < nodes_.size(); ++set)
      for (std::size_t i = 0; i < players_.size(); ++i)
        if (!(set >> i & 1)) drawEdge(svg, set, set | std::size_t{1} << i, "edge");
    for (std::size_t i = 0; i + 1 < best_.size(); ++i) drawEdge(svg, best_[i], best_[i + 1], "best");
    for (std::size_t set = 0; set < nodes_.size(); ++set) drawNode(svg, set);
    return svg.finish(drawingId(figure_, 0), fmt::format("All combinations: {}", attribution_.measure->name),
                      "Every combination of old and new as a circle with its mean; lines add one factor.");
  }

  std::vector<int> cells() const {
    std::vector<int> cells;
    for (const Node& node : nodes_)
      if (node.cell >= 0) cells.push_back(node.cell);
    return cells;
  }
  bool hasAny() const {
    return std::any_of(nodes_.begin(), nodes_.end(), [](const Node& node) { return node.isKnown(); });
  }
  std::string key() const {
    std::string text;
    for (std::size_t i = 0; i < players_.size(); ++i)
      text += fmt::format("{}<b>{}</b>: {} ({})", i == 0 ? "" : "; ", escape(short_[i]),
                          escape(view_.study().factors[static_cast<std::size_t>(players_[i])].name),
                          escape(changeText(view_, players_[i])));
    return text;
  }
  std::string pathText() const {
    std::string text;
    for (std::size_t i = 0; i + 1 < best_.size(); ++i) {
      const std::size_t added = best_[i] ^ best_[i + 1];
      text += fmt::format(
          "{}{}", i == 0 ? "" : ", ",
          escape(view_.study()
                     .factors[static_cast<std::size_t>(players_[static_cast<std::size_t>(std::countr_zero(added))])]
                     .name));
    }
    return text;
  }

 private:
  void place() {
    std::map<int, std::vector<std::size_t>> ranks;
    for (std::size_t set = 0; set < nodes_.size(); ++set) ranks[std::popcount(set)].push_back(set);
    for (const auto& [rank, sets] : ranks)
      for (std::size_t i = 0; i < sets.size(); ++i) {
        nodes_[sets[i]].x = kFigureWidth * (static_cast<double>(i) + 0.5) / static_cast<double>(sets.size());
        nodes_[sets[i]].y = kTop + kRankHeight * rank;
      }
  }

  /// The mean of every coalition's cell, and the range of all means.
  void fill() {
    const std::vector<statistics::Factor>& factors = attribution_.responses.factors();
    for (std::size_t set = 0; set < nodes_.size(); ++set) {
      statistics::Coalition coalition = 0;
      for (std::size_t i = 0; i < players_.size(); ++i)
        if (set >> i & 1) coalition |= statistics::Coalition{1} << players_[i];
      const std::optional<int> found = attribution_.responses.find(statistics::cellOf(factors, coalition));
      nodes_[set].value = std::nan("");
      if (!found) continue;
      const statistics::Cell& levels = attribution_.responses.cells()[static_cast<std::size_t>(*found)];
      for (std::size_t i = 0; i < view_.cells().size(); ++i)
        if (view_.cells()[i].cell->levels == levels) nodes_[set].cell = static_cast<int>(i);
      if (const std::optional<double> mean = attribution_.responses.cellMean(*found)) nodes_[set].value = *mean;
      range_.add(nodes_[set].value);
    }
  }

  /// The path from old to new that is best on the way: of all orders of adding factors the one with the largest sum of
  /// means.
  void findBestPath() {
    if (attribution_.measure->better == study::Measure::Better::Unknown) return;
    const double sign = attribution_.measure->better == study::Measure::Better::Lower ? -1.0 : 1.0;
    std::vector<double> sums(nodes_.size(), std::nan(""));
    std::vector<std::size_t> from(nodes_.size(), 0);
    sums[0] = sign * nodes_[0].value;
    for (std::size_t set = 1; set < nodes_.size(); ++set)
      for (std::size_t i = 0; i < players_.size(); ++i) {
        if (!(set >> i & 1) || !nodes_[set].isKnown()) continue;
        const double sum = sums[set ^ std::size_t{1} << i] + sign * nodes_[set].value;
        if (std::isnan(sum) || (!std::isnan(sums[set]) && sum <= sums[set])) continue;
        sums[set] = sum;
        from[set] = set ^ std::size_t{1} << i;
      }
    if (std::isnan(sums.back())) return;
    for (std::size_t set = nodes_.size() - 1;; set = from[set]) {
      best_.insert(best_.begin(), set);
      if (set == 0) break;
    }
  }

  void drawEdge(Svg& svg, std::size_t from, std::size_t to, std::string_view style) {
    if (nodes_[from].isKnown() && nodes_[to].isKnown())
      svg.line(nodes_[from].x, nodes_[from].y, nodes_[to].x, nodes_[to].y, style);
  }

  std::string nameOf(std::size_t set) const {
    if (set == 0) return "old";
    if (set + 1 == nodes_.size()) return "new";
    std::string name;
    for (std::size_t i = 0; i < players_.size(); ++i)
      if (set >> i & 1) name += (name.empty() ? "" : " ") + short_[i];
    return name;
  }

  void drawNode(Svg& svg, std::size_t set) {
    const Node& node = nodes_[set];
    if (!node.isKnown()) {
      svg.circle(node.x, node.y, 5, "box",
                 fmt::format("{}: {}", nameOf(set), node.cell < 0 ? "not run" : "not finished"));
    } else {
      const double width = range_.high() - range_.low();
      const int step = stepOf(width > 0 ? (node.value - range_.low()) / width : 0.5, kSequentialSteps);
      Unit bare = attribution_.unit;
      bare.value.clear();
      svg.circle(node.x, node.y, kRadius, sequentialStyle(step),
                 fmt::format("{}: {}", view_.cells()[static_cast<std::size_t>(node.cell)].label,
                             attribution_.unit.of(node.value)),
                 cellsAttribute({node.cell}));
      svg.text(node.x, node.y + 4, bare.of(node.value), fmt::format("small on{}", step), "middle");
    }
    const bool isEnd = set == 0 || set + 1 == nodes_.size();
    svg.text(node.x, node.y + kRadius + 13, nameOf(set), isEnd ? "strong halo" : "small halo", "middle");
  }

  const View& view_;
  const Attribution& attribution_;
  const Figure& figure_;
  std::vector<int> players_;
  std::vector<std::string> short_;
  std::vector<Node> nodes_;
  Range range_;
  std::vector<std::size_t> best_;
};

}  // namespace

std::vector<Figure> makeLattice(const View& view, const study::Show* show) {
  std::vector<Figure> figures;
  const std::size_t count = view.players().size();
  for (const study::Measure* const measure : measuresOf(view, show)) {
    Figure figure;
    figure.id = "F6";
    figure.slug = slugOf("lattice " + measure->name);
    figure.title = fmt::format("All combinations: {}", measure->name);
    if (count < 2 || count > kMostFactors) {
      figures.push_back(absentFigure(
          "F6", figure.slug, figure.title,
          fmt::format("it is drawn for two to five factors with an old and a new level, and there are {}", count)));
      continue;
    }
    const Attribution attribution = attributionOf(view, *measure, show);
    Lattice lattice(view, attribution, figure);
    if (!lattice.hasAny()) {
      figures.push_back(
          absentFigure("F6", figure.slug, figure.title, "no cell between old and new has finished a run"));
      continue;
    }
    figure.title += attribution.where;
    figure.cells = lattice.cells();
    figure.variants.push_back({"", lattice.draw()});
    figure.caption = fmt::format(
        "Circles are cells with their mean {}{}, brighter where it is larger; each line downwards turns one factor "
        "from old "
        "to new. {}.{}",
        escape(measure->name), unitOf(*measure).value.empty() ? "" : " in percent", lattice.key(),
        lattice.pathText().empty()
            ? ""
            : fmt::format(" Bold: the order of adding factors that is best on the way ({}).", lattice.pathText()));
    figures.push_back(std::move(figure));
  }
  if (figures.empty())
    figures.push_back(absentFigure("F6", "lattice", "All combinations", "the study measures nothing"));
  return figures;
}

}  // namespace nnc::report
