/* Calling an X07 program that was built as a static library. */
#ifndef X07_EMBED_H
#define X07_EMBED_H

#include "x07_abi_v2.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs the program once on a copy of the input, with `arena_cap` bytes at `arena_mem` as its whole heap.

   The result lies in the arena and stays valid until the arena is used again. Every call starts afresh; threads may
   call at the same time with arenas of their own. A trap writes its line to standard error and ends the process. */
ev_bytes_v2_t x07_solve_v2(void *arena_mem, uint32_t arena_cap, const uint8_t *input_ptr, uint32_t input_len);

/* What `process.set_exit_code_v1` set during the last call on this thread, 0..255; 0 by default. */
int32_t x07_exit_code_v1(void);

#ifdef __cplusplus
}
#endif
#endif
