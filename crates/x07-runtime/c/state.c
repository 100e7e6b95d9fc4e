/* The state of one run, from its start to the release of everything that the program left behind. */
#include "runtime.h"

X07_TLS x07_context x07_ctx;
X07_TLS x07_run x07_state;
uint8_t x07_empty[X07_GRANULE];

void x07_run_start(uint64_t fuel) {
  uint32_t trap_status = x07_state.trap_status;
  x07_state = (x07_run){.trap_status = trap_status, .trace_hash = X07_TRACE_START};
  x07_state.fuel_at_start = fuel > INT64_MAX ? INT64_MAX : fuel;
  x07_ctx = (x07_context){.fuel = (int64_t)x07_state.fuel_at_start, .input = x07_view_none()};
}

void x07_at_end(void (*release)(void)) {
  uint32_t known = sizeof x07_state.cleanup / sizeof x07_state.cleanup[0];
  if (x07_state.cleanups < known) x07_state.cleanup[x07_state.cleanups++] = release;
}

void x07_run_end(void) {
  for (uint32_t i = 0; i < x07_state.cleanups; i++) x07_state.cleanup[i]();
  x07_state.cleanups = 0;
}
