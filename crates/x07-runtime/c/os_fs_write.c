/* The os.fs.*_v1 heads that change files and folders. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define X07_FS_OPEN_FOLDERS 8

/* Makes every folder above `len`; 0 or an errno. */
static int make_folders(x07_path path, size_t len) {
  for (size_t i = 1; i <= len; i++) {
    if (i < len && path[i] != '/') continue;
    struct stat status;
    char held = path[i];
    path[i] = 0;
    int error = mkdir(path, 0777) == 0 ? 0 : errno;
    if (error == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) error = 0;
    path[i] = held;
    /* Only the last one may say that a file has its name; before it, the file is a parent. */
    if (error) return error == EEXIST && i < len ? ENOTDIR : error;
  }
  return 0;
}

uint32_t x07_fs_make_parents(x07_path path) {
  const char *slash = strrchr(path, '/');
  int error = slash ? make_folders(path, (size_t)(slash - path)) : 0;
  return error ? x07_fs_code(error == EEXIST ? ENOTDIR : error) : 0;
}

static uint32_t begin(x07_bytes path_bytes, x07_bytes caps_bytes, uint32_t allowed, x07_fs_caps *caps, x07_path path) {
  const x07_policy *policy = x07_os_policy();
  uint32_t refused = (policy->allow_mkdir ? 0 : X07_FS_CREATE_PARENTS) | (policy->allow_rename ? 0 : X07_FS_ATOMIC);
  return x07_fs_begin(path_bytes, caps_bytes, policy->write_roots, allowed, refused, caps, path);
}

static x07_result_i32 outcome(uint32_t code, uint32_t value) {
  return code ? x07_result_i32_err(code) : x07_result_i32_ok(value);
}

x07_result_i32 x07_os_fs_mkdirs_v1(x07_bytes path_bytes, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  x07_path path;
  uint32_t code = begin(path_bytes, caps_bytes, x07_os_policy()->allow_mkdir, &caps, path);
  if (!code) {
    int error = make_folders(path, strlen(path));
    if (error) code = x07_fs_code(error);
  }
  return outcome(code, 1);
}

x07_result_i32 x07_os_fs_remove_file_v1(x07_bytes path_bytes, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  x07_path path;
  struct stat status;
  uint32_t code = begin(path_bytes, caps_bytes, x07_os_policy()->allow_remove, &caps, path);
  if (!code && lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) code = X07_FS_IS_DIR;
  if (!code && unlink(path) != 0) code = x07_fs_code(errno);
  return outcome(code, 1);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status;
  (void)place;
  return (kind == FTW_DP ? rmdir(path) : unlink(path)) == 0 ? 0 : errno;
}

