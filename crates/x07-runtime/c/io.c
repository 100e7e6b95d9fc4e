/* Readers and buffered readers. */
#include "runtime.h"

#define X07_VTABLE_BUILT_IN 1u
#define X07_VTABLE_FIRST 2u
#define X07_VTABLE_LAST 64u

/* Data in memory, read from the front. */
typedef struct reader {
  uint8_t *data;
  uint32_t owned; /* `data` is an allocation */
  uint32_t len;
  uint32_t at;
} reader;

typedef struct buffer {
  x07_iface source;
  uint8_t *data;
  uint32_t cap;
  uint32_t start;
  uint32_t end;
} buffer;

typedef struct vtable {
  x07_io_read_v1 read;
  x07_io_drop_v1 drop;
} vtable;

static X07_TLS reader *readers;
static X07_TLS uint32_t reader_count, reader_room;
static X07_TLS buffer *buffers;
static X07_TLS uint32_t buffer_count, buffer_room;

/* Registration happens before or during a run and is for the process. */
static vtable vtables[X07_VTABLE_LAST + 1];

uint32_t x07_rt_register_io_reader_vtable_v1(x07_io_read_v1 read, x07_io_drop_v1 drop) {
  if (!read) return 0;
  for (uint32_t id = X07_VTABLE_FIRST; id <= X07_VTABLE_LAST; id++) {
    vtable *v = &vtables[id];
    if (!v->read) *v = (vtable){read, drop};
    if (v->read == read && v->drop == drop) return id;
  }
  return 0;
}

static void release_readers(void) {
  for (uint32_t i = 0; i < reader_count; i++)
    if (readers[i].owned) x07_free(readers[i].data);
  if (reader_room) x07_free((uint8_t *)readers);
  reader_count = reader_room = 0;
}

static void release_buffers(void) {
  for (uint32_t i = 0; i < buffer_count; i++) x07_free(buffers[i].data);
  if (buffer_room) x07_free((uint8_t *)buffers);
  buffer_count = buffer_room = 0;
}

static x07_iface open_reader(uint8_t *data, uint32_t len, uint32_t owned) {
  if (reader_count == reader_room) {
    if (!reader_room) x07_at_end(release_readers);
    uint32_t wider = reader_room ? 2 * reader_room : 8;
    readers = x07_grow_array(readers, reader_room, wider, sizeof *readers);
    reader_room = wider;
  }
  readers[reader_count] = (reader){.data = data, .owned = owned, .len = len, .at = 0};
  return (x07_iface){.data = ++reader_count, .vtable = X07_VTABLE_BUILT_IN};
}

x07_iface x07_io_open_read_bytes(x07_bytes data) { return open_reader(data.ptr, data.len, data.len != 0); }
x07_iface x07_io_open_read_bytes_view(x07_view data) { return x07_io_open_read_bytes(x07_view_to_bytes(data)); }
x07_iface x07_io_open_read_bytes_vec(x07_vec data) { return open_reader(data.data, data.len, data.cap != 0); }

static reader *reader_of(uint32_t id, const char *at) {
  if (id - 1 >= reader_count) x07_trap_value("io.reader invalid handle", "handle", id, at);
  return &readers[id - 1];
}

static uint32_t read_foreign(x07_iface source, uint8_t *to, uint32_t max, const char *at) {
  const vtable *v = &vtables[source.vtable];
  if (!v->read) x07_trap_value("ext io reader unregistered vtable", "vtable", source.vtable, at);
  uint32_t n = v->read(source.data, to, max);
  if (n > max) x07_trap_index("ext io reader returned more than it was asked for", n, max, at);
  return n;
}

static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }

x07_bytes x07_io_read(x07_iface source, uint32_t max, const char *at) {
  if (source.vtable - 1 >= X07_VTABLE_LAST) x07_trap_value("io.read bad iface vtable", "vtable", source.vtable, at);
  if (source.vtable != X07_VTABLE_BUILT_IN) {
    if (!max) return x07_bytes_none();
    x07_bytes b = x07_bytes_raw(max);
    uint32_t n = read_foreign(source, b.ptr, max, at);
    if (n) return (x07_bytes){.ptr = b.ptr, .len = n};
    x07_bytes_drop(b);
    return x07_bytes_none();
  }
  reader *r = reader_of(source.data, at);
  uint32_t n = min(max, r->len - r->at);
  x07_bytes b = x07_bytes_raw(n);
  memcpy(b.ptr, r->data + r->at, n);
  x07_ctx.memcpy_bytes += n;
  r->at += n;
  return b;
}

uint32_t x07_bufread_new(x07_iface source, uint32_t cap, const char *at) {
  if (!cap) x07_trap("bufread cap=0", at);
  if (source.vtable - 1 >= X07_VTABLE_LAST)
    x07_trap_value("bufread.new bad iface vtable", "vtable", source.vtable, at);
  if (source.vtable == X07_VTABLE_BUILT_IN) reader_of(source.data, at);
  if (buffer_count == buffer_room) {
    if (!buffer_room) x07_at_end(release_buffers);
    uint32_t wider = buffer_room ? 2 * buffer_room : 8;
    buffers = x07_grow_array(buffers, buffer_room, wider, sizeof *buffers);
    buffer_room = wider;
  }
  buffers[buffer_count] = (buffer){.source = source, .data = x07_alloc(cap), .cap = cap, .start = 0, .end = 0};
  return ++buffer_count;
}

static buffer *buffer_of(uint32_t h, const char *at) {
  if (h - 1 >= buffer_count) x07_trap_value("bufread invalid handle", "handle", h, at);
  return &buffers[h - 1];
}

x07_view x07_bufread_fill(uint32_t h, const char *at) {
  buffer *b = buffer_of(h, at);
  if (b->start == b->end) {
    b->start = b->end = 0;
    if (b->source.vtable == X07_VTABLE_BUILT_IN) {
      reader *r = reader_of(b->source.data, at);
      b->end = min(b->cap, r->len - r->at);
      memcpy(b->data, r->data + r->at, b->end);
      x07_ctx.memcpy_bytes += b->end;
      r->at += b->end;
    } else {
      b->end = read_foreign(b->source, b->data, b->cap, at);
    }
  }
  return x07_view_window(x07_view_of(b->data, b->cap), b->start, b->end - b->start);
}

uint32_t x07_bufread_consume(uint32_t h, uint32_t n, const char *at) {
  buffer *b = buffer_of(h, at);
  if (n > b->end - b->start) x07_trap_index("bufread.consume oob", n, b->end - b->start, at);
  b->start += n;
  return 0;
}
