/* os.fs.read_file and os.fs.write_file. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int x07_os_read_open_file(int fd, uint64_t limit, x07_bytes *out) {
  struct stat status;
  if (fstat(fd, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  uint64_t expected = S_ISREG(status.st_mode) && status.st_size > 0 ? (uint64_t)status.st_size : 0;
  if (expected > limit) return X07_OS_TOO_LARGE;
  uint64_t room = expected ? expected : 4096, got = 0;
  if (room > UINT32_MAX) x07_trap_memory(room);
  uint8_t *data = x07_alloc((uint32_t)room);
  int error = 0;
  for (;;) {
    /* A full buffer is no end: files grow, and some only pretend to be empty. */
    uint8_t beyond;
    ssize_t n = got < room ? read(fd, data + got, (size_t)(room - got)) : read(fd, &beyond, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      error = n < 0 ? errno : 0;
      break;
    }
    if (got + (uint64_t)n > limit) {
      error = X07_OS_TOO_LARGE;
      break;
    }
    if (got == room) {
      if (2 * room > UINT32_MAX) x07_trap_memory(2 * room);
      data = x07_grow(data, (uint32_t)(2 * room), (uint32_t)got);
      room *= 2;
      data[got] = beyond;
    }
    got += (uint64_t)n;
  }
  if (error || !got) x07_free(data);
  if (!error) *out = got ? (x07_bytes){.ptr = data, .len = (uint32_t)got} : x07_bytes_none();
  return error;
}

static void check_policy(x07_bytes path, const char *at) {
  const x07_policy *policy = x07_os_policy();
  if (!policy->sandboxed) return;
  if (!policy->fs) x07_trap("os.fs disabled by policy", at);
  if (!policy->max_blocking) x07_trap("os.fs blocking operations denied by policy", at);
  if (!x07_os_is_safe(path.ptr, path.len)) x07_trap("os.fs unsafe path", at);
  if (policy->deny_hidden && x07_os_is_hidden(path.ptr, path.len)) x07_trap("os.fs hidden path denied", at);
}

static int is_there(x07_item root) {
  x07_path path;
  struct stat status;
  return x07_os_c_path(path, (const uint8_t *)root.text, root.len) && stat(path, &status) == 0;
}

/* Opens the path below the first root where that succeeds; the last errno in `error`. */
static int open_below(const char *roots, x07_bytes path, int flags, int *error) {
  x07_item root = {.rest = roots};
  *error = EACCES;
  while (x07_os_next_item(&root)) {
    x07_path full;
    if (!x07_os_join(full, root, path.ptr, path.len)) {
      *error = ENAMETOOLONG;
      continue;
    }
    if (!x07_os_is_inside(full, roots)) {
      *error = is_there(root) ? EACCES : ENOENT;
      continue;
    }
    int fd = open(full, flags, 0666);
    if (fd >= 0) return fd;
    *error = errno;
  }
  return -1;
}

static int open_path(x07_bytes path, int flags, int *error, const char *at) {
  const x07_policy *policy = x07_os_policy();
  check_policy(path, at);
  if (policy->sandboxed)
    return open_below(flags & O_WRONLY ? policy->write_roots : policy->read_roots, path, flags, error);
  x07_path full;
  if (memchr(path.ptr, 0, path.len)) x07_trap("os.fs path has a NUL byte", at);
  if (!x07_os_c_path(full, path.ptr, path.len)) {
    *error = ENAMETOOLONG;
    return -1;
  }
  int fd = open(full, flags, 0666);
  *error = errno;
  return fd;
}

x07_bytes x07_os_fs_read_file(x07_bytes path, const char *at) {
  int error = 0;
  int fd = open_path(path, O_RDONLY | O_CLOEXEC, &error, at);
  if (fd < 0) x07_trap_system("os.fs.read_file open failed", x07_bytes_view(path), error, at);
  x07_bytes data = x07_bytes_none();
  error = x07_os_read_open_file(fd, UINT32_MAX - 1, &data);
  close(fd);
  if (error == X07_OS_TOO_LARGE) x07_trap_memory((uint64_t)1 << 32);
  if (error) x07_trap_system("os.fs.read_file read failed", x07_bytes_view(path), error, at);
  x07_bytes_drop(path);
  return data;
}

uint32_t x07_os_fs_write_file(x07_bytes path, x07_bytes data, const char *at) {
  int error = 0;
  int fd = open_path(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, &error, at);
  if (fd >= 0) {
    error = 0;
    errno = EIO;
    if (!x07_write_all(fd, data.ptr, data.len)) error = errno;
    if (close(fd) != 0 && !error) error = errno;
  }
  x07_bytes_drop(path);
  x07_bytes_drop(data);
  return (uint32_t)error;
}
