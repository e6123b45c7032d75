// Object files and headers of models: symbols, sections, C and C++ users, errors, the same bits as in process.
#include <gtest/gtest.h>

#include <dlfcn.h>
#include <sys/wait.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "compiled.h"
#include "ir/evaluate.h"

namespace nnc::codegen::test {

using ir::DType;
namespace fs = std::filesystem;

/// A folder of the test that is gone afterwards.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "nnc_object_XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

static std::string outputOf(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, n);
  const int status = ::pclose(pipe);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0) << command << "\n" << output;
  return output;
}

/// An MLP of one hidden layer on rows of 6, with an extra output: its programs of each batch size, and their ModelApi.
struct Model {
  std::vector<std::unique_ptr<Program>> programs;
  ModelApi api;
};

static void buildMlp(ir::Builder& b, std::int64_t batch) {
  const ir::Value w1 = b.addParameter({DType::F32, {6, 9}}, "w1"), b1 = b.addParameter({DType::F32, {9}}, "b1");
  const ir::Value w2 = b.addParameter({DType::F32, {9, 4}}, "w2"), x = b.addParameter({DType::F32, {batch, 6}}, "x");
  b.addParameter({DType::I64, {}}, "seed");
  const ir::Value sum = b.add(b.contract(x, w1, "bi", "io", "bo"), b.broadcast(b1, {batch, 9}, {1}));
  const ir::Value h = b.max(sum, b.constantLike(sum, 0.0));
  const ir::Value logits = b.contract(h, w2, "bi", "io", "bo");
  b.addResult(logits, "logits");
  b.addResult(b.tanh(b.reduceMax(logits, {1})), "score");
  b.addResult(b.compare(ir::Predicate::Gt, logits, b.constantLike(logits, 0.0)), "mask");
}

static Model mlp(const std::string& prefix, std::vector<std::int64_t> batches, bool embedded = true) {
  Model model;
  model.api.prefix = prefix;
  model.api.sourceName = "m*/l/*p.nn";  // must not end or open a comment
  model.api.sourceHash = "0123456789abcdef";
  model.api.compiler = "nnc test";
  const auto inAll = [&](const ir::Type& type) { return std::vector<ir::Type>(batches.size(), type); };
  model.api.inputs = {{"x", inAll({DType::F32, {6}})}};
  model.api.outputs = {
      {"logits", inAll({DType::F32, {4}})}, {"double", inAll({DType::F32, {}})}, {"mask", inAll({DType::Bool, {4}})}};
  model.api.weightsEmbedded = embedded;
  for (const std::int64_t batch : batches) {
    model.programs.push_back(std::make_unique<Program>(program([&](ir::Builder& b) { buildMlp(b, batch); })));
    Program& p = *model.programs.back();
    planTrivially(p.module, p.function);
    model.api.entries.push_back({&p.module, p.function, batch, {}, nullptr, {}});
  }
  const Program& first = *model.programs[0];
  const std::vector<ir::Tensor> values = inputs(first, 77);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string bytes(reinterpret_cast<const char*>(values[i].bytes.data()), values[i].bytes.size());
    model.api.weights.push_back({"net.w" + std::to_string(i), values[i].type, bytes});
  }
  return model;
}

static ModelObject build(const Model& model, const Options& options = {}) {
  std::string error;
  const std::optional<ModelObject> object = backend().object(model.api, options, error);
  EXPECT_TRUE(object.has_value()) << error;
  return object.value_or(ModelObject{});
}

