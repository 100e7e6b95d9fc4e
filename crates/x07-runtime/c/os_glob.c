/* Globs, as sets of states: every pattern takes time in proportion to pattern and text.

   `*`, `?`, `**`, `[a-z]`, `[!a-z]`, `{a,b}` and `\x`. A wildcard also matches '/'. `**` followed by '/' at the start of a
   segment matches any number of folders, none included. */
#include "os.h"

#include <stdlib.h>

#define MAX_NESTING 16u

enum operation { CHARACTER, ANY, CLASS, SPLIT, JUMP, MATCH };

/* `x` and `y` are a character, targets, or for a class the place of its ranges and their number; the lowest bit of
   `y` of a class tells that it is negated. */
typedef struct step {
  uint32_t operation, x, y;
} step;

typedef struct program {
  step *steps;
  uint32_t count, room;
  uint32_t *ranges;
  uint32_t range_count, range_room;
  const uint8_t *at, *start, *end;
  int failed;
} program;

/* The next character of valid UTF-8. */
static uint32_t character(const uint8_t **at) {
  const uint8_t *p = *at;
  uint32_t more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
  uint32_t c = more ? p[0] & (0x3fu >> more) : p[0];
  for (uint32_t i = 1; i <= more; i++) c = c << 6 | (p[i] & 0x3f);
  *at = p + more + 1;
  return c;
}

static uint32_t emit(program *p, uint32_t operation, uint32_t x, uint32_t y) {
  if (p->count == p->room) {
    uint32_t wider = p->room ? 2 * p->room : 32;
    step *steps = realloc(p->steps, wider * sizeof *steps);
    if (!steps) {
      p->failed = 1;
      return 0;
    }
    p->steps = steps;
    p->room = wider;
  }
  p->steps[p->count] = (step){operation, x, y};
  return p->count++;
}

static void emit_range(program *p, uint32_t low, uint32_t high) {
  if (p->range_count + 2 > p->range_room) {
    uint32_t wider = p->range_room ? 2 * p->range_room : 16;
    uint32_t *ranges = realloc(p->ranges, wider * sizeof *ranges);
    if (!ranges) {
      p->failed = 1;
      return;
    }
    p->ranges = ranges;
    p->range_room = wider;
  }
  p->ranges[p->range_count++] = low;
  p->ranges[p->range_count++] = high;
}

/* Any text: split(next, behind) any jump. */
static void emit_star(program *p) {
  uint32_t split = emit(p, SPLIT, p->count + 1, p->count + 3);
  emit(p, ANY, 0, 0);
  emit(p, JUMP, split, 0);
}

static void compile_class(program *p) {
  uint32_t first = p->range_count, negated = 0;
  if (p->at < p->end && (*p->at == '!' || *p->at == '^')) {
    negated = 1;
    p->at++;
  }
  for (int is_first = 1; p->at < p->end; is_first = 0) {
    uint32_t low = character(&p->at);
    if (low == ']' && !is_first) {
      emit(p, CLASS, first, (p->range_count - first) / 2 * 2 + negated);
      return;
    }
    uint32_t high = low;
    if (p->end - p->at >= 2 && p->at[0] == '-' && p->at[1] != ']') {
      p->at++;
      high = character(&p->at);
    }
    if (high < low) break;
    emit_range(p, low, high);
  }
  p->failed = 1;
}

static void compile(program *p, uint32_t nesting);

static void compile_choice(program *p, uint32_t nesting) {
  uint32_t ends = UINT32_MAX; /* the jumps to the end, chained through their targets */
  if (nesting == MAX_NESTING) p->failed = 1;
  while (!p->failed) {
    uint32_t split = emit(p, SPLIT, p->count + 1, 0);
    compile(p, nesting + 1);
    if (p->failed || p->at == p->end) {
      p->failed = 1;
      return;
    }
    int is_last = *p->at++ == '}';
    ends = emit(p, JUMP, ends, 0);
    if (p->failed) return;
    if (!is_last) {
      p->steps[split].y = p->count;
      continue;
    }
    /* The last alternative has nothing to fall back to. */
    p->steps[split].operation = JUMP;
    while (ends != UINT32_MAX) {
      uint32_t next = p->steps[ends].x;
      p->steps[ends].x = p->count;
      ends = next;
    }
    return;
  }
}

