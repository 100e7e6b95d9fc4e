/* Requests to start a program: their encoding, and what the policy says to them. */
#include "os_process.h"

#include <stdlib.h>

#define MAX_ARGUMENTS 128u
#define MAX_VARIABLES 256u
#define MAX_TOKENS 256u

typedef struct cursor {
  const uint8_t *data;
  uint32_t len, at;
  uint32_t failed;
} cursor;

static uint32_t read_u32(cursor *c) {
  if (c->failed || c->len - c->at < 4) {
    c->failed = 1;
    return 0;
  }
  c->at += 4;
  return x07_load_u32_le(c->data + c->at - 4);
}

static x07_view read_bytes(cursor *c) {
  uint32_t n = read_u32(c);
  if (c->failed || n > c->len - c->at) {
    c->failed = 1;
    return x07_view_none();
  }
  c->at += n;
  return x07_view_untracked(c->data + c->at - n, n);
}

typedef struct layout {
  uint32_t argc, envc;
  uint32_t arguments, variables; /* where their lists begin */
  x07_view cwd, in;
} layout;

static uint32_t read_layout(x07_bytes bytes, layout *out) {
  cursor c = {.data = bytes.ptr, .len = bytes.len, .at = 2};
  if (bytes.len < 6 || bytes.ptr[0] != 1 || bytes.ptr[1] != 0) return X07_PROCESS_INVALID;
  out->argc = read_u32(&c);
  out->arguments = c.at;
  if (!out->argc || out->argc > MAX_ARGUMENTS) return X07_PROCESS_INVALID;
  for (uint32_t i = 0; i < out->argc; i++)
    if (!read_bytes(&c).len && i == 0) return X07_PROCESS_INVALID;
  out->envc = read_u32(&c);
  out->variables = c.at;
  if (out->envc > MAX_VARIABLES) return X07_PROCESS_INVALID;
  for (uint32_t i = 0; i < out->envc; i++) {
    if (!read_bytes(&c).len) return X07_PROCESS_INVALID;
    read_bytes(&c);
  }
  out->cwd = read_bytes(&c);
  out->in = read_bytes(&c);
  return c.failed || c.at != c.len ? X07_PROCESS_INVALID : 0;
}

static char *put(char *to, x07_view text, char end, const char *at) {
  if (memchr(text.ptr, 0, text.len)) x07_trap("os.process request has a NUL byte", at);
  memcpy(to, text.ptr, text.len);
  to[text.len] = end;
  return to + text.len + 1;
}

uint32_t x07_process_read_request(x07_bytes bytes, x07_request *out, const char *at) {
  layout l;
  uint32_t code = read_layout(bytes, &l);
  if (code) return code;
  size_t pointers = ((size_t)l.argc + l.envc + 2) * sizeof(char *);
  size_t size = pointers + bytes.len + l.argc + 2 * (size_t)l.envc + 1;
  *out = (x07_request){.argc = l.argc, .envc = l.envc, .storage = malloc(size)};
  if (!out->storage) x07_trap_memory(size);
  out->argv = out->storage;
  out->envp = out->argv + l.argc + 1;
  char *text = (char *)out->storage + pointers;
  cursor c = {.data = bytes.ptr, .len = bytes.len, .at = l.arguments};
  for (uint32_t i = 0; i < l.argc; i++) {
    out->argv[i] = text;
    text = put(text, read_bytes(&c), 0, at);
  }
  c.at = l.variables;
  for (uint32_t i = 0; i < l.envc; i++) {
    out->envp[i] = text;
    x07_view name = read_bytes(&c);
    if (memchr(name.ptr, '=', name.len)) out->has_crooked_names = 1;
    text = put(text, name, '=', at);
    text = put(text, read_bytes(&c), 0, at);
  }
  out->argv[l.argc] = out->envp[l.envc] = NULL;
  if (l.cwd.len) {
    out->cwd = text;
    put(text, l.cwd, 0, at);
  }
  out->stdin_data = l.in.ptr;
  out->stdin_len = l.in.len;
  return 0;
}

void x07_process_free_request(x07_request *request) { free(request->storage); }

uint32_t x07_process_read_caps(x07_bytes bytes, x07_process_caps *out) {
  if (bytes.len < 17 || bytes.ptr[0] != 1) return X07_PROCESS_INVALID;
  out->max_stdout = x07_load_u32_le(bytes.ptr + 1);
  out->max_stderr = x07_load_u32_le(bytes.ptr + 5);
  out->timeout_ms = x07_load_u32_le(bytes.ptr + 9);
  out->max_total = x07_load_u32_le(bytes.ptr + 13);
  if (!out->max_total) out->max_total = out->max_stdout + out->max_stderr;
  return 0;
}

/* 0 in a policy is no limit. */
static int exceeds(uint64_t n, uint32_t limit) { return limit && n > limit; }

uint32_t x07_process_check_caps(x07_process_caps *caps) {
  const x07_policy *policy = x07_os_policy();
  if (!policy->sandboxed) return 0;
  if (exceeds(caps->timeout_ms, policy->max_runtime_ms) || exceeds(caps->max_stdout, policy->max_stdout_bytes) ||
      exceeds(caps->max_stderr, policy->max_stderr_bytes) || exceeds(caps->max_total, policy->max_total_bytes))
    return X07_PROCESS_DENIED;
  if (!caps->timeout_ms) caps->timeout_ms = policy->max_runtime_ms;
  return 0;
}

