/* What the operating system's heads share. */
#ifndef X07_OS_H
#define X07_OS_H

#include "runtime.h"

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility push(hidden)
#endif

#define X07_OS_PATH_MAX 4096u

/* The policy of run-os-sandboxed. In run-os everything is allowed and limits have their defaults. Lists are texts whose
   items are joined with ';'. */
typedef struct x07_policy {
  uint32_t sandboxed;
  uint32_t fs, net, env, time, process;
  uint32_t deny_hidden, allow_symlinks, allow_mkdir, allow_remove, allow_rename, allow_walk, allow_glob;
  uint32_t max_read_bytes, max_write_bytes, max_entries, max_depth;
  uint32_t allow_wall_clock, allow_sleep, max_sleep_ms, allow_local_tzid;
  uint32_t allow_tcp, allow_dns;
  uint32_t max_blocking;
  uint32_t allow_exit, allow_spawn, allow_exec, allow_cwd, kill_on_drop, kill_tree;
  uint32_t max_live, max_spawns, max_runtime_ms, max_stdout_bytes, max_stderr_bytes, max_total_bytes, max_stdin_bytes;
  uint32_t max_exe_bytes, max_args, max_arg_bytes, max_env, max_env_key_bytes, max_env_val_bytes;
  const char *read_roots, *write_roots, *env_allow, *env_deny, *allow_hosts;
  const char *allow_execs, *allow_exec_prefixes, *allow_args, *allow_env_keys, *allow_cwd_roots;
} x07_policy;

/* Read once, at the first use. */
const x07_policy *x07_os_policy(void);

/* Steps through a list: the next item without blanks around it, skipping empty ones; 0 at the end. */
typedef struct x07_item {
  const char *text;
  uint32_t len;
  const char *rest; /* start with the list itself */
} x07_item;
int x07_os_next_item(x07_item *item);
/* True if the list has an item equal to the text. */
int x07_os_listed(const char *list, const uint8_t *text, uint32_t len);

/* Paths. */
typedef char x07_path[X07_OS_PATH_MAX];

/* A relative path that cannot leave the folder that it is joined to (spec os-worlds 5). */
int x07_os_is_safe(const uint8_t *path, uint32_t len);
/* True if a segment begins with a dot. */
int x07_os_is_hidden(const uint8_t *path, uint32_t len);
/* The text with a NUL behind it; 0 if it has one inside or is too long. */
int x07_os_c_path(x07_path out, const uint8_t *path, uint32_t len);
/* `root` and `path` joined; a path that begins with the root already stays as it is. 0 if it is too long. */
int x07_os_join(x07_path out, x07_item root, const uint8_t *path, uint32_t len);
/* True if the path, with every symbolic link of its existing part followed, lies in one of the roots, and no segment
   below the root is hidden when the policy denies that. Nothing may hang behind a link that leads nowhere. */
int x07_os_is_inside(const char *path, const char *roots);

/* Reads a file to its end, whatever size it pretends to have: 0, an errno, or X07_OS_TOO_LARGE above `limit` bytes. */
#define X07_OS_TOO_LARGE (-1)
int x07_os_read_open_file(int fd, uint64_t limit, x07_bytes *out);

/* FsCapsV1 with the policy's limits applied. */
typedef struct x07_fs_caps {
  uint32_t max_read, max_write, max_entries, max_depth;
  uint32_t flags;
} x07_fs_caps;
#define X07_FS_SYMLINKS 1u
#define X07_FS_HIDDEN 2u
#define X07_FS_CREATE_PARENTS 4u
#define X07_FS_OVERWRITE 8u
#define X07_FS_ATOMIC 16u

#define X07_FS_DENIED 60001u
#define X07_FS_DISABLED 60002u
#define X07_FS_BAD_PATH 60003u
#define X07_FS_BAD_CAPS 60004u
#define X07_FS_BAD_HANDLE 60005u
#define X07_FS_NOT_FOUND 60010u
#define X07_FS_EXISTS 60011u
#define X07_FS_NOT_DIR 60012u
#define X07_FS_IS_DIR 60013u
#define X07_FS_PERMISSION 60014u
#define X07_FS_IO 60015u
#define X07_FS_TOO_LARGE 60016u
#define X07_FS_TOO_MANY 60017u
#define X07_FS_TOO_DEEP 60018u
#define X07_FS_SYMLINK_DENIED 60019u

/* All of these give 0 or an error code. */
uint32_t x07_fs_read_caps(x07_bytes caps, x07_fs_caps *out);
/* The path without its '.' segments, checked against the policy's roots. */
uint32_t x07_fs_path(x07_bytes path, const char *roots, x07_path out);
uint32_t x07_fs_code(int error);
/* What a head does first: caps, whether the policy allows it, the flags that the policy refuses, the symbolic link flag
   and the path, in this order. */
uint32_t x07_fs_begin(x07_bytes path, x07_bytes caps_bytes, const char *roots, uint32_t allowed, uint32_t refused_flags,
                      x07_fs_caps *caps, x07_path out);
uint32_t x07_fs_make_parents(x07_path path);

/* A glob over whole relative paths: `*` and `?` match '/' too. 0 if the pattern is malformed. */
int x07_glob_is_valid(const uint8_t *glob, uint32_t len);
int x07_glob_matches(const uint8_t *glob, uint32_t glob_len, const uint8_t *text, uint32_t len);

int x07_utf8_is_valid(const uint8_t *text, size_t len);

/* A document of a failure: 0, the code and no message (u32 length 0). */
static inline x07_bytes x07_os_error_document(uint32_t code) {
  x07_bytes doc = x07_bytes_raw(9);
  doc.ptr[0] = 0;
  x07_store_u32_le(doc.ptr + 1, code);
  x07_store_u32_le(doc.ptr + 5, 0);
  return doc;
}

/* Appends without counting as a head of vec_u8 would. */
static inline x07_vec x07_vec_append(x07_vec v, const void *data, uint32_t n) {
  return x07_vec_extend(v, x07_view_untracked(data, n), "out of memory", NULL);
}

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility pop
#endif
#endif
