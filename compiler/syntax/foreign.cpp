#include "syntax/foreign.h"

namespace nnc::syntax {

namespace {

struct TextRow {
  std::string_view text;
  std::string_view help;
};

constexpr TextRow kWords[] = {
    {"for",
     "a chain of layers is `x |> repeat n { layer() }`, a sum is `sum[i](x[i])`, a loop over time is `scan t in 0..n "
     "carry ..`"},
    {"while", "there are no loops of unknown length; see `scan` and `repeat`"},
    {"do", "there are no loops of unknown length; see `scan` and `repeat`"},
    {"def", "a function is `fn name(x: f32[B]) -> f32[B] { .. }`"},
    {"func", "a function is `fn name(x: f32[B]) -> f32[B] { .. }`"},
    {"function", "a function is `fn name(x: f32[B]) -> f32[B] { .. }`"},
    {"void", "a function is `fn name(x: f32[B]) -> f32[B] { .. }`"},
    {"lambda", "a function without a name is `fn (x) => x + 1`"},
    {"class", "a module with parameters is `layer name(..)(x: f32[B, n]) { param .. }`"},
    {"struct", "a record is written where it is used: `(a: 1, b: 2)`"},
    {"model", "a whole model is `network name(..)(x: f32[B, n]) { .. }`"},
    {"module", "a module with parameters is `layer name(..)(x: f32[B, n]) { param .. }`"},
    {"var", "write `let`; values never change"},
    {"const", "write `let`; values never change"},
    {"val", "write `let`"},
    {"mut", "write `let`; values never change, a `state` takes its next value with `update`"},
    {"set", "write `let`; a `state` takes its next value with `update`"},
    {"elif", "write `else if`"},
    {"elsif", "write `else if`"},
    {"elseif", "write `else if`"},
    {"switch", "write `if .. else if .. else`"},
    {"match", "write `if .. else if .. else`"},
    {"from", "write `import module (name)`"},
    {"include", "write `import \"file.nn\"`"},
    {"using", "write `import module (name)`"},
    {"use", "write `import module (name)`"},
    {"assert", "write `require condition, \"message\"`"},
    {"print", "nothing is printed while a program runs; see `probe` and `measure` of an experiment, or `nnc predict`"},
    {"begin", "a body stands in `{ }`"},
    {"end", "a body stands in `{ }`"},
    {"pass", "an empty body is `{ }`"},
    {"public", "write `export`"},
    {"with", "write `let name = ..`"},
    {"try", "a static check is `require condition, \"message\"`"},
};

constexpr TextRow kOperators[] = {
    {"&&", "write `and`"},
    {"&", "write `and`"},
    {"||", "write `or`"},
    {"|", "write `or`; to apply a layer write `|>`"},
    {"!", "write `not`"},
    {"~", "write `not`"},
    {"^", "write `**` for a power"},
    {"?", "write `if c then a else b`"},
    {":=", "write `let name = value`"},
    {"++", "values never change; write `let y = x + 1`"},
};

struct SignRow {
  char32_t sign;
  std::string_view help;
};

constexpr SignRow kSigns[] = {
    {0x201C, "write the plain quote `\"`"},
    {0x201D, "write the plain quote `\"`"},
    {0x201E, "write the plain quote `\"`"},
    {0x00AB, "write the plain quote `\"`"},
    {0x00BB, "write the plain quote `\"`"},
    {0x2018, "write the plain quote `\"`"},
    {0x2019, "write the plain quote `\"`"},
    {0x2212, "write the minus sign `-`"},
    {0x2013, "write the minus sign `-`"},
    {0x2014, "write the minus sign `-`"},
    {0x00D7, "write `*`"},
    {0x00B7, "write `*`"},
    {0x22C5, "write `*`"},
    {0x00F7, "write `/`"},
    {0x2264, "write `<=`"},
    {0x2265, "write `>=`"},
    {0x2260, "write `!=`"},
    {0x2192, "write `->`"},
    {0x2026, "write `..`"},
    {0x00A0, "this is a no-break space; write a plain one"},
    {0x3000, "this is a wide space; write a plain one"},
    {'`', "strings stand in `\"`"},
    {'\'', "strings stand in `\"`"},
    {'\\', "a line goes on by itself: line ends mean nothing"},
    {'$', "names are letters, digits and `_`"},
};

}  // namespace

std::string_view wordHelp(std::string_view word) {
  for (const TextRow& row : kWords)
    if (row.text == word) return row.help;
  return {};
}

std::string_view operatorHelp(std::string_view text) {
  for (const TextRow& row : kOperators)
    if (row.text == text) return row.help;
  return {};
}

std::string_view signHelp(char32_t sign) {
  for (const SignRow& row : kSigns)
    if (row.sign == sign) return row.help;
  return {};
}

}  // namespace nnc::syntax
