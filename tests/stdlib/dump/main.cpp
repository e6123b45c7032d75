// Prints what every case of the given files takes, as one line of JSON each: for make_goldens.py.
#include <fmt/format.h>

#include <cstdio>

#include "case_program.h"

int main(int count, char** files) {
  using namespace nnc;
  for (int i = 1; i < count; ++i) {
    stdlib_tests::Topic topic(files[i]);
    if (!topic.isFine()) return fmt::print(stderr, "{}", topic.messages()), 1;
    for (const std::string& name : topic.cases()) {
      const auto program = topic.build(name, elaborate::Mode::Train);
      if (!program) {
        fmt::print(stderr, "{}: {}\n{}", files[i], name, topic.messages());
        return 1;
      }
      std::string arguments;
      for (const stdlib_tests::Argument& argument : program->arguments)
        arguments += fmt::format(R"({}["{}", "{}", [{}], {}])", arguments.empty() ? "" : ", ", argument.name,
                                 ir::dtypeName(argument.type.dtype), fmt::join(argument.type.shape, ", "),
                                 static_cast<int>(argument.kind));
      fmt::print("{{\"file\": \"{}\", \"case\": \"{}\", \"arguments\": [{}], \"results\": [\"{}\"]}}\n", files[i], name,
                 arguments, fmt::join(program->results, "\", \""));
    }
  }
  return 0;
}
