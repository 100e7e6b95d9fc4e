/* The time zones of the IANA database, generated from it by the build. */
#ifndef X07_TZDATA_H
#define X07_TZDATA_H

#include <stdint.h>

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility push(hidden)
#endif

/* Sorted by name as bytes; `data` counts from the start of `x07_tz_data`. */
typedef struct x07_tz_zone {
  const char *name;
  uint32_t data;
  uint32_t len;
} x07_tz_zone;

extern const x07_tz_zone x07_tz_zones[];
extern const uint32_t x07_tz_zone_count;
extern const unsigned char x07_tz_data[];
/* Such as `tzdb-2025b`. */
extern const char x07_tz_release[];

#if defined(__GNUC__) && !defined(__TINYC__)
#pragma GCC visibility pop
#endif
#endif
