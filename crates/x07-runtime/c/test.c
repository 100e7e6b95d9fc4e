/* The runtime's part in tests: which one to run, and what its last failed assertion compared. */
#include "runtime.h"

/* How much in front of the first difference is kept for the reader's orientation. */
#define WINDOW_LEAD 64u

X07_TLS x07_assertion x07_failed_assertion;

uint32_t x07_internal_test_select(const char *at) {
  x07_view whole = x07_ctx.input;
  if (whole.len < 4) x07_trap("test driver input too short", at);
  uint32_t rest = whole.len - 4;
  x07_ctx.input = rest ? x07_view_window(whole, 4, rest) : x07_view_none();
  return x07_load_u32_le(whole.ptr);
}

uint32_t x07_internal_test_unequal_i32(uint32_t got, uint32_t expected, uint32_t code) {
  if (!x07_program_config.record_assertions) return 0;
  x07_failed_assertion = (x07_assertion){
      .kind = X07_ASSERTION_I32, .code = code, .got = {.value = got}, .expected = {.value = expected}};
  return 0;
}

static void keep_window(x07_assertion_side *side, x07_view v, uint32_t from) {
  uint32_t rest = v.len > from ? v.len - from : 0;
  side->value = v.len;
  side->kept = rest < X07_WINDOW_BYTES ? rest : X07_WINDOW_BYTES;
  memcpy(side->window, v.ptr + (rest ? from : 0), side->kept);
}

uint32_t x07_internal_test_unequal_view(x07_view got, x07_view expected, uint32_t code) {
  if (!x07_program_config.record_assertions) return 0;
  X07_CHECK_READ(got, 0);
  X07_CHECK_READ(expected, 0);
  x07_assertion *a = &x07_failed_assertion;
  uint32_t shorter = got.len < expected.len ? got.len : expected.len, at = 0;
  while (at < shorter && got.ptr[at] == expected.ptr[at]) at++;
  a->kind = X07_ASSERTION_BYTES;
  a->code = code;
  a->difference = at;
  a->from = at > WINDOW_LEAD ? at - WINDOW_LEAD : 0;
  keep_window(&a->got, got, a->from);
  keep_window(&a->expected, expected, a->from);
  return 0;
}
