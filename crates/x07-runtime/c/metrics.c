/* The metrics line that a framed program ends with. */
#include "runtime.h"

#include <unistd.h>

typedef struct text {
  char bytes[4096];
  uint32_t len;
} text;

static void put(text *t, const char *s) {
  size_t n = strlen(s);
  memcpy(t->bytes + t->len, s, n);
  t->len += (uint32_t)n;
}

static void put_key(text *t, const char *key) {
  char last = t->bytes[t->len - 1];
  put(t, last == '{' ? "\"" : ",\"");
  put(t, key);
  put(t, "\":");
}

static void put_digits(text *t, uint64_t x) {
  char digits[20];
  uint32_t at = sizeof digits;
  do digits[--at] = (char)('0' + x % 10);
  while (x /= 10);
  memcpy(t->bytes + t->len, digits + at, sizeof digits - at);
  t->len += (uint32_t)sizeof digits - at;
}

static void put_count(text *t, const char *key, uint64_t x) {
  put_key(t, key);
  put_digits(t, x);
}

static void put_hash(text *t, const char *key, uint64_t x) {
  put_key(t, key);
  put(t, "\"0x");
  for (int shift = 60; shift >= 0; shift -= 4) t->bytes[t->len++] = "0123456789abcdef"[x >> shift & 15];
  put(t, "\"");
}

static void put_signed(text *t, const char *key, uint32_t x) {
  put_key(t, key);
  if (x >> 31) put(t, "-");
  put_digits(t, x >> 31 ? 0 - x : x);
}

static void put_window(text *t, const char *key, const x07_assertion_side *side) {
  put_key(t, key);
  put(t, "\"");
  for (uint32_t i = 0; i < side->kept; i++) {
    t->bytes[t->len++] = "0123456789abcdef"[side->window[i] >> 4];
    t->bytes[t->len++] = "0123456789abcdef"[side->window[i] & 15];
  }
  put(t, "\"");
}

static void put_assertion(text *t, const x07_assertion *a) {
  put_key(t, "assertion");
  put(t, "{");
  put_signed(t, "code", a->code);
  if (a->kind == X07_ASSERTION_I32) {
    put_signed(t, "got", a->got.value);
    put_signed(t, "expected", a->expected.value);
  } else {
    put_count(t, "got_len", a->got.value);
    put_count(t, "expected_len", a->expected.value);
    put_count(t, "difference", a->difference);
    put_count(t, "from", a->from);
    put_window(t, "got_hex", &a->got);
    put_window(t, "expected_hex", &a->expected);
  }
  put(t, "}");
}

void x07_write_metrics(void) {
  const x07_heap *h = &x07_arena;
  const x07_run *s = &x07_state;
  uint64_t live_bytes = h->peak_bytes - (uint64_t)h->headroom_bytes;
  uint64_t live_blocks = h->peak_blocks - (uint64_t)h->headroom_blocks;
  uint64_t heap_used = s->input_len + h->peak_bytes;
  static const char *const world_counts[] = {
      "fs_read_file_calls", "fs_list_dir_calls", "rr_open_calls",   "rr_close_calls", "rr_stats_calls",
      "rr_next_calls",      "rr_next_miss_calls", "rr_append_calls", "kv_get_calls",   "kv_set_calls"};

  text t;
  t.len = 0;
  put(&t, x07_stderr_mid_line ? "\n{" : "{");
  put_count(&t, "fuel_used", s->fuel_at_start - (uint64_t)x07_ctx.fuel);
  put_count(&t, "heap_used", heap_used > UINT32_MAX ? UINT32_MAX : heap_used);
  for (size_t i = 0; i < sizeof world_counts / sizeof world_counts[0]; i++) put_count(&t, world_counts[i], 0);

  put_key(&t, "sched_stats");
  put(&t, "{");
  put_count(&t, "tasks_spawned", s->tasks_spawned);
  put_count(&t, "spawn_calls", s->spawn_calls);
  put_count(&t, "join_calls", s->join_calls);
  put_count(&t, "yield_calls", s->yield_calls);
  put_count(&t, "sleep_calls", s->sleep_calls);
  put_count(&t, "chan_send_calls", s->chan_send_calls);
  put_count(&t, "chan_recv_calls", s->chan_recv_calls);
  put_count(&t, "ctx_switches", s->ctx_switches);
  put_count(&t, "wake_events", s->wake_events);
  put_count(&t, "blocked_waits", s->blocked_waits);
  put_count(&t, "virtual_time_end", s->now);
  put_hash(&t, "sched_trace_hash", s->trace_hash);
  put(&t, "}");

  put_key(&t, "mem_stats");
  put(&t, "{");
  put_count(&t, "alloc_calls", h->alloc_calls);
  put_count(&t, "realloc_calls", h->realloc_calls);
  put_count(&t, "free_calls", h->alloc_calls + h->realloc_calls - live_blocks);
  put_count(&t, "bytes_alloc_total", h->bytes_alloc_total);
  put_count(&t, "bytes_freed_total", h->bytes_alloc_total - live_bytes);
  put_count(&t, "live_bytes", live_bytes);
  put_count(&t, "peak_live_bytes", h->peak_bytes);
  put_count(&t, "live_allocs", live_blocks);
  put_count(&t, "peak_live_allocs", h->peak_blocks);
  put_count(&t, "memcpy_bytes", x07_ctx.memcpy_bytes);
  put(&t, "}");
#ifdef X07_DEBUG_BORROW
  put_key(&t, "debug_stats");
  put(&t, "{");
  put_count(&t, "borrow_violations", s->borrow_violations);
  put(&t, "}");
#endif
  if (x07_failed_assertion.kind) put_assertion(&t, &x07_failed_assertion);
  put(&t, "}\n");
  x07_write_all(x07_report_fd, t.bytes, t.len);
}
