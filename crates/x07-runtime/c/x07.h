/* The lean runtime header: all that the C unit of a module includes. No system header, nothing but types, prototypes
   and the fast paths that are worth inlining.

   Conventions. An X07 i32 is uint32_t. Owned arguments are consumed, views are lent. A function whose head can trap for
   a reason other than memory and fuel takes `at` last: the module, a blank and the JSON pointer of the expression. */
#ifndef X07_H
#define X07_H

/* Each unit asks for the parts that it needs; the runtime itself needs all. */
#ifdef X07_WITH_ALL
#define X07_WITH_RESULTS
#define X07_WITH_TABLES
#define X07_WITH_READERS
#define X07_WITH_POINTERS
#define X07_WITH_SCOPES
#define X07_WITH_LIBRARY
#define X07_WITH_NATIVE
#define X07_WITH_OS
#endif

/* What a program says of itself, such as `x < x`, is no news about its C text. */
#if defined(__GNUC__) && !defined(__clang__) && !defined(__TINYC__)
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wtautological-compare"
#pragma GCC diagnostic ignored "-Wbool-compare"
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif

#if defined(__UINT8_TYPE__) && defined(__UINT64_TYPE__) && defined(__UINTPTR_TYPE__) && defined(__SIZE_TYPE__)
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __INT32_TYPE__ int32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
#else
#include <stdint.h>
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
#if defined(X07_OUT_OF_LINE)
#define X07_INLINE
#elif defined(__OPTIMIZE__)
#define X07_INLINE static inline __attribute__((always_inline))
#else
/* Without optimisation a unit calls the copy in inline.c instead of compiling its own. */
#define X07_INLINE extern inline __attribute__((gnu_inline))
#endif
#define X07_COLD __attribute__((cold, noinline))
#define X07_NOINLINE __attribute__((noinline))
#define X07_NORETURN __attribute__((noreturn))
#ifdef __OPTIMIZE__
#define X07_LIKELY(x) __builtin_expect(!!(x), 1)
#define X07_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
/* The compiler would compute what it expects, which takes 3 % of a unit's compilation. */
#define X07_LIKELY(x) (x)
#define X07_UNLIKELY(x) (x)
#endif
#define X07_DIE() __builtin_trap()
#define X07_FRAME() ((uintptr_t)__builtin_frame_address(0))
#ifdef X07_PIC
#define X07_TLS _Thread_local __attribute__((tls_model("initial-exec")))
#else
#define X07_TLS _Thread_local __attribute__((tls_model("local-exec")))
#endif
#define x07_copy_bytes __builtin_memcpy
#define x07_move_bytes __builtin_memmove
#define x07_fill_bytes __builtin_memset
#define x07_compare_bytes __builtin_memcmp
#else
#define X07_INLINE static inline
#define X07_COLD
#define X07_NOINLINE
#define X07_NORETURN
#define X07_LIKELY(x) (x)
#define X07_UNLIKELY(x) (x)
#define X07_TLS
void *memcpy(void *, const void *, __SIZE_TYPE__);
void *memmove(void *, const void *, __SIZE_TYPE__);
void *memset(void *, int, __SIZE_TYPE__);
int memcmp(const void *, const void *, __SIZE_TYPE__);
void abort(void);
#define X07_DIE() abort()
#define X07_FRAME() ((uintptr_t)&(char){0})
#define x07_copy_bytes memcpy
#define x07_move_bytes memmove
#define x07_fill_bytes memset
#define x07_compare_bytes memcmp
#endif

#ifndef X07_ABI_NO_STDINT
#define X07_ABI_NO_STDINT
#endif
#include "x07_abi_v2.h"

typedef ev_bytes_v2_t x07_bytes;
typedef ev_bytes_view_v2_t x07_view;
typedef ev_vec_u8_v2_t x07_vec;
typedef ev_option_i32_v2_t x07_option_i32;
typedef ev_option_bytes_v2_t x07_option_bytes;
typedef ev_option_bytes_view_v2_t x07_option_bytes_view;
typedef ev_result_i32_v2_t x07_result_i32;
typedef ev_result_bytes_v2_t x07_result_bytes;
typedef ev_result_bytes_view_v2_t x07_result_bytes_view;
typedef ev_result_result_bytes_v2_t x07_result_result_bytes;
typedef ev_iface_v2_t x07_iface;

/* Nothing declared below is visible outside the program that it is linked into. */
#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility push(hidden)
#endif

/* The program, defined once in its entry unit. */
#define X07_ABI_FRAMED 0u /* u32 length and payload on standard input and output, metrics on standard error */
#define X07_ABI_RAW 1u    /* a filter: all of standard input in, raw output out */
#define X07_ABI_ARGV 2u   /* argv_v1: arguments in, raw output out, standard input untouched */
/* The three standard streams are the program's own. Argument 1 is the number of a descriptor: a frame with the input
   comes from it, metrics and traps go to it. */
#define X07_ABI_ATTACHED 3u

typedef struct x07_program {
  uint64_t fuel;
  uint64_t memory_cap; /* bytes; at most 2^32 */
  uint64_t max_output; /* of raw output: more is an error with status 2; 0 = unlimited */
  const char *name;    /* argument 0 of argv_v1 */
  uint32_t abi;
  uint32_t cpu_seconds; /* RLIMIT_CPU; 0 = as inherited */
  uint32_t record_assertions; /* tell in the metrics what the last failed assertion compared */
  uint32_t sandboxed;   /* compiled for run-os-sandboxed: what no policy allows is denied */
  const char *policy;   /* NAME=VALUE items, each ended by NUL, and an empty one; null: they are in the environment */
  void (*confine)(const uint8_t *rules, uint32_t len); /* called first of all; null: somebody else has confined it */
  const char *rules;
  uint32_t rules_len;
} x07_program;

