/* json.jcs.canon_doc_v1: RFC 8785 canonical form of one I-JSON document.

   One pass with an explicit stack writes the canonical text. The members of an object are written one after the other
   and put in order, with their commas, when the object closes. */
#include "runtime.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum code { ERR_SYNTAX = 20, ERR_NOT_I_JSON = 21, ERR_DEPTH = 22, ERR_OBJECT = 23, ERR_TRAILING = 24 };

typedef struct member {
  uint32_t source; /* offset of the opening quote */
  uint32_t text;   /* `"name":value` in the output */
  uint32_t text_len;
  uint32_t name; /* unescaped, in `names` */
  uint32_t name_len;
} member;

typedef struct level {
  uint32_t source; /* offset of the bracket */
  uint32_t is_object;
  uint32_t text; /* of the contents in the output */
  uint32_t first_member;
  uint32_t first_name;
  uint64_t space; /* the working space that the limit is about */
} level;

typedef struct canon {
  const uint8_t *doc;
  uint32_t len;
  uint32_t at;
  uint32_t code; /* 0, or the error that ends the work */
  uint32_t error_at;
  uint32_t max_depth, max_members, max_object_bytes;
  x07_vec out;
  x07_vec names;
  level *levels;
  uint32_t depth, level_room;
  member *members;
  uint32_t member_count, member_room;
} canon;

static uint32_t fail(canon *c, enum code code, uint32_t at) {
  c->code = code;
  c->error_at = at;
  return 0;
}

static void put(x07_vec *to, const void *data, uint32_t n) {
  *to = x07_vec_u8_extend_bytes(*to, x07_view_untracked(data, n), NULL);
}

static void put_byte(x07_vec *to, uint8_t byte) { *to = x07_vec_u8_push(*to, byte); }

static void skip_blanks(canon *c) {
  while (c->at < c->len) {
    uint8_t b = c->doc[c->at];
    if (b != ' ' && b != '\t' && b != '\n' && b != '\r') return;
    c->at += 1;
  }
}

static uint32_t next_is(const canon *c, uint8_t byte) { return c->at < c->len && c->doc[c->at] == byte; }

/* One UTF-8 character at `at`; its length, or 0 when it is malformed. */
static uint32_t decode(const canon *c, uint32_t at, uint32_t *point) {
  static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
  uint8_t lead = c->doc[at];
  uint32_t n = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
  if (!n || n > c->len - at) return 0;
  uint32_t x = n == 1 ? lead : lead & (0x7fu >> n);
  for (uint32_t i = 1; i < n; i++) {
    uint8_t b = c->doc[at + i];
    if (b >> 6 != 2) return 0;
    x = x << 6 | (b & 63);
  }
  if (x < lowest[n] || x > 0x10ffff || x >> 11 == 0x1b) return 0;
  *point = x;
  return n;
}

static uint32_t is_noncharacter(uint32_t x) { return (x & 0xfffe) == 0xfffe || (x >= 0xfdd0 && x <= 0xfdef); }

static uint32_t encode(uint32_t x, uint8_t *to) {
  if (x < 0x80) {
    to[0] = (uint8_t)x;
    return 1;
  }
  uint32_t n = x < 0x800 ? 2 : x < 0x10000 ? 3 : 4;
  for (uint32_t i = n; i-- > 1; x >>= 6) to[i] = (uint8_t)(0x80 | (x & 63));
  to[0] = (uint8_t)((0xf00u >> n) | x);
  return n;
}

/* The four hex digits at `at`; 0 when they are not. */
static uint32_t hex4(const canon *c, uint32_t at, uint32_t *unit) {
  if (at > c->len || c->len - at < 4) return 0;
  uint32_t x = 0;
  for (uint32_t i = 0; i < 4; i++) {
    uint8_t b = c->doc[at + i], low = b | 0x20;
    if (b >= '0' && b <= '9')
      x = x << 4 | (uint32_t)(b - '0');
    else if (low >= 'a' && low <= 'f')
      x = x << 4 | (uint32_t)(low - 'a' + 10);
    else
      return 0;
  }
  *unit = x;
  return 1;
}

