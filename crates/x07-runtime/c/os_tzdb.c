/* The embedded time zone database: TZif files (RFC 9636) with their closing rule as a POSIX TZ text. */
#include "os.h"

#include "tzdata.h"

#define ERR_ZONE 100u
#define ERR_RANGE 101u
#define ERR_INTERNAL 102u

#define FIRST_INSTANT (-8334601228800)
#define LAST_INSTANT 8210266876799
#define DAY 86400

static const x07_tz_zone *zone_of(x07_view name) {
  uint32_t low = 0, high = x07_tz_zone_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const x07_tz_zone *zone = &x07_tz_zones[middle];
    size_t n = strlen(zone->name);
    int order = memcmp(zone->name, name.ptr, n < name.len ? n : name.len);
    if (!order) order = n < name.len ? -1 : n > name.len;
    if (!order) return zone;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

static uint32_t be32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static int64_t be64(const uint8_t *p) { return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4)); }

/* A cursor over a POSIX TZ text. */
typedef struct rule_text {
  const uint8_t *at, *end;
} rule_text;

static int next_is(rule_text *t, uint8_t c) {
  if (t->at == t->end || *t->at != c) return 0;
  t->at++;
  return 1;
}

static int is_digit(const rule_text *t) { return t->at < t->end && *t->at >= '0' && *t->at <= '9'; }

static int64_t number(rule_text *t) {
  int64_t x = 0;
  while (is_digit(t) && x < 100000) x = 10 * x + (*t->at++ - '0');
  return x;
}

static void skip_name(rule_text *t) {
  if (next_is(t, '<')) {
    while (t->at < t->end && *t->at != '>') t->at++;
    next_is(t, '>');
    return;
  }
  while (t->at < t->end && ((*t->at | 32) >= 'a' && (*t->at | 32) <= 'z')) t->at++;
}

/* [+-]hours[:minutes[:seconds]] */
static int64_t clock_time(rule_text *t) {
  int64_t sign = next_is(t, '-') ? -1 : 1;
  next_is(t, '+');
  int64_t seconds = 3600 * number(t);
  if (next_is(t, ':')) seconds += 60 * number(t);
  if (next_is(t, ':')) seconds += number(t);
  return sign * seconds;
}

static int is_leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/* Days from 1970-01-01 to the first day of a year. */
static int64_t year_start(int64_t year) {
  int64_t y = year - 1, quotient = y >= 0 ? y / 400 : -((399 - y) / 400), rest = y - 400 * quotient;
  return 146097 * quotient + 365 * rest + rest / 4 - rest / 100 - 719162;
}

static int64_t year_of(int64_t seconds) {
  int64_t days = seconds / DAY - (seconds % DAY < 0);
  int64_t year = 1970 + days / 366 - (days < 0);
  while (year_start(year + 1) <= days) year++;
  while (year_start(year) > days) year--;
  return year;
}

/* The instant, in local time of before, of one change of a year: Jn, n or Mm.w.d, then /time. */
static int64_t change_of(rule_text *t, int64_t year) {
  static const uint8_t months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t day;
  if (next_is(t, 'J')) {
    day = number(t) - 1;
    if (is_leap(year) && day >= 59) day++;
  } else if (next_is(t, 'M')) {
    int64_t month = number(t);
    next_is(t, '.');
    int64_t week = number(t);
    next_is(t, '.');
    int64_t weekday = number(t);
    if (month < 1 || month > 12) month = 1;
    int64_t first = 0, length = months[month - 1] + (month == 2 && is_leap(year));
    for (int64_t m = 1; m < month; m++) first += months[m - 1] + (m == 2 && is_leap(year));
    /* 1970-01-01 was a Thursday. */
    int64_t of_first = ((year_start(year) + first + 4) % 7 + 7) % 7;
    day = (weekday - of_first + 7) % 7 + 7 * (week - 1);
    while (day >= length) day -= 7;
    day += first;
  } else {
    day = number(t);
  }
  int64_t time = next_is(t, '/') ? clock_time(t) : 2 * 3600;
  return (year_start(year) + day) * DAY + time;
}

