/* Prints the checksum of standard input, computed by the X07 program in x07/. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "x07_embed.h"

enum { ARENA = 1 << 20, INPUT = 1 << 16 };

int main(void) {
  static uint8_t input[INPUT];
  size_t n = fread(input, 1, sizeof input, stdin);
  void *arena = malloc(ARENA);
  if (!arena) return 2;
  ev_bytes_v2_t result = x07_solve_v2(arena, ARENA, input, (uint32_t)n);
  fwrite(result.ptr, 1, result.len, stdout);
  putchar('\n');
  free(arena);
  return 0;
}