static void put_escaped(x07_vec *to, const uint8_t *text, uint32_t n, uint32_t point) {
  static const char shorts[] = "btn\0fr"; /* from 8 on */
  if (point == '"' || point == '\\') {
    put_byte(to, '\\');
  } else if (point >= 8 && point <= 13 && shorts[point - 8]) {
    put_byte(to, '\\');
    put_byte(to, (uint8_t)shorts[point - 8]);
    return;
  } else if (point < 0x20) {
    const char escape[6] = {'\\', 'u', '0', '0', (char)('0' + (point >> 4)), "0123456789abcdef"[point & 15]};
    put(to, escape, 6);
    return;
  }
  put(to, text, n);
}

/* The character that the escape at the backslash means; moves past it. */
static uint32_t escape(canon *c, uint32_t *point) {
  uint32_t start = c->at, unit, low;
  if (c->len - start < 2) return fail(c, ERR_SYNTAX, start);
  uint8_t kind = c->doc[start + 1];
  c->at += 2;
  switch (kind) {
    case '"':
    case '\\':
    case '/': *point = kind; return 1;
    case 'b': *point = 8; return 1;
    case 'f': *point = 12; return 1;
    case 'n': *point = 10; return 1;
    case 'r': *point = 13; return 1;
    case 't': *point = 9; return 1;
    case 'u': break;
    default: return fail(c, ERR_SYNTAX, start);
  }
  if (!hex4(c, c->at, &unit)) return fail(c, ERR_SYNTAX, start);
  c->at += 4;
  if (unit >> 10 == 0x37) return fail(c, ERR_NOT_I_JSON, start);
  if (unit >> 10 == 0x36) {
    if (c->len - c->at < 2 || c->doc[c->at] != '\\' || c->doc[c->at + 1] != 'u') return fail(c, ERR_NOT_I_JSON, start);
    if (!hex4(c, c->at + 2, &low)) return fail(c, ERR_SYNTAX, c->at);
    if (low >> 10 != 0x37) return fail(c, ERR_NOT_I_JSON, start);
    c->at += 6;
    unit = 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
  }
  if (is_noncharacter(unit)) return fail(c, ERR_NOT_I_JSON, start);
  *point = unit;
  return 1;
}

/* The string at the opening quote, canonical to `out`; a name also unescaped to `names`. Gives its UTF-16 length. */
static uint32_t string(canon *c, uint32_t is_name, uint32_t *units) {
  *units = 0;
  c->at += 1;
  put_byte(&c->out, '"');
  for (;;) {
    if (c->at == c->len) return fail(c, ERR_SYNTAX, c->at);
    uint8_t b = c->doc[c->at], text[4];
    uint32_t point, n;
    if (b == '"') break;
    if (b < 0x20) return fail(c, ERR_SYNTAX, c->at);
    if (b == '\\') {
      if (!escape(c, &point)) return 0;
      n = encode(point, text);
    } else {
      n = decode(c, c->at, &point);
      if (!n || is_noncharacter(point)) return fail(c, ERR_NOT_I_JSON, c->at);
      memcpy(text, c->doc + c->at, n);
      c->at += n;
    }
    put_escaped(&c->out, text, n, point);
    if (is_name) put(&c->names, text, n);
    *units += point > 0xffff ? 2 : 1;
  }
  c->at += 1;
  put_byte(&c->out, '"');
  return 1;
}

static uint32_t skip_digits(canon *c) {
  uint32_t start = c->at;
  while (c->at < c->len && c->doc[c->at] >= '0' && c->doc[c->at] <= '9') c->at += 1;
  return c->at - start;
}

/* The nearest decimal of `digits` digits that reads back as `x`, or of those beside it; its exponent is of the form
   d.ddd. 0 when none does. */
