/* The library form of a program. */
#include "runtime.h"

ev_bytes_v2_t x07_solve_v2(void *arena_mem, uint32_t arena_cap, const uint8_t *input_ptr, uint32_t input_len) {
#ifdef X07_DEBUG_BORROW
  x07_debug_forget();
#endif
  x07_heap_init(arena_mem, arena_cap, 0);
  x07_run_start(x07_program_config.fuel);
  if (input_len) {
    uint8_t *copy = x07_heap_take(input_len);
    memcpy(copy, input_ptr, input_len);
    x07_ctx.input = x07_view_untracked(copy, input_len);
    x07_state.input_len = input_len;
  }
  x07_bytes output = x07_solve();
  if (x07_ctx.fuel < 0) x07_trap_fuel();
  x07_run_end();
  return output;
}

int32_t x07_exit_code_v1(void) { return x07_ctx.exit_code > 255 ? 255 : (int32_t)x07_ctx.exit_code; }
