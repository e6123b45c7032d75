// The command line: what is read, and what is refused with which words.
#include "driver/options.h"

#include <gtest/gtest.h>

namespace nnc::driver {
namespace {

CommandLine parse(const std::vector<std::string>& arguments) {
  Diagnostics diagnostics;
  const std::optional<CommandLine> line = parseCommandLine(arguments, diagnostics);
  EXPECT_TRUE(line.has_value()) << (diagnostics.all().empty() ? "" : diagnostics.all()[0].message);
  return line.value_or(CommandLine{});
}

struct Refusal {
  std::string code, message, help;
};
Refusal refuse(const std::vector<std::string>& arguments) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parseCommandLine(arguments, diagnostics).has_value());
  EXPECT_EQ(diagnostics.all().size(), 1u);
  if (diagnostics.all().empty()) return {};
  const Diagnostic& first = diagnostics.all()[0];
  return {std::string(first.code), first.message, first.help.empty() ? "" : first.help[0]};
}

TEST(CommandLine, reads_file_name_options_and_parameters) {
  const CommandLine line =
      parse({"run", "f.nn", "train", "--seed", "3", "--lr", "-0.5", "--act=relu", "--resume", "--residual", "--json"});
  EXPECT_EQ(line.command, Command::Run);
  EXPECT_EQ(line.file(), "f.nn");
  EXPECT_EQ(line.name(), "train");
  EXPECT_EQ(line.options.seed, 3);
  EXPECT_TRUE(line.options.resume);
  EXPECT_TRUE(line.options.json);
  ASSERT_EQ(line.overrides.size(), 3u);
  EXPECT_EQ(line.overrides[0].name + "=" + line.overrides[0].value, "lr=-0.5");
  EXPECT_EQ(line.overrides[1].name + "=" + line.overrides[1].value, "act=relu");
  EXPECT_EQ(line.overrides[2].name + "=" + line.overrides[2].value, "residual=true");
}

TEST(CommandLine, behind_dashes_every_name_is_a_parameter) {
  const CommandLine line =
      parse({"run", "f.nn", "--seed", "1", "--", "--seed", "3", "--json", "--out=5", "--lr", "0.1"});
  EXPECT_EQ(line.options.seed, 1);
  EXPECT_FALSE(line.options.json);
  EXPECT_EQ(line.options.out, std::nullopt);
  std::string values;
  for (const elaborate::Override& override : line.overrides) values += override.name + "=" + override.value + " ";
  EXPECT_EQ(values, "seed=3 json=true out=5 lr=0.1 ");
  EXPECT_EQ(refuse({"run", "f.nn", "--", "--seed", "3", "--", "x"}).message, "unknown option `--` of `nnc run`");
  EXPECT_EQ(refuse({"check", "f.nn", "--", "--seed"}).code, "E1501") << "it takes no parameters";
}

TEST(CommandLine, is_written_as_it_is_read) {
  const CommandLine line = parse({"run", "f.nn", "t", "--lr", "0.1", "--", "--batch", "8"});
  const CommandText text = commandText(line, {"--seed 2", ""});
  EXPECT_EQ(text.head, "nnc run f.nn t --lr 0.1 --seed 2");
  EXPECT_EQ(text.tail, " -- --batch 8");
  EXPECT_EQ(commandText(parse({"run", "f.nn"}), {}).tail, "");
}

TEST(CommandLine, an_option_that_is_a_parameter_too_is_a_warning_until_that_is_set) {
  const auto warnings = [](const std::vector<std::string>& arguments) {
    Diagnostics diagnostics;
    reportSameNames(parse(arguments), {"seed", "lr"}, "train `t`", diagnostics);
    EXPECT_FALSE(diagnostics.hasErrors());
    std::string text;
    for (const Diagnostic& message : diagnostics.all()) text += message.message + "; " + message.help[0];
    return text;
  };
  EXPECT_EQ(
      warnings({"run", "f.nn", "--seed", "1", "--lr", "2"}),
      "`--seed` is the option of `nnc run`; the parameter `seed` of train `t` keeps its value; a parameter of that "
      "name is set behind `--`: nnc run f.nn -- --seed N");
  EXPECT_EQ(warnings({"run", "f.nn", "--seed", "1", "--", "--seed", "2"}), "");
  EXPECT_EQ(warnings({"run", "f.nn", "--threads", "1"}), "");
}

