// Tokens and back: every text that can be encoded comes back byte for byte, and what cannot is named with its place.
#include "nnc/tokenizer.h"

#include "scratch.h"

namespace nnc::runtime {
namespace {

std::string decodeAll(const Tokenizer& tokenizer, const std::vector<std::int32_t>& tokens) {
  std::string text;
  for (const std::int32_t token : tokens) text += tokenizer.decode(token);
  return text;
}

TEST(Tokenizer, bytes_round_trip_on_anything) {
  const std::string text = randomBytes(10'000, 1);
  Failure failure;
  const auto tokenizer = byteTokenizer();
  EXPECT_EQ(tokenizer->size(), 256);
  const auto tokens = tokenizer->encode(text, failure);
  ASSERT_TRUE(tokens);
  EXPECT_EQ((*tokens)[7], static_cast<unsigned char>(text[7]));
  EXPECT_EQ(decodeAll(*tokenizer, *tokens), text);
  EXPECT_EQ(tokenizer->decode(-1), "");
  EXPECT_EQ(tokenizer->decode(256), "");
}

TEST(Tokenizer, characters_are_numbered_by_code_point) {
  const std::string text = "na\xC3\xAFve \xE2\x82\xAC 1 \xF0\x9F\x98\x80\n";
  Failure failure;
  const auto characters = charactersOf(text, failure);
  ASSERT_TRUE(characters);
  EXPECT_EQ(*characters, (std::vector<char32_t>{'\n', ' ', '1', 'a', 'e', 'n', 'v', 0xEF, 0x20AC, 0x1F600}));
  const auto tokenizer = characterTokenizer(*characters);
  EXPECT_EQ(tokenizer->size(), 10);
  const auto tokens = tokenizer->encode(text, failure);
  ASSERT_TRUE(tokens);
  EXPECT_EQ(*tokens, (std::vector<std::int32_t>{5, 3, 7, 6, 4, 1, 8, 1, 2, 1, 9, 0}));
  EXPECT_EQ(decodeAll(*tokenizer, *tokens), text);
  EXPECT_FALSE(tokenizer->encode("na\xC3\xAFx", failure));
  EXPECT_EQ(failure.offset, 4);
  EXPECT_EQ(failure.message, "has a character that the vocabulary lacks: `x`");
}

TEST(Tokenizer, what_is_no_utf8_is_refused_at_its_byte) {
  for (const char* const bad : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8", "\xC3",
                                "\xE2\x82", "\xE2\x28\xA1"}) {
    Failure failure;
    EXPECT_FALSE(charactersOf(std::string("ab") + bad, failure)) << bad;
    EXPECT_EQ(failure.offset, 2);
  }
  std::vector<char32_t> characters;
  for (char32_t c = 0; c < 0x110000; c += 61)
    if (c < 0xD800 || c > 0xDFFF) characters.push_back(c);
  const auto tokenizer = characterTokenizer(characters);
  std::string all;
  for (std::int32_t token = 0; token < tokenizer->size(); ++token) all += tokenizer->decode(token);
  Failure failure;
  EXPECT_EQ(charactersOf(all, failure), characters);
  EXPECT_TRUE(charactersOf("", failure));
}

TEST(Tokenizer, json_round_trip_and_damage) {
  Failure failure;
  const auto characters = characterTokenizer({'a', '"', '\n', 0xEF});
  for (const std::string& json : {characters->toJson(), byteTokenizer()->toJson()}) {
    const auto again = parseTokenizer(json, failure);
    ASSERT_NE(again, nullptr) << failure.message;
    EXPECT_EQ(again->toJson(), json);
    for (std::size_t size = 0; size < json.size(); ++size)
      EXPECT_EQ(parseTokenizer(json.substr(0, size), failure), nullptr);
    forFlips(json, 1000, 3, [&](const std::string& changed) { static_cast<void>(parseTokenizer(changed, failure)); });
  }
  EXPECT_EQ(parseTokenizer(R"({"type":"characters","characters":"aba"})", failure), nullptr);
  EXPECT_EQ(failure.message, "names a character twice");
  EXPECT_EQ(parseTokenizer(R"({"type":"words"})", failure), nullptr);
  EXPECT_EQ(failure.message, "is a tokenizer of unknown type `words`");
  EXPECT_EQ(parseTokenizer("[1]", failure), nullptr);
}

std::string sampleText() {
  std::string text;
  for (int i = 0; i < 300; ++i)
    text +=
        "In the beginning God created the heaven and the earth, number " + std::to_string(i % 37) + ".\n  And so on;\t";
  return text;
}

TEST(BytePairs, round_trip_on_any_bytes) {
  const auto tokenizer = trainBytePairs(sampleText(), 320);
  EXPECT_EQ(tokenizer->size(), 320);
  Failure failure;
  std::vector<std::string> texts = {"",
                                    " ",
                                    "   ",
                                    "  a",
                                    "a  ",
                                    "\n\n x",
                                    sampleText(),
                                    randomBytes(20'000, 8),
                                    std::string(1000, ' ') + std::string(1000, 'e'),
                                    "na\xC3\xAFve \xF0\x9F\x98\x80"};
  for (const std::string& text : texts) {
    const auto tokens = tokenizer->encode(text, failure);
    ASSERT_TRUE(tokens);
    EXPECT_EQ(decodeAll(*tokenizer, *tokens), text);
    for (const std::int32_t token : *tokens) EXPECT_TRUE(token >= 0 && token < 320);
  }
  const auto tokens = tokenizer->encode(sampleText(), failure);
  EXPECT_LT(tokens->size(), sampleText().size() / 3) << "words that stand often are one token";
}

TEST(BytePairs, the_most_frequent_pair_comes_first_and_the_smaller_one_among_equals) {
  // "ab" three times, "bc" and "cd" twice.
  const auto tokenizer = trainBytePairs("abc ab abcd cd", 300);
  EXPECT_EQ(tokenizer->decode(256), "ab");
  EXPECT_EQ(tokenizer->decode(257), " ab") << "after the merge: \" \" with ab twice, ab with c twice, cd twice";
  EXPECT_LT(tokenizer->size(), 300) << "no pair is left that stands twice";
  EXPECT_EQ(trainBytePairs("", 300)->size(), 256);
  EXPECT_EQ(trainBytePairs(sampleText(), 500)->toJson(), trainBytePairs(sampleText(), 500)->toJson());
}

TEST(BytePairs, saved_and_loaded) {
  const auto tokenizer = trainBytePairs(sampleText(), 320);
  Failure failure;
  const auto again = parseTokenizer(tokenizer->toJson(), failure);
  ASSERT_NE(again, nullptr) << failure.message;
  EXPECT_EQ(again->toJson(), tokenizer->toJson());
  EXPECT_EQ(*again->encode(sampleText(), failure), *tokenizer->encode(sampleText(), failure));
}

TEST(BytePairs, damaged_files_are_refused) {
  Failure failure;
  const std::string json = trainBytePairs(sampleText(), 300)->toJson();
  for (std::size_t size = 0; size < json.size(); ++size)
    EXPECT_EQ(parseTokenizer(json.substr(0, size), failure), nullptr);
  forFlips(json, 1000, 9, [&](const std::string& changed) { static_cast<void>(parseTokenizer(changed, failure)); });
  for (const char* const merges :
       {"[[256,0]]", "[[-1,0]]", "[[0]]", "[1]", "[[0,1],[0,1]]", "[[0.5,1]]", "[[18446744073709551615,0]]"})
    EXPECT_EQ(parseTokenizer(R"({"type":"byte_pairs","merges":)" + std::string(merges) + "}", failure), nullptr)
        << merges;
  // Tokens that double would soon fill the memory.
  std::string doubling = "[[97,97]";
  for (int i = 256; i < 300; ++i) doubling += ",[" + std::to_string(i) + "," + std::to_string(i) + "]";
  EXPECT_EQ(parseTokenizer(R"({"type":"byte_pairs","merges":)" + doubling + "]}", failure), nullptr);
  EXPECT_EQ(failure.message, "has a merge that is none: number 6 of `merges`");
}

}  // namespace
}  // namespace nnc::runtime
