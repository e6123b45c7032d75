// The program nnc. Everything is in driver/.
#include <algorithm>
#include <string>
#include <vector>

#include "driver/crash.h"
#include "driver/driver.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  nnc::driver::installCrashHandler(std::find(arguments.begin(), arguments.end(), "--json") != arguments.end());
  return nnc::driver::run(arguments);
}