TEST(Object, AsksForNothingButTheAbi) {
  const std::set<std::string> allowed{
#define NNC_ABI(SYMBOL, DOC) #SYMBOL,
#include "abi.def"
#undef NNC_ABI
  };
  // Everything that LLVM likes to make calls of: transcendentals, casts, copies, fills, 64-bit divisions; on old CPUs
  // too.
  Model model;
  model.api.prefix = "all";
  model.api.hasBatch = false;
  model.api.inputs = {
      {"x", {{DType::F32, {100, 7}}}}, {"y", {{DType::F64, {100, 7}}}}, {"n", {{DType::I64, {100, 7}}}}};
  model.programs.push_back(std::make_unique<Program>(program([](ir::Builder& b) {
    const ir::Value x = b.addParameter({DType::F32, {100, 7}}, "x"), y = b.addParameter({DType::F64, {100, 7}}, "y");
    const ir::Value n = b.addParameter({DType::I64, {100, 7}}, "n"), seed = b.addParameter({DType::I64, {}}, "seed");
    for (const ir::Value v : {x, y}) {
      for (const ir::Op op : {ir::Op::Exp, ir::Op::Log, ir::Op::Tanh, ir::Op::Sin, ir::Op::Sqrt, ir::Op::Floor})
        b.addResult(b.appendOne(op, {v}), "y");
      b.addResult(b.rem(v, v), "rem");
      b.addResult(b.contract(v, v, "km", "kn", "mn"), "product");
      for (const DType to : {DType::BF16, DType::I8, DType::U8, DType::I32, DType::I64, DType::Bool})
        b.addResult(b.cast(v, to), "cast");
    }
    b.addResult(b.random({DType::F32, {100, 7}}, 5, seed, seed), "random");
    b.addResult(b.div(n, n), "div");
    b.addResult(b.rem(n, n), "rem");
    b.addResult(b.cast(n, DType::F32), "to f32");
    b.addResult(b.constant({DType::F32, {5000}}, 0.0), "zeros");
    b.addResult(
        b.scatter(x, b.iota({DType::I32, {50}}, 0), b.slice(x, {0, 0}, {50, 7}, {1, 1}), 0, ir::ScatterMode::Set),
        "scatter");
  })));
  Program& p = *model.programs[0];
  planTrivially(p.module, p.function);
  const ir::Function& function = p.module.function(p.function);
  for (std::size_t i = 0; i < function.results.size(); ++i)
    model.api.outputs.push_back({"r" + std::to_string(i), {function.type(function.results[i])}});
  model.api.entries = {{&p.module, p.function, 1, {}, nullptr, {}}};
  const Folder folder;
  for (const char* cpu : {"", "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    SCOPED_TRACE(cpu);
    Options options;
    options.cpu = cpu;
    folder.write("all.o", build(model, options).object);
    std::istringstream undefined(outputOf("nm -u --format=posix " + folder.file("all.o")));
    for (std::string line; std::getline(undefined, line);)
      EXPECT_TRUE(allowed.contains(line.substr(0, line.find(' ')))) << line;
  }
}

TEST(Object, HasNoWritableData) {
  const Folder folder;
  folder.write("m.o", build(mlp("m", {1, 8})).object);
  std::istringstream sections(outputOf("objdump -h " + folder.file("m.o")));
  for (std::string line; std::getline(sections, line);) {
    std::istringstream words(line);
    std::string number, name, size;
    words >> number >> name >> size;
    if (name.starts_with(".data") || name.starts_with(".bss") || name.starts_with(".tbss")) {
      EXPECT_EQ(size, "00000000") << line;
    }
  }
  std::istringstream symbols(outputOf("nm --format=posix " + folder.file("m.o")));
  for (std::string line; std::getline(symbols, line);) {
    std::istringstream words(line);
    std::string name, kind;
    words >> name >> kind;
    EXPECT_EQ(std::string("dDbB").find(kind), std::string::npos) << line;
  }
}

TEST(Object, IsTheSameEveryTime) {
  const ModelObject first = build(mlp("m", {1, 8})), second = build(mlp("m", {1, 8}));
  EXPECT_EQ(first.object, second.object);
  EXPECT_EQ(first.header, second.header);
  EXPECT_EQ(first.object.find("/work"), std::string::npos);
}

TEST(Object, HeaderCompilesAsCAndAsCpp) {
  const Folder folder;
  for (const bool embedded : {true, false}) {
    folder.write("m.h", build(mlp("m", {1, 8}, embedded)).header);
    folder.write("use.c",
                 "#include \"m.h\"\n#include \"m.h\"\nint use(void);\nint use(void) { return (int)m_workspace_bytes(1) "
                 "+ M_E_ALIGN; }\n");
    for (const char* compiler : {"cc -std=c99 -x c", "c++ -std=c++11 -x c++", "c++ -std=c++20 -x c++"})
      outputOf(std::string(compiler) + " -pedantic -Wall -Wextra -Werror -c " + folder.file("use.c") + " -o " +
               folder.file("use.o"));
  }
}

namespace {

/// The object as a shared library of this process. OpenBLAS is the one that the backend has loaded.
class Library {
 public:
  Library(const Folder& folder, const std::string& objects) {
    const std::string path = folder.file("model.so");
    outputOf("cc -shared -o " + path + " " + objects + " " NNC_OPENBLAS);
    handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    EXPECT_NE(handle_, nullptr) << ::dlerror();
  }
  ~Library() { ::dlclose(handle_); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  template <typename F>
  F get(const char* name) const {
    void* symbol = ::dlsym(handle_, name);
    EXPECT_NE(symbol, nullptr) << name;
    return reinterpret_cast<F>(symbol);
  }

 private:
  void* handle_ = nullptr;
};

struct Outputs {
  std::vector<float> logits, score;
  std::vector<std::uint8_t> mask;
  explicit Outputs(std::int64_t rows)
      : logits(static_cast<std::size_t>(rows) * 4, -1.0f),
        score(static_cast<std::size_t>(rows), -1.0f),
        mask(static_cast<std::size_t>(rows) * 4, 9) {}
};

using Predict = int (*)(const float*, std::int64_t, float*, float*, std::uint8_t*, void*, std::size_t);

}  // namespace

TEST(Object, GivesTheBitsOfTheJitAndPads) {
  ASSERT_FALSE(backend().blasCore().empty());
  const Folder folder;
  const Model model = mlp("m", {1, 8});
  folder.write("m.o", build(model).object);
  const Library library(folder, folder.file("m.o"));
  const auto predict = library.get<Predict>("m_predict");
  const auto workspaceBytes = library.get<std::size_t (*)(std::int64_t)>("m_workspace_bytes");
  const Program& large = *model.programs[1];
  std::vector<ir::Tensor> arguments = inputs(large, 77);
  for (std::int64_t rows = 1; rows <= 8; ++rows) {
    SCOPED_TRACE(rows);
    const Program& used = rows == 1 ? *model.programs[0] : large;
    std::vector<ir::Tensor> padded = inputs(used, 77);
    ir::Tensor& x = padded[3];
    for (std::int64_t i = 0; i < x.type.elementCount(); ++i)
      x.data<float>()[i] = i < rows * 6 ? arguments[3].data<float>()[i] : 0.0f;
    for (std::size_t i = 0; i < 3; ++i) padded[i] = arguments[i];
    const std::vector<ir::Tensor> expected = runCompiled(used.module, used.function, padded);
    const std::size_t bytes = workspaceBytes(rows);
    std::vector<std::byte> workspace(bytes + 128, std::byte{0x5A});
    auto* aligned = reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(workspace.data()) + 63) / 64 * 64);
    Outputs out(rows + 1);
    ASSERT_EQ(
        predict(arguments[3].data<float>(), rows, out.logits.data(), out.score.data(), out.mask.data(), aligned, bytes),
        0);
    EXPECT_EQ(std::memcmp(out.logits.data(), expected[0].bytes.data(), static_cast<std::size_t>(rows) * 16), 0);
    EXPECT_EQ(std::memcmp(out.score.data(), expected[1].bytes.data(), static_cast<std::size_t>(rows) * 4), 0);
    EXPECT_EQ(std::memcmp(out.mask.data(), expected[2].bytes.data(), static_cast<std::size_t>(rows) * 4), 0);
    // Nothing behind the rows, nothing behind the workspace.
    EXPECT_EQ(out.score[static_cast<std::size_t>(rows)], -1.0f);
    EXPECT_EQ(out.logits[static_cast<std::size_t>(rows) * 4], -1.0f);
    EXPECT_EQ(aligned[bytes], std::byte{0x5A});
  }
}

