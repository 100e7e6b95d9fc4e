/* The heap: see runtime.h for its shape. */
#include "runtime.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

X07_TLS x07_heap x07_arena;

/* An arena smaller than this never asks for big pages: a small program should not pay for clearing one. */
#define X07_HUGE_PAGES_FROM (1u << 20)
#define X07_CUSTOM_HEADER 16u

static uint32_t log2_of(uint32_t x) { return 31u - (uint32_t)__builtin_clz(x); }
static uint32_t lowest_bit(uint32_t x) { return (uint32_t)__builtin_ctz(x); }
static uint32_t offset_of(const x07_block *b) { return (uint32_t)((const uint8_t *)b - x07_arena.base); }
static uint32_t prev_size(const x07_block *b) { return b->prev_and_free & ~1u; }
static uint32_t is_free(const x07_block *b) { return b->prev_and_free & 1u; }

/* Where a free block of `size` is kept: exact below 256, then 16 steps for each power of two. */
static void place_of(uint32_t size, uint32_t *row, uint32_t *column) {
  if (size < 256) {
    *row = 0;
    *column = size / X07_GRANULE;
  } else {
    uint32_t log = log2_of(size);
    *row = log - 7;
    *column = size >> (log - 4) & 15u;
  }
}

static void index_insert(x07_block *b, uint32_t size) {
  x07_heap *h = &x07_arena;
  uint32_t row, column;
  place_of(size, &row, &column);
  uint32_t head = h->index[row][column];
  b->next = head;
  b->prev = 0;
  if (head) x07_block_at(head)->prev = offset_of(b);
  h->index[row][column] = offset_of(b);
  h->columns[row] |= 1u << column;
  h->rows |= 1u << row;
}

static void index_remove(x07_block *b) {
  x07_heap *h = &x07_arena;
  if (b->next) x07_block_at(b->next)->prev = b->prev;
  if (b->prev) {
    x07_block_at(b->prev)->next = b->next;
    return;
  }
  uint32_t row, column;
  place_of(x07_block_size(b), &row, &column);
  h->index[row][column] = b->next;
  if (b->next) return;
  h->columns[row] &= ~(1u << column);
  if (!h->columns[row]) h->rows &= ~(1u << row);
}

/* A free block of at least `size`, from the first list all of whose blocks are big enough; null if none has one. */
static x07_block *index_find(uint32_t size) {
  x07_heap *h = &x07_arena;
  if (!h->rows) return NULL;
  uint64_t rounded = size;
  if (size >= 256) rounded += (1u << (log2_of(size) - 4)) - 1;
  if (rounded > UINT32_MAX) return NULL;
  uint32_t row, column;
  place_of((uint32_t)rounded, &row, &column);
  uint32_t columns = h->columns[row] & ~0u << column;
  if (!columns) {
    uint32_t rows = row + 1 < X07_ROWS ? h->rows & ~0u << (row + 1) : 0;
    if (!rows) return NULL;
    row = lowest_bit(rows);
    columns = h->columns[row];
  }
  return x07_block_at(h->index[row][lowest_bit(columns)]);
}

/* The list of `size` itself may hold a block that fits though not all of it does. */
static x07_block *index_find_tight(uint32_t size) {
  uint32_t row, column;
  place_of(size, &row, &column);
  for (uint32_t at = x07_arena.index[row][column]; at; at = x07_block_at(at)->next)
    if (x07_block_size(x07_block_at(at)) >= size) return x07_block_at(at);
  return NULL;
}

static void set_prev_size(uint32_t offset, uint32_t size) {
  if (offset == x07_arena.top) {
    x07_arena.top_prev = size;
  } else {
    x07_block *b = x07_block_at(offset);
    b->prev_and_free = size | is_free(b);
  }
}

/* Gives a used block back: merged with its free neighbours, or with the rest of the arena. */
static void release(x07_block *b) {
  x07_heap *h = &x07_arena;
  uint32_t size = x07_block_size(b);
  uint32_t before = prev_size(b);
  uint32_t after = offset_of(b) + size;
  if (after != h->top && is_free(x07_block_at(after))) {
    x07_block *next = x07_block_at(after);
    index_remove(next);
    size += x07_block_size(next);
  }
  if (before) {
    x07_block *prev = x07_block_at(offset_of(b) - before);
    if (is_free(prev)) {
      index_remove(prev);
      size += before;
      before = prev_size(prev);
      b = prev;
    }
  }
  if (offset_of(b) + size == h->top) {
    h->top = offset_of(b);
    h->top_prev = before;
    return;
  }
  b->size_and_slack = size;
  b->prev_and_free = before | 1u;
  set_prev_size(offset_of(b) + size, size);
  index_insert(b, size);
}

