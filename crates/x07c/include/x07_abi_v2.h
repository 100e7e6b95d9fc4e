/* The C layouts of X07 values, ABI version 2, and the services that native code may use.

   An X07 i32 travels as uint32_t. Brands have no representation. A value of length 0 has a non-null pointer that is
   never read. Code compiled with X07_DEBUG_BORROW=1 has wider views and vectors and does not mix with release code. */
#ifndef X07_ABI_V2_H
#define X07_ABI_V2_H

#ifndef X07_ABI_NO_STDINT
#include <stdint.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* An owned buffer. It may sit in a larger block, so only the allocator knows what a free gives back. */
typedef struct ev_bytes_v2 {
  uint8_t *ptr;
  uint32_t len;
} ev_bytes_v2_t;

/* A borrowed window. */
typedef struct ev_bytes_view_v2 {
  const uint8_t *ptr;
  uint32_t len;
#ifdef X07_DEBUG_BORROW
  uint64_t aid;       /* the allocation it looks into; 0 when that is not tracked */
  uint64_t bid;       /* reserved */
  uint32_t off_bytes; /* from the start of that allocation */
#endif
} ev_bytes_view_v2_t;

/* An owned growable buffer; cap 0 owns nothing. */
typedef struct ev_vec_u8_v2 {
  uint8_t *data;
  uint32_t len;
  uint32_t cap;
#ifdef X07_DEBUG_BORROW
  uint64_t dbg_aid;
#endif
} ev_vec_u8_v2_t;

/* Option tags: 0 none, 1 some. */
typedef struct ev_option_i32_v2 {
  uint32_t tag;
  uint32_t payload;
} ev_option_i32_v2_t;

typedef struct ev_option_bytes_v2 {
  uint32_t tag;
  ev_bytes_v2_t payload;
} ev_option_bytes_v2_t;

typedef struct ev_option_bytes_view_v2 {
  uint32_t tag;
  ev_bytes_view_v2_t payload;
} ev_option_bytes_view_v2_t;

/* Result tags: 0 err, 1 ok. */
typedef struct ev_result_i32_v2 {
  uint32_t tag;
  union {
    uint32_t ok;
    uint32_t err;
  } payload;
} ev_result_i32_v2_t;

typedef struct ev_result_bytes_v2 {
  uint32_t tag;
  union {
    ev_bytes_v2_t ok;
    uint32_t err;
  } payload;
} ev_result_bytes_v2_t;

typedef struct ev_result_bytes_view_v2 {
  uint32_t tag;
  union {
    ev_bytes_view_v2_t ok;
    uint32_t err;
  } payload;
} ev_result_bytes_view_v2_t;

typedef struct ev_result_result_bytes_v2 {
  uint32_t tag;
  union {
    ev_result_bytes_v2_t ok;
    uint32_t err;
  } payload;
} ev_result_result_bytes_v2_t;

/* A reader: `vtable` 1 is built in, 2..64 are registered by native code. */
typedef struct ev_iface_v2 {
  uint32_t data;
  uint32_t vtable;
} ev_iface_v2_t;

/* A replacement of the built-in heap. Memory comes zeroed; `realloc` gives a fresh block and copies nothing: the
   runtime copies and frees. All three hooks, or none. */
typedef struct ev_allocator_v1 {
  void *ctx;
  void *(*alloc)(void *ctx, uint32_t size, uint32_t align);
  void *(*realloc)(void *ctx, void *ptr, uint32_t old_size, uint32_t new_size, uint32_t align);
  void (*free)(void *ctx, void *ptr, uint32_t size, uint32_t align);
} ev_allocator_v1_t;

#if defined(__GNUC__) && !defined(__TINYC__)
#define X07_ABI_NORETURN __attribute__((noreturn))
#else
#define X07_ABI_NORETURN
#endif

/* A zeroed buffer of exactly `len` bytes for a result; counted in mem_stats; traps when it does not fit the heap. */
ev_bytes_v2_t ev_bytes_alloc(uint32_t len);

/* Ends the program: native code met an operand that its contract excludes. */
X07_ABI_NORETURN void ev_trap(int32_t code);

/* The same with the reason, a text such as "math.f64.add_v1: operand is not 8 bytes". */
X07_ABI_NORETURN void x07_rt_trap_native_v1(const char *reason, int32_t code);

/* `read` fills up to `cap` bytes at `dst` and gives their count, 0 at the end; more than `cap` traps. */
typedef uint32_t (*x07_io_read_v1)(uint32_t data, uint8_t *dst, uint32_t cap);
typedef void (*x07_io_drop_v1)(uint32_t data);

/* The vtable id, 2..64, of a kind of reader: the same for the same pair; 0 when the table is full or `read` is null. */
uint32_t x07_rt_register_io_reader_vtable_v1(x07_io_read_v1 read, x07_io_drop_v1 drop);

/* Native code that writes to standard error tells the runtime, so that traps and metrics start on a line of their own. */
void x07_rt_note_stderr_v1(const uint8_t *data, uint32_t len);

/* Defined by a program that brings its own heap. */
ev_allocator_v1_t x07_custom_allocator(void);

#ifdef __cplusplus
}
#endif
#endif
