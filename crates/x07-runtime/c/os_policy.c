/* The policy: from the program itself if it carries one, else from the environment that a runner prepared. */
#include "os.h"

#include <stdlib.h>

static const char *find(const char *name) {
  const char *item = x07_program_config.policy;
  if (!item) return getenv(name);
  size_t n = strlen(name);
  for (; *item; item += strlen(item) + 1)
    if (strncmp(item, name, n) == 0 && item[n] == '=') return item + n + 1;
  return NULL;
}

/* A decimal number; anything else is the default, so that damage never allows more. */
static uint32_t number(const char *name, uint32_t otherwise) {
  const char *text = find(name);
  if (!text || !*text) return otherwise;
  uint64_t x = 0;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return otherwise;
    x = x * 10 + (uint64_t)(*text - '0');
    if (x > UINT32_MAX) return UINT32_MAX;
  }
  return (uint32_t)x;
}

static uint32_t allows(const char *name) { return number(name, 0) == 1; }

static uint32_t limit(const char *name, uint32_t otherwise) {
  uint32_t x = number(name, otherwise);
  return x ? x : otherwise;
}

/* A copy, which nothing that changes the environment later can reach. */
static const char *list(const char *name) {
  const char *text = find(name);
  const char *copy = text && *text ? strdup(text) : NULL;
  return copy ? copy : "";
}

static uint32_t is_sandboxed(void) {
  if (x07_program_config.sandboxed) return 1;
  const char *world = getenv("X07_WORLD"), *flag = getenv("X07_OS_SANDBOXED");
  return (world && strcmp(world, "run-os-sandboxed") == 0) || (flag && *flag == '1');
}

static void read_files(x07_policy *p) {
  p->fs = allows("X07_OS_FS");
  p->deny_hidden = number("X07_OS_DENY_HIDDEN", 1) != 0;
  p->allow_symlinks = allows("X07_OS_FS_ALLOW_SYMLINKS");
  p->allow_mkdir = allows("X07_OS_FS_ALLOW_MKDIR");
  p->allow_remove = allows("X07_OS_FS_ALLOW_REMOVE");
  p->allow_rename = allows("X07_OS_FS_ALLOW_RENAME");
  p->allow_walk = allows("X07_OS_FS_ALLOW_WALK");
  p->allow_glob = allows("X07_OS_FS_ALLOW_GLOB");
  p->max_read_bytes = limit("X07_OS_FS_MAX_READ_BYTES", p->max_read_bytes);
  p->max_write_bytes = limit("X07_OS_FS_MAX_WRITE_BYTES", p->max_write_bytes);
  p->max_entries = limit("X07_OS_FS_MAX_ENTRIES", p->max_entries);
  p->max_depth = limit("X07_OS_FS_MAX_DEPTH", p->max_depth);
  p->max_blocking = number("X07_OS_THREADS_MAX_BLOCKING", 4);
  p->read_roots = list("X07_OS_FS_READ_ROOTS");
  p->write_roots = list("X07_OS_FS_WRITE_ROOTS");
}