static uint32_t round_trip(double x, int digits, char *text, int *exponent) {
  char buffer[40];
  snprintf(buffer, sizeof buffer, "%.*e", digits - 1, x);
  char *e = strchr(buffer, 'e');
  *exponent = atoi(e + 1);
  text[0] = buffer[0];
  if (digits > 1) memcpy(text + 1, buffer + 2, (size_t)digits - 1);
  for (int step = 0; step < 3; step++) {
    char candidate[20];
    memcpy(candidate, text, (size_t)digits);
    /* The last digit as printed, one more, one less; a carry would be a shorter number, tried before. */
    if (step == 1 && candidate[digits - 1]++ == '9') continue;
    if (step == 2 && candidate[digits - 1]-- == '0') continue;
    snprintf(buffer, sizeof buffer, "%.*se%d", digits, candidate, *exponent - (digits - 1));
    if (strtod(buffer, NULL) != x) continue;
    memcpy(text, candidate, (size_t)digits);
    return 1;
  }
  return 0;
}

/* A number as ECMAScript prints it. */
static void put_number(x07_vec *to, double x) {
  char digits[20];
  int n = 1, exponent = 0;
  if (x == 0) {
    put_byte(to, '0');
    return;
  }
  if (x < 0) {
    put_byte(to, '-');
    x = -x;
  }
  /* Below 2^-1022 few digits are significant; above, 15 digits always survive and only their trailing zeros go. */
  if (x >= 2.2250738585072014e-308) n = 15;
  while (n < 17 && !round_trip(x, n, digits, &exponent)) n++;
  if (n == 17) round_trip(x, n, digits, &exponent);
  while (n > 1 && digits[n - 1] == '0') n--;

  int point = exponent + 1; /* digits before the decimal point */
  if (point > 21 || point < -5) {
    char tail[8];
    put_byte(to, (uint8_t)digits[0]);
    if (n > 1) {
      put_byte(to, '.');
      put(to, digits + 1, (uint32_t)n - 1);
    }
    int written = snprintf(tail, sizeof tail, "e%+d", exponent);
    put(to, tail, (uint32_t)written);
  } else if (point <= 0) {
    put(to, "0.", 2);
    for (int i = point; i < 0; i++) put_byte(to, '0');
    put(to, digits, (uint32_t)n);
  } else {
    for (int i = 0; i < point || i < n; i++) {
      if (i == point) put_byte(to, '.');
      put_byte(to, (uint8_t)(i < n ? digits[i] : '0'));
    }
  }
}

static uint32_t number(canon *c) {
  uint32_t start = c->at;
  if (next_is(c, '-')) c->at += 1;
  uint32_t leading_zero = next_is(c, '0'), whole = skip_digits(c);
  if (!whole || (leading_zero && whole > 1)) return fail(c, ERR_SYNTAX, start);
  if (next_is(c, '.')) {
    c->at += 1;
    if (!skip_digits(c)) return fail(c, ERR_SYNTAX, start);
  }
  if (next_is(c, 'e') || next_is(c, 'E')) {
    c->at += 1;
    if (next_is(c, '+') || next_is(c, '-')) c->at += 1;
    if (!skip_digits(c)) return fail(c, ERR_SYNTAX, start);
  }
  uint32_t n = c->at - start;
  x07_bytes text = x07_bytes_alloc(n + 1);
  memcpy(text.ptr, c->doc + start, n);
  double x = strtod((const char *)text.ptr, NULL);
  x07_bytes_drop(text);
  if (isinf(x)) return fail(c, ERR_NOT_I_JSON, start);
  put_number(&c->out, x);
  return 1;
}

static uint32_t word(canon *c, const char *text) {
  uint32_t n = (uint32_t)strlen(text);
  if (c->len - c->at < n || memcmp(c->doc + c->at, text, n) != 0) return fail(c, ERR_SYNTAX, c->at);
  c->at += n;
  put(&c->out, text, n);
  return 1;
}

