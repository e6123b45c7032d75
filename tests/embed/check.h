/* Ends main with the place of what does not hold. */
#pragma once
#include <stdio.h>

#define CHECK(...) \
  do { \
    if (!(__VA_ARGS__)) { \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
      return 1; \
    } \
  } while (0)
