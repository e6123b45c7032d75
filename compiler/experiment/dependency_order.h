// An order in which each thing comes behind those that it uses.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace nnc::experiment {

/// Depth first, so that what uses nothing keeps its place.
class DependencyOrder {
 public:
  struct Item {
    std::vector<std::string> names;  // that it gives a value to; the first one stands for it in `path()`
    std::set<std::string> uses;      // names whose value it needs
  };
  explicit DependencyOrder(std::vector<Item> items) : items_(std::move(items)), states_(items_.size(), State::New) {}

  /// False: there is a circle, and `path()` says which.
  [[nodiscard]] bool find();
  const std::vector<std::size_t>& order() const { return order_; }
  /// `a -> b -> a`
  std::string path() const;
  /// The item at which the circle was met.
  std::size_t culprit() const { return path_.back(); }

 private:
  enum class State : std::uint8_t { New, Open, Done };
  bool visit(std::size_t i);
  bool doesUse(std::size_t i, std::size_t j) const;

  std::vector<Item> items_;
  std::vector<State> states_;
  std::vector<std::size_t> path_, order_;
};

}  // namespace nnc::experiment
