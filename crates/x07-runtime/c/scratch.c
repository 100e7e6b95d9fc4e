/* scratch_u8_fixed_v1: byte buffers of fixed capacity, by handle. */
#include "runtime.h"

#define X07_DOES_NOT_FIT 8u

typedef struct buffer {
  uint8_t *data;
  uint32_t cap;
  uint32_t len;
  uint32_t live;
} buffer;

static X07_TLS buffer *buffers;
static X07_TLS uint32_t count, room;
static X07_TLS uint32_t lowest_dead; /* no dead slot is below this index */

static void release(void) {
  for (uint32_t i = 0; i < count; i++)
    if (buffers[i].live && buffers[i].cap) x07_free(buffers[i].data);
  if (room) x07_free((uint8_t *)buffers);
  count = room = lowest_dead = 0;
}

static buffer *buffer_of(uint32_t h, const char *at) {
  if (h - 1 >= count || !buffers[h - 1].live)
    x07_trap_value("scratch_u8_fixed invalid handle", "handle", h, at);
  return &buffers[h - 1];
}

uint32_t x07_scratch_u8_fixed_v1_new(uint32_t cap) {
  uint32_t i = lowest_dead;
  while (i < count && buffers[i].live) i++;
  lowest_dead = i;
  if (i == room) {
    if (!room) x07_at_end(release);
    uint32_t wider = room ? 2 * room : 8;
    buffers = x07_grow_array(buffers, room, wider, sizeof *buffers);
    room = wider;
  }
  buffers[i] = (buffer){.data = cap ? x07_alloc(cap) : x07_empty, .cap = cap, .len = 0, .live = 1};
  if (i == count) count += 1;
  return i + 1;
}

uint32_t x07_scratch_u8_fixed_v1_clear(uint32_t h, const char *at) {
  buffer_of(h, at)->len = 0;
  return h;
}

uint32_t x07_scratch_u8_fixed_v1_len(uint32_t h, const char *at) { return buffer_of(h, at)->len; }
uint32_t x07_scratch_u8_fixed_v1_cap(uint32_t h, const char *at) { return buffer_of(h, at)->cap; }

x07_view x07_scratch_u8_fixed_v1_as_view(uint32_t h, const char *at) {
  const buffer *b = buffer_of(h, at);
  return x07_view_of(b->data, b->len);
}

x07_result_i32 x07_scratch_u8_fixed_v1_try_write(uint32_t h, x07_view data, const char *at) {
  buffer *b = buffer_of(h, at);
  X07_CHECK_READ(data, x07_result_i32_ok(0));
  if (data.len > b->cap - b->len) return x07_result_i32_err(X07_DOES_NOT_FIT);
  memmove(b->data + b->len, data.ptr, data.len);
  x07_ctx.memcpy_bytes += data.len;
  b->len += data.len;
  return x07_result_i32_ok(data.len);
}

uint32_t x07_scratch_u8_fixed_v1_drop(uint32_t h) {
  if (h - 1 >= count || !buffers[h - 1].live) return 0;
  buffer *b = &buffers[h - 1];
  if (b->cap) x07_free(b->data);
  b->live = 0;
  if (h - 1 < lowest_dead) lowest_dead = h - 1;
  return 1;
}
