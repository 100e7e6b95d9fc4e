/* The process around `solve`: input in, output out, one of four ABIs. */
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__) && defined(__x86_64__)
#include <ucontext.h>
#endif

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

/* EX_SOFTWARE of sysexits.h: a program for people that met a trap. */
#define STATUS_TRAP 70
#define STATUS_IO 2
#define BIG_PAGE ((size_t)2 << 20)

static uintptr_t stack_top;
static uint8_t signal_stack[1 << 16];

X07_NORETURN static void stop_with(int status, const char *message) {
  if (x07_stderr_mid_line) x07_write_all(x07_report_fd, "\n", 1);
  x07_write_all(x07_report_fd, message, strlen(message));
  _exit(status);
}

X07_NORETURN static void stop(const char *message) { stop_with(STATUS_IO, message); }

/* Ends the process as this signal does by default; the programs that it started end first. */
X07_NORETURN static void end_by(int number) {
  if (x07_on_death) x07_on_death();
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, number);
  signal(number, SIG_DFL);
  sigprocmask(SIG_UNBLOCK, &own, NULL);
  raise(number);
  _exit(128 + number);
}

/* A fault just below the stack pointer, or at the limit of the stack, is an overflow; any other is left to the system. */
static void on_fault(int number, siginfo_t *info, void *context) {
  uintptr_t fault = (uintptr_t)info->si_addr, reach = 1 << 20;
  struct rlimit limit;
  int overflow = 0;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < stack_top) {
    uintptr_t lowest = stack_top - (uintptr_t)limit.rlim_cur;
    overflow = fault < lowest + reach && fault + reach > lowest;
  }
#if defined(__linux__) && defined(__x86_64__)
  uintptr_t pointer = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[15];
  if (fault < stack_top - reach && fault + reach > pointer && fault < pointer + 4096) overflow = 1;
#else
  (void)context;
#endif
  if (overflow) x07_trap_stack();
  signal(number, SIG_DFL);
}

static void watch_stack(void) {
  uint8_t here;
  stack_top = (uintptr_t)&here;
  stack_t own = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack, .ss_flags = 0};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  if (sigaltstack(&own, NULL) != 0) return;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
}

static void limit_cpu(uint32_t seconds) {
  struct rlimit limit;
  if (!seconds || getrlimit(RLIMIT_CPU, &limit) != 0) return;
  /* One second more for the hard limit, so that the soft one ends the process with a signal that tells why. */
  limit.rlim_cur = seconds;
  if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > (rlim_t)seconds + 1) limit.rlim_max = (rlim_t)seconds + 1;
  setrlimit(RLIMIT_CPU, &limit);
}

static void map_heap(uint64_t cap) {
  /* 16 spare bytes for the place of the first block, and room to start where big pages can. */
  size_t size = (size_t)cap + X07_GRANULE, spare = cap >= BIG_PAGE ? BIG_PAGE : 0;
  uint8_t *memory =
      mmap(NULL, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) stop("the heap cannot be mapped\n");
  if (spare) memory += -(uintptr_t)memory & (BIG_PAGE - 1);
  x07_heap_init(memory, cap, 1);
}

/* Up to `n` bytes, fewer only at the end of the input. */
static size_t read_full(int fd, uint8_t *to, size_t n) {
  size_t got = 0;
  while (got < n) {
    ssize_t more = read(fd, to + got, n - got);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) stop("the input cannot be read\n");
    if (more == 0) break;
    got += (size_t)more;
  }
  return got;
}

static void set_input(uint8_t *data, uint64_t len) {
  x07_state.input_len = len;
  if (len) x07_ctx.input = x07_view_untracked(data, (uint32_t)len);
}

static void read_frame(int fd) {
  uint8_t head[4];
  if (read_full(fd, head, sizeof head) != sizeof head) _exit(STATUS_IO);
  uint32_t n = x07_load_u32_le(head);
  if (!n) return;
  x07_heap_expect(n);
  uint8_t *data = x07_heap_take(n);
  if (read_full(fd, data, n) != n) _exit(STATUS_IO);
  set_input(data, n);
}

/* The whole of standard input, read straight to where the heap's first block will be. */
static void read_to_end(void) {
  struct stat file;
  if (fstat(STDIN_FILENO, &file) == 0 && S_ISREG(file.st_mode)) x07_heap_expect((uint64_t)file.st_size);
  uint8_t *room = x07_arena.base + X07_FIRST_BLOCK + X07_HEADER;
  size_t size = x07_arena.end - X07_FIRST_BLOCK - X07_HEADER;
  size_t n = read_full(STDIN_FILENO, room, size);
  uint8_t beyond;
  if (n == size && read_full(STDIN_FILENO, &beyond, 1)) x07_trap_memory((uint64_t)n + 1);
  if (!n) return;
  uint8_t *data = x07_heap_take((uint32_t)n);
  if (data != room) memcpy(data, room, n);
  set_input(data, n);
}

