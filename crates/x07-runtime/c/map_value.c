/* map_value: growable hash maps whose key and value types are chosen at run time. */
#include "runtime.h"

enum kind { KIND_I32, KIND_BYTES, KIND_VIEW };

typedef union item {
  uint32_t word;
  x07_bytes bytes;
  x07_view view;
} item;

typedef struct map {
  uint32_t *hashes; /* 0 = free slot */
  uint8_t *keys;
  uint8_t *values;
  uint32_t cap;
  uint32_t len;
  uint8_t key_kind;
  uint8_t value_kind;
} map;

static X07_TLS map *maps;
static X07_TLS uint32_t count, room;

static uint32_t size_of(uint32_t kind) {
  return kind == KIND_I32 ? sizeof(uint32_t) : kind == KIND_BYTES ? sizeof(x07_bytes) : sizeof(x07_view);
}

static item load(const uint8_t *items, uint32_t kind, uint32_t i) {
  item x;
  memset(&x, 0, sizeof x);
  memcpy(&x, items + (size_t)i * size_of(kind), size_of(kind));
  return x;
}

static void store(uint8_t *items, uint32_t kind, uint32_t i, item x) {
  memcpy(items + (size_t)i * size_of(kind), &x, size_of(kind));
}

static void drop(uint32_t kind, item x) {
  if (kind == KIND_BYTES) x07_bytes_drop(x.bytes);
}

static x07_view contents(uint32_t kind, item x) { return kind == KIND_BYTES ? x07_bytes_view(x.bytes) : x.view; }

static uint32_t mix(uint32_t x) {
  x ^= x >> 16;
  x *= 0x85ebca6bu;
  x ^= x >> 13;
  x *= 0xc2b2ae35u;
  return x ^ x >> 16;
}

/* Never 0. */
static uint32_t hash_of(uint32_t kind, item key) {
  uint32_t hash = key.word;
  if (kind != KIND_I32) {
    x07_view v = contents(kind, key);
    hash = 2166136261u;
    X07_CHECK_READ(v, 1);
    for (uint32_t i = 0; i < v.len; i++) hash = (hash ^ v.ptr[i]) * 16777619u;
  }
  hash = mix(hash);
  return hash ? hash : 1;
}

static uint32_t same(uint32_t kind, item a, item b) {
  return kind == KIND_I32 ? a.word == b.word : x07_view_eq(contents(kind, a), contents(kind, b));
}

static void allocate_slots(map *m, uint32_t cap) {
  if ((uint64_t)cap * size_of(KIND_VIEW) > UINT32_MAX) x07_trap_memory((uint64_t)cap * size_of(KIND_VIEW));
  m->cap = cap;
  m->hashes = (uint32_t *)(void *)x07_alloc_zeroed(cap * (uint32_t)sizeof(uint32_t));
  m->keys = x07_alloc_array(cap, size_of(m->key_kind));
  m->values = x07_alloc_array(cap, size_of(m->value_kind));
}

static void free_slots(map *m) {
  x07_free((uint8_t *)m->hashes);
  x07_free(m->keys);
  x07_free(m->values);
}

static void drop_items(map *m) {
  for (uint32_t i = 0; i < m->cap; i++) {
    if (!m->hashes[i]) continue;
    drop(m->key_kind, load(m->keys, m->key_kind, i));
    drop(m->value_kind, load(m->values, m->value_kind, i));
  }
}

static void release(void) {
  for (uint32_t i = 0; i < count; i++) {
    drop_items(&maps[i]);
    free_slots(&maps[i]);
  }
  if (room) x07_free((uint8_t *)maps);
  count = room = 0;
}

static map *map_of(uint32_t h, const char *at) {
  if (X07_UNLIKELY(h - 1 >= count)) x07_trap_value("map_value invalid handle", "handle", h, at);
  return &maps[h - 1];
}

/* The slot with the key, or the free one where it belongs. There is always a free one: see `make_room`. */
static uint32_t find(const map *m, item key, uint32_t hash) {
  uint32_t mask = m->cap - 1, i = hash & mask;
  for (uint32_t n = m->cap; n && m->hashes[i]; n--, i = (i + 1) & mask)
    if (m->hashes[i] == hash && same(m->key_kind, load(m->keys, m->key_kind, i), key)) return i;
  return i;
}