/* Marks the first `size` bytes of a block of `whole` bytes as used and gives the rest back. */
static void claim(x07_block *b, uint32_t whole, uint32_t size, uint32_t slack) {
  b->size_and_slack = size | slack;
  b->prev_and_free = prev_size(b);
  if (whole == size) return;
  x07_block *rest = x07_block_at(offset_of(b) + size);
  rest->size_and_slack = whole - size;
  rest->prev_and_free = size | 1u;
  set_prev_size(offset_of(rest) + (whole - size), whole - size);
  index_insert(rest, whole - size);
}

static X07_NOINLINE void ask_for_huge_pages(void) {
  x07_heap *h = &x07_arena;
  h->huge_pages_from = 0;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  madvise(h->base, (size_t)h->end & ~(size_t)4095, MADV_HUGEPAGE);
#endif
}

static void raise_top(uint32_t top) {
  x07_heap *h = &x07_arena;
  h->top = top;
  if (top > h->dirty) h->dirty = top;
  if (X07_UNLIKELY(h->huge_pages_from && top >= h->huge_pages_from)) ask_for_huge_pages();
}

void x07_heap_expect(uint64_t n) {
  if (x07_arena.huge_pages_from && n >= x07_arena.huge_pages_from) ask_for_huge_pages();
}

static x07_block *take_above_top(uint32_t size, uint32_t slack) {
  x07_heap *h = &x07_arena;
  if (h->end - h->top < size) return NULL;
  x07_block *b = x07_block_at(h->top);
  b->size_and_slack = size | slack;
  b->prev_and_free = h->top_prev;
  raise_top(h->top + size);
  h->top_prev = size;
  return b;
}

static void flush_small(void) {
  for (uint32_t i = 0; i <= X07_SMALL_MAX / X07_GRANULE; i++) {
    uint32_t at = x07_arena.small[i];
    x07_arena.small[i] = 0;
    while (at) {
      x07_block *b = x07_block_at(at);
      at = b->next;
      release(b);
    }
  }
}

static uint8_t *custom_take(uint64_t n) {
  x07_heap *h = &x07_arena;
  if (n > UINT32_MAX - X07_CUSTOM_HEADER) x07_trap_memory(n);
  uint8_t *block = h->custom.alloc(h->custom.ctx, (uint32_t)n + X07_CUSTOM_HEADER, 16);
  if (!block) x07_trap_memory(n);
  uint32_t words[4] = {(uint32_t)n, 0, 0, 0};
  memcpy(block, words, sizeof words);
  return block + X07_CUSTOM_HEADER;
}

static uint32_t custom_size(const uint8_t *payload) {
  uint32_t n;
  memcpy(&n, payload - X07_CUSTOM_HEADER, sizeof n);
  return n;
}

/* Room for `n` bytes, or null when even the emptied small lists do not make it. */
static uint8_t *try_take(uint64_t n) {
  x07_heap *h = &x07_arena;
  if (X07_UNLIKELY(h->custom.alloc != NULL)) return custom_take(n);
  uint64_t wide = (n + X07_HEADER + X07_GRANULE - 1) & ~(uint64_t)(X07_GRANULE - 1);
  if (wide > h->end - X07_FIRST_BLOCK) return NULL;
  uint32_t size = (uint32_t)wide, slack = (uint32_t)(wide - X07_HEADER - n);
  for (int last = 0; last < 2; last++) {
    x07_block *b = index_find(size);
    if (!b) {
      b = take_above_top(size, slack);
      if (b) return (uint8_t *)b + X07_HEADER;
      b = index_find_tight(size);
    }
    if (b) {
      index_remove(b);
      claim(b, x07_block_size(b), size, slack);
      return (uint8_t *)b + X07_HEADER;
    }
    flush_small();
  }
  return NULL;
}

uint8_t *x07_heap_take_slow(uint64_t n) {
  uint8_t *p = try_take(n);
  if (!p) x07_trap_memory(n);
  return p;
}

void x07_heap_put_slow(uint8_t *payload) {
  x07_heap *h = &x07_arena;
  if (X07_UNLIKELY(h->custom.alloc != NULL))
    h->custom.free(h->custom.ctx, payload - X07_CUSTOM_HEADER, custom_size(payload) + X07_CUSTOM_HEADER, 16);
  else
    release(x07_block_of(payload));
}

/* The size that was asked for. */
static uint32_t asked_for(uint8_t *payload) {
  if (X07_UNLIKELY(x07_arena.custom.alloc != NULL)) return custom_size(payload);
  const x07_block *b = x07_block_of(payload);
  return x07_block_size(b) - X07_HEADER - (b->size_and_slack & (X07_GRANULE - 1));
}

void x07_free(uint8_t *payload) {
  x07_count_died(asked_for(payload));
#ifdef X07_DEBUG_BORROW
  x07_debug_died(payload);
#endif
  x07_heap_put(payload);
}