static void encode_arguments(int argc, char **argv) {
  uint64_t n = 4;
  for (int i = 0; i < argc; i++) n += 4 + (uint64_t)strlen(i ? argv[i] : x07_program_config.name);
  if (n > UINT32_MAX) stop("the arguments are too large\n");
  uint8_t *data = x07_heap_take((uint32_t)n), *to = data;
  x07_store_u32_le(to, (uint32_t)argc);
  to += 4;
  for (int i = 0; i < argc; i++) {
    const char *item = i ? argv[i] : x07_program_config.name;
    uint32_t len = (uint32_t)strlen(item);
    x07_store_u32_le(to, len);
    memcpy(to + 4, item, len);
    to += 4 + (size_t)len;
  }
  set_input(data, n);
}

static void write_frame(x07_bytes output) {
  uint8_t small[4096];
  size_t with_head = output.len <= sizeof small - 4 ? output.len : 0;
  x07_store_u32_le(small, output.len);
  memcpy(small + 4, output.ptr, with_head);
  if (!x07_write_all(STDOUT_FILENO, small, 4 + with_head) ||
      !x07_write_all(STDOUT_FILENO, output.ptr + with_head, output.len - with_head))
    _exit(STATUS_IO);
}

/* Somebody who has seen enough of a filter's output closes the pipe and wants to hear no more. */
static void write_raw(x07_bytes output) {
  uint64_t limit = x07_program_config.max_output;
  if (limit && output.len > limit) stop("the output is larger than the limit of this program\n");
  if (x07_write_all(STDOUT_FILENO, output.ptr, output.len)) return;
  if (errno == EPIPE) end_by(SIGPIPE);
  stop("standard output cannot be written\n");
}

/* The descriptor that the other side told. Programs that this one starts have nothing to do with it. */
static void attach(const char *number) {
  char *end = NULL;
  long fd = number ? strtol(number, &end, 10) : -1;
  if (!end || *end || fd <= STDERR_FILENO || fd > INT_MAX || fcntl((int)fd, F_SETFD, FD_CLOEXEC) != 0)
    stop("this program is started by the one that reads its reports\n");
  x07_report_fd = (int)fd;
}

/* A limit of the process, or somebody who wants its end: the programs that it started end first. One that runs for
   people says what happened; of one that is watched, the signal tells. */
static void on_end(int number) {
  if (!x07_state.trap_status || (number != SIGXCPU && number != SIGALRM)) end_by(number);
  if (x07_on_death) x07_on_death();
  stop_with((int)x07_state.trap_status, number == SIGXCPU ? "cpu time limit\n" : "timed out\n");
}

/* Signals that somebody has the program ignore stay ignored. */
static void watch_end(void) {
  static const int numbers[] = {SIGXCPU, SIGALRM, SIGTERM, SIGINT, SIGHUP};
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_end;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) sigaction(numbers[i], &action, NULL);
}

int main(int argc, char **argv) {
  const x07_program *program = &x07_program_config;
  int reports = program->abi == X07_ABI_FRAMED || program->abi == X07_ABI_ATTACHED;
  x07_state.trap_status = reports ? 0 : STATUS_TRAP;
  watch_end();
  if (program->confine) program->confine((const uint8_t *)program->rules, program->rules_len);
  signal(SIGPIPE, SIG_IGN);
  if (program->abi == X07_ABI_ATTACHED) attach(argc > 1 ? argv[1] : NULL);
  limit_cpu(program->cpu_seconds);
  watch_stack();
  map_heap(program->memory_cap);
  x07_run_start(program->fuel);

  switch (program->abi) {
    case X07_ABI_RAW: read_to_end(); break;
    case X07_ABI_ARGV: encode_arguments(argc, argv); break;
    case X07_ABI_ATTACHED: read_frame(x07_report_fd); break;
    default: read_frame(STDIN_FILENO); break;
  }
  x07_bytes output = x07_solve();
  if (x07_ctx.fuel < 0) x07_trap_fuel();
  /* What foreign code printed comes first. */
  fflush(stdout);
  if (program->abi == X07_ABI_FRAMED) write_frame(output);
  else write_raw(output);
  if (reports) {
    x07_bytes_drop(output);
    x07_run_end();
    x07_write_metrics();
  }
  return x07_ctx.exit_code > 255 ? 255 : (int)x07_ctx.exit_code;
}
