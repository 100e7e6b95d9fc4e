/* The C interface of the native backend x07.math (libx07_math.a). */
#ifndef X07_MATH_ABI_V1_H
#define X07_MATH_ABI_V1_H

#include "x07_native_abi_v1.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers are 8 bytes, binary64, little-endian. An operand of another length ends the program with code 9100. */
ev_bytes ev_math_f64_add_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_sub_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_mul_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_div_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_min_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_max_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_pow_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_atan2_v1(ev_bytes y, ev_bytes x);
ev_bytes ev_math_f64_neg_v1(ev_bytes x);
ev_bytes ev_math_f64_abs_v1(ev_bytes x);
ev_bytes ev_math_f64_sqrt_v1(ev_bytes x);
ev_bytes ev_math_f64_floor_v1(ev_bytes x);
ev_bytes ev_math_f64_ceil_v1(ev_bytes x);
ev_bytes ev_math_f64_sin_v1(ev_bytes x);
ev_bytes ev_math_f64_cos_v1(ev_bytes x);
ev_bytes ev_math_f64_tan_v1(ev_bytes x);
ev_bytes ev_math_f64_exp_v1(ev_bytes x);
ev_bytes ev_math_f64_ln_v1(ev_bytes x);
/* 4 bytes: 0 less, 1 equal, 2 greater, 3 unordered. */
ev_bytes ev_math_f64_cmp_v1(ev_bytes a, ev_bytes b);
ev_bytes ev_math_f64_from_i32_v1(int32_t x);
/* err 40020: NaN or infinity; 40021: out of range. */
ev_result_i32 ev_math_f64_to_i32_trunc_v1(ev_bytes x);
ev_bytes ev_math_f64_to_bits_u64le_v1(ev_bytes x);
ev_bytes ev_math_f64_fmt_shortest_v1(ev_bytes x);
/* err 40001: no number; 40002: too large. */
ev_result_bytes ev_math_f64_parse_v1(ev_bytes text);

#ifdef __cplusplus
}
#endif
#endif