x07_result_i32 x07_os_fs_remove_dir_all_v1(x07_bytes path_bytes, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  x07_path path;
  struct stat status;
  uint32_t code = begin(path_bytes, caps_bytes, x07_os_policy()->allow_remove, &caps, path);
  if (!code && lstat(path, &status) != 0) code = x07_fs_code(errno);
  if (!code && !S_ISDIR(status.st_mode)) code = X07_FS_NOT_DIR;
  /* What is empty is gone with this. A folder that cannot be removed, such as a root of the sandbox, keeps what it has. */
  if (!code && rmdir(path) != 0) {
    int error = errno;
    if (error == ENOTEMPTY || error == EEXIST) error = nftw(path, remove_entry, X07_FS_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    if (error) code = x07_fs_code(error < 0 ? errno : error);
  }
  return outcome(code, 1);
}

x07_result_i32 x07_os_fs_rename_v1(x07_bytes src_bytes, x07_bytes dst_bytes, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  x07_path src, dst;
  uint32_t code = begin(src_bytes, caps_bytes, x07_os_policy()->allow_rename, &caps, src);
  if (code)
    x07_bytes_drop(dst_bytes);
  else
    code = x07_fs_path(dst_bytes, x07_os_policy()->write_roots, dst);
  if (!code && rename(src, dst) != 0) {
    code = x07_fs_code(errno);
    if (code == X07_FS_EXISTS || code == X07_FS_IS_DIR) code = X07_FS_IO;
  }
  return outcome(code, 1);
}

/* A file that is being written: to its own name, or to a temporary one beside it that is renamed at the end. */
typedef struct output {
  int fd; /* -1: this slot is free */
  uint32_t flags;
  uint32_t max_write;
  uint32_t written;
  x07_path path, temporary;
} output;

static uint32_t open_output(output *out) {
  struct stat status;
  static uint32_t count;
  int exists = lstat(out->path, &status) == 0;
  int mode = O_WRONLY | O_CREAT | O_CLOEXEC;
  if (out->flags & X07_FS_OVERWRITE) {
    if (stat(out->path, &status) == 0 && S_ISDIR(status.st_mode)) return X07_FS_IO;
    mode |= O_TRUNC;
  } else {
    if (exists) return S_ISDIR(status.st_mode) ? X07_FS_IS_DIR : X07_FS_EXISTS;
    mode |= O_EXCL;
  }
  if (out->flags & X07_FS_CREATE_PARENTS) {
    uint32_t code = x07_fs_make_parents(out->path);
    if (code) return code;
  }
  if (!(out->flags & X07_FS_ATOMIC)) {
    out->fd = open(out->path, mode, 0666);
    return out->fd < 0 ? x07_fs_code(errno) : 0;
  }
  /* Names left behind by others are passed over. */
  for (uint32_t tries = 0; tries < 1000; tries++) {
    int n = snprintf(out->temporary, sizeof out->temporary, "%s.x07_tmp_%u", out->path, ++count);
    if (n < 0 || (size_t)n >= sizeof out->temporary) return X07_FS_BAD_PATH;
    out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (out->fd >= 0) return 0;
    if (errno != EEXIST) return x07_fs_code(errno);
  }
  return X07_FS_IO;
}

static uint32_t write_output(output *out, x07_bytes data) {
  if (data.len > out->max_write - out->written) return X07_FS_TOO_LARGE;
  errno = EIO;
  if (!x07_write_all(out->fd, data.ptr, data.len)) return x07_fs_code(errno);
  out->written += data.len;
  return 0;
}

/* Ends the file; `code` is what went wrong before, and then nothing takes the place of the target. */
static uint32_t close_output(output *out, uint32_t code) {
  int atomic = (out->flags & X07_FS_ATOMIC) != 0;
  if (atomic && !code && fsync(out->fd) != 0) code = x07_fs_code(errno);
  if (close(out->fd) != 0 && !code) code = x07_fs_code(errno);
  out->fd = -1;
  if (!atomic) return code;
  struct stat status;
  if (!code && !(out->flags & X07_FS_OVERWRITE) && lstat(out->path, &status) == 0) code = X07_FS_EXISTS;
  if (!code && rename(out->temporary, out->path) != 0) code = x07_fs_code(errno);
  if (code) unlink(out->temporary);
  return code;
}

static uint32_t prepare(x07_bytes path_bytes, x07_bytes caps_bytes, output *out) {
  x07_fs_caps caps;
  uint32_t code = begin(path_bytes, caps_bytes, 1, &caps, out->path);
  out->fd = -1;
  if (code) return code;
  out->flags = caps.flags;
  out->max_write = caps.max_write;
  out->written = 0;
  return 0;
}

x07_result_i32 x07_os_fs_write_all_v1(x07_bytes path_bytes, x07_bytes data, x07_bytes caps_bytes) {
  output out;
  uint32_t code = prepare(path_bytes, caps_bytes, &out), len = data.len;
  if (!code && len > out.max_write) code = X07_FS_TOO_LARGE;
  if (!code) code = open_output(&out);
  if (!code) code = close_output(&out, write_output(&out, data));
  x07_bytes_drop(data);
  return outcome(code, len);
}

/* Open streams by handle, counted from 1; a handle is never given twice. */
static X07_TLS output *streams;
static X07_TLS uint32_t stream_count, stream_room;

static void release_streams(void) {
  for (uint32_t i = 0; i < stream_count; i++)
    if (streams[i].fd >= 0) close_output(&streams[i], X07_FS_IO);
  if (stream_room) x07_free((uint8_t *)streams);
  stream_count = stream_room = 0;
}

x07_result_i32 x07_os_fs_stream_open_write_v1(x07_bytes path_bytes, x07_bytes caps_bytes) {
  output out;
  uint32_t code = prepare(path_bytes, caps_bytes, &out);
  if (!code) code = open_output(&out);
  if (code) return x07_result_i32_err(code);
  if (stream_count == stream_room) {
    if (!stream_room) x07_at_end(release_streams);
    uint32_t wider = stream_room ? 2 * stream_room : 2;
    streams = x07_grow_array(streams, stream_room, wider, sizeof *streams);
    stream_room = wider;
  }
  streams[stream_count] = out;
  return x07_result_i32_ok(++stream_count);
}

static output *stream_of(uint32_t h) {
  return h - 1 < stream_count && streams[h - 1].fd >= 0 ? &streams[h - 1] : NULL;
}

x07_result_i32 x07_os_fs_stream_write_all_v1(uint32_t h, x07_bytes data) {
  output *out = stream_of(h);
  uint32_t len = data.len, code = out ? write_output(out, data) : X07_FS_BAD_HANDLE;
  x07_bytes_drop(data);
  return outcome(code, len);
}

x07_result_i32 x07_os_fs_stream_close_v1(uint32_t h) {
  output *out = stream_of(h);
  return outcome(out ? close_output(out, 0) : X07_FS_BAD_HANDLE, 1);
}

uint32_t x07_os_fs_stream_drop_v1(uint32_t h) {
  output *out = stream_of(h);
  if (!out) return 0;
  close_output(out, X07_FS_IO);
  return 1;
}
