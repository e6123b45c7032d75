// The grammar is unambiguous and needs no full context: on every sample, and on random sentences of the grammar itself.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "samples.h"
#include "syntax/lex.h"

namespace nnc::syntax::test {

namespace {

using generated::NNLexer;
using generated::NNParser;

/// Counts what a sound grammar never causes.
class Listener : public antlr4::BaseErrorListener {
 public:
  int ambiguities = 0, fullContexts = 0, errors = 0;
  std::string first;

  void reportAmbiguity(antlr4::Parser* parser, const antlr4::dfa::DFA& dfa, std::size_t start, std::size_t stop, bool,
                       const antlrcpp::BitSet&, antlr4::atn::ATNConfigSet*) override {
    ++ambiguities;
    note("ambiguity", parser, dfa, start, stop);
  }
  void reportAttemptingFullContext(antlr4::Parser* parser, const antlr4::dfa::DFA& dfa, std::size_t start,
                                   std::size_t stop, const antlrcpp::BitSet&, antlr4::atn::ATNConfigSet*) override {
    ++fullContexts;
    note("full context", parser, dfa, start, stop);
  }
  void syntaxError(antlr4::Recognizer*, antlr4::Token* token, std::size_t, std::size_t, const std::string& message,
                   std::exception_ptr) override {
    ++errors;
    if (first.empty()) first = "error at token " + std::to_string(token->getTokenIndex()) + ": " + message;
  }

 private:
  void note(const std::string& what, antlr4::Parser* parser, const antlr4::dfa::DFA& dfa, std::size_t start,
            std::size_t stop) {
    if (!first.empty()) return;
    first = what + " in rule " + parser->getRuleNames()[dfa.atnStartState->ruleIndex] + ":";
    for (std::size_t i = start; i <= stop; ++i)
      first += " " + parser->getVocabulary().getDisplayName(parser->getTokenStream()->get(i)->getType());
  }
};

void parseExactly(std::vector<std::unique_ptr<antlr4::Token>> tokens, Listener& listener) {
  antlr4::ListTokenSource source(std::move(tokens));
  antlr4::CommonTokenStream stream(&source);
  stream.fill();
  NNParser parser(&stream);
  parser.removeErrorListeners();
  parser.addErrorListener(&listener);
  parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(
      antlr4::atn::PredictionMode::LL_EXACT_AMBIG_DETECTION);
  parser.file();
}

TEST(Ambiguity, NoSampleIsAmbiguous) {
  for (const std::string& path : samplePaths()) {
    SourceManager sources;
    Diagnostics diagnostics;
    LexedFile lexed = lex(sources.add(path, readFile(path)), sources, {}, diagnostics);
    ASSERT_TRUE(lexed.isParsable);
    std::vector<std::unique_ptr<antlr4::Token>> tokens;
    for (auto& token : lexed.tokens) tokens.push_back(std::move(token));
    Listener listener;
    parseExactly(std::move(tokens), listener);
    EXPECT_EQ(listener.ambiguities + listener.fullContexts + listener.errors, 0) << path << ": " << listener.first;
  }
}

/// Walks the automaton of the grammar at random: every walk is a sentence.
class Sentences {
 public:
  explicit Sentences(const antlr4::atn::ATN& atn) : atn_(atn), costs_(atn.states.size(), kFar) { findCosts(); }

  std::vector<std::size_t> next(std::mt19937_64& random, std::size_t longest) {
    random_ = &random;
    longest_ = longest;
    types_.clear();
    walk(NNParser::RuleFile);
    return types_;
  }

 private:
  static constexpr std::size_t kFar = 1u << 20;

  std::size_t costOf(const antlr4::atn::Transition& t) const {
    if (t.getSerializationType() != antlr4::atn::Transition::RULE)
      return (t.isEpsilon() ? 0 : 1) + costs_[t.target->stateNumber];
    const auto& call = static_cast<const antlr4::atn::RuleTransition&>(t);
    return costs_[t.target->stateNumber] + costs_[call.followState->stateNumber];
  }

