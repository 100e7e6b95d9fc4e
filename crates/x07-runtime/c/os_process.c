/* os.process: programs by handle. Their pipes are served whenever a head of theirs is called or something waits, so
   that a full pipe stops nobody. */
#include "os_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_SLOTS 0xffffu

static X07_TLS x07_child *children;
static X07_TLS uint32_t count, room, spawned;
static pid_t owner;

/* A fork that is no other program yet shares the table, and a signal may reach it. */
static void kill_all(void) {
  if (getpid() != owner) return;
  for (uint32_t i = 0; i < count; i++)
    if (children[i].used && !children[i].done && !children[i].reaped) x07_child_signal(&children[i], SIGKILL);
}

static void release(void) {
  for (uint32_t i = 0; i < count; i++) {
    x07_child *c = &children[i];
    if (!c->used) continue;
    if (!c->done) x07_child_fail(c, X07_PROCESS_SPAWN);
    x07_stream_drop(&c->out);
    x07_stream_drop(&c->err);
  }
  if (room) x07_free((uint8_t *)children);
  count = room = 0;
}

static void serve_all(void) {
  for (uint32_t i = 0; i < count; i++) x07_child_serve(&children[i]);
}

static x07_child *free_slot(const char *at) {
  for (uint32_t i = 0; i < count; i++)
    if (!children[i].used) return &children[i];
  if (count == MAX_SLOTS) x07_trap("os.process too many handles", at);
  if (count == room) {
    if (!room) {
      x07_at_end(release);
      owner = getpid();
      x07_on_death = kill_all;
      atexit(kill_all);
    }
    uint32_t wider = room ? 2 * room : 4;
    children = x07_grow_array(children, room, wider, sizeof *children);
    room = wider;
  }
  children[count] = (x07_child){.generation = 1};
  return &children[count++];
}

static uint32_t handle_of(const x07_child *c) { return c->generation << 16 | ((uint32_t)(c - children) + 1); }

static uint32_t live(void) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < count; i++) n += children[i].used && !children[i].done;
  return n;
}

static int open_end(pid_t pid) {
#if defined(__linux__) && defined(SYS_pidfd_open)
  return (int)syscall(SYS_pidfd_open, pid, 0);
#else
  (void)pid;
  return -1;
#endif
}

/* Starts what the request asks for, by the rules of the policy in their order; a code if that is not to be. */
static uint32_t start(x07_child *c, x07_bytes req, x07_bytes caps, const char *at) {
  const x07_policy *policy = x07_os_policy();
  if (policy->sandboxed && !(policy->process && policy->allow_spawn)) return X07_PROCESS_DENIED;
  spawned++;
  if (policy->sandboxed && live() >= policy->max_live) return X07_PROCESS_DENIED;
  uint32_t code = x07_process_read_caps(caps, &c->caps);
  if (!code) code = x07_process_check_caps(&c->caps);
  if (code) return code;
  x07_request request;
  x07_started started;
  code = x07_process_read_request(req, &request, at);
  if (code) return code;
  code = x07_process_check_request(&request);
  if (!code) code = x07_process_start(&request, &started);
  if (!code) {
    c->pid = started.pid;
    c->in.fd = started.in;
    c->out.fd = started.out;
    c->err.fd = started.err;
    c->end_fd = open_end(c->pid);
    c->started = x07_monotonic_ms();
    c->in.data = x07_vec_append(c->in.data, request.stdin_data, request.stdin_len);
    c->reaped = 0;
    c->done = 0;
    x07_child_serve(c);
  }
  x07_process_free_request(&request);
  return code;
}

