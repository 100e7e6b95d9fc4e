/* map_u32 and set_u32: open addressing over a fixed number of slots. */
#include "runtime.h"

typedef struct slot {
  uint32_t key_plus_1; /* 0 = free: key -1 is reserved, and cleared memory is an empty table */
  uint32_t value;
} slot;

typedef struct table {
  slot *slots;
  uint32_t mask;
  uint32_t shift;
  uint32_t len;
} table;

static X07_TLS table *tables;
static X07_TLS uint32_t count, room;

static void release(void) {
  for (uint32_t i = 0; i < count; i++) x07_free((uint8_t *)tables[i].slots);
  if (room) x07_free((uint8_t *)tables);
  count = room = 0;
}

static uint32_t new_table(uint32_t cap, const char *message, const char *at) {
  if (!cap || (cap & (cap - 1))) x07_trap_value(message, "cap", cap, at);
  if (cap > UINT32_MAX / sizeof(slot)) x07_trap_memory((uint64_t)cap * sizeof(slot));
  if (count == room) {
    if (!room) x07_at_end(release);
    uint32_t wider = room ? 2 * room : 8;
    tables = x07_grow_array(tables, room, wider, sizeof *tables);
    room = wider;
  }
  table *t = &tables[count];
  t->slots = (slot *)(void *)x07_alloc_zeroed(cap * (uint32_t)sizeof(slot));
  t->mask = cap - 1;
  t->shift = 1 + (uint32_t)__builtin_clz(cap);
  t->len = 0;
  return ++count;
}

static inline table *table_of(uint32_t h, const char *at) {
  if (X07_UNLIKELY(h - 1 >= count)) x07_trap_value("map_u32 invalid handle", "handle", h, at);
  return &tables[h - 1];
}

/* The high bits of a multiplicative hash: they depend on all bits of the key. */
static inline uint32_t home_of(const table *t, uint32_t key) {
  return (uint32_t)((uint64_t)(key * 2654435769u) >> t->shift);
}

/* The slot with the key, or the free slot where it belongs; null when it is missing and the table is full. */
static X07_NOINLINE slot *find_in_full(const table *t, uint32_t key) {
  uint32_t i = home_of(t, key);
  for (uint32_t n = t->mask + 1; n; n--, i = (i + 1) & t->mask)
    if (t->slots[i].key_plus_1 == key + 1) return &t->slots[i];
  return NULL;
}

static inline slot *find(const table *t, uint32_t key) {
  if (X07_UNLIKELY(t->len > t->mask)) return find_in_full(t, key);
  uint32_t i = home_of(t, key);
  for (;; i = (i + 1) & t->mask) {
    uint32_t found = t->slots[i].key_plus_1;
    if (found == key + 1 || !found) return &t->slots[i];
  }
}

static inline void check_key(uint32_t key, const char *message, const char *at) {
  if (X07_UNLIKELY(key == UINT32_MAX)) x07_trap(message, at);
}

static inline uint32_t contains(uint32_t h, uint32_t key, const char *message, const char *at) {
  const table *t = table_of(h, at);
  check_key(key, message, at);
  const slot *s = find(t, key);
  return s && s->key_plus_1;
}

static inline uint32_t set(uint32_t h, uint32_t key, uint32_t value, const char *message, const char *full,
                           const char *at) {
  table *t = table_of(h, at);
  check_key(key, message, at);
  slot *s = find(t, key);
  if (X07_UNLIKELY(!s)) x07_trap_value(full, "cap", t->mask + 1, at);
  uint32_t inserted = !s->key_plus_1;
  s->key_plus_1 = key + 1;
  s->value = value;
  t->len += inserted;
  return inserted;
}

static inline uint32_t remove_key(uint32_t h, uint32_t key, const char *message, const char *at) {
  table *t = table_of(h, at);
  check_key(key, message, at);
  slot *s = find(t, key);
  if (!s || !s->key_plus_1) return 0;
  t->len -= 1;
  /* Later members of the run move up when the hole lies between their home and their place. */
  uint32_t hole = (uint32_t)(s - t->slots);
  /* At most once round: a table that was full has no free slot to stop at. */
  for (uint32_t i = (hole + 1) & t->mask, n = t->mask; n && t->slots[i].key_plus_1; n--, i = (i + 1) & t->mask) {
    uint32_t home = home_of(t, t->slots[i].key_plus_1 - 1);
    if (((i - home) & t->mask) < ((i - hole) & t->mask)) continue;
    t->slots[hole] = t->slots[i];
    hole = i;
  }
  t->slots[hole] = (slot){0, 0};
  return 1;
}

uint32_t x07_map_u32_new(uint32_t cap, const char *at) {
  return new_table(cap, "map_u32.new cap must be power of two", at);
}
uint32_t x07_set_u32_new(uint32_t cap, const char *at) {
  return new_table(cap, "set_u32.new cap must be power of two", at);
}
uint32_t x07_map_u32_len(uint32_t h, const char *at) { return table_of(h, at)->len; }
uint32_t x07_map_u32_get(uint32_t h, uint32_t key, uint32_t otherwise, const char *at) {
  const table *t = table_of(h, at);
  check_key(key, "map_u32.get key=-1 reserved", at);
  const slot *s = find(t, key);
  return s && s->key_plus_1 ? s->value : otherwise;
}
uint32_t x07_map_u32_set(uint32_t h, uint32_t key, uint32_t value, const char *at) {
  return set(h, key, value, "map_u32.set key=-1 reserved", "map_u32 full", at);
}
uint32_t x07_map_u32_contains(uint32_t h, uint32_t key, const char *at) {
  return contains(h, key, "map_u32.contains key=-1 reserved", at);
}
uint32_t x07_map_u32_remove(uint32_t h, uint32_t key, const char *at) {
  return remove_key(h, key, "map_u32.remove key=-1 reserved", at);
}
uint32_t x07_set_u32_contains(uint32_t h, uint32_t key, const char *at) {
  return contains(h, key, "set_u32.contains key=-1 reserved", at);
}
uint32_t x07_set_u32_add(uint32_t h, uint32_t key, const char *at) {
  return set(h, key, 1, "set_u32.add key=-1 reserved", "set_u32 full", at);
}
uint32_t x07_set_u32_remove(uint32_t h, uint32_t key, const char *at) {
  return remove_key(h, key, "set_u32.remove key=-1 reserved", at);
}

static x07_bytes dump(uint32_t h, uint32_t words, const char *at) {
  const table *t = table_of(h, at);
  if (t->len > UINT32_MAX / (4 * words)) x07_trap_memory((uint64_t)t->len * 4 * words);
  x07_bytes out = x07_bytes_raw(t->len * 4 * words);
  uint8_t *to = out.ptr;
  for (uint64_t i = 0; i <= t->mask; i++) {
    if (!t->slots[i].key_plus_1) continue;
    x07_store_u32_le(to, t->slots[i].key_plus_1 - 1);
    if (words == 2) x07_store_u32_le(to + 4, t->slots[i].value);
    to += 4 * words;
  }
  return out;
}

x07_bytes x07_map_u32_dump_kv_u32le_u32le(uint32_t h, const char *at) { return dump(h, 2, at); }
x07_bytes x07_set_u32_dump_u32le(uint32_t h, const char *at) { return dump(h, 1, at); }
