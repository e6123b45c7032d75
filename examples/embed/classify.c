/* Classifies the Fashion-MNIST test set with a network that nnc compiled into fashion.o, and prints the accuracy.

   usage: classify IMAGES LABELS [LOGITS_OUT]

   IMAGES and LABELS are IDX files, gzip-compressed or not. LOGITS_OUT receives the network's outputs as raw floats.
   The network itself allocates nothing: this program owns every buffer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "fashion.h"

enum { PIXELS = 28 * 28, CLASSES = 10, BATCH = FASHION_MAX_BATCH };

/* Reads the elements of an IDX file of bytes with `rank` axes; *rows is the size of the first. NULL: not such a file.
 */
static unsigned char* read_idx(const char* path, int rank, int64_t row_bytes, int64_t* rows) {
  unsigned char header[16];
  unsigned char* data = NULL;
  gzFile file = gzopen(path, "rb");
  if (file == NULL) return NULL;
  if (gzread(file, header, 4 + 4 * rank) == 4 + 4 * rank && header[2] == 8 && header[3] == rank) {
    *rows = ((int64_t)header[4] << 24) | (header[5] << 16) | (header[6] << 8) | header[7];
    data = malloc((size_t)(*rows * row_bytes));
    if (data != NULL && gzread(file, data, (unsigned)(*rows * row_bytes)) != (int)(*rows * row_bytes)) {
      free(data);
      data = NULL;
    }
  }
  gzclose(file);
  return data;
}

static int largest(const float* logits) {
  int best = 0, c;
  for (c = 1; c < CLASSES; ++c)
    if (logits[c] > logits[best]) best = c;
  return best;
}

int main(int argc, char** argv) {
  static float x[BATCH * PIXELS], logits[BATCH * CLASSES];
  int64_t rows = 0, label_rows = 0, begin, correct = 0;
  unsigned char *images, *labels;
  void* workspace;
  FILE* out = NULL;

  if (argc < 3) {
    fprintf(stderr, "usage: %s IMAGES LABELS [LOGITS_OUT]\n", argv[0]);
    return 2;
  }
  images = read_idx(argv[1], 3, PIXELS, &rows);
  labels = read_idx(argv[2], 1, 1, &label_rows);
  if (images == NULL || labels == NULL || rows != label_rows) {
    fprintf(stderr, "%s: cannot read %s and %s as images with labels\n", argv[0], argv[1], argv[2]);
    return 1;
  }
  if (argc > 3 && (out = fopen(argv[3], "wb")) == NULL) {
    perror(argv[3]);
    return 1;
  }
  workspace = aligned_alloc(64, (fashion_workspace_bytes(BATCH) + 63) / 64 * 64);
  if (workspace == NULL) return 1;

  for (begin = 0; begin < rows; begin += BATCH) {
    int64_t n = rows - begin < BATCH ? rows - begin : BATCH, i;
    int status;
    for (i = 0; i < n * PIXELS; ++i) x[i] = (float)images[begin * PIXELS + i] / 255.0f;
    status = fashion_predict(x, n, logits, workspace, fashion_workspace_bytes(BATCH));
    if (status != FASHION_OK) {
      fprintf(stderr, "%s: %s\n", argv[0], fashion_strerror(status));
      return 1;
    }
    if (out != NULL && fwrite(logits, sizeof(float), (size_t)(n * CLASSES), out) != (size_t)(n * CLASSES)) return 1;
    for (i = 0; i < n; ++i) correct += largest(logits + i * CLASSES) == labels[begin + i];
  }
  if (out != NULL && fclose(out) != 0) return 1;
  printf("accuracy %.4f on %lld images\n", (double)correct / (double)rows, (long long)rows);
  free(workspace);
  free(images);
  free(labels);
  return 0;
}
