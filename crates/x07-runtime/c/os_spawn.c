/* Starting a program. */
#include "os_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

/* Neither end survives an exec. */
static int open_pipe(int ends[2]) {
  if (pipe(ends) != 0) return 0;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  return 1;
}

static void close_pair(int ends[2]) {
  for (int i = 0; i < 2; i++)
    if (ends[i] >= 0) close(ends[i]);
}

/* Enters the working folder of the request; in the sandbox below the first root where that works. */
static int enter_folder(const char *cwd) {
  const x07_policy *policy = x07_os_policy();
  if (!policy->sandboxed) return chdir(cwd) == 0;
  x07_item root = {.rest = policy->allow_cwd_roots};
  while (x07_os_next_item(&root)) {
    x07_path path;
    if (!x07_os_join(path, root, (const uint8_t *)cwd, (uint32_t)strlen(cwd))) continue;
    if (x07_os_is_inside(path, policy->allow_cwd_roots) && chdir(path) == 0) return 1;
  }
  return 0;
}

/* A descriptor that is no standard one, so that the copies below overwrite none of their sources. */
static int lift(int fd) { return fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3); }

/* In the child, until it is the other program. */
X07_NORETURN static void become(const x07_request *request, int in, int out, int err, int report, pid_t parent) {
  setpgid(0, 0);
#if defined(__linux__)
  /* Not even a program that is killed leaves its children behind. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
#else
  (void)parent;
#endif
  signal(SIGPIPE, SIG_DFL);
  report = lift(report);
  in = lift(in), out = lift(out), err = lift(err);
  if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0 && (!request->cwd || enter_folder(request->cwd))) {
    long last = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < (last > 0 && last < 4096 ? (int)last : 4096); fd++)
      if (fd != report) fcntl(fd, F_SETFD, FD_CLOEXEC);
    execve(request->argv[0], request->argv, request->envp);
  }
  x07_write_all(report, "x", 1);
  _exit(127);
}

/* Waits until the child is the other program, or has said that it cannot be. */
static int has_started(int report, pid_t pid) {
  char byte;
  ssize_t n;
  do n = read(report, &byte, 1);
  while (n < 0 && errno == EINTR);
  if (n == 0) return 1;
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  return 0;
}

uint32_t x07_process_start(const x07_request *request, x07_started *started) {
  int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, report[2] = {-1, -1};
  pid_t pid = -1, parent = getpid();
  if (open_pipe(in) && open_pipe(out) && open_pipe(err) && open_pipe(report)) pid = fork();
  if (pid == 0) become(request, in[0], out[1], err[1], report[1], parent);
  int ok = 0;
  if (pid > 0) {
    setpgid(pid, pid);
    close(report[1]);
    report[1] = -1;
    ok = has_started(report[0], pid);
  }
  if (ok) {
    *started = (x07_started){.pid = pid, .in = in[1], .out = out[0], .err = err[0]};
    in[1] = out[0] = err[0] = -1;
    fcntl(started->in, F_SETFL, O_NONBLOCK);
    fcntl(started->out, F_SETFL, O_NONBLOCK);
    fcntl(started->err, F_SETFL, O_NONBLOCK);
  }
  close_pair(in);
  close_pair(out);
  close_pair(err);
  close_pair(report);
  return ok ? 0 : X07_PROCESS_SPAWN;
}