  /// Fewest tokens from each state to the end of its rule.
  void findCosts() {
    for (antlr4::atn::ATNState* stop : atn_.ruleToStopState) costs_[stop->stateNumber] = 0;
    for (bool changed = true; changed;) {
      changed = false;
      for (antlr4::atn::ATNState* state : atn_.states) {
        if (state == nullptr || state->getStateType() == antlr4::atn::ATNState::RULE_STOP) continue;
        for (const antlr4::atn::Transition* t : state->transitions) {
          const std::size_t cost = std::min(kFar, costOf(*t));
          if (cost >= costs_[state->stateNumber]) continue;
          costs_[state->stateNumber] = cost;
          changed = true;
        }
      }
    }
  }

  const antlr4::atn::Transition& choose(const antlr4::atn::ATNState& state) {
    const auto& all = state.transitions;
    if (types_.size() < longest_) return *all[(*random_)() % all.size()];
    return **std::min_element(all.begin(), all.end(),
                              [&](const auto* a, const auto* b) { return costOf(*a) < costOf(*b); });
  }

  void walk(std::size_t rule) {
    antlr4::atn::ATNState* state = atn_.ruleToStartState[rule];
    while (state->getStateType() != antlr4::atn::ATNState::RULE_STOP) {
      const antlr4::atn::Transition& t = choose(*state);
      if (t.getSerializationType() == antlr4::atn::Transition::RULE) {
        const auto& call = static_cast<const antlr4::atn::RuleTransition&>(t);
        walk(static_cast<std::size_t>(call.ruleIndex));
        state = call.followState;
        continue;
      }
      if (!t.isEpsilon()) {
        const std::vector<ssize_t> labels = t.label().toList();
        types_.push_back(static_cast<std::size_t>(labels[(*random_)() % labels.size()]));
      }
      state = t.target;
    }
  }

  const antlr4::atn::ATN& atn_;
  std::vector<std::size_t> costs_;
  std::mt19937_64* random_ = nullptr;
  std::size_t longest_ = 0;
  std::vector<std::size_t> types_;
};

TEST(Ambiguity, NoRandomSentenceIsAmbiguous) {
  antlr4::ANTLRInputStream empty("");
  NNLexer lexer(&empty);
  antlr4::CommonTokenStream none(&lexer);
  const NNParser grammar(&none);
  Sentences sentences(grammar.getATN());
  std::mt19937_64 random(1986);
  for (int i = 0; i < 1500; ++i) {
    std::vector<std::unique_ptr<antlr4::Token>> tokens;
    const std::vector<std::size_t> types = sentences.next(random, /*longest=*/20 + static_cast<std::size_t>(i) % 100);
    for (const std::size_t type : types)
      tokens.push_back(std::make_unique<antlr4::CommonToken>(
          std::make_pair<antlr4::TokenSource*, antlr4::CharStream*>(&lexer, &empty), type,
          antlr4::Token::DEFAULT_CHANNEL, 0, 0));
    Listener listener;
    parseExactly(std::move(tokens), listener);
    ASSERT_EQ(listener.ambiguities + listener.fullContexts + listener.errors, 0)
        << "sentence " << i << ": " << listener.first;
  }
}

/// isKeyword() and its like in explain.cpp go by ranges of token types, in the order of the grammar.
TEST(Grammar, TokenTypesStandInRanges) {
  EXPECT_EQ(NNLexer::YIELD - NNLexer::AND, 22) << "23 hard keywords";
  EXPECT_EQ(NNLexer::WHEN - NNLexer::AS, 22) << "23 soft keywords";
  EXPECT_EQ(NNLexer::PIPE - NNLexer::POW, 13);
}

}  // namespace

}  // namespace nnc::syntax::test