TEST(Object, ReportsEveryError) {
  const Folder folder;
  folder.write("m.o", build(mlp("m", {2, 8})).object);
  const Library library(folder, folder.file("m.o"));
  const auto predict = library.get<Predict>("m_predict");
  const auto workspaceBytes = library.get<std::size_t (*)(std::int64_t)>("m_workspace_bytes");
  const auto strerror = library.get<const char* (*)(int)>("m_strerror");
  EXPECT_EQ(workspaceBytes(0), 0u);
  EXPECT_EQ(workspaceBytes(-5), 0u);
  EXPECT_EQ(workspaceBytes(9), 0u);
  EXPECT_GE(workspaceBytes(8), workspaceBytes(1));
  const std::size_t bytes = workspaceBytes(8);
  std::vector<std::byte> workspace(bytes + 128);
  auto* ws = reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(workspace.data()) + 63) / 64 * 64);
  std::vector<float> x(8 * 6 + 1);
  Outputs out(8);
  const auto call = [&](const float* input, std::int64_t rows, float* logits, void* space, std::size_t size) {
    return predict(input, rows, logits, out.score.data(), out.mask.data(), space, size);
  };
  EXPECT_EQ(call(nullptr, 8, out.logits.data(), ws, bytes), -1);
  EXPECT_EQ(call(x.data(), 8, nullptr, ws, bytes), -1);
  EXPECT_EQ(call(x.data(), 8, out.logits.data(), nullptr, bytes), -1);
  for (const std::int64_t rows : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{9}, INT64_MIN, INT64_MAX})
    EXPECT_EQ(call(x.data(), rows, out.logits.data(), ws, bytes), -2);
  EXPECT_EQ(call(x.data(), 8, out.logits.data(), ws, bytes - 1), -3);
  EXPECT_EQ(call(x.data(), 8, out.logits.data(), ws + 16, bytes), -4);
  const auto* odd = reinterpret_cast<const float*>(reinterpret_cast<const char*>(x.data()) + 2);
  EXPECT_EQ(call(odd, 8, out.logits.data(), ws, bytes), -4);
  EXPECT_EQ(call(x.data(), 8, out.logits.data(), ws, bytes), 0);
  EXPECT_STREQ(strerror(0), "no error");
  EXPECT_STREQ(strerror(-2), "the batch size is below 1 or above the largest compiled one");
  EXPECT_STREQ(strerror(7), "unknown status");
  const std::string json = library.get<const char* (*)()>("m_signature_json")();
  EXPECT_NE(json.find(R"("inputs":[{"name":"x","dtype":"f32","shape":["B",6]}])"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("batches":[2,8])"), std::string::npos) << json;
}

TEST(Object, TakesWeightsFromTheCaller) {
  const Folder folder;
  Model model = mlp("m", {8}, /*embedded=*/false);
  folder.write("m.o", build(model).object);
  const Library library(folder, folder.file("m.o"));
  using PredictWith =
      int (*)(const void*, const float*, std::int64_t, float*, float*, std::uint8_t*, void*, std::size_t);
  const std::size_t bytes = library.get<std::size_t (*)(std::int64_t)>("m_workspace_bytes")(8);
  // w1: 216 bytes at 0, b1: 36 at 256, w2: 144 at 320; each begins at a multiple of 64.
  ASSERT_EQ(library.get<std::size_t (*)()>("m_weights_bytes")(), 256u + 64u + 192u);
  std::vector<double> weights(512 / 8);
  const std::size_t offsets[] = {0, 256, 320};
  for (std::size_t i = 0; i < 3; ++i)
    std::memcpy(reinterpret_cast<char*>(weights.data()) + offsets[i], model.api.weights[i].bytes.data(),
                model.api.weights[i].bytes.size());
  std::vector<std::byte> workspace(bytes + 64);
  auto* ws = reinterpret_cast<std::byte*>((reinterpret_cast<std::uintptr_t>(workspace.data()) + 63) / 64 * 64);
  const Program& p = *model.programs[0];
  const std::vector<ir::Tensor> arguments = inputs(p, 77), expected = runCompiled(p.module, p.function, arguments);
  Outputs out(8);
  ASSERT_EQ(library.get<PredictWith>("m_predict")(weights.data(), arguments[3].data<float>(), 8, out.logits.data(),
                                                  out.score.data(), out.mask.data(), ws, bytes),
            0);
  EXPECT_EQ(std::memcmp(out.logits.data(), expected[0].bytes.data(), 8 * 16), 0);
}

TEST(Object, TwoModelsInOneProgram) {
  const Folder folder;
  for (const char* name : {"one", "two"}) {
    const ModelObject object = build(mlp(name, {1, 4}));
    folder.write(std::string(name) + ".o", object.object);
    folder.write(std::string(name) + ".h", object.header);
  }
  folder.write("main.c",
               "#include <stdlib.h>\n#include \"one.h\"\n#include \"two.h\"\n"
               "int main(void) {\n"
               "  float x[24] = {1}, a[16], b[16], s[4];\n  uint8_t m[16];\n  int i, bad = 0;\n"
               "  size_t n = one_workspace_bytes(ONE_MAX_BATCH);\n"
               "  void *ws = aligned_alloc(64, n);\n"
               "  bad |= one_predict(x, 4, a, s, m, ws, n) != ONE_OK;\n"
               "  bad |= two_predict(x, 4, b, s, m, ws, n) != TWO_OK;\n"
               "  for (i = 0; i < 16; ++i) bad |= a[i] != b[i];\n"
               "  free(ws);\n  return bad;\n}\n");
  outputOf("cc -std=c11 -Wall -Wextra -Werror -I" + folder.path() + " " + folder.file("main.c") + " " +
           folder.file("one.o") + " " + folder.file("two.o") + " " NNC_OPENBLAS " -o " + folder.file("main") + " && " +
           folder.file("main"));
}

TEST(Object, RefusesWhatIsNoModel) {
  std::string error;
  Model model = mlp("m", {1, 8});
  model.api.prefix = "9lives";
  EXPECT_FALSE(backend().object(model.api, {}, error));
  EXPECT_EQ(error, "`9lives` is not a C identifier");
  model.api.prefix = "m";
  model.api.inputs[0].types[0].shape = {7};
  EXPECT_FALSE(backend().object(model.api, {}, error));
  EXPECT_EQ(error, "input `x` has another type");
  Options options;
  options.cpu = "z80";
  EXPECT_FALSE(backend().object(mlp("m", {1}).api, options, error));
  EXPECT_EQ(error, "unknown CPU `z80`");
}

}  // namespace nnc::codegen::test
