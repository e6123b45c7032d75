#include "statistics/verdict.h"

#include "statistics/verdict_text.h"

namespace nnc::statistics {

namespace {

enum class Paragraph { Scope, Findings, Order, Limits };

struct Template {
  Rule rule;
  Paragraph paragraph;
  enum {
    Always,
    Learned,
    Shared
  } holds;  // Learned: some cell is shown to be better than guessing. Shared: and factors share a gap
  Texts (*say)(const Facts&);
};

constexpr Template kTemplates[] = {
    {Rule::Scope, Paragraph::Scope, Template::Always, sayScope},
    {Rule::Unbalanced, Paragraph::Scope, Template::Always, sayUnbalanced},
    {Rule::Screening, Paragraph::Scope, Template::Always, sayScreening},
    {Rule::Resolution, Paragraph::Scope, Template::Always, sayResolution},
    {Rule::TestError, Paragraph::Scope, Template::Always, sayTestError},
    {Rule::NothingLearned, Paragraph::Scope, Template::Always, sayNothingLearned},
    {Rule::Gap, Paragraph::Findings, Template::Learned, sayGap},
    {Rule::EitherSuffices, Paragraph::Findings, Template::Shared, sayEitherSuffices},
    {Rule::Sufficient, Paragraph::Findings, Template::Shared, saySufficient},
    {Rule::Necessary, Paragraph::Findings, Template::Shared, sayNecessary},
    {Rule::NeitherShown, Paragraph::Findings, Template::Shared, sayNeitherShown},
    {Rule::Together, Paragraph::Findings, Template::Shared, sayTogether},
    {Rule::Account, Paragraph::Findings, Template::Shared, sayAccount},
    {Rule::NotResolved, Paragraph::Findings, Template::Learned, sayNotResolved},
    {Rule::NoEffect, Paragraph::Findings, Template::Learned, sayNoEffect},
    {Rule::Order, Paragraph::Order, Template::Shared, sayOrder},
    {Rule::Tied, Paragraph::Order, Template::Shared, sayTied},
    {Rule::Caveat, Paragraph::Limits, Template::Always, sayCaveats},
    {Rule::Validity, Paragraph::Limits, Template::Always, sayValidity},
};

}  // namespace

std::vector<Sentence> verdict(const Facts& facts) {
  std::vector<Sentence> sentences;
  for (const Template& row : kTemplates) {
    if (row.holds != Template::Always && isNothingLearned(facts)) continue;
    if (row.holds == Template::Shared && facts.analysis.factors.size() < 2) continue;
    for (std::string& text : row.say(facts)) sentences.push_back({row.rule, std::move(text)});
  }
  return sentences;
}

std::vector<std::string> paragraphs(std::span<const Sentence> sentences) {
  std::vector<std::string> result;
  for (const Paragraph paragraph : {Paragraph::Scope, Paragraph::Findings, Paragraph::Order, Paragraph::Limits}) {
    std::string text;
    for (const Sentence& sentence : sentences) {
      if (kTemplates[static_cast<std::size_t>(sentence.rule)].paragraph != paragraph) continue;
      if (!text.empty()) text += ' ';
      text += sentence.text;
    }
    if (!text.empty()) result.push_back(std::move(text));
  }
  return result;
}

}  // namespace nnc::statistics
