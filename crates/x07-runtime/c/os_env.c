/* The environment, and what is reserved for the network. */
#include "os.h"

#include <stdlib.h>

#define SANDBOXED_WORLD "run-os-sandboxed"

static int is_text(x07_bytes bytes, const char *text) {
  return bytes.len == strlen(text) && memcmp(bytes.ptr, text, bytes.len) == 0;
}

x07_bytes x07_os_env_get(x07_bytes key, const char *at) {
  const x07_policy *policy = x07_os_policy();
  if (memchr(key.ptr, 0, key.len)) x07_trap("os.env.get key has a NUL byte", at);
  if (policy->sandboxed) {
    if (!policy->env) x07_trap("os.env disabled by policy", at);
    if (x07_os_listed(policy->env_deny, key.ptr, key.len)) x07_trap("os.env.get key denied", at);
    if (!x07_os_listed(policy->env_allow, key.ptr, key.len)) x07_trap("os.env.get key not allowed", at);
  }
  if (x07_program_config.sandboxed && is_text(key, "X07_WORLD")) {
    /* Whoever starts the program has no say in this. */
    x07_bytes_drop(key);
    return x07_bytes_lit(SANDBOXED_WORLD, sizeof SANDBOXED_WORLD - 1);
  }
  char *name = malloc((size_t)key.len + 1);
  if (!name) x07_trap_memory((uint64_t)key.len + 1);
  memcpy(name, key.ptr, key.len);
  name[key.len] = 0;
  const char *value = getenv(name);
  free(name);
  x07_bytes_drop(key);
  size_t n = value ? strlen(value) : 0;
  if (n > UINT32_MAX) x07_trap_memory(n);
  x07_bytes out = x07_bytes_raw((uint32_t)n);
  if (n) memcpy(out.ptr, value, n);
  return out;
}

X07_NORETURN x07_bytes x07_os_net_http_request(x07_bytes req, const char *at) {
  const x07_policy *policy = x07_os_policy();
  (void)req;
  if (policy->sandboxed) {
    x07_item host = {.rest = policy->allow_hosts};
    if (!policy->net) x07_trap("os.net disabled by policy", at);
    if (!policy->allow_tcp) x07_trap("os.net tcp denied by policy", at);
    if (!policy->allow_dns) x07_trap("os.net dns denied by policy", at);
    if (!x07_os_next_item(&host)) x07_trap("os.net has no allowed host", at);
  }
  x07_trap("os.net.http_request not implemented", at);
}
