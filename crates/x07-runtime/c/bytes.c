/* bytes, views and vec_u8: what is not inline. */
#include "runtime.h"

x07_bytes x07_bytes_alloc(uint32_t n) {
  return n ? (x07_bytes){.ptr = x07_alloc_zeroed(n), .len = n} : x07_bytes_none();
}

static x07_bytes copy_of(const uint8_t *data, uint32_t n) {
  x07_bytes b = x07_bytes_raw(n);
  memcpy(b.ptr, data, n);
  x07_ctx.memcpy_bytes += n;
  return b;
}

x07_bytes x07_bytes_lit(const char *data, uint32_t len) { return copy_of((const uint8_t *)data, len); }

x07_bytes x07_bytes1(uint32_t x) {
  x07_bytes b = x07_bytes_raw(1);
  b.ptr[0] = (uint8_t)x;
  return b;
}

x07_bytes x07_view_to_bytes(x07_view v) {
  X07_CHECK_READ(v, x07_bytes_alloc(v.len));
  return copy_of(v.ptr, v.len);
}

x07_bytes x07_bytes_slice(x07_view v, uint32_t start, uint32_t n, const char *at) {
  if (!x07_in_range(start, n, v.len)) x07_trap_range("bytes.slice oob", start, n, v.len, at);
  return x07_view_to_bytes(x07_view_window(v, start, n));
}

x07_bytes x07_bytes_join(x07_view a, x07_view b, const char *at) {
  if (b.len > UINT32_MAX - a.len) x07_trap_vec_overflow("bytes.concat overflow", a.len, b.len, at);
  x07_bytes joined = x07_bytes_raw(a.len + b.len);
  memcpy(joined.ptr, a.ptr, a.len);
  memcpy(joined.ptr + a.len, b.ptr, b.len);
  x07_ctx.memcpy_bytes += joined.len;
  return joined;
}

x07_bytes x07_bytes_concat(x07_bytes a, x07_bytes b, const char *at) {
  x07_bytes joined = x07_bytes_join(x07_bytes_view(a), x07_bytes_view(b), at);
  x07_bytes_drop(a);
  x07_bytes_drop(b);
  return joined;
}

x07_bytes x07_bytes_overwrite(x07_view src, x07_bytes dst, const char *at) {
  if (dst.len < src.len) x07_trap_range("bytes.copy dst too small", 0, src.len, dst.len, at);
  memcpy(dst.ptr, src.ptr, src.len);
  x07_ctx.memcpy_bytes += src.len;
  return dst;
}

x07_bytes x07_bytes_copy(x07_bytes src, x07_bytes dst, const char *at) {
  x07_bytes copied = x07_bytes_overwrite(x07_bytes_view(src), dst, at);
  x07_bytes_drop(src);
  return copied;
}

static uint32_t compare_ranges(const char *message, x07_view a, uint32_t a_off, uint32_t a_n, x07_view b,
                               uint32_t b_off, uint32_t b_n, const char *at) {
  if (!x07_in_range(a_off, a_n, a.len)) x07_trap_range(message, a_off, a_n, a.len, at);
  if (!x07_in_range(b_off, b_n, b.len)) x07_trap_range(message, b_off, b_n, b.len, at);
  X07_CHECK_READ(a, 1);
  X07_CHECK_READ(b, 1);
  int order = memcmp(a.ptr + a_off, b.ptr + b_off, a_n < b_n ? a_n : b_n);
  if (order) return order < 0 ? UINT32_MAX : 1;
  return a_n == b_n ? 0 : a_n < b_n ? UINT32_MAX : 1;
}

uint32_t x07_view_cmp_range(x07_view a, uint32_t a_off, uint32_t a_n, x07_view b, uint32_t b_off, uint32_t b_n,
                            const char *at) {
  return compare_ranges("view.cmp_range oob", a, a_off, a_n, b, b_off, b_n, at);
}

uint32_t x07_bytes_cmp_range(x07_view a, uint32_t a_off, uint32_t a_n, x07_view b, uint32_t b_off, uint32_t b_n,
                             const char *at) {
  return compare_ranges("bytes.cmp_range oob", a, a_off, a_n, b, b_off, b_n, at);
}

static x07_vec with_capacity(x07_vec v, uint32_t cap) {
  v.data = v.cap ? x07_grow(v.data, cap, v.len) : x07_alloc(cap);
  v.cap = cap;
#ifdef X07_DEBUG_BORROW
  v.dbg_aid = x07_view_of(v.data, 1).aid;
#endif
  return v;
}

x07_vec x07_vec_u8_with_capacity(uint32_t cap) { return cap ? with_capacity(x07_vec_none(), cap) : x07_vec_none(); }

x07_vec x07_vec_grow_one(x07_vec v) {
  if (v.cap > UINT32_MAX / 2) x07_trap_memory(2 * (uint64_t)v.cap);
  return with_capacity(v, v.cap ? 2 * v.cap : 1);
}

x07_vec x07_vec_grow_to(x07_vec v, uint64_t needed) {
  if (needed > UINT32_MAX) x07_trap_memory(needed);
  uint64_t cap = v.cap ? v.cap : 1;
  while (cap < needed) cap *= 2;
  return with_capacity(v, (uint32_t)(cap > UINT32_MAX ? needed : cap));
}

x07_vec x07_vec_extend_slow(x07_vec v, x07_view part) {
  /* A vector may be extended by its own contents, which growing moves. */
  int own = part.len && part.ptr >= v.data && part.ptr < v.data + v.len;
  uint64_t offset = own ? (uint64_t)(part.ptr - v.data) : 0;
  v = x07_vec_grow_to(v, (uint64_t)v.len + part.len);
  memcpy(v.data + v.len, own ? v.data + offset : part.ptr, part.len);
  v.len += part.len;
  x07_ctx.memcpy_bytes += part.len;
  return v;
}

x07_vec x07_vec_u8_reserve_exact(x07_vec v, uint32_t additional, const char *at) {
  if (additional > UINT32_MAX - v.len) x07_trap_vec_overflow("vec_u8.reserve_exact overflow", v.len, additional, at);
  return v.len + additional > v.cap ? with_capacity(v, v.len + additional) : v;
}

x07_vec x07_vec_u8_extend_zeroes(x07_vec v, uint32_t n, const char *at) {
  if (n > UINT32_MAX - v.len) x07_trap_vec_overflow("vec_u8.extend_zeroes overflow", v.len, n, at);
  if (n > v.cap - v.len) v = x07_vec_grow_to(v, (uint64_t)v.len + n);
  memset(v.data + v.len, 0, n);
  v.len += n;
  return v;
}

x07_vec x07_vec_push_u32_le_slow(x07_vec v, uint32_t x) {
  for (uint32_t i = 0; i < 4; i++) v = x07_vec_u8_push(v, x >> 8 * i);
  return v;
}

uint32_t x07_internal_view_find_u8(x07_view v, uint32_t byte) {
  if (byte > 255 || !v.len) return UINT32_MAX;
  X07_CHECK_READ(v, UINT32_MAX);
  const uint8_t *found = memchr(v.ptr, (int)byte, v.len);
  return found ? (uint32_t)(found - v.ptr) : UINT32_MAX;
}

uint32_t x07_internal_view_count_u8(x07_view v, uint32_t byte) {
  if (byte > 255) return 0;
  X07_CHECK_READ(v, 0);
  uint32_t n = 0;
  for (uint32_t i = 0; i < v.len; i++) n += v.ptr[i] == byte;
  return n;
}