extern const x07_program x07_program_config;
void x07_os_confine(const uint8_t *rules, uint32_t len);
x07_bytes x07_solve(void);

/* The state that units touch; everything else is private to the runtime. */
typedef struct x07_budget x07_budget;
typedef struct x07_context {
  int64_t fuel; /* debited without testing; negative means exhausted */
  uintptr_t stack_low; /* calls may use the stack down to here; 0 when nobody knows, or a signal handler watches */
  uint64_t memcpy_bytes;
  x07_budget *budget; /* the innermost open scope */
  uint32_t exit_code;
  x07_view input;
} x07_context;

extern X07_TLS x07_context x07_ctx;

/* The pointer of empty values. */
extern uint8_t x07_empty[];

/* Traps: one line on standard error, then the end. Messages are those of the language's reference. */
X07_NORETURN X07_COLD void x07_trap(const char *message, const char *at);
X07_NORETURN X07_COLD void x07_trap_index(const char *message, uint32_t index, uint32_t len, const char *at);
X07_NORETURN X07_COLD void x07_trap_range(const char *message, uint32_t start, uint32_t n, uint32_t len, const char *at);
X07_NORETURN X07_COLD void x07_trap_fuel(void);
X07_NORETURN X07_COLD void x07_trap_fuel_at(int64_t fuel); /* for a function that keeps the counter to itself */
X07_NORETURN X07_COLD void x07_trap_memory(uint64_t requested);
X07_NORETURN X07_COLD void x07_trap_stack(void);

/* Goes on only if there are so many bytes of stack, counted from the start of this function's frame. */
#define X07_NEEDS_STACK(bytes) \
  if (X07_UNLIKELY(X07_FRAME() - (bytes) < x07_ctx.stack_low)) x07_trap_stack()

/* Arithmetic where C and X07 differ, and how often a `for` runs. */
X07_INLINE uint32_t x07_div(uint32_t a, uint32_t b) { return b ? a / b : 0; }
X07_INLINE uint32_t x07_rem(uint32_t a, uint32_t b) { return b ? a % b : a; }
X07_INLINE int64_t x07_rounds(uint32_t first, uint32_t end) { return end > first ? end - first : 0; }

/* The program's input. */
X07_INLINE x07_view x07_input(void) { return x07_ctx.input; }

/* Views. */
#ifdef X07_DEBUG_BORROW
x07_view x07_debug_view(const uint8_t *ptr, uint32_t len);
uint32_t x07_debug_live(x07_view v);
#define X07_CHECK_READ(v, value) \
  if (!x07_debug_live(v)) return value
X07_INLINE x07_view x07_view_of(const uint8_t *ptr, uint32_t len) { return x07_debug_view(ptr, len); }
X07_INLINE x07_view x07_view_untracked(const uint8_t *ptr, uint32_t len) {
  return (x07_view){.ptr = ptr, .len = len, .aid = 0, .bid = 0, .off_bytes = 0};
}
X07_INLINE x07_view x07_view_window(x07_view v, uint32_t start, uint32_t n) {
  v.ptr += start;
  v.len = n;
  v.off_bytes += start;
  return v;
}
#else
#define X07_CHECK_READ(v, value) ((void)0)
X07_INLINE x07_view x07_view_of(const uint8_t *ptr, uint32_t len) { return (x07_view){.ptr = ptr, .len = len}; }
X07_INLINE x07_view x07_view_untracked(const uint8_t *ptr, uint32_t len) { return (x07_view){.ptr = ptr, .len = len}; }
/* The part of a view from `start`, unchecked. */
X07_INLINE x07_view x07_view_window(x07_view v, uint32_t start, uint32_t n) {
  return (x07_view){.ptr = v.ptr + start, .len = n};
}
#endif

X07_INLINE uint32_t x07_in_range(uint32_t start, uint32_t n, uint32_t len) { return start <= len && n <= len - start; }
X07_INLINE x07_view x07_view_none(void) { return x07_view_untracked(x07_empty, 0); }
X07_INLINE x07_view x07_bytes_view(x07_bytes b) { return x07_view_of(b.ptr, b.len); }
X07_INLINE x07_view x07_vec_view(x07_vec v) { return x07_view_of(v.data, v.len); }
X07_INLINE x07_view x07_view_lit(const char *data, uint32_t len) {
  return x07_view_untracked((const uint8_t *)data, len);
}

X07_INLINE uint32_t x07_view_len(x07_view v) { return v.len; }
X07_INLINE uint32_t x07_view_get_u8(x07_view v, uint32_t i, const char *at) {
  if (X07_UNLIKELY(i >= v.len)) x07_trap_index("view.get_u8 oob", i, v.len, at);
  X07_CHECK_READ(v, 0);
  return v.ptr[i];
}
X07_INLINE x07_view x07_view_slice(x07_view v, uint32_t start, uint32_t n, const char *at) {
  if (X07_UNLIKELY(!x07_in_range(start, n, v.len))) x07_trap_range("view.slice oob", start, n, v.len, at);
  return x07_view_window(v, start, n);
}
x07_bytes x07_view_to_bytes(x07_view v);
X07_INLINE uint32_t x07_view_eq(x07_view a, x07_view b) {
  X07_CHECK_READ(a, 0);
  X07_CHECK_READ(b, 0);
  return a.len == b.len && x07_compare_bytes(a.ptr, b.ptr, a.len) == 0;
}
/* -1, 0 or 1; a proper prefix is smaller. */
uint32_t x07_view_cmp_range(x07_view a, uint32_t a_off, uint32_t a_n, x07_view b, uint32_t b_off, uint32_t b_n, const char *at);

