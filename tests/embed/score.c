/* Runs the untrained export on inputs from a file, checking every status code on the way.
   usage: score INPUTS OUTPUTS [WEIGHTS]; built with -DPASS_WEIGHTS when the caller passes them. */
#include <stdio.h>
#include <stdlib.h>

#include "scorer.h"

enum { ROWS = 8, IN = 12, OUT = 5 };

#ifdef PASS_WEIGHTS
static _Alignas(64) unsigned char weights[1 << 16];
#define PREDICT(...) scorer_predict(weights, __VA_ARGS__)
#else
#define PREDICT(...) scorer_predict(__VA_ARGS__)
#endif

static int expect(int status, int wanted, const char* what) {
  if (status == wanted) return 0;
  fprintf(stderr, "%s gives %d (%s), not %d\n", what, status, scorer_strerror(status), wanted);
  return 1;
}

int main(int argc, char** argv) {
  static float x[ROWS * IN], y[ROWS * OUT];
  size_t bytes = scorer_workspace_bytes(ROWS);
  char* ws = aligned_alloc(64, (bytes + 127) / 64 * 64);
  FILE* file;
  int64_t n;
  int bad = 0;
  if (argc < 3 || ws == NULL || (file = fopen(argv[1], "rb")) == NULL) return 2;
  if (fread(x, sizeof x, 1, file) != 1) return 2;
  fclose(file);
#ifdef PASS_WEIGHTS
  if (argc < 4 || scorer_weights_bytes() > sizeof weights || (file = fopen(argv[3], "rb")) == NULL) return 2;
  if (fread(weights, scorer_weights_bytes(), 1, file) != 1) return 2;
  fclose(file);
#endif
  bad += expect(PREDICT(NULL, 1, y, ws, bytes), SCORER_E_NULL, "no input");
  bad += expect(PREDICT(x, 1, NULL, ws, bytes), SCORER_E_NULL, "no output");
  bad += expect(PREDICT(x, 0, y, ws, bytes), SCORER_E_SHAPE, "no example");
  bad += expect(PREDICT(x, ROWS + 1, y, ws, bytes), SCORER_E_SHAPE, "too many examples");
  bad += expect(PREDICT(x, ROWS, y, ws, bytes - 1), SCORER_E_WORKSPACE, "a small workspace");
  bad += expect(PREDICT(x, ROWS, y, ws + 4, bytes), SCORER_E_ALIGN, "an unaligned workspace");
  if ((file = fopen(argv[2], "wb")) == NULL) return 2;
  for (n = 1; n <= ROWS; ++n) {
    bad += expect(PREDICT(x, n, y, ws, scorer_workspace_bytes(n)), SCORER_OK, "a batch");
    if (fwrite(y, sizeof(float) * OUT, (size_t)n, file) != (size_t)n) return 2;
  }
  fclose(file);
  free(ws);
  return bad != 0;
}
