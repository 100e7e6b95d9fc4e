/* codec, fmt, parse. */
#include "runtime.h"

x07_bytes x07_codec_write_u32_le(uint32_t x) {
  x07_bytes b = x07_bytes_raw(4);
  x07_store_u32_le(b.ptr, x);
  return b;
}

static uint32_t decimal_digits(uint32_t x) {
  if (x < 10) return 1;
  if (x < 100) return 2;
  if (x < 1000) return 3;
  if (x < 10000) return 4;
  if (x < 100000) return 5;
  if (x < 1000000) return 6;
  if (x < 10000000) return 7;
  if (x < 100000000) return 8;
  return x < 1000000000 ? 9 : 10;
}

static const char pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

static void put_decimal(uint8_t *end, uint32_t x) {
  while (x >= 100) {
    end -= 2;
    memcpy(end, pairs + 2 * (x % 100), 2);
    x /= 100;
  }
  if (x >= 10)
    memcpy(end - 2, pairs + 2 * x, 2);
  else
    end[-1] = (uint8_t)('0' + x);
}

x07_bytes x07_fmt_u32_to_dec(uint32_t x) {
  x07_bytes b = x07_bytes_raw(decimal_digits(x));
  put_decimal(b.ptr + b.len, x);
  return b;
}

x07_bytes x07_fmt_s32_to_dec(uint32_t x) {
  if (x < 0x80000000u) return x07_fmt_u32_to_dec(x);
  x = 0 - x;
  x07_bytes b = x07_bytes_raw(1 + decimal_digits(x));
  b.ptr[0] = '-';
  put_decimal(b.ptr + b.len, x);
  return b;
}

uint32_t x07_parse_u32_dec_at(x07_view v, uint32_t off, const char *at) {
  if (off > v.len) x07_trap_index("parse.u32_dec_at oob", off, v.len, at);
  X07_CHECK_READ(v, 0);
  if (off == v.len) x07_trap("parse.u32_dec empty", at);
  uint64_t x = 0;
  for (uint32_t i = off; i < v.len; i++) {
    uint32_t digit = (uint32_t)v.ptr[i] - '0';
    if (digit > 9) x07_trap_index("parse.u32_dec non-digit", i, v.len, at);
    x = 10 * x + digit;
    if (x > UINT32_MAX) x07_trap_index("parse.u32_dec overflow", i, v.len, at);
  }
  return (uint32_t)x;
}

uint32_t x07_parse_u32_dec(x07_view v, const char *at) { return x07_parse_u32_dec_at(v, 0, at); }
