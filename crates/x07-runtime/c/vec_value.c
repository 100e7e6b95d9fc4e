/* vec_value: growable arrays whose element type is chosen at run time. */
#include "runtime.h"

enum kind { KIND_I32, KIND_BYTES, KIND_VIEW };

typedef struct array {
  union {
    uint32_t *words;
    x07_bytes *bytes;
    x07_view *views;
    void *any;
  } items;
  uint32_t kind;
  uint32_t len;
  uint32_t cap;
} array;

static X07_TLS array *arrays;
static X07_TLS uint32_t count, room;

static uint32_t size_of(uint32_t kind) {
  return kind == KIND_I32 ? sizeof(uint32_t) : kind == KIND_BYTES ? sizeof(x07_bytes) : sizeof(x07_view);
}

static void drop_items(array *a) {
  if (a->kind == KIND_BYTES)
    for (uint32_t i = 0; i < a->len; i++) x07_bytes_drop(a->items.bytes[i]);
  a->len = 0;
}

static void release(void) {
  for (uint32_t i = 0; i < count; i++) {
    drop_items(&arrays[i]);
    if (arrays[i].cap) x07_free(arrays[i].items.any);
  }
  if (room) x07_free((uint8_t *)arrays);
  count = room = 0;
}

static void reserve(array *a, uint64_t cap) {
  if (cap > UINT32_MAX) x07_trap_memory(cap * size_of(a->kind));
  a->items.any = x07_grow_array(a->items.any, a->cap, cap, size_of(a->kind));
  a->cap = (uint32_t)cap;
}

static array *array_of(uint32_t h, const char *at) {
  if (X07_UNLIKELY(h - 1 >= count)) x07_trap_value("vec_value invalid handle", "handle", h, at);
  return &arrays[h - 1];
}

static array *typed(uint32_t h, uint32_t kind, const char *message, const char *at) {
  array *a = array_of(h, at);
  if (X07_UNLIKELY(a->kind != kind)) x07_trap(message, at);
  return a;
}

uint32_t x07_vec_value_with_capacity_v1(uint32_t type_id, uint32_t cap, const char *at) {
  static const uint8_t kinds[] = {KIND_I32, KIND_I32, KIND_BYTES, KIND_VIEW};
  if (type_id - 1 > 3) x07_trap_value("value ty_id invalid", "ty_id", type_id, at);
  if (count == room) {
    if (!room) x07_at_end(release);
    uint32_t wider = room ? 2 * room : 8;
    arrays = x07_grow_array(arrays, room, wider, sizeof *arrays);
    room = wider;
  }
  array *a = &arrays[count];
  *a = (array){.kind = kinds[type_id - 1]};
  if (cap) reserve(a, cap);
  return ++count;
}

uint32_t x07_vec_value_len(uint32_t h, const char *at) { return array_of(h, at)->len; }

uint32_t x07_vec_value_reserve_exact(uint32_t h, uint32_t additional, const char *at) {
  array *a = array_of(h, at);
  if (additional > UINT32_MAX - a->len) x07_trap_vec_overflow("vec_value.reserve_exact overflow", a->len, additional, at);
  if (a->len + additional > a->cap) reserve(a, a->len + additional);
  return h;
}

uint32_t x07_vec_value_pop(uint32_t h, const char *at) {
  array *a = array_of(h, at);
  if (!a->len) return h;
  a->len -= 1;
  if (a->kind == KIND_BYTES) x07_bytes_drop(a->items.bytes[a->len]);
  return h;
}

uint32_t x07_vec_value_clear(uint32_t h, const char *at) {
  drop_items(array_of(h, at));
  return h;
}

static array *room_for_one(uint32_t h, uint32_t kind, const char *at) {
  array *a = typed(h, kind, "vec_value.push ty mismatch", at);
  if (a->len == a->cap) reserve(a, a->cap ? 2 * (uint64_t)a->cap : 1);
  return a;
}

static array *with_index(uint32_t h, uint32_t i, uint32_t kind, const char *at) {
  array *a = typed(h, kind, "vec_value.set ty mismatch", at);
  if (i >= a->len) x07_trap_index("vec_value.set oob", i, a->len, at);
  return a;
}

static const char get_mismatch[] = "vec_value.get ty mismatch";

uint32_t x07_vec_value_push_i32_v1(uint32_t h, uint32_t x, const char *at) {
  array *a = room_for_one(h, KIND_I32, at);
  a->items.words[a->len++] = x;
  return h;
}
uint32_t x07_vec_value_push_bytes_v1(uint32_t h, x07_bytes x, const char *at) {
  array *a = room_for_one(h, KIND_BYTES, at);
  a->items.bytes[a->len++] = x;
  return h;
}
uint32_t x07_vec_value_push_bytes_view_v1(uint32_t h, x07_view x, const char *at) {
  array *a = room_for_one(h, KIND_VIEW, at);
  a->items.views[a->len++] = x;
  return h;
}

uint32_t x07_vec_value_set_i32_v1(uint32_t h, uint32_t i, uint32_t x, const char *at) {
  with_index(h, i, KIND_I32, at)->items.words[i] = x;
  return h;
}
uint32_t x07_vec_value_set_bytes_v1(uint32_t h, uint32_t i, x07_bytes x, const char *at) {
  x07_bytes *item = &with_index(h, i, KIND_BYTES, at)->items.bytes[i];
  x07_bytes_drop(*item);
  *item = x;
  return h;
}
uint32_t x07_vec_value_set_bytes_view_v1(uint32_t h, uint32_t i, x07_view x, const char *at) {
  with_index(h, i, KIND_VIEW, at)->items.views[i] = x;
  return h;
}

uint32_t x07_vec_value_get_i32_v1(uint32_t h, uint32_t i, uint32_t otherwise, const char *at) {
  const array *a = typed(h, KIND_I32, get_mismatch, at);
  return i < a->len ? a->items.words[i] : otherwise;
}
x07_bytes x07_vec_value_get_bytes_v1(uint32_t h, uint32_t i, x07_bytes otherwise, const char *at) {
  const array *a = typed(h, KIND_BYTES, get_mismatch, at);
  if (i >= a->len) return otherwise;
  x07_bytes clone = x07_view_to_bytes(x07_bytes_view(a->items.bytes[i]));
  x07_bytes_drop(otherwise);
  return clone;
}
x07_view x07_vec_value_get_bytes_view_v1(uint32_t h, uint32_t i, x07_view otherwise, const char *at) {
  const array *a = typed(h, KIND_VIEW, get_mismatch, at);
  return i < a->len ? a->items.views[i] : otherwise;
}