/* bytes. */
void x07_free(uint8_t *block);
X07_INLINE x07_bytes x07_bytes_none(void) { return (x07_bytes){.ptr = x07_empty, .len = 0}; }
X07_INLINE void x07_bytes_drop(x07_bytes b) {
  if (b.len) x07_free(b.ptr);
}
X07_INLINE x07_bytes x07_bytes_empty(void) { return x07_bytes_none(); }
x07_bytes x07_bytes_alloc(uint32_t n);
x07_bytes x07_bytes_lit(const char *data, uint32_t len);
x07_bytes x07_bytes1(uint32_t x);
X07_INLINE uint32_t x07_bytes_len(x07_view v) { return v.len; }
X07_INLINE uint32_t x07_bytes_get_u8(x07_view v, uint32_t i, const char *at) {
  if (X07_UNLIKELY(i >= v.len)) x07_trap_index("bytes.get_u8 oob", i, v.len, at);
  X07_CHECK_READ(v, 0);
  return v.ptr[i];
}
X07_INLINE x07_bytes x07_bytes_set_u8(x07_bytes b, uint32_t i, uint32_t x, const char *at) {
  if (X07_UNLIKELY(i >= b.len)) x07_trap_index("bytes.set_u8 oob", i, b.len, at);
  b.ptr[i] = (uint8_t)x;
  return b;
}
X07_INLINE x07_view x07_bytes_subview(x07_bytes b, uint32_t start, uint32_t n, const char *at) {
  if (X07_UNLIKELY(!x07_in_range(start, n, b.len))) x07_trap_range("bytes.subview oob", start, n, b.len, at);
  return x07_view_window(x07_bytes_view(b), start, n);
}
x07_bytes x07_bytes_slice(x07_view v, uint32_t start, uint32_t n, const char *at);
x07_bytes x07_bytes_concat(x07_bytes a, x07_bytes b, const char *at);
x07_bytes x07_bytes_join(x07_view a, x07_view b, const char *at); /* the same, and the operands stay */
/* `dst` with its first len(src) bytes overwritten. */
x07_bytes x07_bytes_copy(x07_bytes src, x07_bytes dst, const char *at);
x07_bytes x07_bytes_overwrite(x07_view src, x07_bytes dst, const char *at); /* the same, and the source stays */
X07_INLINE uint32_t x07_bytes_eq(x07_view a, x07_view b) { return x07_view_eq(a, b); }
uint32_t x07_bytes_cmp_range(x07_view a, uint32_t a_off, uint32_t a_n, x07_view b, uint32_t b_off, uint32_t b_n, const char *at);

/* vec_u8. */
x07_vec x07_vec_grow_one(x07_vec v);                 /* room for one more: the capacity doubles */
x07_vec x07_vec_grow_to(x07_vec v, uint64_t needed); /* doubles until `needed` fits */
x07_vec x07_vec_extend_slow(x07_vec v, x07_view part);
X07_NORETURN X07_COLD void x07_trap_vec_overflow(const char *message, uint32_t len, uint32_t more, const char *at);
X07_INLINE x07_vec x07_vec_none(void) { return (x07_vec){.data = x07_empty, .len = 0, .cap = 0}; }
X07_INLINE void x07_vec_drop(x07_vec v) {
  if (v.cap) x07_free(v.data);
}
x07_vec x07_vec_u8_with_capacity(uint32_t cap);
X07_INLINE uint32_t x07_vec_u8_len(x07_vec v) { return v.len; }
X07_INLINE uint32_t x07_vec_u8_cap(x07_vec v) { return v.cap; }
X07_INLINE x07_view x07_vec_u8_as_view(x07_vec v) { return x07_vec_view(v); }
X07_INLINE uint32_t x07_vec_u8_get(x07_vec v, uint32_t i, const char *at) {
  if (X07_UNLIKELY(i >= v.len)) x07_trap_index("vec_u8.get oob", i, v.len, at);
  return v.data[i];
}
X07_INLINE x07_vec x07_vec_u8_set(x07_vec v, uint32_t i, uint32_t x, const char *at) {
  if (X07_UNLIKELY(i >= v.len)) x07_trap_index("vec_u8.set oob", i, v.len, at);
  v.data[i] = (uint8_t)x;
  return v;
}
X07_INLINE x07_vec x07_vec_u8_push(x07_vec v, uint32_t x) {
  if (X07_UNLIKELY(v.len == v.cap)) v = x07_vec_grow_one(v);
  v.data[v.len++] = (uint8_t)x;
  return v;
}
X07_INLINE x07_vec x07_vec_u8_clear(x07_vec v) {
  v.len = 0;
  return v;
}
x07_vec x07_vec_u8_reserve_exact(x07_vec v, uint32_t additional, const char *at);
x07_vec x07_vec_u8_extend_zeroes(x07_vec v, uint32_t n, const char *at);
X07_INLINE x07_vec x07_vec_extend(x07_vec v, x07_view part, const char *message, const char *at) {
  X07_CHECK_READ(part, v);
  if (X07_LIKELY(part.len <= v.cap - v.len)) {
    x07_copy_bytes(v.data + v.len, part.ptr, part.len);
    v.len += part.len;
    x07_ctx.memcpy_bytes += part.len;
    return v;
  }
  if (X07_UNLIKELY(part.len > 0xffffffffu - v.len)) x07_trap_vec_overflow(message, v.len, part.len, at);
  return x07_vec_extend_slow(v, part);
}
X07_INLINE x07_vec x07_vec_u8_extend_bytes(x07_vec v, x07_view part, const char *at) {
  return x07_vec_extend(v, part, "vec_u8.extend_bytes overflow", at);
}
X07_INLINE x07_vec x07_vec_u8_extend_bytes_range(x07_vec v, x07_view part, uint32_t start, uint32_t n, const char *at) {
  if (X07_UNLIKELY(!x07_in_range(start, n, part.len)))
    x07_trap_range("vec_u8.extend_bytes_range oob", start, n, part.len, at);
  return x07_vec_extend(v, x07_view_window(part, start, n), "vec_u8.extend_bytes_range overflow", at);
}
X07_INLINE x07_bytes x07_vec_u8_into_bytes(x07_vec v) {
  if (X07_LIKELY(v.len)) return (x07_bytes){.ptr = v.data, .len = v.len};
  x07_vec_drop(v);
  return x07_bytes_none();
}