TEST(CommandLine, an_option_of_another_command_may_be_a_parameter) {
  EXPECT_EQ(refuse({"run", "f.nn", "--batch", "8"}).help,
            "a parameter of that name is set behind `--`: nnc run f.nn -- --batch N");
  EXPECT_EQ(refuse({"check", "f.nn", "--seed", "1"}).help, "");
}

TEST(CommandLine, lists_are_split_at_commas_and_collected) {
  const CommandLine line = parse({"show", "f.nn", "--print-after=simplify,fuse", "--print-after", "cse"});
  EXPECT_EQ(line.options.printAfter, (std::vector<std::string>{"simplify", "fuse", "cse"}));
}

TEST(CommandLine, a_short_option_is_the_long_one) {
  EXPECT_EQ(parse({"build", "f.nn", "-o", "out"}).options.out, "out");
}

TEST(CommandLine, help_of_a_command_needs_no_file) {
  const CommandLine line = parse({"run", "--help"});
  EXPECT_EQ(line.command, Command::Help);
  EXPECT_EQ(line.positional, std::vector<std::string>{"run"});
  EXPECT_EQ(parse({}).command, Command::Help);
}

TEST(CommandLine, refuses_what_it_does_not_know) {
  EXPECT_EQ(refuse({"runn", "f.nn"}).help, "did you mean `nnc run`?");
  EXPECT_EQ(refuse({"f.nn"}).help, "to train it: nnc run f.nn");
  const Refusal option = refuse({"check", "f.nn", "--jsno"});
  EXPECT_EQ(option.code, "E1501");
  EXPECT_EQ(option.message, "unknown option `--jsno` of `nnc check`");
  EXPECT_EQ(option.help, "did you mean `--json`?");
  EXPECT_EQ(refuse({"check", "f.nn", "--seed", "1"}).code, "E1503");
}

