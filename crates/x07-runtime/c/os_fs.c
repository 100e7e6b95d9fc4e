/* What the os.fs.*_v1 heads share: caps, paths, codes; and the heads that read. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPS_LEN 24u

static uint32_t smaller(uint32_t policy, uint32_t caps) { return caps && caps < policy ? caps : policy; }

uint32_t x07_fs_read_caps(x07_bytes caps, x07_fs_caps *out) {
  const x07_policy *policy = x07_os_policy();
  int valid = caps.len == CAPS_LEN && x07_load_u32_le(caps.ptr) == 1;
  if (valid) {
    out->max_read = smaller(policy->max_read_bytes, x07_load_u32_le(caps.ptr + 4));
    out->max_write = smaller(policy->max_write_bytes, x07_load_u32_le(caps.ptr + 8));
    out->max_entries = smaller(policy->max_entries, x07_load_u32_le(caps.ptr + 12));
    out->max_depth = smaller(policy->max_depth, x07_load_u32_le(caps.ptr + 16));
    out->flags = x07_load_u32_le(caps.ptr + 20);
  }
  x07_bytes_drop(caps);
  return valid ? 0 : X07_FS_BAD_CAPS;
}

int x07_utf8_is_valid(const uint8_t *text, size_t len) {
  for (size_t i = 0; i < len;) {
    uint8_t c = text[i];
    size_t more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 4;
    if (more > 3 || len - i <= more) return 0;
    for (size_t k = 1; k <= more; k++)
      if ((text[i + k] & 0xc0) != 0x80) return 0;
    if ((c == 0xe0 && text[i + 1] < 0xa0) || (c == 0xed && text[i + 1] > 0x9f)) return 0;
    if ((c == 0xf0 && text[i + 1] < 0x90) || (c == 0xf4 && text[i + 1] > 0x8f)) return 0;
    i += more + 1;
  }
  return 1;
}

/* Copies the path without its '.' segments; 0 if it is malformed or has nothing left. */
static int normalise(x07_bytes path, x07_path out) {
  uint32_t n = 0;
  if (!x07_utf8_is_valid(path.ptr, path.len) || path.len >= X07_OS_PATH_MAX) return 0;
  if (memchr(path.ptr, 0, path.len) || memchr(path.ptr, '\\', path.len)) return 0;
  for (uint32_t from = 0; from <= path.len;) {
    uint32_t end = from;
    while (end < path.len && path.ptr[end] != '/') end++;
    const uint8_t *segment = path.ptr + from;
    uint32_t len = end - from;
    from = end + 1;
    if (len == 0 || (len == 2 && segment[0] == '.' && segment[1] == '.')) return 0;
    if (len == 1 && segment[0] == '.') continue;
    if (n) out[n++] = '/';
    memcpy(out + n, segment, len);
    n += len;
  }
  out[n] = 0;
  return n != 0;
}

uint32_t x07_fs_path(x07_bytes path, const char *roots, x07_path out) {
  const x07_policy *policy = x07_os_policy();
  int valid = normalise(path, out);
  x07_bytes_drop(path);
  if (policy->sandboxed && !policy->fs) return X07_FS_DISABLED;
  if (!valid) return X07_FS_BAD_PATH;
  if (!policy->sandboxed) return 0;
  if (policy->deny_hidden && x07_os_is_hidden((const uint8_t *)out, (uint32_t)strlen(out))) return X07_FS_DENIED;
  return x07_os_is_inside(out, roots) ? 0 : X07_FS_DENIED;
}

uint32_t x07_fs_code(int error) {
  switch (error) {
    case ENOENT: return X07_FS_NOT_FOUND;
    case EEXIST: return X07_FS_EXISTS;
    case EISDIR: return X07_FS_IS_DIR;
    case EACCES:
    case EPERM:
    case EROFS: return X07_FS_PERMISSION;
    case X07_OS_TOO_LARGE: return X07_FS_TOO_LARGE;
    default: return X07_FS_IO;
  }
}

uint32_t x07_fs_begin(x07_bytes path, x07_bytes caps_bytes, const char *roots, uint32_t allowed, uint32_t refused_flags,
                      x07_fs_caps *caps, x07_path out) {
  uint32_t code = x07_fs_read_caps(caps_bytes, caps);
  if (!code && !allowed) code = X07_FS_DENIED;
  if (!code && (caps->flags & refused_flags)) code = X07_FS_DENIED;
  if (!code && (caps->flags & X07_FS_SYMLINKS) && !x07_os_policy()->allow_symlinks) code = X07_FS_SYMLINK_DENIED;
  if (code) {
    x07_bytes_drop(path);
    return code;
  }
  return x07_fs_path(path, roots, out);
}

x07_result_bytes x07_os_fs_read_all_v1(x07_bytes path_bytes, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  x07_path path;
  struct stat status;
  x07_bytes data = x07_bytes_none();
  uint32_t code = x07_fs_begin(path_bytes, caps_bytes, x07_os_policy()->read_roots, 1, 0, &caps, path);
  if (code) return x07_result_bytes_err(code);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    /* A folder that may not be listed cannot even be opened, but it is a folder all the same. */
    int error = errno;
    if (error == EACCES && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) error = EISDIR;
    return x07_result_bytes_err(x07_fs_code(error));
  }
  int error = x07_os_read_open_file(fd, caps.max_read, &data);
  close(fd);
  return error ? x07_result_bytes_err(x07_fs_code(error)) : x07_result_bytes_ok(data);
}

enum kind { MISSING, REGULAR, FOLDER, LINK, OTHER };

x07_result_bytes x07_os_fs_stat_v1(x07_bytes path_bytes, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  x07_path path;
  struct stat status;
  uint32_t code = x07_fs_begin(path_bytes, caps_bytes, x07_os_policy()->read_roots, 1, 0, &caps, path);
  if (code) return x07_result_bytes_err(code);
  uint32_t kind = MISSING, size = 0, changed = 0;
  if (lstat(path, &status) == 0) {
    kind = S_ISREG(status.st_mode) ? REGULAR : S_ISDIR(status.st_mode) ? FOLDER : S_ISLNK(status.st_mode) ? LINK : OTHER;
    if (kind == REGULAR) size = status.st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)status.st_size;
    if (status.st_mtime > 0) changed = status.st_mtime > UINT32_MAX ? UINT32_MAX : (uint32_t)status.st_mtime;
  } else if (errno != ENOENT && errno != ENOTDIR) {
    return x07_result_bytes_err(x07_fs_code(errno));
  }
  x07_bytes doc = x07_bytes_raw(16);
  x07_store_u32_le(doc.ptr, 1);
  x07_store_u32_le(doc.ptr + 4, kind);
  x07_store_u32_le(doc.ptr + 8, size);
  x07_store_u32_le(doc.ptr + 12, changed);
  return x07_result_bytes_ok(doc);
}