/* Compiles up to the end, or up to the ',' or '}' of a choice. */
static void compile(program *p, uint32_t nesting) {
  while (p->at < p->end && !p->failed) {
    const uint8_t *here = p->at;
    if (nesting && (*here == ',' || *here == '}')) return;
    uint32_t c = character(&p->at);
    switch (c) {
      case '*': {
        int is_double = p->at < p->end && *p->at == '*';
        while (p->at < p->end && *p->at == '*') p->at++;
        int starts_segment = here == p->start || here[-1] == '/';
        if (is_double && starts_segment && p->at < p->end && *p->at == '/') {
          p->at++;
          uint32_t split = emit(p, SPLIT, p->count + 1, 0);
          emit_star(p);
          emit(p, CHARACTER, '/', 0);
          if (!p->failed) p->steps[split].y = p->count;
        } else {
          emit_star(p);
        }
        break;
      }
      case '?': emit(p, ANY, 0, 0); break;
      case '[': compile_class(p); break;
      case '{': compile_choice(p, nesting); break;
      case '}': p->failed = 1; break;
      case '\\':
        if (p->at == p->end) {
          p->failed = 1;
          return;
        }
        emit(p, CHARACTER, character(&p->at), 0);
        break;
      default: emit(p, CHARACTER, c, 0); break;
    }
  }
}

static void release(program *p) {
  free(p->steps);
  free(p->ranges);
}

static program compiled(const uint8_t *glob, uint32_t len) {
  program p = {.at = glob, .start = glob, .end = glob + len};
  if (!x07_utf8_is_valid(glob, len)) p.failed = 1;
  compile(&p, 0);
  emit(&p, MATCH, 0, 0);
  return p;
}

int x07_glob_is_valid(const uint8_t *glob, uint32_t len) {
  program p = compiled(glob, len);
  release(&p);
  return !p.failed;
}

/* The states that can be reached without reading, each once. */
typedef struct states {
  uint32_t *items;
  uint32_t *stack;
  uint8_t *known;
  uint32_t count;
} states;

static void enter(const program *p, states *s, uint32_t at) {
  uint32_t depth = 0;
  s->stack[depth++] = at;
  while (depth) {
    uint32_t i = s->stack[--depth];
    if (s->known[i]) continue;
    s->known[i] = 1;
    const step *here = &p->steps[i];
    if (here->operation == SPLIT) s->stack[depth++] = here->y;
    if (here->operation == SPLIT || here->operation == JUMP)
      s->stack[depth++] = here->x;
    else
      s->items[s->count++] = i;
  }
}

static int reads(const program *p, const step *s, uint32_t c) {
  if (s->operation == CHARACTER) return s->x == c;
  if (s->operation == ANY) return 1;
  if (s->operation != CLASS) return 0;
  uint32_t inside = 0;
  for (uint32_t i = 0; i < (s->y & ~1u); i += 2) inside |= p->ranges[s->x + i] <= c && c <= p->ranges[s->x + i + 1];
  return inside != (s->y & 1);
}

int x07_glob_matches(const uint8_t *glob, uint32_t glob_len, const uint8_t *text, uint32_t len) {
  program p = compiled(glob, glob_len);
  /* Two sets of states, and for each a stack with room for two pushes per state. */
  uint32_t *room = p.failed ? NULL : calloc((size_t)p.count * 5 + 2, sizeof *room);
  uint8_t *known = p.failed ? NULL : calloc(p.count, 1);
  int matches = 0;
  if (room && known) {
    states now = {.items = room, .stack = room + 2 * (size_t)p.count, .known = known};
    states next = {.items = room + p.count, .stack = now.stack, .known = known};
    enter(&p, &now, 0);
    const uint8_t *at = text, *end = text + len;
    while (at < end && now.count) {
      uint32_t c = character(&at);
      memset(known, 0, p.count);
      next.count = 0;
      for (uint32_t i = 0; i < now.count; i++)
        if (reads(&p, &p.steps[now.items[i]], c)) enter(&p, &next, now.items[i] + 1);
      uint32_t *items = now.items;
      now.items = next.items;
      now.count = next.count;
      next.items = items;
    }
    for (uint32_t i = 0; i < now.count; i++) matches |= p.steps[now.items[i]].operation == MATCH && at == end;
  }
  free(room);
  free(known);
  release(&p);
  return matches;
}
