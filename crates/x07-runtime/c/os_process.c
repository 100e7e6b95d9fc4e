/* os.process: programs by handle. Their pipes are served whenever a head of theirs is called or something waits, so
   that a full pipe stops nobody. */
#include "os_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SLOTS 0xffffu
#define PIPE_CHUNK 65536u
/* How often a program's end is looked for where the system cannot tell it. */
#define END_POLL_MS 5

/* What came through a pipe and was not taken yet. */
typedef struct stream {
  int fd; /* -1: closed, or never open */
  x07_vec data;
  uint32_t taken;
  uint64_t seen;
} stream;

typedef struct child {
  uint32_t generation;
  uint8_t used, piped;
  uint8_t reaped; /* the program has ended, and its id may be somebody else's */
  uint8_t done;   /* nothing more will come */
  uint8_t document_taken, exit_taken;
  uint8_t closing; /* standard input is closed once its queue is empty */
  uint32_t code;   /* why there is no exit status; 0 if there is one */
  uint32_t exit_code;
  pid_t pid;
  int end_fd; /* readable when the program has ended; -1 where there is no such thing */
  uint64_t started;
  x07_process_caps caps;
  stream in, out, err;
} child;

static X07_TLS child *children;
static X07_TLS uint32_t count, room, spawned;

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void close_stream(stream *s) {
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
}

static void drop_data(stream *s) {
  x07_vec_drop(s->data);
  s->data = x07_vec_none();
  s->taken = 0;
}

static void close_end(child *c) {
  if (c->end_fd >= 0) close(c->end_fd);
  c->end_fd = -1;
}

static int send_signal(const child *c, int number) {
  return kill(x07_os_policy()->kill_tree ? -c->pid : c->pid, number) == 0;
}

static void kill_and_reap(child *c) {
  if (c->reaped) return;
  send_signal(c, SIGKILL);
  while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) continue;
  c->reaped = 1;
}

static void finish(child *c) {
  close_stream(&c->in);
  close_stream(&c->out);
  close_stream(&c->err);
  close_end(c);
  drop_data(&c->in);
  c->done = 1;
}

static void fail(child *c, uint32_t code) {
  kill_and_reap(c);
  c->code = code;
  finish(c);
}

static void kill_all(void) {
  for (uint32_t i = 0; i < count; i++)
    if (children[i].used && !children[i].done && !children[i].reaped) send_signal(&children[i], SIGKILL);
}

static void release(void) {
  for (uint32_t i = 0; i < count; i++) {
    child *c = &children[i];
    if (!c->used) continue;
    if (!c->done) fail(c, X07_PROCESS_SPAWN);
    drop_data(&c->out);
    drop_data(&c->err);
  }
  if (room) x07_free((uint8_t *)children);
  count = room = 0;
}

static void write_pending(child *c) {
  stream *s = &c->in;
  while (s->fd >= 0 && s->taken < s->data.len) {
    ssize_t n = write(s->fd, s->data.data + s->taken, s->data.len - s->taken);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n < 0) close_stream(s);
    else s->taken += (uint32_t)n;
  }
  drop_data(s);
  if (c->closing) close_stream(s);
}

/* Takes what is there, and one byte more than is allowed tells that there is too much. */
static void read_available(child *c, stream *s, uint64_t most) {
  uint8_t chunk[PIPE_CHUNK];
  while (s->fd >= 0) {
    uint64_t total = c->out.seen + c->err.seen, left = c->caps.max_total - total;
    if (most - s->seen < left) left = most - s->seen;
    size_t want = left < PIPE_CHUNK ? (size_t)left + 1 : PIPE_CHUNK;
    if (want > PIPE_CHUNK) want = PIPE_CHUNK;
    ssize_t n = read(s->fd, chunk, want);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) {
      close_stream(s);
      return;
    }
    if ((uint64_t)n > left) {
      fail(c, X07_PROCESS_OUTPUT);
      return;
    }
    s->seen += (uint64_t)n;
    s->data = x07_vec_append(s->data, chunk, (uint32_t)n);
  }
}

