/* What the files of the runtime share; units never see it. */
#ifndef X07_RUNTIME_H
#define X07_RUNTIME_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define X07_WITH_ALL
#include "x07.h"
#include "x07_embed.h"

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility push(hidden)
#endif

/* A size-class heap over one arena.

   A block is a header of 8 bytes and its payload, in multiples of 16. Freed small blocks wait in a LIFO list of their
   exact size and still count as used to their neighbours; bigger ones merge at once and go to a two-level segregated
   index. A request is served from its exact list, else from the index, else from the untouched memory above `top`.
   Before giving up, the small lists are emptied into the index.

   Offsets count from `base`, a multiple of 16; the first block is at 8, so that payloads are aligned and 0 is null. */
#define X07_GRANULE 16u
#define X07_HEADER 8u
#define X07_SMALL_MAX 1024u
#define X07_FIRST_BLOCK 8u
#define X07_ROWS 25
#define X07_COLUMNS 16

typedef struct x07_heap {
  uint8_t *base;
  uint32_t top;      /* end of the blocks, start of the untouched rest */
  uint32_t top_prev; /* size of the block that ends at `top`, 0 if none */
  uint32_t end;
  uint32_t dirty; /* everything from here up is still zero */
  uint32_t huge_pages_from; /* when `top` passes this, the system is asked for big pages; 0 = done */

  /* Statistics. What is live is the peak minus the headroom, so that a free is two additions. */
  int64_t headroom_bytes;
  int64_t headroom_blocks;
  uint64_t peak_bytes;
  uint64_t peak_blocks;
  uint64_t alloc_calls;
  uint64_t realloc_calls;
  uint64_t bytes_alloc_total;

  uint32_t small[X07_SMALL_MAX / X07_GRANULE + 1];
  uint32_t rows; /* which rows of `index` have a block */
  uint32_t columns[X07_ROWS];
  uint32_t index[X07_ROWS][X07_COLUMNS];

  ev_allocator_v1_t custom; /* replaces all of the above when its hooks are set */
#ifdef X07_DEBUG_BORROW
  uint64_t *debug_ids; /* by granule: the id of the live allocation that starts there */
  uint64_t debug_next_id;
#endif
} x07_heap;

extern X07_TLS x07_heap x07_arena;

/* Private state of a run that is not the heap's. */
typedef struct x07_run {
  uint64_t fuel_at_start;
  uint64_t input_len;
  uint32_t trap_status; /* exit status of a trap; 0 = die by a signal */
  uint32_t cleanups;
  void (*cleanup[16])(void);
  uint64_t borrow_violations;
  /* The scheduler's statistics. */
  uint64_t tasks_spawned, spawn_calls, join_calls, yield_calls, sleep_calls, chan_send_calls, chan_recv_calls;
  uint64_t ctx_switches, wake_events, blocked_waits, now, trace_hash;
} x07_run;

extern X07_TLS x07_run x07_state;

/* What the last failed assertion compared. Of bytes, a window around the first difference is kept. */
#define X07_WINDOW_BYTES 256u
#define X07_ASSERTION_NONE 0u
#define X07_ASSERTION_I32 1u
#define X07_ASSERTION_BYTES 2u

typedef struct x07_assertion_side {
  uint32_t value; /* the number, or the length of the bytes */
  uint32_t kept;
  uint8_t window[X07_WINDOW_BYTES];
} x07_assertion_side;

typedef struct x07_assertion {
  uint32_t kind;
  uint32_t code;
  uint32_t difference; /* the first index at which the bytes differ, or the end of the shorter ones */
  uint32_t from;       /* where the windows begin */
  x07_assertion_side got, expected;
} x07_assertion;

extern X07_TLS x07_assertion x07_failed_assertion;

/* Where traps and metrics go: standard error, unless somebody else listens elsewhere. */
extern int x07_report_fd;
/* Set while standard error is in the middle of a line that a report must not join. Shared by threads: so is standard
   error. */
extern uint8_t x07_stderr_mid_line;

typedef struct x07_block {
  uint32_t size_and_slack; /* size is a multiple of 16; slack = payload bytes that were not asked for */
  uint32_t prev_and_free;  /* size of the block before, bit 0: this block is in the index */
  uint32_t next;           /* links of a free block, in its payload */
  uint32_t prev;
} x07_block;

/* Prepares the heap of this thread over `size` bytes at `memory`; `zeroed`: nothing was written there yet. */
void x07_heap_init(void *memory, uint64_t size, uint32_t zeroed);
/* Room for `n` > 0 bytes, uncounted. Traps when there is none. */
uint8_t *x07_heap_take_slow(uint64_t n);
void x07_heap_put_slow(uint8_t *payload);
void x07_debug_born(uint8_t *payload);
void x07_debug_died(uint8_t *payload);
void x07_debug_forget(void);
/* The next `n` bytes will be used soon. */
void x07_heap_expect(uint64_t n);

