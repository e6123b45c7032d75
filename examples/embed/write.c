/* Goes on from a text, byte by byte, with a decoder that nnc compiled into bible.o; always the most likely byte.

   usage: write PROMPT LENGTH

   Prints what `nnc generate --temperature 0 --prompt PROMPT --length LENGTH` prints. The model keeps what it has read
   in a session; when that is full, it begins anew with the last half of the text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bible.h"

enum { VOCABULARY = 256, MANY = 64 };

static float logits[MANY * VOCABULARY];
static bible_session* session;
static void* workspace;

static void fail(int status) {
  fprintf(stderr, "write: %s\n", bible_strerror(status));
  exit(1);
}

/* Reads `count` tokens; *next gets the most likely one after them. BIBLE_E_FULL: they do not fit. */
static int feed(const int32_t* tokens, size_t count, int32_t* next) {
  while (count > 0) {
    int64_t step = count >= MANY ? MANY : 1;
    const float* row = logits + (step - 1) * VOCABULARY;
    int32_t v;
    int status = bible_predict(session, tokens, step, logits, workspace, bible_workspace_bytes(MANY));
    if (status != BIBLE_OK) return status;
    *next = 0;
    for (v = 1; v < VOCABULARY; ++v)
      if (row[v] > row[*next]) *next = v;
    tokens += step;
    count -= (size_t)step;
  }
  return BIBLE_OK;
}

/* Feeds the last `count` of `size` tokens that the session has not read yet; if they do not fit, begins anew. Returns
   where in `text` the session begins. */
static size_t advance(const int32_t* text, size_t begin, size_t size, size_t count, int32_t* next) {
  int status = feed(text + size - count, count, next);
  size_t keep = (size - begin) / 2;
  while (status == BIBLE_E_FULL) {
    if (keep == 0) keep = 1;
    begin = size - keep;
    status = bible_session_init(session, bible_session_bytes());
    if (status == BIBLE_OK) status = feed(text + begin, keep, next);
    keep /= 2;
  }
  if (status != BIBLE_OK) fail(status);
  return begin;
}

int main(int argc, char** argv) {
  size_t prompt = argc == 3 ? strlen(argv[1]) : 0, length = argc == 3 ? (size_t)atol(argv[2]) : 0, begin, i;
  int32_t *text, next = 0;
  if (prompt == 0) {
    fprintf(stderr, "usage: %s PROMPT LENGTH\n", argv[0]);
    return 2;
  }
  text = malloc((prompt + length) * sizeof *text);
  session = aligned_alloc(BIBLE_WORKSPACE_ALIGN, bible_session_bytes());
  workspace = aligned_alloc(BIBLE_WORKSPACE_ALIGN, (bible_workspace_bytes(MANY) + 63) / 64 * 64);
  if (text == NULL || session == NULL || workspace == NULL) return 1;
  for (i = 0; i < prompt; ++i) text[i] = (unsigned char)argv[1][i];
  if (bible_session_init(session, bible_session_bytes()) != BIBLE_OK) return 1;

  fputs(argv[1], stdout);
  begin = advance(text, 0, prompt, prompt, &next);
  for (i = 0; i < length; ++i) {
    text[prompt + i] = next;
    putchar(next);
    if (i + 1 < length) begin = advance(text, begin, prompt + i + 1, 1, &next);
  }
  putchar('\n');
  free(text);
  free(session);
  free(workspace);
  return 0;
}
