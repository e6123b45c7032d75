// Prints every sample of the OpDB as one line of JSON.
#include <cstdio>

#include "db/sample.h"

int main() {
  for (const nnc::ops::Row& row : nnc::ops::allRows())
    for (const nnc::ops::Sample& sample : row.samples) std::printf("%s\n", nnc::ops::toJson(row, sample).c_str());
  return 0;
}
