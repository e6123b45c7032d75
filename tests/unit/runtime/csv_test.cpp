// CSV as RFC 4180 has it, and what is no CSV, named with line and column.
#include "nnc/csv.h"

#include "scratch.h"

namespace nnc::runtime {
namespace {

/// Records in brackets, cells separated by `|`; a failure as `line:column message`.
std::string read(std::string_view bytes) {
  CsvReader reader(bytes, "t.csv");
  std::vector<CsvCell> cells;
  Failure failure;
  std::string text;
  while (reader.next(cells, failure)) {
    text += '[';
    for (std::size_t i = 0; i < cells.size(); ++i) text += (i > 0 ? "|" : "") + std::string(cells[i].text);
    text += ']';
  }
  if (failure.message.empty()) return text;
  EXPECT_EQ(failure.path, "t.csv");
  return text + std::to_string(failure.line) + ":" + std::to_string(failure.column) + " " + failure.message;
}

TEST(Csv, records_and_cells) {
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("a,b\nc,d"), "[a|b][c|d]");
  EXPECT_EQ(read("a,b\r\nc,d\r\n"), "[a|b][c|d]");
  EXPECT_EQ(read("a,b\r"), "[a|b]");
  EXPECT_EQ(read("a,,\n,b,"), "[a||][|b|]");
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a\n\n\r\nb\n"),
            "[a][b]")
      << "byte order mark, empty lines";
  EXPECT_EQ(read(" a , b "), "[ a | b ]") << "spaces belong to a cell";
}

TEST(Csv, quotes) {
  EXPECT_EQ(read("\"a,b\",\"say \"\"hi\"\"\"\n\"\",\"\"\"\"\n"), "[a,b|say \"hi\"][|\"]");
  EXPECT_EQ(read("\"two\r\nlines\",x\ny,z\n"), "[two\r\nlines|x][y|z]");
}

TEST(Csv, what_is_wrong_is_named_with_line_and_column) {
  EXPECT_EQ(read("a,b\n\xC3\xA4\xC3\xB6,c\"d\n"), "[a|b]2:5 a quote within a cell that does not begin with one");
  EXPECT_EQ(read("a,\"b\nc\n"), "1:3 a quote is not closed");
  EXPECT_EQ(read("a\n\"b\nc\" d,e\n"), "[a]3:3 text behind a closing quote");
  EXPECT_EQ(read("a\rb\n"), "1:2 a carriage return without a line feed");
  EXPECT_EQ(read(std::string_view("a,b\0c", 5)), "1:4 a zero byte: this is no text");
  EXPECT_EQ(read(std::string(65'536, ',')), "1:65537 more than 65536 columns");
  EXPECT_EQ(read("a\n" + std::string((16 << 20) + 2, 'x')), "[a]2:1 a record has more than 16 MiB");
}

TEST(Csv, any_damage_gives_records_or_a_message) {
  const std::string bytes = "name,\"x, y\",z\n\"a \"\"b\"\"\",1.5,2\r\nc,-3,\"4\n5\"\n";
  for (std::size_t size = 0; size <= bytes.size(); ++size) static_cast<void>(read(bytes.substr(0, size)));
  forFlips(bytes, 1000, 5, [](const std::string& changed) { static_cast<void>(read(changed)); });
}

TEST(Csv, numbers) {
  EXPECT_EQ(csvNumber(" +1.5e1\t"), 15.0);
  EXPECT_EQ(csvNumber("-0.25"), -0.25);
  for (const char* const text : {"", " ", "+-1", "1x", "nan", "inf", "1e999", "0x10", "1,5", "--1"})
    EXPECT_EQ(csvNumber(text), std::nullopt) << text;
  for (const char* const text : {"nan", " NaN", "inf", "-inf", "+infinity", "1e999", "-1e999"})
    EXPECT_TRUE(isNotFinite(text)) << text;
  for (const char* const text : {"", "none", "1e3", "1x", "+-inf", "nano"}) EXPECT_FALSE(isNotFinite(text)) << text;
}

}  // namespace
}  // namespace nnc::runtime
