/* The C side of ext.zlib. Results are put into a bytes value of the caller, which is empty before. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "x07_abi_v2.h"

#define ERR_DATA 61001
#define ERR_LEVEL 61002
#define ERR_TRUNCATED 61003
#define ERR_TOO_LARGE 61004
#define ERR_TRAILING 61005

/* zlib's number for the largest window, and for a gzip header and trailer around the stream. */
#define WINDOW 15
#define GZIP 16

static void give(void *out, const uint8_t *data, uint32_t len) {
  ev_bytes_v2_t result = ev_bytes_alloc(len);
  memcpy(result.ptr, data, len);
  *(ev_bytes_v2_t *)out = result;
}

uint32_t x07_ext_zlib_pack_v1(const uint8_t *data, uint32_t len, uint32_t gzip, uint32_t level, void *out) {
  z_stream stream = {0};
  if ((int32_t)level < -1 || (int32_t)level > 9) return ERR_LEVEL;
  int window = gzip ? WINDOW + GZIP : WINDOW;
  if (deflateInit2(&stream, (int32_t)level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    x07_rt_trap_native_v1("ext.zlib: no memory for zlib", ERR_DATA);
  uLong bound = deflateBound(&stream, len);
  uint8_t *packed = bound <= UINT32_MAX ? malloc(bound) : NULL;
  if (!packed) x07_rt_trap_native_v1("ext.zlib: no memory for the result", ERR_TOO_LARGE);
  stream.next_in = (Bytef *)data;
  stream.avail_in = len;
  stream.next_out = packed;
  stream.avail_out = (uInt)bound;
  deflate(&stream, Z_FINISH);
  give(out, packed, (uint32_t)stream.total_out);
  deflateEnd(&stream);
  free(packed);
  return 0;
}

/* A result that grows up to a limit. */
typedef struct growing {
  uint8_t *data;
  uint32_t len;
  uint32_t room;
  uint32_t max;
} growing;

static int grow(growing *g) {
  if (g->len < g->room) return 1;
  if (g->room == g->max) return 0;
  uint32_t room = g->room < 4096 ? 4096 : g->room > g->max / 2 ? g->max : 2 * g->room;
  if (room > g->max) room = g->max;
  uint8_t *data = realloc(g->data, room);
  if (!data) x07_rt_trap_native_v1("ext.zlib: no memory for the result", ERR_TOO_LARGE);
  g->data = data;
  g->room = room;
  return 1;
}

/* Runs to the end of a stream: 0 or an error. One byte of room more than allowed tells a full result from one that is
   too large. */
static uint32_t inflate_one(z_stream *stream, growing *g) {
  for (;;) {
    uint8_t beyond;
    int full = !grow(g);
    stream->next_out = full ? &beyond : g->data + g->len;
    stream->avail_out = full ? 1 : g->room - g->len;
    uInt room = stream->avail_out;
    int status = inflate(stream, Z_NO_FLUSH);
    uInt written = room - stream->avail_out;
    if (full && written) return ERR_TOO_LARGE;
    g->len += written;
    if (status == Z_STREAM_END) return 0;
    if (status == Z_BUF_ERROR || (status == Z_OK && !stream->avail_in && stream->avail_out)) return ERR_TRUNCATED;
    if (status != Z_OK) return ERR_DATA;
  }
}

uint32_t x07_ext_zlib_unpack_v1(const uint8_t *data, uint32_t len, uint32_t gzip, uint32_t max, void *out) {
  z_stream stream = {0};
  growing result = {.max = max};
  if (inflateInit2(&stream, gzip ? WINDOW + GZIP : WINDOW) != Z_OK)
    x07_rt_trap_native_v1("ext.zlib: no memory for zlib", ERR_DATA);
  stream.next_in = (Bytef *)data;
  stream.avail_in = len;
  uint32_t error = len ? 0 : ERR_TRUNCATED;
  /* A gzip file is one member after another. */
  while (!error && stream.avail_in) {
    error = inflate_one(&stream, &result);
    if (!error && stream.avail_in) error = gzip && inflateReset(&stream) == Z_OK ? 0 : ERR_TRAILING;
  }
  inflateEnd(&stream);
  if (!error) give(out, result.data ? result.data : (const uint8_t *)"", result.len);
  free(result.data);
  return error;
}

uint32_t x07_ext_zlib_crc32_v1(const uint8_t *data, uint32_t len) {
  return (uint32_t)crc32(crc32(0, NULL, 0), data, len);
}
