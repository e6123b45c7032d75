#include "driver/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "diagnostics/kinds/driver.h"
#include "support/suggest.h"

namespace nnc::driver {

namespace {

constexpr unsigned bit(Command command) { return 1u << static_cast<unsigned>(command); }
constexpr unsigned kRun = bit(Command::Run), kEval = bit(Command::Eval), kPredict = bit(Command::Predict),
                   kBuild = bit(Command::Build), kShow = bit(Command::Show), kCheck = bit(Command::Check),
                   kFmt = bit(Command::Fmt), kDocs = bit(Command::Docs), kBpe = bit(Command::Bpe), kAll = ~0u,
                   kResults = kAll & ~(bit(Command::Help) | bit(Command::Version));
constexpr unsigned kGenerate = bit(Command::Generate), kWeights = bit(Command::Weights), kProbe = bit(Command::Probe);

constexpr unsigned bit(Subject subject) { return 1u << static_cast<unsigned>(subject); }
constexpr unsigned kTrain = bit(Subject::Train), kExperiment = bit(Subject::Experiment), kExport = bit(Subject::Export),
                   kAny = kTrain | kExperiment | kExport;
constexpr std::pair<Subject, std::string_view> kSubjectWords[] = {
    {Subject::Train, "a train"}, {Subject::Experiment, "an experiment"}, {Subject::Export, "an export"}};

/// One row of options.def. `set` stores a value; for a flag the text is empty. False: not a value of this kind.
struct OptionRow {
  std::string_view name;
  char shortName;
  OptionKind kind;
  std::string_view value;
  unsigned commands, subjects;
  std::string_view help;
  bool (*set)(Options& options, std::string_view text);
};

bool store(bool& field, std::string_view) {
  field = true;
  return true;
}
bool store(std::optional<std::string>& field, std::string_view text) {
  field = std::string(text);
  return true;
}
bool store(std::optional<std::int64_t>& field, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return false;
  field = number;
  return true;
}
bool store(std::optional<double>& field, std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !(number >= 0.0) || !std::isfinite(number))
    return false;
  field = number;
  return true;
}
bool store(std::vector<std::string>& field, std::string_view text) {
  while (true) {
    const std::size_t comma = text.find(',');
    if (comma != 0 && !text.empty()) field.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

const std::vector<OptionRow>& allOptions() {
  static const std::vector<OptionRow> rows = {
#define NNC_OPTION(FIELD, NAME, SHORT, KIND, VALUE, COMMANDS, SUBJECTS, HELP)                                        \
  {NAME, SHORT, OptionKind::KIND, VALUE, (COMMANDS), (SUBJECTS), HELP, [](Options& options, std::string_view text) { \
     return store(options.FIELD, text);                                                                              \
   }},
#include "driver/options.def"
#undef NNC_OPTION
  };
  return rows;
}

const OptionRow* findOption(std::string_view name) {
  for (const OptionRow& row : allOptions()) {
    const bool isShort = name.size() == 2 && name[1] == row.shortName && row.shortName != '\0';
    if (row.name == name || isShort) return &row;
  }
  return nullptr;
}

/// `--lr -0.5`: a number is a value although it starts with a dash; `-` alone means stdin.
bool looksLikeOption(std::string_view text) {
  if (text.size() < 2 || text[0] != '-') return false;
  return !(text[1] == '.' || (text[1] >= '0' && text[1] <= '9'));
}

std::string commandsOf(const OptionRow& row) {
  std::string names;
  for (const CommandInfo& info : allCommands())
    if (row.commands & bit(info.command)) names += (names.empty() ? "" : ", ") + std::string(info.name);
  return names;
}

/// What an option is about, of all that the command can be about.
std::string subjectsOf(const OptionRow& row, const CommandInfo& command) {
  std::vector<std::string_view> words;
  for (const auto& [subject, word] : kSubjectWords)
    if (row.subjects & command.subjects & bit(subject)) words.push_back(word);
  return fmt::format("{}", fmt::join(words, " or "));
}

std::string usage(const CommandInfo& info) {
  return fmt::format("usage: nnc {}{}{}", info.name, info.arguments.empty() ? "" : " ", info.arguments);
}

/// How a parameter is set that has the name of an option.
std::string parameterOfThatName(const CommandLine& line, std::string_view option, std::string_view value) {
  std::string text = fmt::format("a parameter of that name is set behind `--`: nnc {}", commandInfo(line.command).name);
  for (const std::string& word : line.positional) text += " " + word;
  return text + fmt::format(" -- {}{}{}", option, value.empty() ? "" : " ", value);
}

class Parser {
 public:
  Parser(const std::vector<std::string>& arguments, Diagnostics& diagnostics)
      : arguments_(arguments), diagnostics_(diagnostics) {}

  std::optional<CommandLine> run() {
    if (arguments_.empty()) return line_;
    if (!readCommand()) return std::nullopt;
    for (at_ = 1; at_ < arguments_.size(); ++at_)
      if (!readArgument()) return std::nullopt;
    if (line_.options.help) {
      line_.positional = {std::string(commandInfo(line_.command).name)};
      line_.command = Command::Help;
      return line_;
    }
    if (!checkPositional()) return std::nullopt;
    return line_;
  }

 private:
  bool readCommand() {
    std::string_view word = arguments_[0];
    if (word == "--help" || word == "-h") word = "help";
    if (word == "--version") word = "version";
    std::vector<std::string> names;
    for (const CommandInfo& info : allCommands()) {
      names.emplace_back(info.name);
      if (info.name == word) {
        line_.command = info.command;
        return true;
      }
    }
    DiagnosticBuilder message = diagnostics_.emit<diag::UnknownCommand>({}, word);
    const bool isFile = word.size() > 3 && word.ends_with(".nn");
    const std::optional<std::string> close = closestName(word, names);
    if (isFile)
      message.help(fmt::format("to train it: nnc run {}", word));
    else if (close)
      message.help(fmt::format("did you mean `nnc {}`?", *close));
    else
      message.help("`nnc help` lists the commands");
    return false;
  }

  bool readArgument() {
    const std::string& word = arguments_[at_];
    if (!looksLikeOption(word)) {
      line_.positional.push_back(word);
      return true;
    }
    if (word == "--" && !isBehindDashes_ && commandInfo(line_.command).takesParameters) return isBehindDashes_ = true;
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    const OptionRow* row = isBehindDashes_ ? nullptr : findOption(name);
    if (row == nullptr) return readParameter(name, value);
    if (!(row->commands & bit(line_.command))) {
      const CommandInfo& info = commandInfo(line_.command);
      DiagnosticBuilder message =
          diagnostics_.emit<diag::OptionOfAnotherCommand>({}, row->name, info.name, commandsOf(*row));
      if (info.takesParameters) message.help(parameterOfThatName(line_, row->name, row->value));
      return false;
    }
    return readOption(*row, value);
  }

  bool readOption(const OptionRow& row, std::optional<std::string> value) {
    line_.given.push_back(row.name);
    if (row.kind == OptionKind::Flag) {
      if (value) {
        diagnostics_.emit<diag::OptionTakesNoValue>({}, row.name, *value);
        return false;
      }
      return row.set(line_.options, {});
    }
    if (!value) {
      const bool hasNext = at_ + 1 < arguments_.size() && !looksLikeOption(arguments_[at_ + 1]);
      if (!hasNext) {
        diagnostics_.emit<diag::OptionNeedsValue>({}, row.name, row.value);
        return false;
      }
      value = arguments_[++at_];
    }
    const bool isTooSmall = row.kind == OptionKind::Size && value->find_first_not_of('0') == std::string::npos;
    if (!isTooSmall && row.set(line_.options, *value)) return true;
    if (row.kind == OptionKind::Real)
      diagnostics_.emit<diag::OptionRange>({}, row.name, "a number from 0", *value);
    else
      diagnostics_.emit<diag::OptionNeedsNumber>({}, row.name, row.kind == OptionKind::Size ? 1 : 0, *value);
    return false;
  }

  bool readParameter(const std::string& name, std::optional<std::string> value) {
    const bool isParameter = commandInfo(line_.command).takesParameters && name.starts_with("--") && name.size() > 2;
    if (!isParameter) {
      DiagnosticBuilder message = diagnostics_.emit<diag::UnknownOption>({}, name, commandInfo(line_.command).name);
      if (const auto close = closestName(name, optionNames(line_.command)))
        message.help(fmt::format("did you mean `{}`?", *close));
      return false;
    }
    if (!value && at_ + 1 < arguments_.size() && !looksLikeOption(arguments_[at_ + 1])) value = arguments_[++at_];
    line_.overrides.push_back({name.substr(2), value.value_or("true"), !value});
    return true;
  }

  bool checkPositional() {
    const CommandInfo& info = commandInfo(line_.command);
    const bool needsFile = info.arguments.starts_with("FILE") && !line_.options.standardInput;
    std::size_t most = info.arguments.find("[NAME]") != std::string_view::npos ? 2 : info.arguments.empty() ? 0 : 1;
    if (info.arguments == "FILE...") most = line_.positional.size();
    const std::size_t folders = info.arguments == "FOLDER FOLDER" ? 2 : info.arguments == "FOLDER" ? 1 : 0;
    if (line_.positional.size() < folders) {
      diagnostics_
          .emit<diag::MissingFolder>({}, info.name, folders == 1 ? "a folder" : "two folders", line_.positional.size())
          .help(fmt::format("for example: {}", info.example));
      return false;
    }
    most = std::max(most, folders);
    if (needsFile && line_.positional.empty()) {
      diagnostics_.emit<diag::MissingFile>({}, info.name).help(fmt::format("for example: {}", info.example));
      return false;
    }
    if (line_.positional.size() > most) {
      diagnostics_.emit<diag::TooManyArguments>({}, line_.positional[most], info.name).help(usage(info));
      return false;
    }
    return true;
  }

  const std::vector<std::string>& arguments_;
  Diagnostics& diagnostics_;
  CommandLine line_;
  std::size_t at_ = 0;
  bool isBehindDashes_ = false;  // after `--` every --name is a parameter
};

/// Two options of a command that answer the same question.
struct Exclusion {
  unsigned commands;
  std::string_view one, other;
};
constexpr Exclusion kExclusions[] = {{kRun, "--weights", "--resume"},
                                     {kPredict, "--input", "--split"},
                                     // A stage is text.
                                     {kAll, "--emit", "--json"}};

/// Options that say how another one is meant.
struct Companion {
  std::string_view option, needs;
};
constexpr Companion kCompanions[] = {
    {"--weights-partial", "--weights"}, {"--for", "--from"}, {"--stop-after", "--emit"}};

/// Options whose file is of the kind that the ending of its name says.
struct Endings {
  unsigned commands;
  std::string_view option;
  std::optional<std::string> Options::* file;
  std::vector<std::string_view> endings;
};
const std::vector<Endings>& allEndings() {
  static const std::vector<Endings> rows = {{kWeights, "--out", &Options::out, {".safetensors", ".npz"}},
                                            {kRun, "--dump-grad", &Options::dumpGrad, {".npz", ".safetensors"}},
                                            {kPredict, "--out", &Options::out, {".npy", ".npz", ".csv", ".json"}}};
  return rows;
}

/// What options say about one another, and about the names of files.
bool checkTogether(const CommandLine& line, Diagnostics& diagnostics) {
  const auto isGiven = [&](std::string_view option) {
    return std::find(line.given.begin(), line.given.end(), option) != line.given.end();
  };
  bool isFine = true;
  for (const Exclusion& row : kExclusions) {
    if (!(row.commands & bit(line.command)) || !isGiven(row.one) || !isGiven(row.other)) continue;
    diagnostics.emit<diag::OptionsExclude>({}, row.one, row.other);
    isFine = false;
  }
  for (const Companion& row : kCompanions) {
    if (!isGiven(row.option) || isGiven(row.needs)) continue;
    diagnostics.emit<diag::OptionNeedsOption>({}, row.option, row.needs);
    isFine = false;
  }
  for (const Endings& row : allEndings()) {
    const std::optional<std::string>& file = line.options.*row.file;
    const auto fits = [&](std::string_view ending) { return file->ends_with(ending); };
    if (!(row.commands & bit(line.command)) || !file || std::any_of(row.endings.begin(), row.endings.end(), fits))
      continue;
    diagnostics.emit<diag::FileEnding>({}, row.option, fmt::format("{}", fmt::join(row.endings, ", ")), *file);
    isFine = false;
  }
  return isFine;
}

bool checkChoices(const Options& options, Diagnostics& diagnostics) {
  const auto check = [&](const std::optional<std::string>& value, std::string_view name,
                         std::vector<std::string> choices) {
    if (!value || std::find(choices.begin(), choices.end(), *value) != choices.end()) return true;
    DiagnosticBuilder message =
        diagnostics.emit<diag::OptionChoice>({}, name, fmt::format("{}", fmt::join(choices, ", ")), *value);
    if (const auto close = closestName(*value, choices)) message.help(fmt::format("did you mean `{}`?", *close));
    return false;
  };
  return check(options.color, "--color", {"auto", "always", "never"}) && check(options.from, "--from", {"torch"}) &&
         check(options.emit, "--emit", {"ast", "ir", "grad", "opt", "plan", "llvm", "asm"});
}

}  // namespace

const std::vector<CommandInfo>& allCommands() {
  static const std::vector<CommandInfo> commands = {
#define NNC_COMMAND(NAME, TEXT, ARGUMENTS, PARAMETERS, SUBJECTS, SUMMARY, EXAMPLE) \
  {Command::NAME, TEXT, ARGUMENTS, SUMMARY, EXAMPLE, PARAMETERS, (SUBJECTS)},
#include "driver/commands.def"
#undef NNC_COMMAND
  };
  return commands;
}

const CommandInfo& commandInfo(Command command) { return allCommands()[static_cast<std::size_t>(command)]; }

std::optional<CommandLine> parseCommandLine(const std::vector<std::string>& arguments, Diagnostics& diagnostics) {
  std::optional<CommandLine> line = Parser(arguments, diagnostics).run();
  if (!line || !checkChoices(line->options, diagnostics) || !checkTogether(*line, diagnostics)) return std::nullopt;
  return line;
}

bool checkSubject(const CommandLine& line, Subject subject, const std::string& name, const std::string& note,
                  Diagnostics& diagnostics) {
  bool isFine = true;
  const auto refuse = [&](std::string_view option, const std::string& owners, bool isOfExperiments) {
    isFine = false;
    const std::string_view word = kSubjectWords[static_cast<std::size_t>(subject)].second;
    DiagnosticBuilder message = diagnostics.emit<diag::OptionOfAnotherSubject>(
        {}, option, fmt::format("{} `{}`", word.substr(word.find(' ') + 1), name), owners);
    if (isOfExperiments && !note.empty()) message.note(note);
  };
  for (const std::string_view option : line.given)
    if (const OptionRow& row = *findOption(option); !(row.subjects & bit(subject)))
      refuse(option, subjectsOf(row, commandInfo(line.command)), row.subjects & bit(Subject::Experiment));
  if (subject == Subject::Export)
    for (const elaborate::Override& override : line.overrides) refuse("--" + override.name, "a train", false);
  return isFine;
}

void reportSameNames(const CommandLine& line, const std::vector<std::string>& parameters, const std::string& owner,
                     Diagnostics& diagnostics) {
  for (const std::string_view option : line.given) {
    const std::string_view name = option.substr(2);
    const bool isSet = std::any_of(line.overrides.begin(), line.overrides.end(),
                                   [&](const elaborate::Override& override) { return override.name == name; });
    if (isSet || std::find(parameters.begin(), parameters.end(), name) == parameters.end()) continue;
    diagnostics.emit<diag::OptionAndParameter>({}, option, commandInfo(line.command).name, name, owner)
        .help(parameterOfThatName(line, option, findOption(option)->value));
  }
}

CommandText commandText(const CommandLine& line, const std::vector<std::string>& options) {
  std::string text = fmt::format("nnc {}", commandInfo(line.command).name), behind;
  for (const std::string& word : line.positional) text += " " + word;
  for (const elaborate::Override& override : line.overrides) {
    const bool isOption = findOption("--" + override.name) != nullptr;
    (isOption ? behind : text) += fmt::format(" --{} {}", override.name, override.value);
  }
  for (const std::string& option : options)
    if (!option.empty()) text += " " + option;
  return {std::move(text), behind.empty() ? "" : " --" + behind};
}

std::vector<std::string> optionNames(Command command) {
  std::vector<std::string> names;
  for (const OptionRow& row : allOptions())
    if (row.commands & bit(command)) names.emplace_back(row.name);
  return names;
}

std::string generalHelp() {
  std::string text =
      "nnc compiles, trains and links neural networks written in .nn files.\n\nusage: nnc COMMAND ...\n\n";
  for (const CommandInfo& info : allCommands()) text += fmt::format("  {:<9} {}\n", info.name, info.summary);
  text +=
      "\n`nnc help COMMAND` lists the options of a command. Exit codes: 0 fine, 1 mistakes in the program, 2 usage,\n"
      "3 a data or model file is bad, 4 too large for this machine, 5 the training diverged, 70 internal error.\n";
  return text;
}

std::string commandHelp(Command command) {
  const CommandInfo& info = commandInfo(command);
  std::string text = fmt::format("nnc {}: {}\n\n{}\n", info.name, info.summary, usage(info));
  if (info.takesParameters)
    text +=
        "       --PARAM VALUE sets a parameter of the train; NAME says which, if the file has several\n"
        "       -- before a parameter that has the name of an option: behind it, every --NAME is a parameter\n";
  text += "\n";
  for (const OptionRow& row : allOptions()) {
    if (!(row.commands & bit(command))) continue;
    std::string left(row.name);
    if (row.shortName != '\0') left = fmt::format("-{}, {}", row.shortName, row.name);
    if (!row.value.empty()) left += fmt::format(" {}", row.value);
    const bool isOfAll = (row.subjects & info.subjects) == info.subjects;
    text += fmt::format("  {:<24} {}{}\n", left, isOfAll ? "" : "of " + subjectsOf(row, info) + ": ", row.help);
  }
  text += fmt::format("\nexample: {}\n", info.example);
  return text;
}

ColorMode colorMode(const Options& options) {
  if (options.color == "always") return ColorMode::Always;
  if (options.color == "never") return ColorMode::Never;
  return ColorMode::Auto;
}

}  // namespace nnc::driver
