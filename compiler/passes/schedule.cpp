// Two orders are made, depth first and greedy; the greedy one is taken if its peak is clearly smaller.
#include "passes/schedule.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "ir/call_graph.h"
#include "ir/edit.h"
#include "passes/value_memory.h"

namespace nnc::passes {

namespace {

/// The dependencies of a function by position in its `body`: data flow, and readers of an old value before its update.
struct Graph {
  std::vector<std::vector<int>> before;  // what has to run first, ascending
  std::vector<std::vector<int>> after;
};

/// What one node makes and needs in memory, through reshapes; by position.
struct Traffic {
  std::vector<std::vector<int>> makes;  // values
  std::vector<std::vector<int>> reads;
  std::vector<std::int64_t> bytes;  // by value; 0 for what is not in the arena
  std::vector<int> readers;         // by value: number of positions that read it, and one more if it is returned
};

using Order = std::vector<int>;

}  // namespace

static bool leadsTo(const Graph& graph, int from, int to) {
  std::vector<bool> seen(graph.after.size(), false);
  std::vector<int> pending{from};
  while (!pending.empty()) {
    const int position = pending.back();
    pending.pop_back();
    if (position == to) return true;
    if (seen[position]) continue;
    seen[position] = true;
    pending.insert(pending.end(), graph.after[position].begin(), graph.after[position].end());
  }
  return false;
}

static void addEdge(Graph& graph, int first, int second) {
  std::vector<int>& before = graph.before[second];
  const auto place = std::lower_bound(before.begin(), before.end(), first);
  if (place != before.end() && *place == first) return;
  before.insert(place, first);
  graph.after[first].push_back(second);
}

static Graph makeGraph(const ir::Function& function) {
  const std::size_t count = function.body.size();
  Graph graph{std::vector<std::vector<int>>(count), std::vector<std::vector<int>>(count)};
  std::vector<int> positionOf(function.nodes.size(), -1);
  for (std::size_t i = 0; i < count; ++i) positionOf[function.body[i].index] = static_cast<int>(i);
  const auto definedAt = [&](ir::Value value) {
    const ir::NodeId id = function.values[value.index].definition;
    return id.isValid() ? positionOf[id.index] : -1;
  };
  for (std::size_t i = 0; i < count; ++i)
    for (const ir::Value operand : function.node(function.body[i]).operands)
      if (const int position = definedAt(operand); position >= 0) addEdge(graph, position, static_cast<int>(i));
  // An update waits for the readers of the old value, unless they need the new one.
  std::vector<std::vector<int>> readers(function.values.size());  // of parameters, by value
  for (std::size_t i = 0; i < count; ++i)
    for (const ir::Value operand : function.node(function.body[i]).operands) {
      const ir::Value owner = viewedValue(function, operand);
      if (function.definition(owner) == nullptr) readers[owner.index].push_back(static_cast<int>(i));
    }
  for (const ir::Alias& alias : function.aliases) {
    const int update = definedAt(viewedValue(function, function.results[alias.result]));
    if (update < 0) continue;
    for (const int reader : readers[function.parameters[alias.parameter].index])
      if (reader != update && !leadsTo(graph, update, reader)) addEdge(graph, reader, update);
  }
  return graph;
}

static Traffic makeTraffic(const ir::Function& function) {
  Traffic traffic;
  const std::size_t count = function.body.size();
  traffic.makes.resize(count);
  traffic.reads.resize(count);
  traffic.bytes.assign(function.values.size(), 0);
  traffic.readers.assign(function.values.size(), 0);
  std::set<int> returned;
  for (const ir::Value result : function.results) returned.insert(viewedValue(function, result).index);
  for (std::size_t i = 0; i < count; ++i) {
    const ir::Node& node = function.node(function.body[i]);
    if (isFreeView(node.op)) continue;
    std::set<int> reads;
    for (const ir::Value operand : node.operands) reads.insert(viewedValue(function, operand).index);
    traffic.reads[i].assign(reads.begin(), reads.end());
    for (const int value : reads) ++traffic.readers[value];
    for (const ir::Value result : node.results) {
      traffic.makes[i].push_back(result.index);
      // Constants and results have memory of their own.
      const bool isConstant = node.op == ir::Op::Const && !std::get<ir::ConstAttributes>(node.attributes).isSplat;
      if (!isConstant && !returned.contains(result.index))
        traffic.bytes[result.index] = function.type(result).byteCount();
    }
  }
  for (const int value : returned) ++traffic.readers[value];
  return traffic;
}

/// Bytes that come alive and die when a node runs, given how many readers each value still has.
static std::int64_t growth(const Traffic& traffic, const std::vector<int>& left, int position) {
  std::int64_t bytes = 0;
  for (const int value : traffic.makes[position])
    if (left[value] > 0) bytes += traffic.bytes[value];
  for (const int value : traffic.reads[position])
    if (left[value] == 1) bytes -= traffic.bytes[value];
  return bytes;
}

static std::int64_t peakBytes(const Traffic& traffic, const Order& order) {
  std::vector<int> left = traffic.readers;
  std::int64_t live = 0, peak = 0;
  for (const int position : order) {
    std::int64_t made = 0;
    for (const int value : traffic.makes[position]) made += traffic.bytes[value];
    peak = std::max(peak, live + made);
    live += growth(traffic, left, position);
    for (const int value : traffic.reads[position]) --left[value];
  }
  return peak;
}

/// Runs what a result needs right before it, the results that need least first.
static Order depthFirst(const Graph& graph) {
  const std::size_t count = graph.before.size();
  std::vector<int> depth(count, 0);
  // Edges from readers to updates may point backwards, so depths settle in a topological order, not in body order.
  std::vector<int> missing(count);
  std::vector<int> ready;
  for (std::size_t i = 0; i < count; ++i)
    if ((missing[i] = static_cast<int>(graph.before[i].size())) == 0) ready.push_back(static_cast<int>(i));
  for (std::size_t next = 0; next < ready.size(); ++next)
    for (const int user : graph.after[ready[next]]) {
      depth[user] = std::max(depth[user], depth[ready[next]] + 1);
      if (--missing[user] == 0) ready.push_back(user);
    }
  std::vector<std::pair<int, int>> sinks;  // (depth, position)
  for (std::size_t i = 0; i < count; ++i)
    if (graph.after[i].empty()) sinks.emplace_back(depth[i], static_cast<int>(i));
  std::sort(sinks.begin(), sinks.end());
  Order order;
  std::vector<std::uint8_t> state(count, 0);  // 0 unseen, 1 operands pending, 2 done
  std::vector<int> pending;
  for (const auto& sink : sinks) {
    pending.push_back(sink.second);
    while (!pending.empty()) {
      const int position = pending.back();
      if (state[position] == 0) {
        state[position] = 1;
        // The deepest operand first: what it needs is gone by the time that the others are made.
        std::vector<int> operands = graph.before[position];
        std::stable_sort(operands.begin(), operands.end(), [&](int a, int b) { return depth[a] < depth[b]; });
        for (const int operand : operands)
          if (state[operand] == 0) pending.push_back(operand);
        continue;
      }
      pending.pop_back();
      if (state[position] == 2) continue;
      state[position] = 2;
      order.push_back(position);
    }
  }
  return order;
}

/// Always runs the ready node that adds the fewest live bytes, the earliest one on a tie.
static Order greedy(const Graph& graph, const Traffic& traffic) {
  const std::size_t count = graph.before.size();
  std::vector<int> missing(count), left = traffic.readers;
  std::vector<int> ready;
  for (std::size_t i = 0; i < count; ++i)
    if ((missing[i] = static_cast<int>(graph.before[i].size())) == 0) ready.push_back(static_cast<int>(i));
  Order order;
  while (!ready.empty()) {
    std::size_t best = 0;
    std::pair<std::int64_t, int> bestKey{std::numeric_limits<std::int64_t>::max(), 0};
    for (std::size_t i = 0; i < ready.size(); ++i) {
      const std::pair key{growth(traffic, left, ready[i]), ready[i]};
      if (key < bestKey) std::tie(best, bestKey) = std::pair{i, key};
    }
    const int position = ready[best];
    ready.erase(ready.begin() + static_cast<std::ptrdiff_t>(best));
    order.push_back(position);
    for (const int value : traffic.reads[position]) --left[value];
    for (const int user : graph.after[position])
      if (--missing[user] == 0) ready.push_back(user);
  }
  return order;
}

static void schedule(ir::Function& function) {
  function.plan.reset();
  ir::dropDeadNodes(function);
  if (function.body.empty()) return;
  const Graph graph = makeGraph(function);
  const Traffic traffic = makeTraffic(function);
  Order best = depthFirst(graph);
  Order other = greedy(graph, traffic);
  // A value that was just made is still in the cache, so a slightly larger arena is a fair price for the first order.
  const std::int64_t peak = peakBytes(traffic, best);
  if (peakBytes(traffic, other) < peak - peak / 20) best = std::move(other);
  std::vector<ir::NodeId> body;
  body.reserve(best.size());
  for (const int position : best) body.push_back(function.body[position]);
  function.body = std::move(body);
}

bool schedule(ir::Module& module, Diagnostics& /*diagnostics*/) {
  const std::vector<bool> isKernel = ir::kernelBodies(module);
  for (std::size_t i = 0; i < module.functions.size(); ++i)
    if (!isKernel[i]) schedule(module.functions[i]);
  return true;
}

}  // namespace nnc::passes
