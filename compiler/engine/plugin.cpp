// Loads the code generation plug-in when a command first needs code: LLVM alone takes 57 ms to load.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "diagnostics/kinds/engine.h"
#include "engine/engine.h"

namespace nnc::engine {

namespace {

struct Plugin {
  codegen::Backend* backend = nullptr;
  std::string error;
};

}  // namespace

static std::string pluginPath() {
  if (const char* path = std::getenv("NNC_CODEGEN"); path != nullptr && *path != '\0') return path;
  std::array<char, 4096> self{};
  const ssize_t length = readlink("/proc/self/exe", self.data(), self.size() - 1);
  const std::string program(self.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return program.substr(0, program.find_last_of('/') + 1) + "../lib/libnnc_codegen.so";
}

static std::string lastError() {
  const char* error = dlerror();
  return error != nullptr ? error : "unknown reason";
}

static Plugin load() {
  const std::string path = pluginPath();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return {nullptr, lastError()};
  void* symbol = dlsym(library, codegen::kCreateBackendSymbol);
  if (symbol == nullptr) return {nullptr, lastError()};
  codegen::Backend* backend = reinterpret_cast<codegen::CreateBackend>(symbol)();
  if (backend == nullptr) return {nullptr, path + ": no code generator for this machine"};
  return {backend, ""};
}

codegen::Backend* backend(Diagnostics& diagnostics) {
  // One per process, made once and never destroyed: compiled code may run until the very end.
  static const Plugin plugin = load();
  if (plugin.backend == nullptr) diagnostics.emit<diag::CodegenMissing>(Span{}, plugin.error);
  return plugin.backend;
}

}  // namespace nnc::engine