static uint32_t holds(const map *m, uint32_t slot, item key, uint32_t hash) {
  return m->hashes[slot] == hash && same(m->key_kind, load(m->keys, m->key_kind, slot), key);
}

static void make_room(map *m) {
  uint64_t cap = m->cap;
  while (((uint64_t)m->len + 1) * 10 > cap * 7) cap *= 2;
  if (cap == m->cap) return;
  if (cap > UINT32_MAX) x07_trap_memory(cap * size_of(m->key_kind));
  map old = *m;
  allocate_slots(m, (uint32_t)cap);
  for (uint32_t i = 0; i < old.cap; i++) {
    if (!old.hashes[i]) continue;
    uint32_t to = old.hashes[i] & (m->cap - 1);
    while (m->hashes[to]) to = (to + 1) & (m->cap - 1);
    m->hashes[to] = old.hashes[i];
    store(m->keys, m->key_kind, to, load(old.keys, m->key_kind, i));
    store(m->values, m->value_kind, to, load(old.values, m->value_kind, i));
  }
  free_slots(&old);
}

uint32_t x07_map_value_new_v1(uint32_t key_id, uint32_t value_id, uint32_t cap, const char *at) {
  static const uint8_t kinds[] = {KIND_I32, KIND_I32, KIND_BYTES, KIND_VIEW};
  if (key_id - 1 > 3) x07_trap_value("value ty_id invalid", "ty_id", key_id, at);
  if (value_id - 1 > 3) x07_trap_value("value ty_id invalid", "ty_id", value_id, at);
  if (!cap || (cap & (cap - 1))) x07_trap_value("map_value.new cap must be power of two", "cap", cap, at);
  if (count == room) {
    if (!room) x07_at_end(release);
    uint32_t wider = room ? 2 * room : 8;
    maps = x07_grow_array(maps, room, wider, sizeof *maps);
    room = wider;
  }
  map *m = &maps[count];
  *m = (map){.key_kind = kinds[key_id - 1], .value_kind = kinds[value_id - 1]};
  allocate_slots(m, cap);
  return ++count;
}

uint32_t x07_map_value_len(uint32_t h, const char *at) { return map_of(h, at)->len; }

uint32_t x07_map_value_clear(uint32_t h, const char *at) {
  map *m = map_of(h, at);
  drop_items(m);
  memset(m->hashes, 0, (size_t)m->cap * sizeof(uint32_t));
  m->len = 0;
  return h;
}

static map *with_key(uint32_t h, uint32_t kind, const char *message, const char *at) {
  map *m = map_of(h, at);
  if (X07_UNLIKELY(m->key_kind != kind)) x07_trap(message, at);
  return m;
}

static void check_value(const map *m, uint32_t kind, const char *message, const char *at) {
  if (X07_UNLIKELY(m->value_kind != kind)) x07_trap(message, at);
}

static uint32_t contains(uint32_t h, uint32_t kind, item key, const char *at) {
  const map *m = with_key(h, kind, "map_value.contains key ty mismatch", at);
  uint32_t hash = hash_of(kind, key);
  uint32_t found = holds(m, find(m, key, hash), key, hash);
  drop(kind, key);
  return found;
}

static uint32_t remove_key(uint32_t h, uint32_t kind, item key, const char *at) {
  map *m = with_key(h, kind, "map_value.remove key ty mismatch", at);
  uint32_t hash = hash_of(kind, key), mask = m->cap - 1, hole = find(m, key, hash);
  if (holds(m, hole, key, hash)) {
    drop(m->key_kind, load(m->keys, m->key_kind, hole));
    drop(m->value_kind, load(m->values, m->value_kind, hole));
    m->len -= 1;
    for (uint32_t i = (hole + 1) & mask, n = mask; n && m->hashes[i]; n--, i = (i + 1) & mask) {
      if (((i - m->hashes[i]) & mask) < ((i - hole) & mask)) continue;
      m->hashes[hole] = m->hashes[i];
      store(m->keys, m->key_kind, hole, load(m->keys, m->key_kind, i));
      store(m->values, m->value_kind, hole, load(m->values, m->value_kind, i));
      hole = i;
    }
    m->hashes[hole] = 0;
  }
  drop(kind, key);
  return h;
}