static void look_for_end(child *c) {
  int status;
  pid_t pid = waitpid(c->pid, &status, WNOHANG);
  if (pid != c->pid) return;
  c->reaped = 1;
  close_end(c);
  c->exit_code = WIFSIGNALED(status) ? 128u + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
}

static void serve(child *c) {
  if (!c->used || c->done) return;
  write_pending(c);
  if (!c->reaped) look_for_end(c);
  read_available(c, &c->out, c->caps.max_stdout);
  if (!c->done) read_available(c, &c->err, c->caps.max_stderr);
  if (c->done) return;
  int is_silent = c->out.fd < 0 && c->err.fd < 0;
  /* A piped program is over when it has ended: what it wrote is read by now. */
  if (c->reaped && (c->piped || is_silent))
    finish(c);
  else if (c->caps.timeout_ms && now_ms() - c->started > c->caps.timeout_ms)
    fail(c, X07_PROCESS_TIMEOUT);
}

static void serve_all(void) {
  for (uint32_t i = 0; i < count; i++) serve(&children[i]);
}

static int add_poll(struct pollfd *fds, int n, int fd, short events) {
  if (fd < 0) return n;
  fds[n] = (struct pollfd){.fd = fd, .events = events, .revents = 0};
  return n + 1;
}

/* Sleeps until some program needs to be served. */
static void wait_for_events(void) {
  struct pollfd *fds = malloc((size_t)count * 4 * sizeof *fds);
  if (!fds) x07_trap_memory((uint64_t)count * 4 * sizeof *fds);
  int n = 0;
  uint64_t timeout = UINT64_MAX, now = now_ms();
  for (uint32_t i = 0; i < count; i++) {
    child *c = &children[i];
    if (!c->used || c->done) continue;
    n = add_poll(fds, n, c->out.fd, POLLIN);
    n = add_poll(fds, n, c->err.fd, POLLIN);
    if (c->in.data.len) n = add_poll(fds, n, c->in.fd, POLLOUT);
    if (!c->reaped) n = add_poll(fds, n, c->end_fd, POLLIN);
    if (!c->reaped && c->end_fd < 0 && timeout > END_POLL_MS) timeout = END_POLL_MS;
    if (c->caps.timeout_ms) {
      uint64_t end = c->started + c->caps.timeout_ms + 1, left = end > now ? end - now : 0;
      if (left < timeout) timeout = left;
    }
  }
  poll(fds, (nfds_t)n, timeout > 1u << 30 ? -1 : (int)timeout);
  free(fds);
}

static child *free_slot(const char *at) {
  for (uint32_t i = 0; i < count; i++)
    if (!children[i].used) return &children[i];
  if (count == MAX_SLOTS) x07_trap("os.process too many handles", at);
  if (count == room) {
    if (!room) {
      x07_at_end(release);
      x07_on_death = kill_all;
      atexit(kill_all);
    }
    uint32_t wider = room ? 2 * room : 4;
    children = x07_grow_array(children, room, wider, sizeof *children);
    room = wider;
  }
  children[count] = (child){.generation = 1};
  return &children[count++];
}