/* Whole-text match of regex-lite: `.` any byte, `\x` the byte x, `*` repeats what is before it. */
static int matches(x07_item pattern, const char *text) {
  struct token {
    uint8_t byte, any, repeats;
  } tokens[MAX_TOKENS];
  uint32_t count = 0;
  for (uint32_t i = 0; i < pattern.len; i++) {
    char c = pattern.text[i];
    if (c == '*') {
      if (!count || tokens[count - 1].repeats) return 0;
      tokens[count - 1].repeats = 1;
      continue;
    }
    if (count == MAX_TOKENS) return 0;
    int escaped = c == '\\';
    if (escaped && ++i == pattern.len) return 0;
    tokens[count++] = (struct token){.byte = (uint8_t)pattern.text[i], .any = !escaped && c == '.', .repeats = 0};
  }
  /* `at[i]`: what was read so far can be tokens 0 to i-1. */
  uint8_t at[MAX_TOKENS + 1] = {1};
  for (;; text++) {
    for (uint32_t i = 0; i < count; i++)
      if (at[i] && tokens[i].repeats) at[i + 1] = 1;
    if (!*text) return at[count];
    uint8_t next[MAX_TOKENS + 1] = {0};
    for (uint32_t i = 0; i < count; i++) {
      if (!at[i] || !(tokens[i].any || tokens[i].byte == (uint8_t)*text)) continue;
      next[tokens[i].repeats ? i : i + 1] = 1;
    }
    memcpy(at, next, sizeof at);
  }
}

static int is_argument_allowed(const char *list, const char *argument) {
  x07_item item = {.rest = list};
  int is_empty = 1;
  while (x07_os_next_item(&item)) {
    if (matches(item, argument)) return 1;
    is_empty = 0;
  }
  return is_empty;
}

/* True for a name with a segment that is empty or leads upwards: it is not where its beginning says. */
static int is_crooked(const char *name) {
  for (const char *at = name; *at;) {
    size_t n = strcspn(at, "/");
    if ((n == 2 && at[0] == '.' && at[1] == '.') || (n == 0 && at != name)) return 1;
    at += n;
    if (*at == '/') at++;
  }
  return 0;
}

static int is_program_allowed(const x07_policy *policy, const char *name) {
  size_t n = strlen(name);
  if (x07_os_listed(policy->allow_execs, (const uint8_t *)name, (uint32_t)n)) return 1;
  if (is_crooked(name)) return 0;
  x07_item prefix = {.rest = policy->allow_exec_prefixes};
  while (x07_os_next_item(&prefix))
    if (n >= prefix.len && memcmp(name, prefix.text, prefix.len) == 0) return 1;
  return 0;
}

static int is_environment_allowed(const x07_policy *policy, const x07_request *request) {
  if (request->has_crooked_names || exceeds(request->envc, policy->max_env)) return 0;
  for (uint32_t i = 0; i < request->envc; i++) {
    const char *variable = request->envp[i], *value = strchr(variable, '=');
    size_t key = (size_t)(value - variable);
    if (exceeds(key, policy->max_env_key_bytes) || exceeds(strlen(value + 1), policy->max_env_val_bytes)) return 0;
    if (!x07_os_listed(policy->allow_env_keys, (const uint8_t *)variable, (uint32_t)key)) return 0;
  }
  return 1;
}

static int is_cwd_allowed(const x07_policy *policy, const char *cwd) {
  const uint8_t *path = (const uint8_t *)cwd;
  uint32_t n = (uint32_t)strlen(cwd);
  x07_item root = {.rest = policy->allow_cwd_roots};
  if (!policy->allow_cwd || !x07_os_next_item(&root) || !x07_os_is_safe(path, n)) return 0;
  return !(policy->deny_hidden && x07_os_is_hidden(path, n));
}

uint32_t x07_process_check_request(const x07_request *request) {
  const x07_policy *policy = x07_os_policy();
  if (!policy->sandboxed) return 0;
  if (exceeds(request->argc, policy->max_args)) return X07_PROCESS_DENIED;
  for (uint32_t i = 0; i < request->argc; i++) {
    if (exceeds(strlen(request->argv[i]), policy->max_arg_bytes)) return X07_PROCESS_DENIED;
    if (i && !is_argument_allowed(policy->allow_args, request->argv[i])) return X07_PROCESS_DENIED;
  }
  if (exceeds(strlen(request->argv[0]), policy->max_exe_bytes)) return X07_PROCESS_DENIED;
  if (!is_program_allowed(policy, request->argv[0])) return X07_PROCESS_DENIED;
  if (!is_environment_allowed(policy, request)) return X07_PROCESS_DENIED;
  if (request->cwd && !is_cwd_allowed(policy, request->cwd)) return X07_PROCESS_DENIED;
  return exceeds(request->stdin_len, policy->max_stdin_bytes) ? X07_PROCESS_DENIED : 0;
}
