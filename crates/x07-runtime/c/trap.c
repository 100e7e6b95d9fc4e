/* Traps: one line on standard error, then the end of the process. */
#include "runtime.h"

#include <errno.h>
#include <unistd.h>

uint8_t x07_stderr_mid_line;
int x07_report_fd = STDERR_FILENO;

int x07_write_all(int fd, const void *data, size_t n) {
  const uint8_t *p = data;
  while (n) {
    ssize_t done = write(fd, p, n);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return 0;
    p += done;
    n -= (size_t)done;
  }
  return 1;
}

void x07_rt_note_stderr_v1(const uint8_t *data, uint32_t len) {
  if (len && x07_report_fd == STDERR_FILENO) x07_stderr_mid_line = data[len - 1] != '\n';
}

void (*x07_on_death)(void);

X07_NORETURN void x07_die(void) {
  if (x07_on_death) x07_on_death();
  if (x07_state.trap_status) _exit((int)x07_state.trap_status);
  X07_DIE();
}

/* A line that is assembled on the stack and written in as few pieces as possible. */
typedef struct line {
  char text[512];
  uint32_t len;
} line;

static void put_part(line *l, const char *text, size_t n) {
  if (n > sizeof l->text - l->len) {
    x07_write_all(x07_report_fd, l->text, l->len);
    l->len = 0;
    if (n > sizeof l->text) {
      x07_write_all(x07_report_fd, text, n);
      return;
    }
  }
  memcpy(l->text + l->len, text, n);
  l->len += (uint32_t)n;
}

static void put_text(line *l, const char *text) { put_part(l, text, strlen(text)); }

static void put_number(line *l, uint64_t x) {
  char digits[20];
  uint32_t at = sizeof digits;
  do digits[--at] = (char)('0' + x % 10);
  while (x /= 10);
  put_part(l, digits + at, sizeof digits - at);
}

static void put_fact(line *l, const char *name, uint64_t x) {
  put_text(l, name);
  put_number(l, x);
}

static void begin(line *l, const char *message) {
  l->len = 0;
  if (x07_stderr_mid_line) put_text(l, "\n");
  put_text(l, message);
}

X07_NORETURN static void end(line *l, const char *at) {
  const char *blank = at ? strchr(at, ' ') : NULL;
  if (blank) {
    put_text(l, " module=");
    put_part(l, at, (size_t)(blank - at));
    put_text(l, " ptr=");
    put_text(l, blank + 1);
  } else if (at && *at) {
    put_text(l, " ptr=");
    put_text(l, at);
  }
  put_text(l, "\n");
  x07_write_all(x07_report_fd, l->text, l->len);
  x07_die();
}

void x07_trap(const char *message, const char *at) {
  line l;
  begin(&l, message);
  end(&l, at);
}

void x07_trap_stack(void) { x07_trap("stack overflow", NULL); }

void x07_trap_index(const char *message, uint32_t index, uint32_t len, const char *at) {
  line l;
  begin(&l, message);
  put_fact(&l, " index=", index);
  put_fact(&l, " len=", len);
  end(&l, at);
}

void x07_trap_range(const char *message, uint32_t start, uint32_t n, uint32_t len, const char *at) {
  line l;
  begin(&l, message);
  put_fact(&l, " start=", start);
  put_fact(&l, " n=", n);
  put_fact(&l, " len=", len);
  end(&l, at);
}

void x07_trap_value(const char *message, const char *name, uint32_t value, const char *at) {
  line l;
  begin(&l, message);
  put_text(&l, " ");
  put_text(&l, name);
  put_fact(&l, "=", value);
  end(&l, at);
}

/* The path is what the program made it: only its plain characters reach the line. */
void x07_trap_system(const char *message, x07_view path, int error, const char *at) {
  line l;
  begin(&l, message);
  put_text(&l, " path=");
  for (uint32_t i = 0; i < path.len && i < 200; i++) {
    char c = path.ptr[i] > 32 && path.ptr[i] < 127 ? (char)path.ptr[i] : '?';
    put_part(&l, &c, 1);
  }
  put_fact(&l, " errno=", (uint64_t)error);
  end(&l, at);
}

void x07_trap_vec_overflow(const char *message, uint32_t len, uint32_t more, const char *at) {
  line l;
  begin(&l, message);
  put_fact(&l, " len=", len);
  put_fact(&l, " more=", more);
  end(&l, at);
}

void x07_trap_memory(uint64_t requested) {
  line l;
  begin(&l, "out of memory");
  put_fact(&l, " requested=", requested);
  put_fact(&l, " live=", x07_arena.peak_bytes - (uint64_t)x07_arena.headroom_bytes + x07_state.input_len);
  put_fact(&l, " cap=", x07_arena.end - X07_FIRST_BLOCK);
  end(&l, NULL);
}

void x07_trap_budget(const char *message, uint64_t used, uint32_t cap, const char *label) {
  line l;
  begin(&l, message);
  put_fact(&l, " used=", used);
  put_fact(&l, " cap=", cap);
  put_text(&l, " label=");
  put_text(&l, label);
  end(&l, NULL);
}

void x07_trap_fuel(void) {
  line l;
  /* The cap that bites is the innermost one that keeps fuel back; scopes inside it had more to spend than it. */
  for (const x07_budget *b = x07_ctx.budget; b; b = b->outer) {
    if (!b->fuel_withheld) continue;
    x07_trap_budget("X07T_BUDGET_EXCEEDED_FUEL", (uint64_t)b->caps->fuel - (uint64_t)x07_ctx.fuel, b->caps->fuel,
                    b->caps->label);
  }
  begin(&l, "fuel exhausted");
  end(&l, NULL);
}

void x07_trap_fuel_at(int64_t fuel) {
  x07_ctx.fuel = fuel;
  x07_trap_fuel();
}

void x07_trap_f64(const char *head, uint32_t len, const char *at) {
  line l;
  begin(&l, head);
  put_fact(&l, ": operand is not 8 bytes (9100) len=", len);
  end(&l, at);
}

void x07_rt_trap_native_v1(const char *reason, int32_t code) {
  line l;
  begin(&l, reason);
  put_text(&l, " (");
  if (code < 0) put_text(&l, "-");
  put_number(&l, code < 0 ? (uint64_t)0 - (uint64_t)(int64_t)code : (uint64_t)code);
  put_text(&l, ")");
  end(&l, NULL);
}

void ev_trap(int32_t code) { x07_rt_trap_native_v1("native backend trap", code); }