static uint32_t open_level(canon *c) {
  if (c->depth == (c->max_depth ? c->max_depth : 1)) return fail(c, ERR_DEPTH, c->at);
  if (c->depth == c->level_room) {
    uint32_t wider = c->level_room ? 2 * c->level_room : 16;
    c->levels = x07_grow_array(c->levels, c->level_room, wider, sizeof *c->levels);
    c->level_room = wider;
  }
  put_byte(&c->out, c->doc[c->at]);
  c->levels[c->depth++] = (level){.source = c->at,
                                  .is_object = c->doc[c->at] == '{',
                                  .text = c->out.len,
                                  .first_member = c->member_count,
                                  .first_name = c->names.len,
                                  .space = 0};
  c->at += 1;
  return 1;
}

static uint32_t begin_member(canon *c) {
  level *l = &c->levels[c->depth - 1];
  if (!next_is(c, '"')) return fail(c, ERR_SYNTAX, c->at);
  uint32_t members = c->member_count - l->first_member, units;
  if (c->max_members && members == c->max_members) return fail(c, ERR_OBJECT, l->source);
  if (c->member_count == c->member_room) {
    uint32_t wider = c->member_room ? 2 * c->member_room : 16;
    c->members = x07_grow_array(c->members, c->member_room, wider, sizeof *c->members);
    c->member_room = wider;
  }
  member m = {.source = c->at, .text = c->out.len, .name = c->names.len};
  if (!string(c, 1, &units)) return 0;
  m.name_len = c->names.len - m.name;
  l->space += 16 + 4 + (uint64_t)(c->out.len - m.text) + 2 * (uint64_t)units;
  skip_blanks(c);
  if (!next_is(c, ':')) return fail(c, ERR_SYNTAX, c->at);
  c->at += 1;
  put_byte(&c->out, ':');
  /* Until the member ends this is where its value starts. */
  m.text_len = c->out.len;
  c->members[c->member_count++] = m;
  return 1;
}

static uint32_t end_member(canon *c) {
  level *l = &c->levels[c->depth - 1];
  member *m = &c->members[c->member_count - 1];
  l->space += c->out.len - m->text_len;
  m->text_len = c->out.len - m->text;
  return l->space > c->max_object_bytes ? fail(c, ERR_OBJECT, l->source) : 1;
}

/* Names in the order of their UTF-16 code units: that of UTF-8, but U+E000..U+FFFF come after the planes above. */
static int compare_names(const uint8_t *names, const member *a, const member *b) {
  uint32_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t x = names[a->name + i], y = names[b->name + i];
    if (x == y) continue;
    if (x >> 1 == 0x77) x += 0x10;
    if (y >> 1 == 0x77) y += 0x10;
    return x < y ? -1 : 1;
  }
  return a->name_len < b->name_len ? -1 : a->name_len > b->name_len;
}

static void sift_members(const uint8_t *names, member *m, uint32_t root, uint32_t n) {
  for (;;) {
    uint64_t child = 2 * (uint64_t)root + 1;
    if (child >= n) return;
    if (child + 1 < n && compare_names(names, &m[child], &m[child + 1]) < 0) child++;
    if (compare_names(names, &m[root], &m[child]) >= 0) return;
    member t = m[root];
    m[root] = m[child];
    m[child] = t;
    root = (uint32_t)child;
  }
}

static void sort_members(const uint8_t *names, member *m, uint32_t n) {
  for (uint32_t i = n / 2; i-- > 0;) sift_members(names, m, i, n);
  for (uint32_t i = n; i-- > 1;) {
    member t = m[0];
    m[0] = m[i];
    m[i] = t;
    sift_members(names, m, 0, i);
  }
}

