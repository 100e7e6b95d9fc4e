/* Clocks, sleep and the local zone. */
#include "os.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ERR_CLOCK_DENIED 300u
#define ERR_CLOCK 301u
#define ERR_ZONE_DENIED 1u

static void check_clock(const char *at) {
  const x07_policy *policy = x07_os_policy();
  if (!policy->sandboxed) return;
  if (!policy->time) x07_trap("os.time disabled by policy", at);
  if (!policy->allow_wall_clock) x07_trap("os.time wall clock denied by policy", at);
}

uint32_t x07_os_time_now_unix_ms(const char *at) {
  struct timespec now;
  check_clock(at);
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) x07_trap("os.time clock cannot be read", at);
  return (uint32_t)((uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u);
}

x07_bytes x07_os_time_now_instant_v1(void) {
  const x07_policy *policy = x07_os_policy();
  struct timespec now;
  if (policy->sandboxed && !(policy->time && policy->allow_wall_clock)) return x07_os_error_document(ERR_CLOCK_DENIED);
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return x07_os_error_document(ERR_CLOCK);
  uint64_t secs = (uint64_t)(int64_t)now.tv_sec;
  x07_bytes doc = x07_bytes_raw(14);
  doc.ptr[0] = doc.ptr[1] = 1;
  x07_store_u32_le(doc.ptr + 2, (uint32_t)secs);
  x07_store_u32_le(doc.ptr + 6, (uint32_t)(secs >> 32));
  x07_store_u32_le(doc.ptr + 10, (uint32_t)now.tv_nsec);
  return doc;
}

uint32_t x07_os_time_sleep_ms_v1(uint32_t ms) {
  const x07_policy *policy = x07_os_policy();
  if (ms > INT32_MAX) return 0;
  if (policy->sandboxed && !(policy->time && policy->allow_sleep && ms <= policy->max_sleep_ms)) return 0;
  struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000L};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
  return 1;
}

/* The name behind the last `zoneinfo/` of a path, or nothing. */
static const char *zone_of_path(const char *path) {
  static const char folder[] = "zoneinfo/";
  const char *found = NULL;
  for (const char *at = path; (at = strstr(at, folder)); at++) found = at + sizeof folder - 1;
  return found ? found : "";
}

x07_bytes x07_os_time_local_tzid_v1(void) {
  const x07_policy *policy = x07_os_policy();
  char link[1024];
  const char *name = "";
  if (policy->sandboxed) {
    if (!(policy->time && policy->allow_local_tzid)) {
      x07_bytes doc = x07_bytes_raw(5);
      doc.ptr[0] = 0;
      x07_store_u32_le(doc.ptr + 1, ERR_ZONE_DENIED);
      return doc;
    }
  }
  const char *variable = getenv("TZ");
  if (variable && *variable) {
    if (*variable == ':') variable++;
    name = *variable == '/' ? zone_of_path(variable) : variable;
  } else {
    ssize_t n = readlink("/etc/localtime", link, sizeof link - 1);
    if (n > 0) {
      link[n] = 0;
      name = zone_of_path(link);
    }
  }
  /* A rule such as `CET-1CEST` is a setting, but not the name of a zone. */
  uint32_t len = (uint32_t)strlen(name);
  if (!x07_os_time_tzdb_is_valid_tzid_v1(x07_view_untracked((const uint8_t *)name, len))) len = 0;
  x07_bytes doc = x07_bytes_raw(6 + len);
  doc.ptr[0] = doc.ptr[1] = 1;
  x07_store_u32_le(doc.ptr + 2, len);
  memcpy(doc.ptr + 6, name, len);
  return doc;
}
