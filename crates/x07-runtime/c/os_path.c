/* Paths: what they may look like, and where they lead. */
#include "os.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The length of the segment at `from`. */
static uint32_t segment(const uint8_t *path, uint32_t len, uint32_t from) {
  uint32_t end = from;
  while (end < len && path[end] != '/') end++;
  return end - from;
}

int x07_os_is_safe(const uint8_t *path, uint32_t len) {
  if (memchr(path, 0, len) || memchr(path, '\\', len)) return 0;
  for (uint32_t from = 0; from <= len;) {
    const uint8_t *s = path + from;
    uint32_t n = segment(path, len, from);
    if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.')) return 0;
    if (n >= 5 && memcmp(s, ".x07_", 5) == 0) return 0;
    from += n + 1;
  }
  return 1;
}

int x07_os_is_hidden(const uint8_t *path, uint32_t len) {
  for (uint32_t from = 0; from < len; from += segment(path, len, from) + 1) {
    uint32_t n = segment(path, len, from);
    if (n > 1 && path[from] == '.' && !(n == 2 && path[from + 1] == '.')) return 1;
  }
  return 0;
}

int x07_os_c_path(x07_path out, const uint8_t *path, uint32_t len) {
  if (len >= X07_OS_PATH_MAX || memchr(path, 0, len)) return 0;
  memcpy(out, path, len);
  out[len] = 0;
  return 1;
}

int x07_os_join(x07_path out, x07_item root, const uint8_t *path, uint32_t len) {
  while (root.len > 1 && root.text[root.len - 1] == '/') root.len--;
  uint32_t joint = root.text[root.len - 1] != '/';
  if (len > root.len && memcmp(path, root.text, root.len) == 0 && path[root.len] == '/')
    return x07_os_c_path(out, path, len);
  if ((uint64_t)root.len + joint + len >= X07_OS_PATH_MAX) return 0;
  memcpy(out, root.text, root.len);
  if (joint) out[root.len] = '/';
  memcpy(out + root.len + joint, path, len);
  out[root.len + joint + len] = 0;
  return 1;
}

/* The real path of the part that exists, with the rest as it is behind it. */
static int resolve(const char *path, x07_path out) {
  x07_path part;
  size_t len = strlen(path), known = len;
  char *real = NULL;
  if (len >= sizeof part) return 0;
  memcpy(part, path, len + 1);
  while (!(real = realpath(known ? part : ".", NULL))) {
    struct stat status;
    if (errno != ENOENT && errno != ENOTDIR) return 0;
    /* Something that is there and cannot be resolved is a link to nowhere. */
    if (!known || lstat(part, &status) == 0) return 0;
    while (known && part[known - 1] == '/') known--;
    while (known && part[known - 1] != '/') known--;
    while (known > 1 && part[known - 1] == '/') known--;
    part[known] = 0;
  }
  size_t n = strlen(real);
  const char *rest = path + known;
  while (*rest == '/') rest++;
  size_t more = strlen(rest);
  int fits = n + 1 + more < X07_OS_PATH_MAX;
  if (fits) {
    memcpy(out, real, n + 1);
    if (more) {
      if (out[n - 1] != '/') out[n++] = '/';
      memcpy(out + n, rest, more + 1);
    }
  }
  free(real);
  return fits;
}

int x07_os_is_inside(const char *path, const char *roots) {
  x07_path target;
  if (!resolve(path, target)) return 0;
  size_t len = strlen(target);
  x07_item item = {.rest = roots};
  while (x07_os_next_item(&item)) {
    x07_path root;
    if (!x07_os_c_path(root, (const uint8_t *)item.text, item.len)) continue;
    char *real = realpath(root, NULL);
    if (!real) continue;
    size_t n = strlen(real);
    int inside = n <= len && memcmp(real, target, n) == 0 && (n == len || real[n - 1] == '/' || target[n] == '/');
    free(real);
    if (!inside) continue;
    if (!x07_os_policy()->deny_hidden || !x07_os_is_hidden((const uint8_t *)target + n, (uint32_t)(len - n))) return 1;
  }
  return 0;
}
