/* The one line that a failed contract clause leaves. It is assembled outside the program's heap. */
#include "runtime.h"

#include <stdlib.h>
#include <unistd.h>

#define X07_WITNESS_BYTES 256u

static X07_TLS char *line;
static X07_TLS size_t len, room;
static X07_TLS uint32_t witnesses;

static void put_part(const char *text, size_t n) {
  if (n > room - len) {
    size_t wider = 2 * room + n + 1024;
    char *moved = realloc(line, wider);
    if (!moved) x07_trap("contract clause failed, and its report does not fit the memory", NULL);
    line = moved;
    room = wider;
  }
  memcpy(line + len, text, n);
  len += n;
}

static void put(const char *text) { put_part(text, strlen(text)); }

static void put_number(uint32_t x) {
  char digits[10];
  uint32_t at = sizeof digits;
  do digits[--at] = (char)('0' + x % 10);
  while (x /= 10);
  put_part(digits + at, sizeof digits - at);
}

static void put_string(const char *text) {
  put("\"");
  for (; *text; text++) {
    uint8_t c = (uint8_t)*text;
    char escape[7] = {'\\', 'u', '0', '0', "0123456789abcdef"[c >> 4 & 15], "0123456789abcdef"[c & 15], 0};
    switch (c) {
      case '"': put("\\\""); break;
      case '\\': put("\\\\"); break;
      case '\n': put("\\n"); break;
      case '\r': put("\\r"); break;
      case '\t': put("\\t"); break;
      default: c < 0x20 ? put(escape) : put_part(text, 1); break;
    }
  }
  put("\"");
}

void x07_contract_begin(const char *kind, const char *fn, const char *id, uint32_t index, const char *ptr) {
  len = 0;
  witnesses = 0;
  if (x07_stderr_mid_line) put("\n");
  put("X07T_CONTRACT_V1 {\"contract_kind\":");
  put_string(kind);
  put(",\"fn\":");
  put_string(fn);
  put(",\"clause_id\":");
  put_string(id);
  put(",\"clause_index\":");
  put_number(index);
  put(",\"clause_ptr\":");
  put_string(ptr);
  put(",\"witness\":[");
}

static void begin_witness(const char *type) {
  put(witnesses++ ? ",{\"ty\":\"" : "{\"ty\":\"");
  put(type);
  put("\"");
}

static void put_contents(x07_view v) {
  uint32_t shown = v.len < X07_WITNESS_BYTES ? v.len : X07_WITNESS_BYTES;
  put("\"len\":");
  put_number(v.len);
  put(",\"hex\":\"");
  for (uint32_t i = 0; i < shown; i++) {
    const char pair[2] = {"0123456789abcdef"[v.ptr[i] >> 4], "0123456789abcdef"[v.ptr[i] & 15]};
    put_part(pair, 2);
  }
  put(v.len > shown ? "\",\"truncated\":1" : "\",\"truncated\":0");
}

static void put_signed(uint32_t x) {
  if (x >> 31) put("-");
  put_number(x >> 31 ? 0 - x : x);
}

static void put_err(uint32_t code) {
  put(",\"tag\":\"err\",\"err_code_u32\":");
  put_number(code);
  put("}");
}

static void put_ok(x07_view v) {
  put(",\"tag\":\"ok\",\"ok\":{");
  put_contents(v);
  put("}}");
}

void x07_contract_witness_i32(uint32_t x) {
  begin_witness("i32");
  put(",\"value_i32\":");
  put_signed(x);
  put("}");
}

static void contents_witness(const char *type, x07_view v) {
  begin_witness(type);
  put(",");
  put_contents(v);
  put("}");
}

void x07_contract_witness_bytes(x07_view v) { contents_witness("bytes", v); }
void x07_contract_witness_bytes_view(x07_view v) { contents_witness("bytes_view", v); }

void x07_contract_witness_result_i32(x07_result_i32 r) {
  begin_witness("result_i32");
  if (!r.tag) {
    put_err(r.payload.err);
    return;
  }
  put(",\"tag\":\"ok\",\"ok_i32\":");
  put_signed(r.payload.ok);
  put("}");
}

void x07_contract_witness_result_bytes(x07_result_bytes r) {
  begin_witness("result_bytes");
  r.tag ? put_ok(x07_bytes_view(r.payload.ok)) : put_err(r.payload.err);
}

void x07_contract_witness_result_bytes_view(x07_result_bytes_view r) {
  begin_witness("result_bytes_view");
  r.tag ? put_ok(r.payload.ok) : put_err(r.payload.err);
}

void x07_contract_witness_result_result_bytes(x07_result_result_bytes r) {
  begin_witness("result_result_bytes");
  if (!r.tag) {
    put_err(r.payload.err);
    return;
  }
  x07_result_bytes inner = r.payload.ok;
  put(",\"tag\":\"ok\",\"ok\":{");
  if (inner.tag) {
    put("\"tag\":\"ok\",\"ok\":{");
    put_contents(x07_bytes_view(inner.payload.ok));
    put("}}}");
  } else {
    put("\"tag\":\"err\",\"err_code_u32\":");
    put_number(inner.payload.err);
    put("}}");
  }
}

void x07_contract_fail(void) {
  put("]}\n");
  x07_write_all(x07_report_fd, line, len);
  x07_die();
}