uint8_t *x07_alloc_zeroed(uint32_t n) {
  uint32_t dirty = x07_arena.dirty;
  uint8_t *p = x07_alloc(n);
  if (X07_UNLIKELY(x07_arena.custom.alloc != NULL)) return p;
  uint32_t offset = (uint32_t)(p - x07_arena.base);
  if (offset < dirty) memset(p, 0, dirty - offset < n ? dirty - offset : n);
  return p;
}

uint8_t *x07_alloc_array(uint64_t count, uint64_t size) {
  if (count > UINT32_MAX / size) x07_trap_memory(count * size);
  return x07_alloc((uint32_t)(count * size));
}

/* Makes a block bigger where it lies, if what follows is free. */
static uint32_t extend_in_place(uint8_t *payload, uint32_t n) {
  x07_heap *h = &x07_arena;
  if (X07_UNLIKELY(h->custom.alloc != NULL)) return 0;
  x07_block *b = x07_block_of(payload);
  uint64_t wide = ((uint64_t)n + X07_HEADER + X07_GRANULE - 1) & ~(uint64_t)(X07_GRANULE - 1);
  uint32_t old = x07_block_size(b), offset = offset_of(b);
  if (wide > h->end - offset) return 0;
  uint32_t size = (uint32_t)wide, slack = (uint32_t)(wide - X07_HEADER - n);
  if (size <= old) {
    /* The slack of at most 15 bytes was enough. */
    b->size_and_slack = old | (old - X07_HEADER - n);
    return 1;
  }
  if (offset + old == h->top) {
    raise_top(offset + size);
    h->top_prev = size;
    b->size_and_slack = size | slack;
    return 1;
  }
  x07_block *next = x07_block_at(offset + old);
  if (!is_free(next)) return 0;
  uint32_t whole = old + x07_block_size(next);
  if (whole < size) return 0;
  index_remove(next);
  set_prev_size(offset + whole, whole);
  claim(b, whole, size, slack);
  return 1;
}

uint8_t *x07_grow(uint8_t *old, uint32_t n, uint32_t kept) {
  uint32_t was = asked_for(old);
  uint8_t *p = old;
  if (!extend_in_place(old, n)) {
    p = try_take(n);
    if (p) {
      memcpy(p, old, kept);
    } else {
      /* The small lists are empty now, so what follows may have become free. */
      p = old;
      if (!extend_in_place(old, n)) x07_trap_memory(n);
    }
  }
  x07_arena.realloc_calls += 1;
  x07_count_born(n);
  x07_count_died(was);
#ifdef X07_DEBUG_BORROW
  x07_debug_died(old);
  x07_debug_born(p);
#endif
  if (p != old) x07_heap_put(old);
  x07_ctx.memcpy_bytes += kept;
  return p;
}

void *x07_grow_array(void *old, uint32_t old_count, uint64_t count, uint32_t size) {
  if (!old_count) return x07_alloc_array(count, size);
  if (count > UINT32_MAX / size) x07_trap_memory(count * size);
  return x07_grow(old, (uint32_t)count * size, old_count * size);
}

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma weak x07_custom_allocator
#define X07_HAS_CUSTOM_ALLOCATOR (x07_custom_allocator != NULL)
#else
#define X07_HAS_CUSTOM_ALLOCATOR 0
#endif

void x07_heap_init(void *memory, uint64_t size, uint32_t zeroed) {
  x07_heap *h = &x07_arena;
  *h = (x07_heap){0};
  uint64_t misaligned = (uint64_t)(uintptr_t)memory & (X07_GRANULE - 1);
  uint64_t lost = misaligned ? X07_GRANULE - misaligned : 0;
  /* Mapped arenas have 16 spare bytes; a caller's arena has not, and its first 8 bytes stay unused. */
  uint64_t usable = zeroed ? size : size < lost + X07_FIRST_BLOCK ? 0 : size - lost - X07_FIRST_BLOCK;
  if (usable > UINT32_MAX - X07_GRANULE) usable = UINT32_MAX - X07_GRANULE;
  usable &= ~(uint64_t)(X07_GRANULE - 1);
  if (size < 32) x07_trap("heap too small", NULL);
  h->base = (uint8_t *)memory + lost;
  h->top = X07_FIRST_BLOCK;
  h->end = X07_FIRST_BLOCK + (uint32_t)usable;
  h->dirty = zeroed ? X07_FIRST_BLOCK : h->end;
  h->huge_pages_from = zeroed ? X07_HUGE_PAGES_FROM : 0;
  if (X07_HAS_CUSTOM_ALLOCATOR) {
    ev_allocator_v1_t custom = x07_custom_allocator();
    int hooks = !!custom.alloc + !!custom.realloc + !!custom.free;
    if (hooks != 0 && hooks != 3) x07_trap("custom allocator needs all of alloc, realloc and free, or none", NULL);
    if (hooks == 3) h->custom = custom;
  }
}

ev_bytes_v2_t ev_bytes_alloc(uint32_t len) { return x07_bytes_alloc(len); }
