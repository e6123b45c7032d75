// The program nnc. Everything is in driver/.
#include "driver/crash.h"
#include "driver/driver.h"

int main(int argc, char** argv) {
  nnc::driver::installCrashHandler();
  return nnc::driver::run({argv + 1, argv + argc});
}
