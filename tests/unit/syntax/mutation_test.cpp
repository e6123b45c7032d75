// Samples with one token changed: never a crash, always either a tree or a message, and one mistake is hardly ever more
// than one message.
#include <gtest/gtest.h>

#include "samples.h"
#include "syntax/lex.h"

namespace nnc::syntax::test {

namespace {

enum class Change { Delete, Double, SwapWithNext, ReplaceByAnother };

struct Counts {
  int mutants = 0, refused = 0, messages = 0;
};

/// Tries every `stride`-th token of every sample.
Counts mutate(Change change, std::size_t stride) {
  Counts counts;
  for (const std::string& path : samplePaths()) {
    const std::string text = readFile(path);
    SourceManager sources;
    Diagnostics diagnostics;
    const FileId file = sources.add(path, text);
    const LexedFile lexed = lex(file, sources, {}, diagnostics);
    const std::size_t last = lexed.tokens.size() - 2;  // the one before EOF
    for (std::size_t i = 0; i < last; i += stride) {
      const Span here = spanOf(*lexed.tokens[i], file), next = spanOf(*lexed.tokens[i + 1], file);
      const std::string token(sources.text(here)), before = text.substr(0, here.begin), after = text.substr(here.end);
      std::string mutant;
      switch (change) {
        case Change::Delete:
          mutant = before + after;
          break;
        case Change::Double:
          mutant = before + token + " " + token + after;
          break;
        case Change::SwapWithNext:
          mutant = before + std::string(sources.text(next)) + " " + token + text.substr(next.end);
          break;
        case Change::ReplaceByAnother:
          mutant = before + std::string(sources.text(spanOf(*lexed.tokens[(i * 7919 + 13) % last], file))) + after;
          break;
      }
      const Parsed parsed(mutant);
      EXPECT_EQ(parsed.file.has_value(), parsed.diagnostics.errorCount() == 0) << path << " token " << i << "\n"
                                                                               << mutant;
      ++counts.mutants;
      if (!parsed.file) ++counts.refused;
      counts.messages += parsed.diagnostics.errorCount();
    }
  }
  return counts;
}

// The bounds are what was measured over all tokens (1.06, 1.02, 1.10, 1.19 messages), and a tenth.

TEST(Mutation, OneMissingTokenIsAboutOneMessage) {
  const Counts counts = mutate(Change::Delete, 5);
  EXPECT_GT(counts.refused, 1000);
  EXPECT_LE(counts.messages, 1.16 * counts.refused);
}

TEST(Mutation, OneTokenTooManyIsAboutOneMessage) {
  const Counts counts = mutate(Change::Double, 5);
  EXPECT_GT(counts.refused, 1000);
  EXPECT_LE(counts.messages, 1.12 * counts.refused);
}

TEST(Mutation, TwoTokensInTheWrongOrderAreAboutOneMessage) {
  const Counts counts = mutate(Change::SwapWithNext, 5);
  EXPECT_GT(counts.refused, 1000);
  EXPECT_LE(counts.messages, 1.2 * counts.refused);
}

TEST(Mutation, OneWrongTokenIsAboutOneMessage) {
  const Counts counts = mutate(Change::ReplaceByAnother, 5);
  EXPECT_GT(counts.refused, 800);
  EXPECT_LE(counts.messages, 1.29 * counts.refused);
}

}  // namespace

}  // namespace nnc::syntax::test
