/* The os.fs.*_v1 heads that list folders. */
#include "os.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Names that were found, each its own allocation outside of the program's heap. */
typedef struct names {
  char **items;
  uint32_t count, room;
} names;

static uint32_t add_name(names *all, const char *name, uint32_t most) {
  if (all->count == most) return X07_FS_TOO_MANY;
  if (all->count == all->room) {
    uint32_t wider = all->room ? 2 * all->room : 64;
    char **items = realloc(all->items, (size_t)wider * sizeof *items);
    if (!items) return X07_FS_IO;
    all->items = items;
    all->room = wider;
  }
  char *copy = strdup(name);
  if (!copy) return X07_FS_IO;
  all->items[all->count++] = copy;
  return 0;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The names in order, each with LF behind it, at least one LF; frees them. */
static x07_result_bytes listing(names *all, uint32_t code) {
  uint64_t size = 0;
  for (uint32_t i = 0; i < all->count; i++) size += strlen(all->items[i]) + 1;
  if (size > UINT32_MAX) code = X07_FS_TOO_LARGE;
  x07_bytes text = x07_bytes_none();
  if (!code) {
    if (all->count) qsort(all->items, all->count, sizeof *all->items, by_bytes);
    text = x07_bytes_raw(size ? (uint32_t)size : 1);
    uint8_t *to = text.ptr;
    for (uint32_t i = 0; i < all->count; i++) {
      size_t n = strlen(all->items[i]);
      memcpy(to, all->items[i], n);
      to[n] = '\n';
      to += n + 1;
    }
    if (!size) *to = '\n';
  }
  for (uint32_t i = 0; i < all->count; i++) free(all->items[i]);
  free(all->items);
  return code ? x07_result_bytes_err(code) : x07_result_bytes_ok(text);
}

static uint32_t begin(x07_bytes path_bytes, x07_bytes caps_bytes, uint32_t allowed, x07_fs_caps *caps, x07_path path) {
  return x07_fs_begin(path_bytes, caps_bytes, x07_os_policy()->read_roots, allowed, 0, caps, path);
}

/* Opens a folder; the code tells a file from nothing. */
static uint32_t open_folder(const char *path, DIR **folder) {
  *folder = opendir(path);
  if (*folder) return 0;
  return errno == ENOTDIR ? X07_FS_NOT_DIR : x07_fs_code(errno);
}

/* True for names that a listing shows. */
static int is_listed(const char *name) {
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return 0;
  if (name[0] == '.' && x07_os_policy()->deny_hidden) return 0;
  return x07_utf8_is_valid((const uint8_t *)name, strlen(name));
}

x07_result_bytes x07_os_fs_list_dir_sorted_text_v1(x07_bytes path_bytes, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  x07_path path;
  names all = {0};
  DIR *folder = NULL;
  uint32_t code = begin(path_bytes, caps_bytes, x07_os_policy()->allow_walk, &caps, path);
  if (!code) code = open_folder(path, &folder);
  if (!folder) return x07_result_bytes_err(code);
  struct dirent *entry;
  while (!code && (errno = 0, entry = readdir(folder)))
    if (is_listed(entry->d_name)) code = add_name(&all, entry->d_name, caps.max_entries);
  if (!code && errno) code = X07_FS_IO;
  closedir(folder);
  return listing(&all, code);
}

typedef struct walk {
  const x07_fs_caps *caps;
  const uint8_t *glob;
  uint32_t glob_len;
  size_t root_len; /* of the path in front of relative names, with its '/' */
  x07_path path;
  names found;
} walk;

static uint32_t walk_folder(walk *w, size_t len, uint32_t depth);

/* The path of the walk is that of an entry now. */
static uint32_t walk_entry(walk *w, size_t len, uint32_t depth) {
  struct stat status;
  if (depth > w->caps->max_depth) return X07_FS_TOO_DEEP;
  if (lstat(w->path, &status) != 0) return errno == ENOENT ? 0 : x07_fs_code(errno);
  if (S_ISLNK(status.st_mode) && (w->caps->flags & X07_FS_SYMLINKS)) {
    struct stat target;
    const x07_policy *policy = x07_os_policy();
    if (stat(w->path, &target) == 0 && (!policy->sandboxed || x07_os_is_inside(w->path, policy->read_roots)))
      status = target;
  }
  if (S_ISDIR(status.st_mode)) return walk_folder(w, len, depth);
  const char *name = w->path + w->root_len;
  if (!x07_glob_matches(w->glob, w->glob_len, (const uint8_t *)name, (uint32_t)strlen(name))) return 0;
  return add_name(&w->found, name, w->caps->max_entries);
}

/* The names are read before any is looked at, so that depth costs no open folder. */
static uint32_t walk_folder(walk *w, size_t len, uint32_t depth) {
  X07_NEEDS_STACK(1024u);
  DIR *folder;
  names entries = {0};
  uint32_t code = open_folder(w->path, &folder);
  if (code) return code;
  struct dirent *entry;
  while (!code && (errno = 0, entry = readdir(folder)))
    if (is_listed(entry->d_name)) code = add_name(&entries, entry->d_name, UINT32_MAX);
  if (!code && errno) code = X07_FS_IO;
  closedir(folder);
  for (uint32_t i = 0; i < entries.count; i++) {
    size_t n = strlen(entries.items[i]);
    if (!code && len + n + 2 > sizeof w->path) code = X07_FS_BAD_PATH;
    if (!code) {
      w->path[len] = '/';
      memcpy(w->path + len + 1, entries.items[i], n + 1);
      code = walk_entry(w, len + 1 + n, depth + 1);
      w->path[len] = 0;
    }
    free(entries.items[i]);
  }
  free(entries.items);
  return code;
}

x07_result_bytes x07_os_fs_walk_glob_sorted_text_v1(x07_bytes root_bytes, x07_bytes glob, x07_bytes caps_bytes) {
  x07_fs_caps caps;
  const x07_policy *policy = x07_os_policy();
  walk w;
  uint32_t code = begin(root_bytes, caps_bytes, policy->allow_walk && policy->allow_glob, &caps, w.path);
  if (!code && !x07_glob_is_valid(glob.ptr, glob.len)) code = X07_FS_BAD_PATH;
  w.found = (names){0};
  if (!code) {
    size_t len = strlen(w.path);
    w.caps = &caps;
    w.glob = glob.ptr;
    w.glob_len = glob.len;
    w.root_len = len + 1;
    code = walk_folder(&w, len, 0);
  }
  x07_bytes_drop(glob);
  return listing(&w.found, code);
}