/* The value of the key as it is stored, by which the caller tells whether there is one. */
static uint32_t get(uint32_t h, uint32_t kind, item key, uint32_t value_kind, item *value, const char *at) {
  const map *m = with_key(h, kind, "map_value.get key ty mismatch", at);
  check_value(m, value_kind, "map_value.get val ty mismatch", at);
  uint32_t hash = hash_of(kind, key), slot = find(m, key, hash), found = holds(m, slot, key, hash);
  if (found) *value = load(m->values, value_kind, slot);
  drop(kind, key);
  return found;
}

static uint32_t set(uint32_t h, uint32_t kind, item key, uint32_t value_kind, item value, const char *at) {
  map *m = with_key(h, kind, "map_value.set key ty mismatch", at);
  check_value(m, value_kind, "map_value.set val ty mismatch", at);
  make_room(m);
  uint32_t hash = hash_of(kind, key), slot = find(m, key, hash);
  if (holds(m, slot, key, hash)) {
    drop(value_kind, load(m->values, value_kind, slot));
    drop(kind, key);
  } else {
    m->hashes[slot] = hash;
    store(m->keys, kind, slot, key);
    m->len += 1;
  }
  store(m->values, value_kind, slot, value);
  return h;
}

static x07_bytes clone_or(uint32_t found, item value, x07_bytes otherwise) {
  if (!found) return otherwise;
  x07_bytes clone = x07_view_to_bytes(x07_bytes_view(value.bytes));
  x07_bytes_drop(otherwise);
  return clone;
}

#define X07_KEY(K, KIND, FIELD, KEY)                                                                      \
  uint32_t x07_map_value_contains_##K##_v1(uint32_t h, KEY key, const char *at) {                         \
    return contains(h, KIND, (item){.FIELD = key}, at);                                                   \
  }                                                                                                       \
  uint32_t x07_map_value_remove_##K##_v1(uint32_t h, KEY key, const char *at) {                           \
    return remove_key(h, KIND, (item){.FIELD = key}, at);                                                 \
  }                                                                                                       \
  uint32_t x07_map_value_get_##K##_i32_v1(uint32_t h, KEY key, uint32_t otherwise, const char *at) {      \
    item v = {.word = otherwise};                                                                         \
    get(h, KIND, (item){.FIELD = key}, KIND_I32, &v, at);                                                 \
    return v.word;                                                                                        \
  }                                                                                                       \
  x07_bytes x07_map_value_get_##K##_bytes_v1(uint32_t h, KEY key, x07_bytes otherwise, const char *at) {  \
    item v = {.word = 0};                                                                                 \
    uint32_t found = get(h, KIND, (item){.FIELD = key}, KIND_BYTES, &v, at);                              \
    return clone_or(found, v, otherwise);                                                                 \
  }                                                                                                       \
  x07_view x07_map_value_get_##K##_bytes_view_v1(uint32_t h, KEY key, x07_view otherwise, const char *at) { \
    item v = {.view = otherwise};                                                                         \
    get(h, KIND, (item){.FIELD = key}, KIND_VIEW, &v, at);                                                \
    return v.view;                                                                                        \
  }                                                                                                       \
  uint32_t x07_map_value_set_##K##_i32_v1(uint32_t h, KEY key, uint32_t value, const char *at) {          \
    return set(h, KIND, (item){.FIELD = key}, KIND_I32, (item){.word = value}, at);                       \
  }                                                                                                       \
  uint32_t x07_map_value_set_##K##_bytes_v1(uint32_t h, KEY key, x07_bytes value, const char *at) {       \
    return set(h, KIND, (item){.FIELD = key}, KIND_BYTES, (item){.bytes = value}, at);                    \
  }                                                                                                       \
  uint32_t x07_map_value_set_##K##_bytes_view_v1(uint32_t h, KEY key, x07_view value, const char *at) {   \
    return set(h, KIND, (item){.FIELD = key}, KIND_VIEW, (item){.view = value}, at);                      \
  }

X07_KEY(i32, KIND_I32, word, uint32_t)
X07_KEY(bytes, KIND_BYTES, bytes, x07_bytes)
X07_KEY(bytes_view, KIND_VIEW, view, x07_view)
