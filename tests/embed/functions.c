/* What exported functions and constants are in C. */
#include <stdio.h>
#include <string.h>

#include "center.h"
#include "check.h"
#include "energy.h"

static _Alignas(64) unsigned char workspace[1 << 14];

int main(void) {
  const float x[4 * 3] = {1, 2, 3, 5, 6, 7, 9, 10, 11, 1, 2, 3};
  float y[4 * 3];
  CHECK(center_workspace_bytes() <= sizeof workspace);
  CHECK(center_predict(x, y, workspace, sizeof workspace) == CENTER_OK);
  for (int i = 0; i < 12; ++i) CHECK(y[i] == x[i] - (float[]){4, 5, 6}[i % 3]);

  const float offset = 100;
  float e = 0;
  CHECK(energy_predict(x, &offset, 3, &e, workspace, sizeof workspace) == ENERGY_OK);
  CHECK(e == 0.5f * (1 + 4 + 9) + 100);
  CHECK(energy_predict(x, &offset, 10, &e, workspace, sizeof workspace) == ENERGY_OK);
  CHECK(e == 0.5f * (1 + 4 + 9 + 25 + 36 + 49 + 81 + 100 + 121 + 1) + 100);
  e = 7;
  CHECK(energy_predict(x, &offset, 4, &e, workspace, sizeof workspace) == ENERGY_E_SHAPE);
  CHECK(e == 7);

  CHECK(CENTER_ROWS == 4 && ENERGY_ROWS == 4);
  CHECK(CENTER_LIMIT == INT64_MIN);
  CHECK(CENTER_SCALE == 0.5 && CENTER_IS_SIGNED == 1);
  CHECK(strcmp(CENTER_TITLE, "a \"mean\"\?\n\303\251") == 0);
  return 0;
}
