#include "engine/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

#include "diagnostics/kinds/engine.h"
#include "engine/engine.h"
#include "passes/value_memory.h"
#include "support/checked.h"

namespace nnc::engine {

std::string formatBytes(std::int64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  double amount = static_cast<double>(bytes) / 1024.0;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0.
  while (amount >= 1023.95 && unit + 1 < kUnits.size()) {
    amount /= 1024.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

namespace {

/// A tensor that the program keeps in memory.
struct Tenant {
  std::int64_t bytes = 0;
  std::string name;
  ir::Type type;
  Span span;
};

}  // namespace

static bool isAliased(const ir::Function& function, int result) {
  return std::any_of(function.aliases.begin(), function.aliases.end(),
                     [&](const ir::Alias& alias) { return alias.result == result; });
}

/// Every tensor with memory of its own. Those in the arena may share it at different times.
static std::vector<Tenant> tenants(const ir::Module& module, const ir::Function& function) {
  std::vector<Tenant> result;
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const ir::Type& type = function.type(function.parameters[i]);
    result.push_back({type.byteCount(), function.parameterNames[i], type, {}});
  }
  for (std::size_t i = 0; i < function.results.size(); ++i) {
    const ir::Type& type = function.type(function.results[i]);
    if (!isAliased(function, static_cast<int>(i)))
      result.push_back({type.byteCount(), function.resultNames[i], type, {}});
  }
  for (const ir::NodeId id : function.body) {
    const ir::Node& node = function.node(id);
    for (const ir::Value value : node.results) {
      const ir::StorageKind kind = function.plan->storage[value.index].kind;
      const bool isOwn = kind == ir::StorageKind::Arena || kind == ir::StorageKind::Constant;
      if (!isOwn || passes::viewedValue(function, value) != value) continue;
      std::string name(ir::opInfo(node.op).name);
      if (const auto* call = std::get_if<ir::CallAttributes>(&node.attributes)) name = call->name;
      if (node.scope.isValid()) name += " in " + module.scopes[node.scope.index];
      result.push_back({function.type(value).byteCount(), std::move(name), function.type(value), node.span});
    }
  }
  return result;
}

std::int64_t neededMemoryBytes(const ir::Module& module, ir::FunctionId id) {
  const ir::Function& function = module.function(id);
  Checked bytes(function.plan->arenaBytes);
  for (const ir::Value parameter : function.parameters) bytes = bytes + function.type(parameter).byteCount();
  for (std::size_t i = 0; i < function.results.size(); ++i)
    if (!isAliased(function, static_cast<int>(i))) bytes = bytes + function.type(function.results[i]).byteCount();
  for (const ir::NodeId node : function.body)
    for (const ir::Value value : function.node(node).results)
      if (function.plan->storage[value.index] == ir::Storage{ir::StorageKind::Constant, value.index, 0})
        bytes = bytes + function.type(value).byteCount();
  return bytes.value().value_or(std::numeric_limits<std::int64_t>::max());
}

bool checkMemory(const ir::Module& module, ir::FunctionId id, std::int64_t maxMemoryBytes, Diagnostics& diagnostics) {
  const std::int64_t available = memoryLimitBytes(maxMemoryBytes);
  const bool isCapped = available == maxMemoryBytes;
  const std::int64_t needed = neededMemoryBytes(module, id);
  if (needed <= available) return true;
  std::vector<Tenant> largest = tenants(module, module.function(id));
  std::stable_sort(largest.begin(), largest.end(), [](const Tenant& a, const Tenant& b) { return a.bytes > b.bytes; });
  if (largest.size() > 3) largest.resize(3);
  const auto placed =
      std::find_if(largest.begin(), largest.end(), [](const Tenant& t) { return static_cast<bool>(t.span); });
  const Span where = placed != largest.end() ? placed->span : Span{};
  DiagnosticBuilder message = diagnostics.emit<diag::PlanTooLarge>(where, formatBytes(needed), formatBytes(available));
  for (const Tenant& tenant : largest)
    message.note(fmt::format("{} for {}{}", formatBytes(tenant.bytes), ir::toString(tenant.type),
                             tenant.name.empty() ? "" : fmt::format(" (`{}`)", tenant.name)));
  message.help(isCapped ? "the limit was set by --max-memory" : "use a smaller batch or a smaller network");
  return false;
}

std::int64_t memoryLimitBytes(std::int64_t maxMemoryBytes) {
  const std::int64_t machine = availableMemoryBytes();
  return maxMemoryBytes > 0 ? std::min(machine, maxMemoryBytes) : machine;
}

std::optional<DiagnosticBuilder> refuseMemory(Span where, const std::vector<MemoryPart>& parts, std::int64_t limitBytes,
                                              Diagnostics& diagnostics) {
  Checked sum(0);
  for (const MemoryPart& part : parts) sum = sum + part.bytes;
  const std::int64_t needed = sum.value().value_or(std::numeric_limits<std::int64_t>::max());
  if (needed <= limitBytes) return std::nullopt;
  DiagnosticBuilder message = diagnostics.emit<diag::PlanTooLarge>(where, formatBytes(needed), formatBytes(limitBytes));
  for (const MemoryPart& part : parts)
    if (part.bytes > 0) message.note(fmt::format("{} for {}", formatBytes(part.bytes), part.what));
  return message;
}

static std::optional<std::int64_t> parseNumber(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return number;
}

static std::optional<std::string> readFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// The number after `key` at the start of a line.
static std::optional<std::int64_t> numberAfter(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(key)) return parseNumber(line.substr(key.size()));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return std::nullopt;
}

std::optional<std::int64_t> memAvailableBytes(std::string_view meminfo) {
  const std::optional<std::int64_t> kibibytes = numberAfter(meminfo, "MemAvailable:");
  if (!kibibytes) return std::nullopt;
  return *kibibytes * 1024;
}

/// What the limit in `folder` leaves. Page cache that can be dropped does not count as used.
static std::optional<std::int64_t> groupAvailable(const std::string& folder, const char* limitFile,
                                                  const char* usageFile, const char* cacheKey) {
  const std::optional<std::string> limitText = readFile(folder + "/" + limitFile);
  if (!limitText) return std::nullopt;
  const std::optional<std::int64_t> limit = parseNumber(*limitText);  // `max` is no number: no limit
  // Version 1 writes a number near 2^63 for "no limit".
  if (!limit || *limit >= std::int64_t{1} << 60) return std::nullopt;
  const std::int64_t usage = parseNumber(readFile(folder + "/" + usageFile).value_or("")).value_or(0);
  const std::int64_t cache = numberAfter(readFile(folder + "/memory.stat").value_or(""), cacheKey).value_or(0);
  return std::max<std::int64_t>(0, *limit - std::max<std::int64_t>(0, usage - cache));
}

std::optional<std::int64_t> cgroupAvailableBytes(std::string_view root, std::string_view self) {
  std::optional<std::int64_t> least;
  while (!self.empty()) {
    const std::string_view line = self.substr(0, self.find('\n'));
    self.remove_prefix(std::min(self.size(), line.size() + 1));
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool isVersion2 = controllers.empty();
    if (!isVersion2 && ("," + std::string(controllers) + ",").find(",memory,") == std::string::npos) continue;
    std::string path(line.substr(second + 1));
    // A limit of a parent binds its children; inside a container the path may not exist below the root, the root does.
    while (true) {
      const std::string folder = std::string(root) + (isVersion2 ? "" : "/memory") + (path == "/" ? "" : path);
      const std::optional<std::int64_t> here =
          isVersion2 ? groupAvailable(folder, "memory.max", "memory.current", "inactive_file ")
                     : groupAvailable(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ");
      if (here && (!least || *here < *least)) least = here;
      if (path.empty() || path == "/") break;
      path.erase(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
    }
  }
  return least;
}

std::int64_t availableMemoryBytes() {
  std::int64_t available = std::numeric_limits<std::int64_t>::max();
  if (const auto memory = memAvailableBytes(readFile("/proc/meminfo").value_or(""))) available = *memory / 10 * 9;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    const std::int64_t used = parseNumber(readFile("/proc/self/statm").value_or("")).value_or(0) *
                              static_cast<std::int64_t>(sysconf(_SC_PAGESIZE));
    available = std::min(available, std::max<std::int64_t>(0, static_cast<std::int64_t>(limit.rlim_cur) - used));
  }
  if (const auto group = cgroupAvailableBytes("/sys/fs/cgroup", readFile("/proc/self/cgroup").value_or("")))
    available = std::min(available, *group);
  return available;
}

void Unmap::operator()(void* base) const { munmap(base, bytes); }

std::optional<Pages> Pages::map(std::int64_t bytes, std::string& error) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  constexpr std::size_t kPage = 4096;
  Pages pages;
  pages.size_ = bytes;
  const std::size_t size = std::max<std::size_t>(kPage, static_cast<std::size_t>(bytes));
  const bool isHuge = size >= kHugePage;
  const std::size_t mapped = size + (isHuge ? kHugePage : 0);
  void* base = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) {
    error = std::strerror(errno);
    return std::nullopt;
  }
  pages.mapping_ = std::unique_ptr<void, Unmap>(base, Unmap{mapped});
  auto address = reinterpret_cast<std::uintptr_t>(base);
  if (isHuge) {
    address = (address + kHugePage - 1) / kHugePage * kHugePage;
    madvise(reinterpret_cast<void*>(address), size, MADV_HUGEPAGE);  // advice: slower pages do as well
  }
  pages.data_ = reinterpret_cast<void*>(address);
  // A page fault costs some microseconds; taken here, none is left for the step.
  auto* byte = static_cast<volatile std::byte*>(pages.data_);
  for (std::size_t offset = 0; offset < size; offset += kPage) byte[offset] = std::byte{0};
  return pages;
}

}  // namespace nnc::engine
