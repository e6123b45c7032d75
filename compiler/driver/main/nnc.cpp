// The program nnc. Everything is in driver/.
#include "driver/driver.h"

int main(int argc, char** argv) { return nnc::driver::run({argv + 1, argv + argc}); }
