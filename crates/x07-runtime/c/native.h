/* The heads whose code is in native backends: operands are checked and lent. Part of x07.h. Functions here are static,
   because a program links a backend only when it calls one. */
#ifndef X07_NATIVE_H
#define X07_NATIVE_H

#include "x07_ext_rand_abi_v1.h"
#include "x07_ext_stdio_abi_v1.h"
#include "x07_math_abi_v1.h"

/* An operand of a math head is not a binary64. */
X07_NORETURN X07_COLD void x07_trap_f64(const char *head, uint32_t len, const char *at);

static inline ev_bytes x07_lend(x07_view v) {
  X07_CHECK_READ(v, ((ev_bytes){.ptr = x07_empty, .len = 0}));
  return (ev_bytes){.ptr = (uint8_t *)v.ptr, .len = v.len};
}

static inline ev_bytes x07_lend_f64(x07_view v, const char *head, const char *at) {
  if (X07_UNLIKELY(v.len != 8)) x07_trap_f64(head, v.len, at);
  return x07_lend(v);
}

#define X07_MATH_UNARY(type, name, symbol)                             \
  static inline type x07_math_f64_##name(x07_view x, const char *at) { \
    return symbol(x07_lend_f64(x, "math.f64." #name, at));             \
  }
#define X07_MATH_BINARY(name, symbol)                                                   \
  static inline x07_bytes x07_math_f64_##name(x07_view a, x07_view b, const char *at) { \
    ev_bytes first = x07_lend_f64(a, "math.f64." #name, at);                            \
    return symbol(first, x07_lend_f64(b, "math.f64." #name, at));                       \
  }

X07_MATH_BINARY(add_v1, ev_math_f64_add_v1)
X07_MATH_BINARY(sub_v1, ev_math_f64_sub_v1)
X07_MATH_BINARY(mul_v1, ev_math_f64_mul_v1)
X07_MATH_BINARY(div_v1, ev_math_f64_div_v1)
X07_MATH_BINARY(min_v1, ev_math_f64_min_v1)
X07_MATH_BINARY(max_v1, ev_math_f64_max_v1)
X07_MATH_BINARY(pow_v1, ev_math_f64_pow_v1)
X07_MATH_BINARY(atan2_v1, ev_math_f64_atan2_v1)
X07_MATH_UNARY(x07_bytes, neg_v1, ev_math_f64_neg_v1)
X07_MATH_UNARY(x07_bytes, abs_v1, ev_math_f64_abs_v1)
X07_MATH_UNARY(x07_bytes, sqrt_v1, ev_math_f64_sqrt_v1)
X07_MATH_UNARY(x07_bytes, floor_v1, ev_math_f64_floor_v1)
X07_MATH_UNARY(x07_bytes, ceil_v1, ev_math_f64_ceil_v1)
X07_MATH_UNARY(x07_bytes, sin_v1, ev_math_f64_sin_v1)
X07_MATH_UNARY(x07_bytes, cos_v1, ev_math_f64_cos_v1)
X07_MATH_UNARY(x07_bytes, tan_v1, ev_math_f64_tan_v1)
X07_MATH_UNARY(x07_bytes, exp_v1, ev_math_f64_exp_v1)
X07_MATH_UNARY(x07_bytes, log_v1, ev_math_f64_ln_v1)
X07_MATH_UNARY(x07_bytes, to_bits_u64le_v1, ev_math_f64_to_bits_u64le_v1)
X07_MATH_UNARY(x07_bytes, fmt_shortest_v1, ev_math_f64_fmt_shortest_v1)
X07_MATH_UNARY(x07_result_i32, to_i32_trunc_v1, ev_math_f64_to_i32_trunc_v1)
static inline x07_bytes x07_math_f64_from_i32_v1(uint32_t x) { return ev_math_f64_from_i32_v1((int32_t)x); }
static inline x07_result_bytes x07_math_f64_parse_v1(x07_view text) { return ev_math_f64_parse_v1(x07_lend(text)); }

static inline x07_result_bytes x07_os_rand_bytes_v1(uint32_t n, x07_view caps) {
  return x07_ext_rand_bytes_v1((int32_t)n, x07_lend(caps));
}
static inline x07_result_bytes x07_os_rand_u64_v1(x07_view caps) { return x07_ext_rand_u64_v1(x07_lend(caps)); }

static inline x07_result_bytes x07_os_stdio_read_line_v1(x07_view caps) {
  return x07_ext_stdio_read_line_v1(x07_lend(caps));
}
static inline x07_result_i32 x07_os_stdio_write_stdout_v1(x07_view data, x07_view caps) {
  return x07_ext_stdio_write_stdout_v1(x07_lend(data), x07_lend(caps));
}
static inline x07_result_i32 x07_os_stdio_write_stderr_v1(x07_view data, x07_view caps) {
  return x07_ext_stdio_write_stderr_v1(x07_lend(data), x07_lend(caps));
}
static inline x07_result_i32 x07_os_stdio_flush_stdout_v1(void) { return x07_ext_stdio_flush_stdout_v1(); }
static inline x07_result_i32 x07_os_stdio_flush_stderr_v1(void) { return x07_ext_stdio_flush_stderr_v1(); }

#endif