static uint32_t spawn(uint8_t piped, x07_bytes req, x07_bytes caps, const char *at) {
  const x07_policy *policy = x07_os_policy();
  if (policy->sandboxed && spawned >= policy->max_spawns) {
    x07_bytes_drop(req);
    x07_bytes_drop(caps);
    return X07_PROCESS_DENIED << 16;
  }
  serve_all();
  x07_child *c = free_slot(at);
  /* Until it has started, it counts as a program that has ended. */
  *c = (x07_child){.generation = c->generation, .piped = piped, .reaped = 1, .done = 1, .end_fd = -1, .closing = !piped};
  c->in = c->out = c->err = (x07_stream){.fd = -1, .data = x07_vec_none()};
  c->code = start(c, req, caps, at);
  c->used = 1;
  if (!c->code) x07_child_serve(c);
  x07_bytes_drop(req);
  x07_bytes_drop(caps);
  return handle_of(c);
}

uint32_t x07_os_process_spawn_capture_v1(x07_bytes req, x07_bytes caps, const char *at) {
  return spawn(0, req, caps, at);
}

uint32_t x07_os_process_spawn_piped_v1(x07_bytes req, x07_bytes caps, const char *at) {
  return spawn(1, req, caps, at);
}

/* A value that is no handle but the code of a failure. */
static uint32_t sentinel(uint32_t h) { return h & 0xffff ? 0 : h >> 16; }

static x07_child *child_of(uint32_t h, const char *at) {
  uint32_t index = (h & 0xffff) - 1;
  if (index >= count || !children[index].used || children[index].generation != h >> 16)
    x07_trap_value("os.process invalid handle", "handle", h, at);
  return &children[index];
}

static x07_child *child_in_mode(uint32_t h, uint8_t piped, const char *at) {
  x07_child *c = child_of(h, at);
  if (c->piped != piped) x07_trap_value("os.process invalid proc mode", "handle", h, at);
  return c;
}

/* Waits for the end, and lets tasks run meanwhile. They may start and drop programs, so the slot is looked up anew. */
static x07_child *wait_for(uint32_t h, const char *at) {
  for (;;) {
    serve_all();
    x07_child *c = child_of(h, at);
    if (c->done) return c;
    if (!x07_task_run_one()) x07_children_wait(children, count);
  }
}

static x07_bytes take_document(x07_child *c, uint32_t h, const char *at) {
  if (c->document_taken) x07_trap_value("os.process already taken", "handle", h, at);
  c->document_taken = 1;
  if (c->code) return x07_os_error_document(c->code);
  uint64_t size = 18 + (uint64_t)c->out.data.len + c->err.data.len;
  if (size > UINT32_MAX) x07_trap_memory(size);
  x07_bytes doc = x07_bytes_raw((uint32_t)size);
  uint8_t *to = doc.ptr;
  to[0] = to[1] = 1;
  x07_store_u32_le(to + 2, c->exit_code);
  x07_store_u32_le(to + 6, 0);
  x07_store_u32_le(to + 10, c->out.data.len);
  memcpy(to + 14, c->out.data.data, c->out.data.len);
  to += 14 + c->out.data.len;
  x07_store_u32_le(to, c->err.data.len);
  memcpy(to + 4, c->err.data.data, c->err.data.len);
  x07_stream_drop(&c->out);
  x07_stream_drop(&c->err);
  return doc;
}

x07_bytes x07_os_process_join_capture_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return x07_os_error_document(sentinel(h));
  child_in_mode(h, 0, at);
  return take_document(wait_for(h, at), h, at);
}

x07_option_bytes x07_os_process_try_join_capture_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return x07_option_bytes_some(x07_os_error_document(sentinel(h)));
  child_in_mode(h, 0, at);
  serve_all();
  x07_child *c = child_of(h, at);
  return c->done ? x07_option_bytes_some(take_document(c, h, at)) : x07_option_bytes_none();
}

x07_bytes x07_os_process_run_capture_v1(x07_bytes req, x07_bytes caps, const char *at) {
  uint32_t h = spawn(0, req, caps, at);
  x07_bytes doc = x07_os_process_join_capture_v1(h, at);
  x07_os_process_drop_v1(h, at);
  return doc;
}

