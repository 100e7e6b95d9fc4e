/* Borrow checks of debug builds: every allocation has an id, and a read through a view looks whether it still lives. */
#include "runtime.h"

#ifdef X07_DEBUG_BORROW
#include <sys/mman.h>

static uint64_t *slot_of(const uint8_t *payload) {
  x07_heap *h = &x07_arena;
  if (payload < h->base + X07_FIRST_BLOCK || payload >= h->base + h->end) return NULL;
  size_t granules = (size_t)h->end / X07_GRANULE + 1;
  if (!h->debug_ids) {
    void *table = mmap(NULL, granules * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED) return NULL;
    h->debug_ids = table;
  }
  return &h->debug_ids[(size_t)(payload - h->base) / X07_GRANULE];
}

void x07_debug_born(uint8_t *payload) {
  uint64_t *slot = slot_of(payload);
  if (slot) *slot = ++x07_arena.debug_next_id;
}

void x07_debug_died(uint8_t *payload) {
  uint64_t *slot = slot_of(payload);
  if (slot) *slot = 0;
}

x07_view x07_debug_view(const uint8_t *ptr, uint32_t len) {
  const uint64_t *slot = len ? slot_of(ptr) : NULL;
  return (x07_view){.ptr = ptr, .len = len, .aid = slot ? *slot : 0, .bid = 0, .off_bytes = 0};
}

uint32_t x07_debug_live(x07_view v) {
  if (!v.len || !v.aid) return 1;
  const uint64_t *slot = slot_of(v.ptr - v.off_bytes);
  if (slot && *slot == v.aid) return 1;
  x07_state.borrow_violations += 1;
  return 0;
}

void x07_debug_forget(void) {
  x07_heap *h = &x07_arena;
  if (h->debug_ids) munmap(h->debug_ids, ((size_t)h->end / X07_GRANULE + 1) * sizeof(uint64_t));
  h->debug_ids = NULL;
}
#else
typedef int x07_debug_is_off;
#endif
