#include <set>

#include "elaborate/modules.h"
#include "fixture.h"

namespace nnc::elaborate {

using ModulesTest = ProjectTest;

TEST_F(ModulesTest, NamesComeFromImportsAndThePrelude) {
  write("nets/blocks.nn", "let width = 30\nlet _secret = 1\nfn half(x: f32[..s]) -> f32[..s] = 0.5 * x\n");
  write("main.nn",
        "import \"nets/blocks.nn\" (width)\nimport \"nets/blocks.nn\" as b\nimport std.data (idx)\nlet own = 1\n");
  const std::unique_ptr<Modules> modules = Modules::load((folder_ / "main.nn").string(), sources_, diagnostics_);
  ASSERT_NE(modules, nullptr) << messages();
  const SourceModule& root = modules->root();
  EXPECT_EQ(modules->find(root, "own").module, &root);
  EXPECT_TRUE(modules->find(root, "width"));
  EXPECT_NE(modules->find(root, "width").module, &root);
  EXPECT_TRUE(modules->find(root, "b", "half"));
  EXPECT_FALSE(modules->find(root, "b", "_secret"));
  EXPECT_FALSE(modules->find(root, "half"));
  EXPECT_TRUE(modules->find(root, "cross_entropy")) << "the prelude is there without an import";
  EXPECT_TRUE(modules->find(root, "idx"));
  EXPECT_EQ(modules->find(root, "idx").decl, nullptr);
  EXPECT_EQ(messages(), "");
}

TEST_F(ModulesTest, PathsAreRelativeToTheImportingFile) {
  write("a/one.nn", "import \"../b/two.nn\" (two)\nlet one = two\n");
  write("b/two.nn", "let two = 2\n");
  write("main.nn", "import \"a/one.nn\" (one)\nimport \"b/two.nn\" (two)\nimport \"b/../b/two.nn\" (two)\n");
  EXPECT_NE(load("main.nn"), nullptr) << messages();
  EXPECT_EQ(messages(), "");
}

TEST_F(ModulesTest, AFileImportedTwiceIsReadOnce) {
  write("b.nn", "let x = 1\n");
  write("a.nn", "import \"b.nn\" (x)\nlet y = x\n");
  write("main.nn", "import \"a.nn\" (y)\nimport \"b.nn\" (x)\n");
  const std::unique_ptr<Modules> modules = Modules::load((folder_ / "main.nn").string(), sources_, diagnostics_);
  ASSERT_NE(modules, nullptr) << messages();
}

TEST_F(ModulesTest, CirclesAreRefusedWithTheirFiles) {
  write("main.nn", "import \"a.nn\" (x)\n");
  write("a.nn", "import \"b.nn\" (y)\nlet x = 1\n");
  write("b.nn", "import \"a.nn\" (x)\nlet y = 1\n");
  EXPECT_EQ(load("main.nn"), nullptr);
  EXPECT_NE(messages().find("E0111 `a.nn` is imported by a file that it imports itself: "), std::string::npos)
      << messages();
  EXPECT_NE(messages().find("b.nn -> "), std::string::npos) << messages();
}

TEST_F(ModulesTest, DepthIsLimited) {
  for (int i = 0; i < 70; ++i)
    write("f" + std::to_string(i) + ".nn", "import \"f" + std::to_string(i + 1) + ".nn\" (x)\nlet x = 1\n");
  write("f70.nn", "let x = 1\n");
  EXPECT_EQ(load("f0.nn"), nullptr);
  EXPECT_NE(messages().find("E0112 imports are nested deeper than 64 files"), std::string::npos) << messages();
}

struct ImportCase {
  const char* text;
  const char* message;
  const char* blamed;
};

class ImportErrors : public ProjectTest, public testing::WithParamInterface<ImportCase> {};

TEST_P(ImportErrors, AreReported) {
  write("other.nn", "let x = 1\nlet y = 2\nlet _hidden = 3\nimport \"third.nn\" (passed)\n");
  write("third.nn", "let passed = 1\nlet x = 2\n");
  EXPECT_EQ(loadText(GetParam().text), nullptr);
  EXPECT_NE(messages().find(GetParam().message), std::string::npos) << messages();
  EXPECT_EQ(blamed(), GetParam().blamed);
}

INSTANTIATE_TEST_SUITE_P(
    All, ImportErrors,
    testing::Values(ImportCase{"import \"missing.nn\" (x)", "missing.nn`: No such file or directory", "\"missing.nn\""},
                    ImportCase{"import \"other.nn\" (z)", "other.nn` has no declaration `z`", "z"},
                    ImportCase{"import \"other.nn\" (passed)", "other.nn` has no declaration `passed`", "passed"},
                    ImportCase{"import \"other.nn\" (_hidden)", "E0114 `_hidden` is private to", "_hidden"},
                    ImportCase{"import \"other.nn\"", "E0115 the import of `other.nn` brings in no name",
                               "\"other.nn\""},
                    ImportCase{"import std.losse (mse)", "E0116 there is no module `std.losse`", "std.losse"},
                    ImportCase{"let a = 1\nlet a = 2", "E0117 `a` is declared twice", "a"},
                    ImportCase{"import \"other.nn\" (x)\nlet x = 2", "E0118 `x` is both imported and declared", "x"},
                    ImportCase{"import \"other.nn\" (x)\nimport \"third.nn\" (x)",
                               "E0118 `x` is both imported and imported again", "x"}));

TEST_F(ModulesTest, MisspeltNamesHaveSuggestions) {
  write("other.nn", "let height = 1\n");
  EXPECT_EQ(loadText("import \"other.nn\" (heigth)"), nullptr);
  EXPECT_NE(messages().find("help did you mean `height`?"), std::string::npos) << messages();
}

TEST_F(ModulesTest, AMissingFileIsAMistakeOfTheCommandLine) {
  EXPECT_EQ(load("nothing.nn"), nullptr);
  EXPECT_NE(messages().find("E1513 cannot read"), std::string::npos) << messages();
}

TEST_F(ModulesTest, HidingThePreludeWarnsWhenTheSignatureDiffers) {
  EXPECT_NE(loadText("fn relu(x: f32[..s]) -> f32[..s] = max(x, 0.1)\nfn mean(x: f32[n]) -> f32 = 0.0\n"), nullptr)
      << messages();
  EXPECT_EQ(messages(), "W0703 `mean` hides the prelude's `mean`, which has another signature\n  also the prelude's\n");
}

TEST_F(ModulesTest, ANetworkMayHaveTheNameOfAClassicOne) {
  EXPECT_NE(loadText("network mlp(x: f32[B, 4]) -> f32[B, 2] = x |> dense(2)\n"), nullptr) << messages();
  EXPECT_EQ(messages(), "");
}

// Names are found by the lines of a module before it is parsed: they must be those that the parser finds.
TEST_F(ModulesTest, TheOutlineOfTheStdlibIsWhatItDeclares) {
  Stdlib stdlib(sources_, diagnostics_);
  std::set<std::string> names, probes;
  for (const std::string& moduleName : stdlib.moduleNames()) {
    const SourceModule* const module = stdlib.findModule(moduleName);
    ASSERT_NE(module, nullptr) << moduleName << "\n" << messages();
    for (const std::string& name : publicNames(*module)) {
      EXPECT_TRUE(names.insert(name).second) << name << " is declared twice";
      const Named found = stdlib.find(name);
      EXPECT_EQ(found.module, module) << name;
      EXPECT_EQ(found.decl, module->names.at(name).decl) << name;
    }
    for (const auto& [name, probe] : module->probes) {
      EXPECT_TRUE(probes.insert(name).second) << name << " is declared twice";
      EXPECT_EQ(stdlib.findProbe(name), std::pair(probe, module)) << name;
    }
    // A name that starts with `_` is seen in its own file alone.
    for (const auto& [name, named] : module->names) {
      if (!name.starts_with('_')) continue;
      EXPECT_FALSE(stdlib.find(name)) << name;
    }
  }
  const std::vector<std::string> outline = stdlib.names(), outlineProbes = stdlib.probeNames();
  EXPECT_EQ(std::set(outline.begin(), outline.end()), names);
  EXPECT_EQ(std::set(outlineProbes.begin(), outlineProbes.end()), probes);
  EXPECT_GT(names.size(), 100u);
  EXPECT_GT(probes.size(), 5u);
}

}  // namespace nnc::elaborate