/* Starts a run of this thread: counters, fuel, exit code. The heap must be ready. */
void x07_run_start(uint64_t fuel);
/* Calls `release` once at the end of the run. */
void x07_at_end(void (*release)(void));
/* Frees all tables, readers, scratch buffers and tasks. */
void x07_run_end(void);
/* The metrics line on standard error. */
void x07_write_metrics(void);
/* All of it, whatever the kernel does in between; 0 on failure. */
int x07_write_all(int fd, const void *data, size_t n);
/* Traps that a single number explains: a handle, a capacity, a type id. */
X07_NORETURN X07_COLD void x07_trap_value(const char *message, const char *name, uint32_t value, const char *at);
X07_NORETURN X07_COLD void x07_trap_budget(const char *message, uint64_t used, uint32_t cap, const char *label);
/* A system call failed for a file of this name. */
X07_NORETURN X07_COLD void x07_trap_system(const char *message, x07_view path, int error, const char *at);
/* Called before a trap ends the process. */
extern void (*x07_on_death)(void);
/* Runs the first task that is ready; 0 when there is none. */
uint32_t x07_task_run_one(void);
/* Ends a trap after its line was written. */
X07_NORETURN X07_COLD void x07_die(void);

#define X07_TRACE_START 1469598103934665603ull

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility pop
#endif

static inline x07_block *x07_block_at(uint32_t offset) { return (x07_block *)(void *)(x07_arena.base + offset); }
static inline x07_block *x07_block_of(uint8_t *payload) { return (x07_block *)(void *)(payload - X07_HEADER); }
static inline uint32_t x07_block_size(const x07_block *b) { return b->size_and_slack & ~(X07_GRANULE - 1); }

static inline uint8_t *x07_heap_take(uint32_t n) {
  uint64_t size = ((uint64_t)n + X07_HEADER + X07_GRANULE - 1) & ~(uint64_t)(X07_GRANULE - 1);
  if (X07_LIKELY(size <= X07_SMALL_MAX)) {
    uint32_t *list = &x07_arena.small[size / X07_GRANULE];
    uint32_t offset = *list;
    if (X07_LIKELY(offset)) {
      x07_block *b = x07_block_at(offset);
      *list = b->next;
      b->size_and_slack = (uint32_t)size | (uint32_t)(size - X07_HEADER - n);
      return (uint8_t *)b + X07_HEADER;
    }
  }
  return x07_heap_take_slow(n);
}

static inline void x07_heap_put(uint8_t *payload) {
  x07_block *b = x07_block_of(payload);
  uint32_t size = x07_block_size(b);
  if (X07_LIKELY(size - X07_GRANULE <= X07_SMALL_MAX - X07_GRANULE)) {
    uint32_t *list = &x07_arena.small[size / X07_GRANULE];
    b->next = *list;
    *list = (uint32_t)((uint8_t *)b - x07_arena.base);
    return;
  }
  x07_heap_put_slow(payload);
}

static inline void x07_count_born(uint32_t n) {
  x07_heap *h = &x07_arena;
  h->bytes_alloc_total += n;
  h->headroom_bytes -= n;
  if (h->headroom_bytes < 0) {
    h->peak_bytes += (uint64_t)-h->headroom_bytes;
    h->headroom_bytes = 0;
  }
  h->headroom_blocks -= 1;
  if (h->headroom_blocks < 0) {
    h->peak_blocks += 1;
    h->headroom_blocks = 0;
  }
}

static inline void x07_count_died(uint32_t n) {
  x07_arena.headroom_bytes += n;
  x07_arena.headroom_blocks += 1;
}

/* A counted allocation of `n` > 0 bytes, not cleared. */
static inline uint8_t *x07_alloc(uint32_t n) {
  uint8_t *p = x07_heap_take(n);
  x07_arena.alloc_calls += 1;
  x07_count_born(n);
#ifdef X07_DEBUG_BORROW
  x07_debug_born(p);
#endif
  return p;
}

/* The same, cleared; memory that was never used is not touched. */
uint8_t *x07_alloc_zeroed(uint32_t n);
/* `count` * `size` bytes; traps when that is more than any heap has. */
uint8_t *x07_alloc_array(uint64_t count, uint64_t size);
/* A counted growth to `n` bytes with the first `kept` bytes as before; in place where the heap allows it. */
uint8_t *x07_grow(uint8_t *old, uint32_t n, uint32_t kept);
/* The same for an array of `count` elements of `size` bytes. `old_count` 0 means that there was none. */
void *x07_grow_array(void *old, uint32_t old_count, uint64_t count, uint32_t size);

/* An owned buffer of `n` bytes with undefined contents. */
static inline x07_bytes x07_bytes_raw(uint32_t n) {
  return n ? (x07_bytes){.ptr = x07_alloc(n), .len = n} : x07_bytes_none();
}

#endif