#ifdef X07_WITH_RESULTS
/* option, result. */
X07_INLINE x07_option_i32 x07_option_i32_none(void) { return (x07_option_i32){.tag = 0, .payload = 0}; }
X07_INLINE x07_option_i32 x07_option_i32_some(uint32_t x) { return (x07_option_i32){.tag = 1, .payload = x}; }
X07_INLINE uint32_t x07_option_i32_is_some(x07_option_i32 o) { return o.tag; }
X07_INLINE uint32_t x07_option_i32_unwrap_or(x07_option_i32 o, uint32_t otherwise) {
  return o.tag ? o.payload : otherwise;
}

X07_INLINE x07_option_bytes x07_option_bytes_none(void) {
  return (x07_option_bytes){.tag = 0, .payload = x07_bytes_none()};
}
X07_INLINE x07_option_bytes x07_option_bytes_some(x07_bytes b) { return (x07_option_bytes){.tag = 1, .payload = b}; }
X07_INLINE uint32_t x07_option_bytes_is_some(x07_option_bytes o) { return o.tag; }
X07_INLINE void x07_option_bytes_drop(x07_option_bytes o) {
  if (o.tag) x07_bytes_drop(o.payload);
}
/* unwrap_or in two halves, for a caller that drops the value not taken at the end of its scope. */
X07_INLINE x07_bytes x07_option_bytes_taken(x07_option_bytes o, x07_bytes otherwise) {
  return o.tag ? o.payload : otherwise;
}
X07_INLINE x07_bytes x07_option_bytes_not_taken(x07_option_bytes o, x07_bytes otherwise) {
  return o.tag ? otherwise : x07_bytes_none();
}
X07_INLINE x07_bytes x07_option_bytes_unwrap_or(x07_option_bytes o, x07_bytes otherwise) {
  x07_bytes_drop(x07_option_bytes_not_taken(o, otherwise));
  return x07_option_bytes_taken(o, otherwise);
}

X07_INLINE x07_option_bytes_view x07_option_bytes_view_none(void) {
  return (x07_option_bytes_view){.tag = 0, .payload = x07_view_none()};
}
X07_INLINE x07_option_bytes_view x07_option_bytes_view_some(x07_view v) {
  return (x07_option_bytes_view){.tag = 1, .payload = v};
}
X07_INLINE uint32_t x07_option_bytes_view_is_some(x07_option_bytes_view o) { return o.tag; }
X07_INLINE x07_view x07_option_bytes_view_unwrap_or(x07_option_bytes_view o, x07_view otherwise) {
  return o.tag ? o.payload : otherwise;
}

X07_INLINE x07_result_i32 x07_result_i32_ok(uint32_t x) { return (x07_result_i32){.tag = 1, .payload = {.ok = x}}; }
X07_INLINE x07_result_i32 x07_result_i32_err(uint32_t code) {
  return (x07_result_i32){.tag = 0, .payload = {.err = code}};
}
X07_INLINE uint32_t x07_result_i32_is_ok(x07_result_i32 r) { return r.tag; }
X07_INLINE uint32_t x07_result_i32_err_code(x07_result_i32 r) { return r.tag ? 0 : r.payload.err; }
X07_INLINE uint32_t x07_result_i32_unwrap_or(x07_result_i32 r, uint32_t otherwise) {
  return r.tag ? r.payload.ok : otherwise;
}

X07_INLINE x07_result_bytes x07_result_bytes_ok(x07_bytes b) {
  return (x07_result_bytes){.tag = 1, .payload = {.ok = b}};
}
X07_INLINE x07_result_bytes x07_result_bytes_err(uint32_t code) {
  return (x07_result_bytes){.tag = 0, .payload = {.err = code}};
}
X07_INLINE x07_result_bytes x07_result_bytes_none(void) { return x07_result_bytes_err(0); }
X07_INLINE uint32_t x07_result_bytes_is_ok(x07_result_bytes r) { return r.tag; }
X07_INLINE uint32_t x07_result_bytes_err_code(x07_result_bytes r) { return r.tag ? 0 : r.payload.err; }
X07_INLINE void x07_result_bytes_drop(x07_result_bytes r) {
  if (r.tag) x07_bytes_drop(r.payload.ok);
}
X07_INLINE x07_bytes x07_result_bytes_taken(x07_result_bytes r, x07_bytes otherwise) {
  return r.tag ? r.payload.ok : otherwise;
}
X07_INLINE x07_bytes x07_result_bytes_not_taken(x07_result_bytes r, x07_bytes otherwise) {
  return r.tag ? otherwise : x07_bytes_none();
}
X07_INLINE x07_bytes x07_result_bytes_unwrap_or(x07_result_bytes r, x07_bytes otherwise) {
  x07_bytes_drop(x07_result_bytes_not_taken(r, otherwise));
  return x07_result_bytes_taken(r, otherwise);
}

