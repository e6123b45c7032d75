/* The seed of a network that draws random numbers. Writes 8 x 16 draws of the normal distribution. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "doubled.h"
#include "smoothed.h"
#include "walk.h"

static _Alignas(64) unsigned char workspace[1 << 14];
static _Alignas(64) unsigned char memory[1 << 10];

int main(int argc, char **argv) {
  static const float x[8 * 16];
  float y[8 * 16], z[8 * 16];
  CHECK(argc == 2);
  CHECK(smoothed_workspace_bytes(8) <= sizeof workspace);
  CHECK(smoothed_predict(x, 7, 8, y, workspace, sizeof workspace) == SMOOTHED_OK);
  CHECK(smoothed_predict(x, 7, 8, z, workspace, sizeof workspace) == SMOOTHED_OK);
  CHECK(memcmp(y, z, sizeof y) == 0);
  /* The rows of a padded batch are those of a full one, and so is a batch of one. */
  for (int rows = 1; rows < 8; ++rows) {
    CHECK(smoothed_predict(x, 7, rows, z, workspace, sizeof workspace) == SMOOTHED_OK);
    CHECK(memcmp(y, z, sizeof(float) * 16 * (size_t)rows) == 0);
  }
  CHECK(smoothed_predict(x, 8, 8, z, workspace, sizeof workspace) == SMOOTHED_OK);
  for (int i = 0; i < 8 * 16; ++i) CHECK(y[i] != z[i]);
  CHECK(smoothed_predict(x, INT64_MIN, 8, z, workspace, sizeof workspace) == SMOOTHED_OK);
  CHECK(memcmp(y, z, sizeof y) != 0);

  walk_session *session = (walk_session *)memory;
  float first[4], second[4];
  CHECK(walk_session_bytes() <= sizeof memory);
  CHECK(walk_session_init(session, sizeof memory) == WALK_OK);
  CHECK(walk_predict(session, x, 1, first, workspace, sizeof workspace) == WALK_OK);
  CHECK(walk_predict(session, x, 1, second, workspace, sizeof workspace) == WALK_OK);
  for (int i = 0; i < 4; ++i) CHECK(first[i] >= 0 && first[i] < 1 && second[i] == first[i] + first[i]);
  CHECK(walk_predict(session, x, 2, first, workspace, sizeof workspace) == WALK_OK);
  for (int i = 0; i < 4; ++i) CHECK(first[i] >= second[i] && first[i] != second[i] + second[i] / 2);

  const float three[3] = {1, 2, 3};
  float six[3];
  CHECK(doubled_predict(three, six, workspace, sizeof workspace) == DOUBLED_OK);
  for (int i = 0; i < 3; ++i) CHECK(six[i] == 2 * three[i]);

  FILE *out = fopen(argv[1], "wb");
  CHECK(out != NULL && fwrite(y, sizeof y, 1, out) == 1 && fclose(out) == 0);
  return 0;
}
