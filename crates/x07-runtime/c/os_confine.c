/* A standalone program of run-os-sandboxed hands itself over to the kernel before it does anything else: limits,
   Landlock for files and ports, seccomp for system calls. The rules were made by the build (x07-runner, `sandbox`). */
#include "os.h"

#include <stdlib.h>
#include <unistd.h>
#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#endif

#define STATUS_REFUSED 2

X07_NORETURN static void refuse(const char *why) {
  static const char start[] = "the sandbox of this program cannot be set up: ";
  x07_write_all(STDERR_FILENO, start, sizeof start - 1);
  x07_write_all(STDERR_FILENO, why, strlen(why));
  x07_write_all(STDERR_FILENO, "\n", 1);
  _exit(STATUS_REFUSED);
}

#if defined(__linux__)

/* The same numbers on every architecture. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define QUERY_VERSION 1u
#define RULE_PATH 1
#define RULE_PORT 2
/* What a version of Landlock knows of files. */
#define FILES_1 0x1fffu
#define FILES_2 0x3fffu
#define FILES_3 0x7fffu
#define FILES_5 0xffffu
/* What can be asked of something that is no folder: execute, write, read, truncate, ioctl. */
#define OF_FILES 0xc007u
#define LIMIT_WALL 0xffffu
/* Beside the access to a path: the folder is made if it is not there. */
#define MAKE_FOLDER ((uint64_t)1 << 63)

typedef struct cursor {
  const uint8_t *at, *end;
} cursor;

static const uint8_t *take(cursor *c, size_t n) {
  if ((size_t)(c->end - c->at) < n) refuse("its rules are damaged");
  c->at += n;
  return c->at - n;
}

static uint32_t take_u32(cursor *c) { return x07_load_u32_le(take(c, 4)); }

static uint64_t take_u64(cursor *c) {
  uint64_t low = take_u32(c);
  return low | (uint64_t)take_u32(c) << 32;
}

static void set_limit(uint32_t resource, uint64_t value) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) refuse("a limit cannot be set");
  if (limit.rlim_max == RLIM_INFINITY || value < limit.rlim_max) limit.rlim_max = (rlim_t)value;
  limit.rlim_cur = limit.rlim_max;
  /* The second between the two is the time in which a signal can say what happened. */
  if (resource == RLIMIT_CPU && limit.rlim_cur > 1) limit.rlim_cur -= 1;
  if (setrlimit(resource, &limit) != 0) refuse("a limit cannot be set");
}

/* The number of descriptors comes last: setting up the sandbox takes some itself. */
static uint64_t set_limits(cursor *c) {
  uint64_t descriptors = UINT64_MAX;
  for (uint32_t n = take_u32(c); n; n--) {
    uint32_t resource = take_u32(c);
    uint64_t value = take_u64(c);
    if (resource == LIMIT_WALL) {
      struct itimerval end = {.it_value = {.tv_sec = (time_t)(value / 1000), .tv_usec = (long)(value % 1000) * 1000}};
      if (setitimer(ITIMER_REAL, &end, NULL) != 0) refuse("a limit cannot be set");
      continue;
    }
    if (resource == RLIMIT_NOFILE)
      descriptors = value;
    else
      set_limit(resource, value);
  }
  return descriptors;
}

/* Makes a folder and those above it, as far as that works. */
static void make_folder(const char *path) {
  x07_path part;
  for (size_t i = 0; i < sizeof part && (part[i] = path[i]); i++) {
    if (i == 0 || (path[i] != '/' && path[i + 1])) continue;
    part[i + 1] = 0;
    mkdir(part, 0777);
  }
}

static void add_path(int ruleset, const char *path, uint64_t access) {
  struct stat status;
  int fd = open(path, O_PATH | O_CLOEXEC);
  /* What is not there opens nothing. */
  if (fd < 0) return;
  if (fstat(fd, &status) == 0) {
    struct __attribute__((packed)) {
      uint64_t access;
      int32_t fd;
    } rule = {.access = S_ISDIR(status.st_mode) ? access : access & OF_FILES, .fd = fd};
    if (rule.access && syscall(ADD_RULE, ruleset, RULE_PATH, &rule, 0) != 0) refuse("Landlock takes no rule");
  }
  close(fd);
}

static void restrict_files(cursor *c) {
  uint32_t needed = take_u32(c);
  struct {
    uint64_t files, ports, scoped;
  } handled;
  handled.files = take_u64(c);
  handled.ports = take_u64(c);
  handled.scoped = take_u64(c);
  long version = syscall(CREATE_RULESET, NULL, 0, QUERY_VERSION);
  if (version < (long)needed) refuse(version < 1 ? "this kernel has no Landlock" : "this kernel's Landlock is too old");
  if (version < 9) handled.files &= version < 2 ? FILES_1 : version < 3 ? FILES_2 : version < 5 ? FILES_3 : FILES_5;
  if (version < 4) handled.ports = 0;
  if (version < 6) handled.scoped = 0;
  size_t size = version < 4 ? 8 : version < 6 ? 16 : 24;
  int ruleset = version < 1 ? -1 : (int)syscall(CREATE_RULESET, &handled, size, 0);
  if (version >= 1 && ruleset < 0) refuse("Landlock takes no rules");
  for (uint32_t n = take_u32(c); n; n--) {
    uint64_t wanted = take_u64(c), access = wanted & handled.files;
    uint32_t len = take_u32(c);
    const char *path = (const char *)take(c, len);
    if (!len || path[len - 1]) refuse("its rules are damaged");
    if (wanted & MAKE_FOLDER) make_folder(path);
    if (ruleset >= 0) add_path(ruleset, path, access);
  }
  for (uint32_t n = take_u32(c); n; n--) {
    struct {
      uint64_t access, port;
    } rule;
    rule.access = take_u64(c) & handled.ports;
    rule.port = take_u32(c);
    if (ruleset < 0 || !rule.access) continue;
    if (syscall(ADD_RULE, ruleset, RULE_PORT, &rule, 0) != 0) refuse("Landlock takes no rule");
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) refuse("new privileges cannot be given up");
  if (ruleset < 0) return;
  if (syscall(RESTRICT_SELF, ruleset, 0) != 0) refuse("Landlock cannot be entered");
  close(ruleset);
}

static void filter_calls(cursor *c) {
  for (uint32_t n = take_u32(c); n; n--) {
    uint32_t count = take_u32(c);
    if (count > BPF_MAXINSNS) refuse("its rules are damaged");
    struct sock_filter *steps = malloc(count * sizeof *steps);
    if (!steps) refuse("there is no memory");
    for (uint32_t i = 0; i < count; i++) {
      uint32_t head = take_u32(c);
      steps[i] = (struct sock_filter){(uint16_t)head, (uint8_t)(head >> 16), (uint8_t)(head >> 24), take_u32(c)};
    }
    struct sock_fprog program = {.len = (unsigned short)count, .filter = steps};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) refuse("seccomp takes no filter");
    free(steps);
  }
}

void x07_os_confine(const uint8_t *rules, uint32_t len) {
  cursor c = {rules, rules + len};
  uint64_t descriptors = set_limits(&c);
  restrict_files(&c);
  if (descriptors != UINT64_MAX) set_limit(RLIMIT_NOFILE, descriptors);
  filter_calls(&c);
}

#else

void x07_os_confine(const uint8_t *rules, uint32_t len) {
  (void)rules;
  (void)len;
  refuse("this system has no way to confine a program");
}

#endif