static void read_processes(x07_policy *p) {
  p->process = allows("X07_OS_PROC");
  p->allow_exit = allows("X07_OS_PROC_ALLOW_EXIT");
  p->allow_spawn = allows("X07_OS_PROC_ALLOW_SPAWN");
  p->allow_exec = allows("X07_OS_PROC_ALLOW_EXEC");
  p->allow_cwd = allows("X07_OS_PROC_ALLOW_CWD");
  p->kill_on_drop = number("X07_OS_PROC_KILL_ON_DROP", 1) != 0;
  p->kill_tree = number("X07_OS_PROC_KILL_TREE", 1) != 0;
  p->max_live = number("X07_OS_PROC_MAX_LIVE", 0);
  p->max_spawns = number("X07_OS_PROC_MAX_SPAWNS", 0);
  p->max_runtime_ms = number("X07_OS_PROC_MAX_RUNTIME_MS", 0);
  p->max_stdout_bytes = number("X07_OS_PROC_MAX_STDOUT_BYTES", 0);
  p->max_stderr_bytes = number("X07_OS_PROC_MAX_STDERR_BYTES", 0);
  p->max_total_bytes = number("X07_OS_PROC_MAX_TOTAL_BYTES", 0);
  p->max_stdin_bytes = number("X07_OS_PROC_MAX_STDIN_BYTES", 0);
  p->max_exe_bytes = number("X07_OS_PROC_MAX_EXE_BYTES", 4096);
  p->max_args = number("X07_OS_PROC_MAX_ARGS", 64);
  p->max_arg_bytes = number("X07_OS_PROC_MAX_ARG_BYTES", 4096);
  p->max_env = number("X07_OS_PROC_MAX_ENV", 64);
  p->max_env_key_bytes = number("X07_OS_PROC_MAX_ENV_KEY_BYTES", 256);
  p->max_env_val_bytes = number("X07_OS_PROC_MAX_ENV_VAL_BYTES", 4096);
  p->allow_execs = list("X07_OS_PROC_ALLOW_EXECS");
  p->allow_exec_prefixes = list("X07_OS_PROC_ALLOW_EXEC_PREFIXES");
  p->allow_args = list("X07_OS_PROC_ALLOW_ARGS_REGEX_LITE");
  p->allow_env_keys = list("X07_OS_PROC_ALLOW_ENV_KEYS");
  p->allow_cwd_roots = list("X07_OS_PROC_ALLOW_CWD_ROOTS");
}

static void read_rest(x07_policy *p) {
  p->env = allows("X07_OS_ENV");
  p->env_allow = list("X07_OS_ENV_ALLOW_KEYS");
  p->env_deny = list("X07_OS_ENV_DENY_KEYS");
  p->time = allows("X07_OS_TIME");
  p->allow_wall_clock = allows("X07_OS_TIME_ALLOW_WALL_CLOCK");
  p->allow_sleep = allows("X07_OS_TIME_ALLOW_SLEEP");
  p->max_sleep_ms = number("X07_OS_TIME_MAX_SLEEP_MS", 0);
  p->allow_local_tzid = allows("X07_OS_TIME_ALLOW_LOCAL_TZID");
  p->net = allows("X07_OS_NET");
  p->allow_tcp = allows("X07_OS_NET_ALLOW_TCP");
  p->allow_dns = allows("X07_OS_NET_ALLOW_DNS");
  p->allow_hosts = list("X07_OS_NET_ALLOW_HOSTS");
}

const x07_policy *x07_os_policy(void) {
  static x07_policy policy;
  static uint32_t is_read;
  if (is_read) return &policy;
  policy.max_read_bytes = policy.max_write_bytes = 1u << 24;
  policy.max_entries = 10000;
  policy.max_depth = 64;
  policy.sandboxed = is_sandboxed();
  if (policy.sandboxed) {
    read_files(&policy);
    read_processes(&policy);
    read_rest(&policy);
  } else {
    policy.allow_mkdir = policy.allow_remove = policy.allow_rename = policy.allow_walk = policy.allow_glob = 1;
    policy.allow_symlinks = 1;
    policy.kill_on_drop = policy.kill_tree = 1;
  }
  is_read = 1;
  return &policy;
}

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int x07_os_next_item(x07_item *item) {
  while (item->rest && *item->rest) {
    const char *start = item->rest, *end = strchr(start, ';');
    item->rest = end ? end + 1 : NULL;
    if (!end) end = start + strlen(start);
    while (start < end && is_blank(*start)) start++;
    while (end > start && is_blank(end[-1])) end--;
    if (start == end) continue;
    item->text = start;
    item->len = (uint32_t)(end - start);
    return 1;
  }
  return 0;
}

int x07_os_listed(const char *list, const uint8_t *text, uint32_t len) {
  x07_item item = {.rest = list};
  while (x07_os_next_item(&item))
    if (item.len == len && memcmp(item.text, text, len) == 0) return 1;
  return 0;
}