static uint32_t close_object(canon *c, const level *l) {
  member *m = c->members + l->first_member;
  uint32_t n = c->member_count - l->first_member;
  if (n && l->space + 8 * (uint64_t)n > c->max_object_bytes) return fail(c, ERR_OBJECT, l->source);
  sort_members(c->names.data, m, n);
  x07_vec ordered = x07_vec_u8_with_capacity(c->out.len - l->text + n);
  for (uint32_t i = 0; i < n; i++) {
    if (i) {
      if (compare_names(c->names.data, &m[i - 1], &m[i]) == 0) {
        x07_vec_drop(ordered);
        return fail(c, ERR_NOT_I_JSON, m[i - 1].source > m[i].source ? m[i - 1].source : m[i].source);
      }
      put_byte(&ordered, ',');
    }
    put(&ordered, c->out.data + m[i].text, m[i].text_len);
  }
  c->out.len = l->text;
  put(&c->out, ordered.data, ordered.len);
  x07_vec_drop(ordered);
  c->member_count = l->first_member;
  c->names.len = l->first_name;
  return 1;
}

static uint32_t close_level(canon *c) {
  level l = c->levels[--c->depth];
  if (l.is_object && !close_object(c, &l)) return 0;
  put_byte(&c->out, c->doc[c->at]);
  c->at += 1;
  return 1;
}

/* After a value: closes what ends here, up to the next value or the end of the document. Gives 1 for a next value. */
static uint32_t after_value(canon *c) {
  while (c->depth) {
    const level *l = &c->levels[c->depth - 1];
    if (l->is_object && !end_member(c)) return 0;
    skip_blanks(c);
    if (next_is(c, ',')) {
      c->at += 1;
      if (!l->is_object) {
        put_byte(&c->out, ',');
        return 1;
      }
      skip_blanks(c);
      return begin_member(c);
    }
    if (!next_is(c, l->is_object ? '}' : ']')) return fail(c, ERR_SYNTAX, c->at);
    if (!close_level(c)) return 0;
  }
  return 0;
}

/* A scalar, an empty container, or the opening of one: gives 1 when a value was completed. */
static uint32_t begin_value(canon *c) {
  uint32_t units;
  if (c->at == c->len) return fail(c, ERR_SYNTAX, c->depth ? c->at : 0);
  switch (c->doc[c->at]) {
    case '"': return string(c, 0, &units);
    case 't': return word(c, "true");
    case 'f': return word(c, "false");
    case 'n': return word(c, "null");
    case '[':
      if (!open_level(c)) return 0;
      skip_blanks(c);
      return next_is(c, ']') && close_level(c);
    case '{':
      if (!open_level(c)) return 0;
      skip_blanks(c);
      if (next_is(c, '}')) return close_level(c);
      begin_member(c);
      return 0;
    default: break;
  }
  if (next_is(c, '-') || (c->doc[c->at] >= '0' && c->doc[c->at] <= '9')) return number(c);
  return fail(c, ERR_SYNTAX, c->at);
}

static void document(canon *c) {
  for (;;) {
    skip_blanks(c);
    uint32_t completed = begin_value(c);
    if (c->code) return;
    if (completed && !after_value(c)) break;
  }
  if (c->code) return;
  skip_blanks(c);
  if (c->at != c->len) fail(c, ERR_TRAILING, c->at);
}

x07_bytes x07_json_jcs_canon_doc_v1(x07_view doc, uint32_t max_depth, uint32_t max_members, uint32_t max_object_bytes) {
  X07_CHECK_READ(doc, x07_bytes_none());
  canon c = {.doc = doc.ptr,
             .len = doc.len,
             .max_depth = max_depth,
             .max_members = max_members,
             .max_object_bytes = max_object_bytes,
             .out = x07_vec_none(),
             .names = x07_vec_none()};
  put_byte(&c.out, 1);
  document(&c);
  if (c.level_room) x07_free((uint8_t *)c.levels);
  if (c.member_room) x07_free((uint8_t *)c.members);
  x07_vec_drop(c.names);
  if (!c.code) return x07_vec_u8_into_bytes(c.out);
  x07_vec_drop(c.out);
  x07_bytes error = x07_bytes_alloc(9);
  x07_store_u32_le(error.ptr + 1, c.code);
  x07_store_u32_le(error.ptr + 5, c.error_at);
  return error;
}