X07_INLINE x07_result_bytes_view x07_result_bytes_view_ok(x07_view v) {
  return (x07_result_bytes_view){.tag = 1, .payload = {.ok = v}};
}
X07_INLINE x07_result_bytes_view x07_result_bytes_view_err(uint32_t code) {
  return (x07_result_bytes_view){.tag = 0, .payload = {.err = code}};
}
X07_INLINE uint32_t x07_result_bytes_view_is_ok(x07_result_bytes_view r) { return r.tag; }
X07_INLINE uint32_t x07_result_bytes_view_err_code(x07_result_bytes_view r) { return r.tag ? 0 : r.payload.err; }
X07_INLINE x07_view x07_result_bytes_view_unwrap_or(x07_result_bytes_view r, x07_view otherwise) {
  return r.tag ? r.payload.ok : otherwise;
}

X07_INLINE x07_result_result_bytes x07_result_result_bytes_ok(x07_result_bytes r) {
  return (x07_result_result_bytes){.tag = 1, .payload = {.ok = r}};
}
X07_INLINE x07_result_result_bytes x07_result_result_bytes_err(uint32_t code) {
  return (x07_result_result_bytes){.tag = 0, .payload = {.err = code}};
}
X07_INLINE x07_result_result_bytes x07_result_result_bytes_none(void) { return x07_result_result_bytes_err(0); }
X07_INLINE uint32_t x07_result_result_bytes_is_ok(x07_result_result_bytes r) { return r.tag; }
X07_INLINE uint32_t x07_result_result_bytes_err_code(x07_result_result_bytes r) { return r.tag ? 0 : r.payload.err; }
X07_INLINE void x07_result_result_bytes_drop(x07_result_result_bytes r) {
  if (r.tag) x07_result_bytes_drop(r.payload.ok);
}
X07_INLINE x07_result_bytes x07_result_result_bytes_taken(x07_result_result_bytes r, x07_result_bytes otherwise) {
  return r.tag ? r.payload.ok : otherwise;
}
X07_INLINE x07_result_bytes x07_result_result_bytes_not_taken(x07_result_result_bytes r, x07_result_bytes otherwise) {
  return r.tag ? otherwise : x07_result_bytes_none();
}
X07_INLINE x07_result_bytes x07_result_result_bytes_unwrap_or(x07_result_result_bytes r, x07_result_bytes otherwise) {
  x07_result_bytes_drop(x07_result_result_bytes_not_taken(r, otherwise));
  return x07_result_result_bytes_taken(r, otherwise);
}
#endif

/* codec, fmt, parse. */
X07_INLINE uint32_t x07_load_u32_le(const uint8_t *p) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
#else
  uint32_t x;
  x07_copy_bytes(&x, p, 4);
  return x;
#endif
}
X07_INLINE void x07_store_u32_le(uint8_t *p, uint32_t x) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  p[0] = (uint8_t)x, p[1] = (uint8_t)(x >> 8), p[2] = (uint8_t)(x >> 16), p[3] = (uint8_t)(x >> 24);
#else
  x07_copy_bytes(p, &x, 4);
#endif
}
X07_INLINE uint32_t x07_codec_read_u32_le(x07_view v, uint32_t off, const char *at) {
  if (X07_UNLIKELY((uint64_t)off + 4 > v.len)) x07_trap_range("codec.read_u32_le oob", off, 4, v.len, at);
  X07_CHECK_READ(v, 0);
  return x07_load_u32_le(v.ptr + off);
}
x07_bytes x07_codec_write_u32_le(uint32_t x);
x07_bytes x07_fmt_u32_to_dec(uint32_t x);
x07_bytes x07_fmt_s32_to_dec(uint32_t x);
uint32_t x07_parse_u32_dec(x07_view v, const char *at);
uint32_t x07_parse_u32_dec_at(x07_view v, uint32_t off, const char *at);

#ifdef X07_WITH_TABLES
/* map_u32, set_u32: tables of fixed capacity by handle. */
uint32_t x07_map_u32_new(uint32_t cap, const char *at);
uint32_t x07_map_u32_len(uint32_t h, const char *at);
uint32_t x07_map_u32_get(uint32_t h, uint32_t key, uint32_t otherwise, const char *at);
uint32_t x07_map_u32_set(uint32_t h, uint32_t key, uint32_t value, const char *at);
uint32_t x07_map_u32_contains(uint32_t h, uint32_t key, const char *at);
uint32_t x07_map_u32_remove(uint32_t h, uint32_t key, const char *at);
uint32_t x07_set_u32_new(uint32_t cap, const char *at);
uint32_t x07_set_u32_contains(uint32_t h, uint32_t key, const char *at);
uint32_t x07_set_u32_add(uint32_t h, uint32_t key, const char *at);
uint32_t x07_set_u32_remove(uint32_t h, uint32_t key, const char *at);
x07_bytes x07_map_u32_dump_kv_u32le_u32le(uint32_t h, const char *at);
x07_bytes x07_set_u32_dump_u32le(uint32_t h, const char *at);

