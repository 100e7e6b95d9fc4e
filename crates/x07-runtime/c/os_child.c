/* One started program: its pipes, its time, its end. */
#include "os_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* On the stack, of which a thread that calls a library may have little. */
#define PIPE_CHUNK 16384u
/* How often a program's end is looked for where the system cannot tell it. */
#define END_POLL_MS 5

uint64_t x07_monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void close_stream(x07_stream *s) {
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
}

void x07_stream_drop(x07_stream *s) {
  x07_vec_drop(s->data);
  s->data = x07_vec_none();
  s->taken = 0;
}

static void close_end(x07_child *c) {
  if (c->end_fd >= 0) close(c->end_fd);
  c->end_fd = -1;
}

int x07_child_signal(const x07_child *c, int number) {
  return kill(x07_os_policy()->kill_tree ? -c->pid : c->pid, number) == 0;
}

static void kill_and_reap(x07_child *c) {
  if (c->reaped) return;
  x07_child_signal(c, SIGKILL);
  while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR) continue;
  c->reaped = 1;
}

static void finish(x07_child *c) {
  close_stream(&c->in);
  close_stream(&c->out);
  close_stream(&c->err);
  close_end(c);
  x07_stream_drop(&c->in);
  c->done = 1;
}

void x07_child_fail(x07_child *c, uint32_t code) {
  kill_and_reap(c);
  c->code = code;
  finish(c);
}

static void write_pending(x07_child *c) {
  x07_stream *s = &c->in;
  while (s->fd >= 0 && s->taken < s->data.len) {
    ssize_t n = write(s->fd, s->data.data + s->taken, s->data.len - s->taken);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n < 0) close_stream(s);
    else s->taken += (uint32_t)n;
  }
  x07_stream_drop(s);
  if (c->closing) close_stream(s);
}

/* Takes what is there, and one byte more than is allowed tells that there is too much. */
static void read_available(x07_child *c, x07_stream *s, uint64_t most) {
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
      x07_child_fail(c, X07_PROCESS_OUTPUT);
      return;
    }
    s->seen += (uint64_t)n;
    s->data = x07_vec_append(s->data, chunk, (uint32_t)n);
  }
}

static void look_for_end(x07_child *c) {
  int status;
  pid_t pid = waitpid(c->pid, &status, WNOHANG);
  if (pid != c->pid) return;
  c->reaped = 1;
  close_end(c);
  c->exit_code = WIFSIGNALED(status) ? 128u + (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
}

void x07_child_serve(x07_child *c) {
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
  else if (c->caps.timeout_ms && x07_monotonic_ms() - c->started > c->caps.timeout_ms)
    x07_child_fail(c, X07_PROCESS_TIMEOUT);
}

static int add_poll(struct pollfd *fds, int n, int fd, short events) {
  if (fd < 0) return n;
  fds[n] = (struct pollfd){.fd = fd, .events = events, .revents = 0};
  return n + 1;
}

void x07_children_wait(const x07_child *children, uint32_t count) {
  struct pollfd *fds = malloc((size_t)count * 4 * sizeof *fds);
  if (!fds) x07_trap_memory((uint64_t)count * 4 * sizeof *fds);
  int n = 0;
  uint64_t timeout = UINT64_MAX, now = x07_monotonic_ms();
  for (uint32_t i = 0; i < count; i++) {
    const x07_child *c = &children[i];
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

