/* Runs a decoder in sessions, checking every status code of a session on the way.
   usage: decode OUTPUTS; writes the logits of 20 tokens fed as 16 + 4, then those of the same tokens fed one by one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decoder.h"

enum { TOKENS = 20, VOCAB = 13 };

static int bad;
static void expect(int status, int wanted, const char* what) {
  if (status == wanted) return;
  fprintf(stderr, "%s gives %d (%s), not %d\n", what, status, decoder_strerror(status), wanted);
  bad = 1;
}

static decoder_session* new_session(void) {
  decoder_session* session = aligned_alloc(DECODER_WORKSPACE_ALIGN, decoder_session_bytes());
  if (session == NULL || decoder_session_init(session, decoder_session_bytes()) != DECODER_OK) exit(2);
  return session;
}

int main(int argc, char** argv) {
  static float whole[TOKENS * VOCAB], single[TOKENS * VOCAB], scratch[16 * VOCAB];
  int32_t tokens[TOKENS];
  size_t bytes = decoder_workspace_bytes(16), size = decoder_session_bytes();
  char* ws = aligned_alloc(64, (bytes + 127) / 64 * 64);
  decoder_session *a = new_session(), *b = new_session(), *copy = new_session();
  FILE* file;
  int t;
  if (argc < 2 || ws == NULL) return 2;
  for (t = 0; t < TOKENS; ++t) tokens[t] = (7 * t * t + 3 * t + 1) % VOCAB;

  expect(decoder_session_init(NULL, size), DECODER_E_NULL, "no memory for a session");
  expect(decoder_session_init(b, size - 1), DECODER_E_WORKSPACE, "too little memory for a session");
  expect(decoder_session_init((decoder_session*)((char*)b + 8), size), DECODER_E_ALIGN, "an unaligned session");
  memset(copy, 0, size);
  expect(decoder_predict(copy, tokens, 1, scratch, ws, bytes), DECODER_E_SESSION, "a session that was not initialised");
  expect(decoder_predict(NULL, tokens, 1, scratch, ws, bytes), DECODER_E_NULL, "no session");
  expect(decoder_predict(a, tokens, 2, scratch, ws, bytes), DECODER_E_SHAPE, "a size between the compiled ones");
  expect(decoder_predict(a, tokens, 0, scratch, ws, bytes), DECODER_E_SHAPE, "no tokens");
  expect(decoder_predict(a, tokens, 16, scratch, ws, bytes - 1), DECODER_E_WORKSPACE, "a small workspace");
  if (decoder_workspace_bytes(2) != 0) bad = 1;

  /* Two sessions, one in large steps and one token by token, interleaved. */
  expect(decoder_predict(a, tokens, 16, whole, ws, bytes), DECODER_OK, "16 tokens");
  for (t = 0; t < 10; ++t)
    expect(decoder_predict(b, tokens + t, 1, single + t * VOCAB, ws, bytes), DECODER_OK, "a token");
  expect(decoder_predict(a, tokens + 16, 4, whole + 16 * VOCAB, ws, bytes), DECODER_OK, "4 tokens more");
  for (; t < TOKENS; ++t)
    expect(decoder_predict(b, tokens + t, 1, single + t * VOCAB, ws, bytes), DECODER_OK, "a token");

  /* Both are full: nothing changes, neither the session nor the outputs. */
  memcpy(copy, a, size);
  memset(scratch, 77, sizeof scratch);
  expect(decoder_predict(a, tokens, 1, scratch, ws, bytes), DECODER_E_FULL, "a token too many");
  expect(decoder_predict(a, tokens, 16, scratch, ws, bytes), DECODER_E_FULL, "16 tokens too many");
  if (memcmp(copy, a, size) != 0 || ((unsigned char*)scratch)[5] != 77) {
    fprintf(stderr, "a call that does not fit changed something\n");
    bad = 1;
  }
  /* Begun anew, the first token is the first token. */
  expect(decoder_session_init(a, size), DECODER_OK, "beginning anew");
  expect(decoder_predict(a, tokens, 1, scratch, ws, bytes), DECODER_OK, "the first token again");
  if (memcmp(scratch, single, sizeof(float) * VOCAB) != 0) bad = 1;

  file = fopen(argv[1], "wb");
  if (file == NULL || fwrite(whole, sizeof whole, 1, file) != 1 || fwrite(single, sizeof single, 1, file) != 1)
    return 2;
  fclose(file);
  free(ws);
  free(a);
  free(b);
  free(copy);
  return bad;
}