/* vec_value. Type ids: 1 i32, 2 u32, 3 bytes, 4 bytes_view. */
uint32_t x07_vec_value_with_capacity_v1(uint32_t type_id, uint32_t cap, const char *at);
uint32_t x07_vec_value_len(uint32_t h, const char *at);
uint32_t x07_vec_value_reserve_exact(uint32_t h, uint32_t additional, const char *at);
uint32_t x07_vec_value_push_i32_v1(uint32_t h, uint32_t x, const char *at);
uint32_t x07_vec_value_push_bytes_v1(uint32_t h, x07_bytes x, const char *at);
uint32_t x07_vec_value_push_bytes_view_v1(uint32_t h, x07_view x, const char *at);
uint32_t x07_vec_value_get_i32_v1(uint32_t h, uint32_t i, uint32_t otherwise, const char *at);
x07_bytes x07_vec_value_get_bytes_v1(uint32_t h, uint32_t i, x07_bytes otherwise, const char *at);
x07_view x07_vec_value_get_bytes_view_v1(uint32_t h, uint32_t i, x07_view otherwise, const char *at);
uint32_t x07_vec_value_set_i32_v1(uint32_t h, uint32_t i, uint32_t x, const char *at);
uint32_t x07_vec_value_set_bytes_v1(uint32_t h, uint32_t i, x07_bytes x, const char *at);
uint32_t x07_vec_value_set_bytes_view_v1(uint32_t h, uint32_t i, x07_view x, const char *at);
uint32_t x07_vec_value_pop(uint32_t h, const char *at);
uint32_t x07_vec_value_clear(uint32_t h, const char *at);

/* map_value. bytes keys are consumed by every function. */
uint32_t x07_map_value_new_v1(uint32_t key_id, uint32_t value_id, uint32_t cap, const char *at);
uint32_t x07_map_value_len(uint32_t h, const char *at);
uint32_t x07_map_value_clear(uint32_t h, const char *at);
#define X07_MAP_VALUE_KEY(K, KEY)                                               \
  uint32_t x07_map_value_contains_##K##_v1(uint32_t h, KEY key, const char *at); \
  uint32_t x07_map_value_remove_##K##_v1(uint32_t h, KEY key, const char *at);   \
  X07_MAP_VALUE_PAIR(K, KEY, i32, uint32_t)                                     \
  X07_MAP_VALUE_PAIR(K, KEY, bytes, x07_bytes)                                  \
  X07_MAP_VALUE_PAIR(K, KEY, bytes_view, x07_view)
#define X07_MAP_VALUE_PAIR(K, KEY, V, VALUE)                                                      \
  VALUE x07_map_value_get_##K##_##V##_v1(uint32_t h, KEY key, VALUE otherwise, const char *at);   \
  uint32_t x07_map_value_set_##K##_##V##_v1(uint32_t h, KEY key, VALUE value, const char *at);
X07_MAP_VALUE_KEY(i32, uint32_t)
X07_MAP_VALUE_KEY(bytes, x07_bytes)
X07_MAP_VALUE_KEY(bytes_view, x07_view)
#undef X07_MAP_VALUE_KEY
#undef X07_MAP_VALUE_PAIR
#endif

#ifdef X07_WITH_READERS
/* Readers. */
X07_INLINE x07_iface x07_iface_make_v1(uint32_t data, uint32_t vtable) {
  return (x07_iface){.data = data, .vtable = vtable};
}
x07_iface x07_io_open_read_bytes(x07_bytes data);
x07_iface x07_io_open_read_bytes_view(x07_view data); /* copies */
x07_iface x07_io_open_read_bytes_vec(x07_vec data);
x07_bytes x07_io_read(x07_iface reader, uint32_t max, const char *at);
uint32_t x07_bufread_new(x07_iface reader, uint32_t cap, const char *at);
x07_view x07_bufread_fill(uint32_t h, const char *at);
uint32_t x07_bufread_consume(uint32_t h, uint32_t n, const char *at);

/* scratch_u8_fixed_v1. */
uint32_t x07_scratch_u8_fixed_v1_new(uint32_t cap);
uint32_t x07_scratch_u8_fixed_v1_clear(uint32_t h, const char *at);
uint32_t x07_scratch_u8_fixed_v1_len(uint32_t h, const char *at);
uint32_t x07_scratch_u8_fixed_v1_cap(uint32_t h, const char *at);
x07_view x07_scratch_u8_fixed_v1_as_view(uint32_t h, const char *at);
x07_result_i32 x07_scratch_u8_fixed_v1_try_write(uint32_t h, x07_view data, const char *at);
uint32_t x07_scratch_u8_fixed_v1_drop(uint32_t h);
#endif