TEST(CommandLine, commands_on_folders_need_as_many_as_they_compare) {
  EXPECT_EQ(parse({"compare", "a", "b"}).positional, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(refuse({"compare", "a"}).message, "`nnc compare` needs two folders; given: 1");
  EXPECT_EQ(refuse({"compare", "a", "b", "c"}).code, "E1509");
  EXPECT_EQ(refuse({"report"}).code, "E1516");
  EXPECT_EQ(refuse({"report", "a", "b"}).message, "`b` is one argument too many for `nnc report`");
}

TEST(CommandLine, refuses_wrong_values) {
  EXPECT_EQ(refuse({"run", "f.nn", "--seed"}).message, "`--seed` needs a value: N");
  EXPECT_EQ(refuse({"run", "f.nn", "--seed", "--json"}).code, "E1504");
  EXPECT_EQ(refuse({"run", "f.nn", "--json=yes"}).code, "E1505");
  EXPECT_EQ(refuse({"run", "f.nn", "--seed", "1.5"}).message,
            "`--seed` needs a whole number from 0, and `1.5` is none");
  EXPECT_EQ(refuse({"run", "f.nn", "--seed=-1"}).code, "E1506");
  EXPECT_EQ(refuse({"run", "f.nn", "--threads", "99999999999999999999"}).code, "E1506");
  EXPECT_EQ(refuse({"run", "f.nn", "--threads", "0"}).message,
            "`--threads` needs a whole number from 1, and `0` is none");
  EXPECT_EQ(refuse({"build", "f.nn", "--batch="}).message, "`--batch` needs a whole number from 1, and `` is none");
  EXPECT_EQ(refuse({"help", "run", "--json"}).code, "E1503");
  const Refusal choice = refuse({"show", "f.nn", "--emit=lvm"});
  EXPECT_EQ(choice.code, "E1507");
  EXPECT_EQ(choice.help, "did you mean `llvm`?");
}

TEST(CommandLine, options_that_do_not_go_together_are_refused) {
  EXPECT_EQ(refuse({"run", "f.nn", "--weights", "w", "--resume"}).message,
            "`--weights` and `--resume` exclude each other");
  EXPECT_EQ(refuse({"predict", "f.nn", "--input", "a.npy", "--split", "test"}).code, "E1514");
  EXPECT_EQ(refuse({"show", "f.nn", "--emit", "ir", "--json"}).code, "E1514");
  EXPECT_EQ(refuse({"weights", "f.npz", "--for", "net.nn"}).message, "`--for` means nothing without `--from`");
  EXPECT_EQ(refuse({"run", "f.nn", "--weights-partial"}).code, "E1515");
  EXPECT_EQ(refuse({"docs", "--json"}).code, "E1503");
}

TEST(CommandLine, a_file_that_is_written_has_an_ending_that_says_how) {
  EXPECT_EQ(refuse({"weights", "f.npz", "--out", "z.txt"}).message,
            "`--out` writes a file that ends with one of .safetensors, .npz, and `z.txt` does not");
  EXPECT_EQ(refuse({"predict", "f.nn", "--weights", "w", "--out", "o"}).code, "E1519");
  EXPECT_EQ(refuse({"run", "f.nn", "--dump-grad", "g.txt"}).code, "E1519");
  EXPECT_EQ(parse({"run", "f.nn", "--out", "runs/a", "--dump-grad", "g.safetensors"}).options.out, "runs/a")
      << "a run folder is called as one likes";
}

TEST(CommandLine, counts_its_arguments) {
  EXPECT_EQ(refuse({"run"}).code, "E1508");
  EXPECT_EQ(refuse({"run", "f.nn", "train", "more"}).message, "`more` is one argument too many for `nnc run`");
}

/// Codes and messages of what `subject` cannot use of a command line.
std::string unused(const std::vector<std::string>& arguments, Subject subject) {
  Diagnostics diagnostics;
  const bool isFine = checkSubject(parse(arguments), subject, "it", "", diagnostics);
  EXPECT_EQ(isFine, diagnostics.all().empty());
  std::string text;
  for (const Diagnostic& message : diagnostics.all()) text += std::string(message.code) + " " + message.message + "\n";
  return text;
}

TEST(CommandLine, what_means_nothing_for_the_subject_is_refused) {
  EXPECT_EQ(unused({"run", "f.nn", "--plan"}, Subject::Train),
            "E1517 `--plan` means nothing for train `it`; it belongs to an experiment\n");
  EXPECT_EQ(unused({"run", "f.nn", "--quick", "--threads", "2", "--lr", "3"}, Subject::Train),
            "E1517 `--quick` means nothing for train `it`; it belongs to an experiment\n");
  EXPECT_EQ(unused({"run", "f.nn", "--plan", "--quick", "--out", "o", "--json", "--depth", "3"}, Subject::Experiment),
            "");
  for (const std::vector<std::string>& option : {std::vector<std::string>{"--seed", "3"},
                                                 {"--weights", "x"},
                                                 {"--resume"},
                                                 {"--log-every", "2"},
                                                 {"--dump-grad", "g.npz"}}) {
    std::vector<std::string> line = {"run", "f.nn"};
    line.insert(line.end(), option.begin(), option.end());
    EXPECT_EQ(unused(line, Subject::Experiment),
              "E1517 `" + option[0] + "` means nothing for experiment `it`; it belongs to a train\n");
    EXPECT_EQ(unused(line, Subject::Train), "");
  }
  EXPECT_NE(unused({"probe", "f.nn", "--probe", "nonsense"}, Subject::Experiment), "");
  EXPECT_EQ(unused({"build", "f.nn", "e", "--weights", "w", "--emit", "ir", "-o", "out"}, Subject::Export), "");
  EXPECT_EQ(unused({"build", "f.nn", "e", "--batch", "7", "--lr", "3"}, Subject::Export),
            "E1517 `--batch` means nothing for export `it`; it belongs to a train\n"
            "E1517 `--lr` means nothing for export `it`; it belongs to a train\n");
}

TEST(Help, says_which_options_are_about_what) {
  EXPECT_NE(commandHelp(Command::Run).find("of an experiment: print cells"), std::string::npos);
  EXPECT_NE(commandHelp(Command::Run).find("of a train: seed of every"), std::string::npos);
  EXPECT_NE(commandHelp(Command::Eval).find(" seed of every"), std::string::npos);
  EXPECT_EQ(commandHelp(Command::Eval).find("of a train"), std::string::npos) << "it is about nothing else";
}

TEST(Help, every_command_shows_its_options_and_an_example) {
  for (const CommandInfo& info : allCommands()) {
    const std::string text = commandHelp(info.command);
    EXPECT_NE(text.find(std::string("example: ") + std::string(info.example)), std::string::npos);
    for (const std::string& name : optionNames(info.command))
      EXPECT_NE(text.find(name), std::string::npos) << info.name;
    EXPECT_NE(generalHelp().find(info.summary), std::string::npos);
  }
}

}  // namespace
}  // namespace nnc::driver
