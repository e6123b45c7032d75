// The command line as data: what options.def and commands.def list, parsed and checked.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostics.h"
#include "diagnostics/render.h"
#include "elaborate/elaborate.h"

namespace nnc::driver {

enum class Command : std::uint8_t {
#define NNC_COMMAND(NAME, ...) NAME,
#include "driver/commands.def"
#undef NNC_COMMAND
};

/// What a command is about, once its file is read. A folder counts as the experiments in it.
enum class Subject : std::uint8_t { Train, Experiment, Export };

struct CommandInfo {
  Command command;
  std::string_view name, arguments, summary, example;
  bool takesParameters = false;  // unknown --names are parameters of the train
  unsigned subjects = 0;         // what it can be about, a bit for each; 0: something else, a folder or any file
};
const std::vector<CommandInfo>& allCommands();
const CommandInfo& commandInfo(Command command);

enum class OptionKind : std::uint8_t { Flag, Text, Count, Size, Real, List };

/// The C++ type that holds an option of a kind.
template <OptionKind>
struct OptionType;
template <>
struct OptionType<OptionKind::Flag> {
  using Type = bool;
};
template <>
struct OptionType<OptionKind::Text> {
  using Type = std::optional<std::string>;
};
template <>
struct OptionType<OptionKind::Count> {
  using Type = std::optional<std::int64_t>;
};
template <>
struct OptionType<OptionKind::Size> {
  using Type = std::optional<std::int64_t>;
};
template <>
struct OptionType<OptionKind::Real> {
  using Type = std::optional<double>;
};
template <>
struct OptionType<OptionKind::List> {
  using Type = std::vector<std::string>;
};

/// One field per row of options.def.
struct Options {
#define NNC_OPTION(FIELD, NAME, SHORT, KIND, ...) OptionType<OptionKind::KIND>::Type FIELD{};
#include "driver/options.def"
#undef NNC_OPTION
};

struct CommandLine {
  Command command = Command::Help;
  std::vector<std::string> positional;  // after the command: FILE, NAME; CODE; COMMAND
  Options options;
  std::vector<std::string_view> given;  // names of the options that were written
  std::vector<elaborate::Override> overrides;

  /// The file to work on. Needs: a command whose first argument is FILE (parse has checked it).
  const std::string& file() const { return positional[0]; }
  std::string name() const { return positional.size() > 1 ? positional[1] : std::string(); }
};

/// Reads argv[1..].
///
/// Errors  E15xx: unknown commands and options (with the closest known one), missing or wrong values, too many
///         arguments. The result is then empty.
[[nodiscard]] std::optional<CommandLine> parseCommandLine(const std::vector<std::string>& arguments,
                                                          Diagnostics& diagnostics);

/// Whether every option and `--name value` of the line means something for what the command is about. `name`: its own.
/// `note`: goes with what does not, unless it is empty.
///
/// Errors  E1517.
[[nodiscard]] bool checkSubject(const CommandLine& line, Subject subject, const std::string& name,
                                const std::string& note, Diagnostics& diagnostics);

/// Warns of options of the line that are parameters too, and so may not be what was meant. `owner`: whose parameters,
/// "train `t`". A parameter that is set behind `--` is no question.
///
/// Errors  W1518.
void reportSameNames(const CommandLine& line, const std::vector<std::string>& parameters, const std::string& owner,
                     Diagnostics& diagnostics);

/// A command as it would be typed. Between head and tail is room for more options.
struct CommandText {
  std::string head;  // `nnc run f.nn --lr 0.1 --seed 3`
  std::string tail;  // ` -- --out 5`, the parameters that have names of options; mostly empty
};
CommandText commandText(const CommandLine& line, const std::vector<std::string>& options);

/// The text of `nnc help` and `nnc help COMMAND`.
std::string generalHelp();
std::string commandHelp(Command command);

/// Names of the options of a command, with their dashes.
std::vector<std::string> optionNames(Command command);

ColorMode colorMode(const Options& options);

}  // namespace nnc::driver