#ifdef X07_WITH_OS
/* The operating system. What a policy denies traps, or is an error value where the head has one. */
x07_bytes x07_os_fs_read_file(x07_bytes path, const char *at);
uint32_t x07_os_fs_write_file(x07_bytes path, x07_bytes data, const char *at);
x07_result_bytes x07_os_fs_read_all_v1(x07_bytes path, x07_bytes caps);
x07_result_i32 x07_os_fs_write_all_v1(x07_bytes path, x07_bytes data, x07_bytes caps);
x07_result_i32 x07_os_fs_mkdirs_v1(x07_bytes path, x07_bytes caps);
x07_result_i32 x07_os_fs_remove_file_v1(x07_bytes path, x07_bytes caps);
x07_result_i32 x07_os_fs_remove_dir_all_v1(x07_bytes path, x07_bytes caps);
x07_result_i32 x07_os_fs_rename_v1(x07_bytes src, x07_bytes dst, x07_bytes caps);
x07_result_bytes x07_os_fs_list_dir_sorted_text_v1(x07_bytes path, x07_bytes caps);
x07_result_bytes x07_os_fs_walk_glob_sorted_text_v1(x07_bytes root, x07_bytes glob, x07_bytes caps);
x07_result_bytes x07_os_fs_stat_v1(x07_bytes path, x07_bytes caps);
x07_result_i32 x07_os_fs_stream_open_write_v1(x07_bytes path, x07_bytes caps);
x07_result_i32 x07_os_fs_stream_write_all_v1(uint32_t h, x07_bytes data);
x07_result_i32 x07_os_fs_stream_close_v1(uint32_t h);
uint32_t x07_os_fs_stream_drop_v1(uint32_t h);
x07_bytes x07_os_env_get(x07_bytes key, const char *at);
uint32_t x07_os_time_now_unix_ms(const char *at);
x07_bytes x07_os_time_now_instant_v1(void);
uint32_t x07_os_time_sleep_ms_v1(uint32_t ms);
x07_bytes x07_os_time_local_tzid_v1(void);
uint32_t x07_os_time_tzdb_is_valid_tzid_v1(x07_view tzid);
x07_bytes x07_os_time_tzdb_offset_duration_v1(x07_view tzid, uint32_t secs_lo, uint32_t secs_hi);
x07_bytes x07_os_time_tzdb_snapshot_id_v1(void);
X07_NORETURN void x07_os_process_exit(uint32_t code, const char *at);
uint32_t x07_os_process_spawn_capture_v1(x07_bytes req, x07_bytes caps, const char *at);
uint32_t x07_os_process_spawn_piped_v1(x07_bytes req, x07_bytes caps, const char *at);
x07_bytes x07_os_process_run_capture_v1(x07_bytes req, x07_bytes caps, const char *at);
x07_bytes x07_os_process_join_capture_v1(uint32_t h, const char *at);
x07_option_bytes x07_os_process_try_join_capture_v1(uint32_t h, const char *at);
x07_bytes x07_os_process_stdout_read_v1(uint32_t h, uint32_t max, const char *at);
x07_bytes x07_os_process_stderr_read_v1(uint32_t h, uint32_t max, const char *at);
uint32_t x07_os_process_stdin_write_v1(uint32_t h, x07_bytes chunk, const char *at);
uint32_t x07_os_process_stdin_close_v1(uint32_t h, const char *at);
uint32_t x07_os_process_try_wait_v1(uint32_t h, const char *at);
uint32_t x07_os_process_join_exit_v1(uint32_t h, const char *at);
uint32_t x07_os_process_take_exit_v1(uint32_t h, const char *at);
uint32_t x07_os_process_kill_v1(uint32_t h, uint32_t sig, const char *at);
uint32_t x07_os_process_drop_v1(uint32_t h, const char *at);
X07_NORETURN x07_bytes x07_os_net_http_request(x07_bytes req, const char *at);
#endif

#ifdef X07_WITH_POINTERS
/* Pointers. Arithmetic on typed pointers is C's own. */
X07_INLINE uint8_t *x07_bytes_as_ptr(x07_bytes b) { return b.ptr; }
X07_INLINE uint8_t *x07_bytes_as_mut_ptr(x07_bytes b) { return b.ptr; }
X07_INLINE const uint8_t *x07_view_as_ptr(x07_view v) { return v.ptr; }
X07_INLINE uint8_t *x07_vec_u8_as_ptr(x07_vec v) { return v.data; }
X07_INLINE uint8_t *x07_vec_u8_as_mut_ptr(x07_vec v) { return v.data; }
X07_INLINE uint32_t x07_ptr_read_u8(const void *p) { return *(const uint8_t *)p; }
X07_INLINE uint32_t x07_ptr_write_u8(void *p, uint32_t x) {
  *(uint8_t *)p = (uint8_t)x;
  return 0;
}
X07_INLINE uint32_t x07_ptr_read_i32(const void *p) {
  uint32_t x;
  x07_copy_bytes(&x, p, 4);
  return x;
}
X07_INLINE uint32_t x07_ptr_write_i32(void *p, uint32_t x) {
  x07_copy_bytes(p, &x, 4);
  return 0;
}
X07_INLINE uint32_t x07_memcpy(void *to, const void *from, uint32_t n) {
  x07_copy_bytes(to, from, n);
  x07_ctx.memcpy_bytes += n;
  return 0;
}
X07_INLINE uint32_t x07_memmove(void *to, const void *from, uint32_t n) {
  x07_move_bytes(to, from, n);
  x07_ctx.memcpy_bytes += n;
  return 0;
}
X07_INLINE uint32_t x07_memset(void *to, uint32_t byte, uint32_t n) {
  x07_fill_bytes(to, (int)(byte & 255), n);
  return 0;
}
#endif

#ifdef X07_WITH_SCOPES
/* Budget scopes. A cap of 0 is no cap. */
#define X07_BUDGET_TRAP 0u
#define X07_BUDGET_RESULT_ERR 1u
#define X07_BUDGET_STATS_ONLY 2u
#define X07_BUDGET_YIELD 3u

typedef struct x07_budget_caps {
  uint32_t mode;
  uint32_t alloc_bytes;
  uint32_t alloc_calls;
  uint32_t realloc_calls;
  uint32_t memcpy_bytes;
  uint32_t sched_ticks;
  uint32_t fuel;
  const char *label;
} x07_budget_caps;

struct x07_budget {
  x07_budget *outer;
  const x07_budget_caps *caps;
  int64_t fuel_withheld; /* what the fuel cap keeps from the body; 0 when the cap was no tighter than what was left */
  uint64_t alloc_bytes, alloc_calls, realloc_calls, memcpy_bytes, sched_ticks; /* counters at entry */
};

