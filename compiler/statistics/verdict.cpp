#include "statistics/verdict.h"

#include "statistics/verdict_text.h"

namespace nnc::statistics {

namespace {

enum class Paragraph { Scope, Findings, Order, Limits };

struct Template {
  Rule rule;
  Paragraph paragraph;
  bool isAttribution;  // says something of factors, which nothing is where no cell is better than chance
  Texts (*say)(const Facts&);
};

constexpr Template kTemplates[] = {
    {Rule::Scope, Paragraph::Scope, false, sayScope},
    {Rule::Unbalanced, Paragraph::Scope, false, sayUnbalanced},
    {Rule::Screening, Paragraph::Scope, false, sayScreening},
    {Rule::Resolution, Paragraph::Scope, false, sayResolution},
    {Rule::TestError, Paragraph::Scope, false, sayTestError},
    {Rule::NothingLearned, Paragraph::Scope, false, sayNothingLearned},
    {Rule::Gap, Paragraph::Findings, true, sayGap},
    {Rule::EitherSuffices, Paragraph::Findings, true, sayEitherSuffices},
    {Rule::Sufficient, Paragraph::Findings, true, saySufficient},
    {Rule::Necessary, Paragraph::Findings, true, sayNecessary},
    {Rule::NeitherShown, Paragraph::Findings, true, sayNeitherShown},
    {Rule::Together, Paragraph::Findings, true, sayTogether},
    {Rule::Account, Paragraph::Findings, true, sayAccount},
    {Rule::NotResolved, Paragraph::Findings, true, sayNotResolved},
    {Rule::NoEffect, Paragraph::Findings, true, sayNoEffect},
    {Rule::Order, Paragraph::Order, true, sayOrder},
    {Rule::Tied, Paragraph::Order, true, sayTied},
    {Rule::Caveat, Paragraph::Limits, false, sayCaveats},
    {Rule::Validity, Paragraph::Limits, false, sayValidity},
};

}  // namespace

std::vector<Sentence> verdict(const Facts& facts) {
  std::vector<Sentence> sentences;
  for (const Template& row : kTemplates) {
    if (row.isAttribution && isNothingLearned(facts)) continue;
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