/* The offset by the closing rule. */
static int64_t offset_by_rule(const uint8_t *text, uint32_t len, int64_t instant) {
  rule_text t = {text, text + len};
  skip_name(&t);
  int64_t standard = -clock_time(&t);
  if (t.at == t.end) return standard;
  skip_name(&t);
  int64_t summer = t.at < t.end && *t.at != ',' ? -clock_time(&t) : standard + 3600;
  if (!next_is(&t, ',')) return standard;
  int64_t year = year_of(instant + standard);
  int64_t begin = change_of(&t, year) - standard;
  next_is(&t, ',');
  int64_t end = change_of(&t, year) - summer;
  int is_summer = begin < end ? instant >= begin && instant < end : instant >= begin || instant < end;
  return is_summer ? summer : standard;
}

/* Counts of the six arrays of a TZif block. */
typedef struct counts {
  uint32_t ut, standard, leap, time, type, chars;
} counts;

static counts read_counts(const uint8_t *header) {
  return (counts){be32(header + 20), be32(header + 24), be32(header + 28),
                  be32(header + 32), be32(header + 36), be32(header + 40)};
}

static uint64_t block_size(counts c, uint32_t time_size) {
  return (uint64_t)c.time * (time_size + 1) + (uint64_t)c.type * 6 + c.chars + (uint64_t)c.leap * (time_size + 4) +
         c.standard + c.ut;
}

/* False for data that is not a TZif file of version 2 or later. */
static int offset_at(const uint8_t *data, uint32_t len, int64_t instant, int64_t *offset) {
  if (len < 44 || memcmp(data, "TZif", 4) != 0 || data[4] < '2') return 0;
  uint64_t second = 44 + block_size(read_counts(data), 4);
  if (second + 44 > len) return 0;
  counts c = read_counts(data + second);
  uint64_t body = second + 44, footer = body + block_size(c, 8);
  if (footer + 2 > len || !c.type) return 0;
  const uint8_t *times = data + body, *kinds = times + 8 * (uint64_t)c.time, *types = kinds + c.time;
  uint32_t low = 0, high = c.time;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (be64(times + 8 * (uint64_t)middle) <= instant)
      low = middle + 1;
    else
      high = middle;
  }
  uint32_t rule_len = len - (uint32_t)footer - 2;
  if (low == c.time && rule_len) {
    *offset = offset_by_rule(data + footer + 1, rule_len, instant);
    return 1;
  }
  uint32_t kind = low ? kinds[low - 1] : 0;
  if (kind >= c.type) return 0;
  *offset = (int32_t)be32(types + 6 * kind);
  return 1;
}

uint32_t x07_os_time_tzdb_is_valid_tzid_v1(x07_view tzid) { return zone_of(tzid) != NULL; }

x07_bytes x07_os_time_tzdb_offset_duration_v1(x07_view tzid, uint32_t secs_lo, uint32_t secs_hi) {
  int64_t instant = (int64_t)((uint64_t)secs_hi << 32 | secs_lo), offset;
  const x07_tz_zone *zone = zone_of(tzid);
  if (!zone) return x07_os_error_document(ERR_ZONE);
  if (instant < FIRST_INSTANT || instant > LAST_INSTANT) return x07_os_error_document(ERR_RANGE);
  if (!offset_at(x07_tz_data + zone->data, zone->len, instant, &offset)) return x07_os_error_document(ERR_INTERNAL);
  x07_bytes doc = x07_bytes_raw(14);
  doc.ptr[0] = doc.ptr[1] = 1;
  x07_store_u32_le(doc.ptr + 2, (uint32_t)(uint64_t)offset);
  x07_store_u32_le(doc.ptr + 6, (uint32_t)((uint64_t)offset >> 32));
  x07_store_u32_le(doc.ptr + 10, 0);
  return doc;
}

x07_bytes x07_os_time_tzdb_snapshot_id_v1(void) { return x07_bytes_lit(x07_tz_release, (uint32_t)strlen(x07_tz_release)); }