void x07_budget_enter(x07_budget *budget, const x07_budget_caps *caps);
/* 0, or in mode RESULT_ERR the error code of the first exceeded cap; the other modes trap or let it pass. */
uint32_t x07_budget_exit(x07_budget *budget);

/* A failed contract clause: begin, its witnesses in order, fail. */
X07_COLD void x07_contract_begin(const char *kind, const char *fn, const char *id, uint32_t index, const char *ptr);
X07_COLD void x07_contract_witness_i32(uint32_t x);
X07_COLD void x07_contract_witness_bytes(x07_view v);
X07_COLD void x07_contract_witness_bytes_view(x07_view v);
X07_COLD void x07_contract_witness_result_i32(x07_result_i32 r);
X07_COLD void x07_contract_witness_result_bytes(x07_result_bytes r);
X07_COLD void x07_contract_witness_result_bytes_view(x07_result_bytes_view r);
X07_COLD void x07_contract_witness_result_result_bytes(x07_result_result_bytes r);
X07_NORETURN X07_COLD void x07_contract_fail(void);

/* Tasks. `run` gets a copy of the frame; with a null result it drops what the frame owns instead of running. */
#define X07_TASK_BYTES 0u
#define X07_TASK_RESULT_BYTES 1u

typedef union x07_task_result {
  x07_bytes bytes;
  x07_result_bytes result_bytes;
} x07_task_result;
typedef void (*x07_task_run)(void *frame, x07_task_result *result);

/* A task may outlive what its caller's views look at, so it keeps copies; only the input is there all the time. */
x07_view x07_task_keep(x07_view v);
void x07_task_let_go(x07_view v);
uint32_t x07_task_new(x07_task_run run, const void *frame, uint32_t frame_size, uint32_t kind);
uint32_t x07_task_spawn(uint32_t h, const char *at);
x07_bytes x07_task_join_bytes(uint32_t h, const char *at);
x07_result_bytes x07_task_join_result_bytes(uint32_t h, const char *at);
x07_result_bytes x07_task_try_join_bytes(uint32_t h, const char *at);
x07_result_result_bytes x07_task_try_join_result_bytes(uint32_t h, const char *at);
uint32_t x07_task_is_finished(uint32_t h, const char *at);
uint32_t x07_task_cancel(uint32_t h, const char *at);
uint32_t x07_task_yield(void);
uint32_t x07_task_sleep(uint32_t ticks);
#endif

#ifdef X07_WITH_LIBRARY
/* prng, process, json. */
X07_INLINE uint32_t x07_prng_lcg_next_u32(uint32_t state) { return state * 1103515245u + 12345u; }
X07_INLINE uint32_t x07_process_set_exit_code_v1(uint32_t code) { return x07_ctx.exit_code = code; }
x07_bytes x07_json_jcs_canon_doc_v1(x07_view doc, uint32_t max_depth, uint32_t max_members, uint32_t max_object_bytes);

/* Internal heads, for the standard library. */
X07_INLINE x07_bytes x07_internal_bytes_clone(x07_view v) { return x07_view_to_bytes(v); }
X07_INLINE x07_bytes x07_internal_bytes_set_u32_le(x07_bytes b, uint32_t off, uint32_t x, const char *at) {
  if (X07_UNLIKELY((uint64_t)off + 4 > b.len)) x07_trap_range("bytes.set_u32_le oob", off, 4, b.len, at);
  x07_store_u32_le(b.ptr + off, x);
  return b;
}
x07_vec x07_vec_push_u32_le_slow(x07_vec v, uint32_t x); /* four pushes, so that the capacity grows as they say */
X07_INLINE x07_vec x07_internal_vec_u8_push_u32_le(x07_vec v, uint32_t x) {
  if (X07_UNLIKELY(v.cap - v.len < 4)) return x07_vec_push_u32_le_slow(v, x);
  x07_store_u32_le(v.data + v.len, x);
  v.len += 4;
  return v;
}
X07_INLINE x07_vec x07_internal_vec_u8_set_u32_le(x07_vec v, uint32_t off, uint32_t x, const char *at) {
  if (X07_UNLIKELY((uint64_t)off + 4 > v.len)) x07_trap_range("vec_u8.set_u32_le oob", off, 4, v.len, at);
  x07_store_u32_le(v.data + off, x);
  return v;
}
X07_INLINE uint32_t x07_internal_vec_u8_get_u32_le(x07_vec v, uint32_t off, const char *at) {
  if (X07_UNLIKELY((uint64_t)off + 4 > v.len)) x07_trap_range("vec_u8.get_u32_le oob", off, 4, v.len, at);
  return x07_load_u32_le(v.data + off);
}
uint32_t x07_internal_view_find_u8(x07_view v, uint32_t byte); /* first index, or -1 */
uint32_t x07_internal_view_count_u8(x07_view v, uint32_t byte);
/* Sorts records of 1 or 2 little-endian words by the first, unsigned, in place. */
x07_bytes x07_internal_u32le_sort(x07_bytes records, uint32_t record_words);
/* The next four bytes of the input, which are then no part of it any more: they tell a driver which test to run. */
uint32_t x07_internal_test_select(const char *at);
/* Notes what an assertion that fails with `code` compared. */
uint32_t x07_internal_test_unequal_i32(uint32_t got, uint32_t expected, uint32_t code);
uint32_t x07_internal_test_unequal_view(x07_view got, x07_view expected, uint32_t code);
#endif

#ifdef X07_WITH_NATIVE
#include "native.h"
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility pop
/* Of what units define themselves there is no other copy. */
#ifndef __OPTIMIZE__
#undef X07_INLINE
#define X07_INLINE static inline
#endif
#endif
#endif