static uint32_t handle_of(const child *c) { return c->generation << 16 | ((uint32_t)(c - children) + 1); }

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
static uint32_t start(child *c, x07_bytes req, x07_bytes caps, const char *at) {
  const x07_policy *policy = x07_os_policy();
  if (policy->sandboxed && !(policy->process && policy->allow_spawn)) return X07_PROCESS_DENIED;
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
    c->started = now_ms();
    c->in.data = x07_vec_append(c->in.data, request.stdin_data, request.stdin_len);
    c->reaped = 0;
    c->done = 0;
    serve(c);
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
  child *c = free_slot(at);
  /* Until it has started, it counts as a program that has ended. */
  *c = (child){.generation = c->generation, .piped = piped, .reaped = 1, .done = 1, .end_fd = -1, .closing = !piped};
  c->in = c->out = c->err = (stream){.fd = -1, .data = x07_vec_none()};
  c->code = start(c, req, caps, at);
  c->used = 1;
  if (!c->code) serve(c);
  spawned++;
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

static child *child_of(uint32_t h, const char *at) {
  uint32_t index = (h & 0xffff) - 1;
  if (index >= count || !children[index].used || children[index].generation != h >> 16)
    x07_trap_value("os.process invalid handle", "handle", h, at);
  return &children[index];
}

static child *child_in_mode(uint32_t h, uint8_t piped, const char *at) {
  child *c = child_of(h, at);
  if (c->piped != piped) x07_trap_value("os.process invalid proc mode", "handle", h, at);
  return c;
}

/* Waits for the end, and lets tasks run meanwhile. They may start and drop programs, so the slot is looked up anew. */
static child *wait_for(uint32_t h, const char *at) {
  for (;;) {
    serve_all();
    child *c = child_of(h, at);
    if (c->done) return c;
    if (!x07_task_run_one()) wait_for_events();
  }
}

static x07_bytes error_document(uint32_t code) {
  x07_bytes doc = x07_bytes_raw(9);
  doc.ptr[0] = 0;
  x07_store_u32_le(doc.ptr + 1, code);
  x07_store_u32_le(doc.ptr + 5, 0);
  return doc;
}

static x07_bytes take_document(child *c, uint32_t h, const char *at) {
  if (c->document_taken) x07_trap_value("os.process already taken", "handle", h, at);
  c->document_taken = 1;
  if (c->code) return error_document(c->code);
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
  drop_data(&c->out);
  drop_data(&c->err);
  return doc;
}

x07_bytes x07_os_process_join_capture_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return error_document(sentinel(h));
  child_in_mode(h, 0, at);
  return take_document(wait_for(h, at), h, at);
}

x07_option_bytes x07_os_process_try_join_capture_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return x07_option_bytes_some(error_document(sentinel(h)));
  child_in_mode(h, 0, at);
  serve_all();
  child *c = child_of(h, at);
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
  child *c = child_of(h, at);
  stream *s = is_err ? &c->err : &c->out;
  uint32_t n = s->data.len - s->taken;
  if (max > INT32_MAX) max = 0;
  if (n > max) n = max;
  x07_bytes part = x07_bytes_raw(n);
  memcpy(part.ptr, s->data.data + s->taken, n);
  s->taken += n;
  if (s->taken == s->data.len) drop_data(s);
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
    child *c = child_of(h, at);
    uint64_t pending = (uint64_t)c->in.data.len - c->in.taken + chunk.len;
    if (policy->sandboxed && policy->max_stdin_bytes && pending > policy->max_stdin_bytes)
      x07_trap_value("os.process stdin limit of the policy", "pending", (uint32_t)pending, at);
    accepted = !c->done && c->in.fd >= 0 && !c->closing;
    if (accepted) {
      c->in.data = x07_vec_append(c->in.data, chunk.ptr, chunk.len);
      serve(c);
    }
  }
  x07_bytes_drop(chunk);
  return accepted;
}

uint32_t x07_os_process_stdin_close_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return 0;
  child_in_mode(h, 1, at);
  serve_all();
  child *c = child_of(h, at);
  if (c->done || c->in.fd < 0 || c->closing) return 0;
  c->closing = 1;
  serve(c);
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
  child *c = child_of(h, at);
  serve(c);
  if (!c->done) x07_trap_value("os.process has not ended", "handle", h, at);
  if (c->exit_taken) x07_trap_value("os.process already taken", "handle", h, at);
  c->exit_taken = 1;
  return c->code ? (uint32_t)-c->code : c->exit_code;
}

uint32_t x07_os_process_kill_v1(uint32_t h, uint32_t sig, const char *at) {
  if (sentinel(h)) return 0;
  child *c = child_of(h, at);
  serve(c);
  return !c->done && !c->reaped && send_signal(c, (int)sig);
}

uint32_t x07_os_process_drop_v1(uint32_t h, const char *at) {
  if (sentinel(h)) return 0;
  child *c = child_of(h, at);
  serve(c);
  if (!c->done && !x07_os_policy()->kill_on_drop) return 0;
  if (!c->done) fail(c, X07_PROCESS_SPAWN);
  drop_data(&c->out);
  drop_data(&c->err);
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