static x07_bytes read_stream(uint32_t h, uint32_t max, uint32_t is_err, const char *at) {
  if (sentinel(h)) return x07_bytes_none();
  child_in_mode(h, 1, at);
  serve_all();
  x07_child *c = child_of(h, at);
  x07_stream *s = is_err ? &c->err : &c->out;
  uint32_t n = s->data.len - s->taken;
  if (max > INT32_MAX) max = 0;
  if (n > max) n = max;
  x07_bytes part = x07_bytes_raw(n);
  memcpy(part.ptr, s->data.data + s->taken, n);
  s->taken += n;
  if (s->taken == s->data.len) x07_stream_drop(s);
  return part;
}

x07_bytes x07_os_process_stdout_read_v1(uint32_t h, uint32_t max, const char *at) { return read_stream(h, max, 0, at); }
x07_bytes x07_os_process_stderr_read_v1(uint32_t h, uint32_t max, const char *at) { return read_stream(h, max, 1, at); }

uint32_t x07_os_process_stdin_write_v1(uint32_t h, x07_bytes chunk, const char *at) {
  const x07_policy *policy = x07_os_policy();
  uint32_t accepted = 0;
  if (!sentinel(h)) {
    child_in_mode(h, 1, at);
    serve_all();
    x07_child *c = child_of(h, at);
    uint64_t pending = (uint64_t)c->in.data.len - c->in.taken + chunk.len;
    if (policy->sandboxed && policy->max_stdin_bytes && pending > policy->max_stdin_bytes)
      x07_trap_value("os.process stdin limit of the policy", "pending", (uint32_t)pending, at);
    accepted = !c->done && c->in.fd >= 0 && !c->closing;
    if (accepted) {
      c->in.data = x07_vec_append(c->in.data, chunk.ptr, chunk.len);
      x07_child_serve(c);
    }
  }
  x07_bytes_drop(chunk);
  return accepted;
}

uint32_t x07_os_process_stdin_close_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return 0;
  child_in_mode(h, 1, at);
  serve_all();
  x07_child *c = child_of(h, at);
  if (c->done || c->in.fd < 0 || c->closing) return 0;
  c->closing = 1;
  x07_child_serve(c);
  return 1;
}

uint32_t x07_os_process_try_wait_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return 1;
  child_of(h, at);
  serve_all();
  return child_of(h, at)->done;
}

uint32_t x07_os_process_join_exit_v1(uint32_t h, const char *at) {
  if (!sentinel(h)) wait_for(h, at);
  return 1;
}

uint32_t x07_os_process_take_exit_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return (uint32_t)-sentinel(h);
  x07_child *c = child_of(h, at);
  x07_child_serve(c);
  if (!c->done) x07_trap_value("os.process has not ended", "handle", h, at);
  if (c->exit_taken) x07_trap_value("os.process already taken", "handle", h, at);
  c->exit_taken = 1;
  return c->code ? (uint32_t)-c->code : c->exit_code;
}

uint32_t x07_os_process_kill_v1(uint32_t h, uint32_t sig, const char *at) {
  if (sentinel(h)) return 0;
  x07_child *c = child_of(h, at);
  x07_child_serve(c);
  return !c->done && !c->reaped && x07_child_signal(c, (int)sig);
}

uint32_t x07_os_process_drop_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return 0;
  x07_child *c = child_of(h, at);
  x07_child_serve(c);
  if (!c->done && !x07_os_policy()->kill_on_drop) return 0;
  if (!c->done) x07_child_fail(c, X07_PROCESS_SPAWN);
  x07_stream_drop(&c->out);
  x07_stream_drop(&c->err);
  c->used = 0;
  c->generation = c->generation == 0xffff ? 1 : c->generation + 1;
  return 1;
}

X07_NORETURN void x07_os_process_exit(uint32_t code, const char *at) {
  const x07_policy *policy = x07_os_policy();
  if (policy->sandboxed && !(policy->process && policy->allow_exit)) x07_trap("os.process.exit denied by policy", at);
  fflush(stdout);
  _exit((int)(code & 255));
}
