//! Every head, by small C functions like those that the compiler emits. A case is a body, an input and what must come
//! out: the output, the trap or the statistics. All cases of a configuration are one executable.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use support::{Config, Executable, build, frame, program};

struct Case {
    name: &'static str,
    /// Statements with `in`, the input, in scope; they end in `return`.
    body: &'static str,
    input: &'static [u8],
    expect: Expect,
    /// `name=value` pairs of mem_stats.
    stats: &'static str,
}

enum Expect {
    Output(&'static [u8]),
    /// The first line of standard error.
    Trap(&'static str),
}

use Expect::{Output, Trap};

const fn case(name: &'static str, body: &'static str, input: &'static [u8], expect: Expect) -> Case {
    Case { name, body, input, expect, stats: "" }
}

const fn counted(
    name: &'static str,
    body: &'static str,
    input: &'static [u8],
    output: &'static [u8],
    stats: &'static str,
) -> Case {
    Case { name, body, input, expect: Output(output), stats }
}

const CASES: &[Case] = &[
    counted(
        "growth of nine pushes",
        "x07_vec v = x07_vec_u8_with_capacity(0);
         for (uint32_t i = 0; i < in.len; i++) v = x07_vec_u8_push(v, i);
         return x07_vec_u8_into_bytes(v);",
        b"xxxxxxxxx",
        &[0, 1, 2, 3, 4, 5, 6, 7, 8],
        "alloc_calls=1 realloc_calls=4 free_calls=5 bytes_alloc_total=31 bytes_freed_total=31 memcpy_bytes=15 \
         peak_live_bytes=24 peak_live_allocs=2 live_bytes=0 live_allocs=0",
    ),
    counted(
        "a u32 push grows as four pushes do",
        "x07_vec v = x07_vec_none();
         v = x07_internal_vec_u8_push_u32_le(v, 0x04030201u);
         v = x07_internal_vec_u8_push_u32_le(v, x07_internal_vec_u8_get_u32_le(v, 0, 0));
         v = x07_internal_vec_u8_set_u32_le(v, 4, 0xffffffffu, 0);
         return x07_vec_u8_into_bytes(v);",
        b"",
        &[1, 2, 3, 4, 255, 255, 255, 255],
        "alloc_calls=1 realloc_calls=3 bytes_alloc_total=15 memcpy_bytes=7 peak_live_bytes=12",
    ),
    counted(
        "extend doubles until it fits",
        "x07_vec v = x07_vec_u8_extend_bytes(x07_vec_u8_with_capacity(3), in, 0);
         return x07_vec_u8_into_bytes(v);",
        b"1234567",
        b"1234567",
        "alloc_calls=1 realloc_calls=1 bytes_alloc_total=15 memcpy_bytes=7 peak_live_bytes=15",
    ),
    counted(
        "extend_bytes_range, extend_zeroes over stale capacity",
        "x07_vec v = x07_vec_u8_extend_bytes(x07_vec_u8_with_capacity(8), in, 0);
         v = x07_vec_u8_clear(v);
         v = x07_vec_u8_extend_zeroes(v, 2, 0);
         v = x07_vec_u8_extend_bytes_range(v, in, 1, 3, 0);
         v = x07_vec_u8_set(v, 0, x07_vec_u8_get(v, 4, 0), 0);
         return x07_vec_u8_into_bytes(v);",
        b"abcdef",
        b"d\0bcd",
        "alloc_calls=1 realloc_calls=0 bytes_alloc_total=8 memcpy_bytes=9",
    ),
    counted(
        "reserve_exact is exact",
        "x07_vec v = x07_vec_u8_reserve_exact(x07_vec_u8_push(x07_vec_none(), 7), 9, 0);
         uint32_t cap = x07_vec_u8_cap(v);
         x07_vec_drop(v);
         return x07_bytes1(cap);",
        b"",
        &[10],
        "alloc_calls=2 realloc_calls=1 bytes_alloc_total=12 memcpy_bytes=1",
    ),
    counted(
        "into_bytes keeps the block, and an empty vec gives it back",
        "x07_vec_u8_into_bytes(x07_vec_u8_with_capacity(100));
         x07_vec v = x07_vec_u8_with_capacity(50);
         return x07_vec_u8_into_bytes(x07_vec_u8_push(v, 'x'));",
        b"",
        b"x",
        "alloc_calls=2 free_calls=2 bytes_freed_total=150 peak_live_bytes=100",
    ),
    counted(
        "concat, copy, slice, lit",
        "x07_bytes a = x07_bytes_lit(\"ab\", 2), b = x07_bytes_slice(in, 1, 2, 0);
         x07_bytes c = x07_bytes_concat(a, b, 0);
         return x07_bytes_copy(x07_bytes_lit(\"Z\", 1), c, 0);",
        b"1234",
        b"Zb23",
        "alloc_calls=4 bytes_alloc_total=9 memcpy_bytes=10 peak_live_bytes=8 peak_live_allocs=3",
    ),
    counted(
        "fresh memory is zero after a dirty free",
        "x07_bytes a = x07_bytes_alloc(40);
         for (uint32_t i = 0; i < 40; i++) a = x07_bytes_set_u8(a, i, 0xff, 0);
         x07_bytes_drop(a);
         x07_bytes big = x07_bytes_alloc(4000);
         for (uint32_t i = 0; i < 4000; i++) big.ptr[i] = 0xff;
         x07_bytes_drop(big);
         x07_bytes c = x07_bytes_alloc(5000), b = x07_bytes_alloc(33);
         uint32_t sum = 0;
         for (uint32_t i = 0; i < 33; i++) sum += x07_bytes_get_u8(x07_bytes_view(b), i, 0);
         for (uint32_t i = 0; i < 5000; i++) sum += x07_bytes_get_u8(x07_bytes_view(c), i, 0);
         x07_bytes_drop(b);
         x07_bytes_drop(c);
         return x07_codec_write_u32_le(sum);",
        b"",
        &[0, 0, 0, 0],
        "",
    ),
    case(
        "empty values drop harmlessly",
        "x07_bytes_drop(x07_bytes_none());
         x07_vec_drop(x07_vec_none());
         x07_vec_drop((x07_vec){0});
         x07_option_bytes_drop(x07_option_bytes_none());
         x07_result_bytes_drop(x07_result_bytes_none());
         x07_result_result_bytes_drop(x07_result_result_bytes_none());
         return x07_bytes_concat(x07_bytes_empty(), x07_bytes_alloc(0), 0);",
        b"",
        Output(b""),
    ),
    case(
        "comparisons",
        "x07_view a = x07_view_lit(\"abc\", 3), b = x07_view_lit(\"abd\", 3);
         uint8_t r[] = {(uint8_t)x07_view_eq(a, b), (uint8_t)x07_view_eq(a, x07_view_slice(x07_view_lit(\"xabc\", 4), 1, 3, 0)),
           (uint8_t)x07_view_cmp_range(a, 0, 3, b, 0, 3, 0), (uint8_t)x07_bytes_cmp_range(b, 0, 3, a, 0, 3, 0),
           (uint8_t)x07_view_cmp_range(a, 0, 2, b, 0, 3, 0), (uint8_t)x07_view_cmp_range(a, 0, 2, b, 0, 2, 0),
           (uint8_t)x07_view_cmp_range(x07_view_lit(\"\\377\", 1), 0, 1, a, 0, 1, 0)};
         return x07_bytes_lit((const char *)r, sizeof r);",
        b"",
        Output(&[0, 1, 255, 1, 255, 0, 1]),
    ),
    case(
        "options and results",
        "x07_option_bytes o = x07_option_bytes_some(x07_bytes_lit(\"o\", 1));
         x07_bytes a = x07_option_bytes_unwrap_or(o, x07_bytes_lit(\"d\", 1));
         x07_bytes b = x07_option_bytes_unwrap_or(x07_option_bytes_none(), x07_bytes_lit(\"e\", 1));
         x07_bytes c = x07_result_bytes_unwrap_or(x07_result_bytes_err(7), x07_bytes_lit(\"f\", 1));
         x07_result_bytes r = x07_result_result_bytes_unwrap_or(x07_result_result_bytes_ok(x07_result_bytes_ok(x07_bytes1('g'))),
                                                               x07_result_bytes_err(1));
         x07_bytes d = x07_result_bytes_unwrap_or(r, x07_bytes_none());
         uint32_t codes = x07_result_i32_err_code(x07_result_i32_err(40)) + x07_result_i32_err_code(x07_result_i32_ok(9)) +
                          x07_result_i32_unwrap_or(x07_result_i32_ok(5), 1) + x07_option_i32_unwrap_or(x07_option_i32_none(), 3) +
                          x07_option_bytes_view_is_some(x07_option_bytes_view_some(in));
         return x07_bytes_concat(x07_bytes_concat(a, b, 0), x07_bytes_concat(x07_bytes_concat(c, d, 0), x07_bytes1(codes), 0), 0);",
        b"",
        Output(b"oefg1"),
    ),
    counted(
        "decimal",
        "x07_vec v = x07_vec_none();
         uint32_t xs[] = {0, 9, 10, 99, 100, 65535, 1000000, 4294967295u};
         for (int i = 0; i < 8; i++) {
           x07_bytes b = x07_fmt_u32_to_dec(xs[i]);
           v = x07_vec_u8_push(x07_vec_u8_extend_bytes(v, x07_bytes_view(b), 0), ' ');
           x07_bytes_drop(b);
         }
         x07_bytes n = x07_fmt_s32_to_dec(0x80000000u), m = x07_fmt_s32_to_dec((uint32_t)-7), p = x07_fmt_s32_to_dec(7);
         v = x07_vec_u8_extend_bytes(v, x07_bytes_view(n), 0);
         v = x07_vec_u8_extend_bytes(v, x07_bytes_view(m), 0);
         v = x07_vec_u8_extend_bytes(v, x07_bytes_view(p), 0);
         x07_bytes_drop(n);
         x07_bytes_drop(m);
         x07_bytes_drop(p);
         return x07_vec_u8_into_bytes(v);",
        b"",
        b"0 9 10 99 100 65535 1000000 4294967295 -2147483648-77",
        "live_bytes=0",
    ),
    case("parse", "return x07_codec_write_u32_le(x07_parse_u32_dec(in, 0));", b"004294967295", Output(&[255; 4])),
    case("parse empty", "return x07_codec_write_u32_le(x07_parse_u32_dec(in, \"m /s\"));", b"",
        Trap("parse.u32_dec empty module=m ptr=/s")),
    case("parse sign", "return x07_codec_write_u32_le(x07_parse_u32_dec(in, \"m /s\"));", b"12-3",
        Trap("parse.u32_dec non-digit index=2 len=4 module=m ptr=/s")),
    case("parse overflow", "return x07_codec_write_u32_le(x07_parse_u32_dec_at(in, 1, \"m /s\"));", b"x4294967296",
        Trap("parse.u32_dec overflow index=10 len=11 module=m ptr=/s")),
    case("parse at", "return x07_codec_write_u32_le(x07_parse_u32_dec_at(in, 3, \"m /s\"));", b"12",
        Trap("parse.u32_dec_at oob index=3 len=2 module=m ptr=/s")),
    case("get oob", "return x07_bytes1(x07_view_get_u8(in, in.len, \"main /solve/2/1\"));", b"abc",
        Trap("view.get_u8 oob index=3 len=3 module=main ptr=/solve/2/1")),
    case("get of a negative index", "return x07_bytes1(x07_bytes_get_u8(in, -1u, \"a.b /decls/0/body\"));", b"abc",
        Trap("bytes.get_u8 oob index=4294967295 len=3 module=a.b ptr=/decls/0/body")),
    case("set oob", "return x07_bytes_set_u8(x07_bytes_none(), 0, 1, \"m /s\");", b"",
        Trap("bytes.set_u8 oob index=0 len=0 module=m ptr=/s")),
    case("slice that would wrap", "return x07_bytes_slice(in, 2, 0xffffffffu, \"m /s\");", b"abc",
        Trap("bytes.slice oob start=2 n=4294967295 len=3 module=m ptr=/s")),
    case("u32 read at the end", "return x07_codec_write_u32_le(x07_codec_read_u32_le(in, 0xfffffffeu, \"m /s\"));", b"abcd",
        Trap("codec.read_u32_le oob start=4294967294 n=4 len=4 module=m ptr=/s")),
    case("u32 write in place", "return x07_internal_bytes_set_u32_le(x07_bytes_alloc(6), 1, 0x64636261u, 0);", b"",
        Output(b"\0abcd\0")),
    case("a request of nearly 2^32", "return x07_bytes_alloc(-1u);", b"",
        Trap("out of memory requested=4294967295 live=1 cap=65536")),
    case("vec overflow", "return x07_vec_u8_into_bytes(x07_vec_u8_extend_zeroes(x07_vec_u8_push(x07_vec_none(), 1), -1u, \"m /s\"));", b"",
        Trap("vec_u8.extend_zeroes overflow len=1 more=4294967295 module=m ptr=/s")),
    case("fuel", "x07_ctx.fuel -= 1001; return x07_bytes_none();", b"", Trap("fuel exhausted")),
    case("fuel to the last unit", "x07_ctx.fuel -= 1000; return x07_bytes1('k');", b"", Output(b"k")),
    case("find and count", "return x07_bytes1(x07_internal_view_find_u8(in, 'l') * 10 + x07_internal_view_count_u8(in, 'l') +
           (x07_internal_view_find_u8(in, 'l' + 256) == -1u ? 100 : 0));", b"hello", Output(&[122])),
    case(
        "sort",
        "uint32_t n = 5000, x = 1, ok = 1;
         x07_bytes b = x07_bytes_alloc(4 * n);
         for (uint32_t i = 0; i < n; i++) b = x07_internal_bytes_set_u32_le(b, 4 * i, x = x * 1664525u + 1013904223u, 0);
         b = x07_internal_u32le_sort(b, 1);
         for (uint32_t i = 1; i < n; i++) ok &= x07_load_u32_le(b.ptr + 4 * i - 4) <= x07_load_u32_le(b.ptr + 4 * i);
         for (uint32_t i = 0; i < n; i++) b = x07_internal_bytes_set_u32_le(b, 4 * i, i & 1 ? i : (i * 7919u) % 1024, 0);
         b = x07_internal_u32le_sort(b, 2);
         for (uint32_t i = 2; i < n; i += 2) ok &= x07_load_u32_le(b.ptr + 4 * i - 8) <= x07_load_u32_le(b.ptr + 4 * i);
         x07_bytes_drop(b);
         return x07_bytes1('0' + ok);",
        b"",
        Output(b"1"),
    ),
    case(
        "map_u32 against a model",
        "uint32_t h = x07_map_u32_new(64, 0), x = 7, ok = 1;
         uint8_t model[128] = {0};
         for (uint32_t i = 0; i < 20000; i++) {
           x = x * 1664525u + 1013904223u;
           uint32_t key = x >> 20 & 127, op = x >> 28;
           uint32_t live = 0;
           for (int k = 0; k < 128; k++) live += model[k] != 0;
           ok &= live == x07_map_u32_len(h, 0);
           ok &= x07_map_u32_contains(h, key * 64, 0) == (model[key] != 0);
           ok &= x07_map_u32_get(h, key * 64, 0, 0) == model[key];
           if (op < 9 && (live < 64 || model[key])) {
             uint32_t value = 1 + (x >> 8 & 127);
             ok &= x07_map_u32_set(h, key * 64, value, 0) == !model[key];
             model[key] = (uint8_t)value;
           } else {
             ok &= x07_map_u32_remove(h, key * 64, 0) == (model[key] != 0);
             model[key] = 0;
           }
         }
         x07_bytes all = x07_map_u32_dump_kv_u32le_u32le(h, 0);
         ok &= all.len == 8 * x07_map_u32_len(h, 0);
         x07_bytes_drop(all);
         uint32_t s = x07_set_u32_new(1, 0);
         ok &= s == 2 && x07_set_u32_add(s, 5, 0) == 1 && x07_set_u32_add(s, 5, 0) == 0 && !x07_set_u32_contains(s, 6, 0) &&
               x07_map_u32_get(s, 5, 0, 0) == 1 && x07_set_u32_remove(s, 6, 0) == 0 && x07_set_u32_remove(s, 5, 0) == 1;
         return x07_bytes1('0' + ok);",
        b"",
        Output(b"1"),
    ),
    case("map full", "uint32_t h = x07_map_u32_new(1, 0); x07_map_u32_set(h, 1, 1, 0); x07_map_u32_set(h, 2, 2, \"m /s\"); return x07_bytes_none();", b"",
        Trap("map_u32 full cap=1 module=m ptr=/s")),
    case("map cap", "x07_map_u32_new(3, \"m /s\"); return x07_bytes_none();", b"",
        Trap("map_u32.new cap must be power of two cap=3 module=m ptr=/s")),
    case("map of 2^30", "x07_map_u32_new(1u << 30, 0); return x07_bytes_none();", b"",
        Trap("out of memory requested=8589934592 live=1 cap=65536")),
    case("map key -1", "x07_map_u32_get(x07_map_u32_new(2, 0), -1u, 0, \"m /s\"); return x07_bytes_none();", b"",
        Trap("map_u32.get key=-1 reserved module=m ptr=/s")),
    case("map handle", "x07_map_u32_len(1, \"m /s\"); return x07_bytes_none();", b"",
        Trap("map_u32 invalid handle handle=1 module=m ptr=/s")),
    counted(
        "vec_value of bytes",
        "uint32_t h = x07_vec_value_with_capacity_v1(3, 0, 0);
         for (uint32_t i = 0; i < 5; i++) h = x07_vec_value_push_bytes_v1(h, x07_bytes1('a' + i), 0);
         h = x07_vec_value_set_bytes_v1(h, 1, x07_bytes_lit(\"BB\", 2), 0);
         h = x07_vec_value_pop(h, 0);
         x07_bytes a = x07_vec_value_get_bytes_v1(h, 1, x07_bytes_lit(\"d\", 1), 0);
         x07_bytes b = x07_vec_value_get_bytes_v1(h, 4, x07_bytes_lit(\"d\", 1), 0);
         return x07_bytes_concat(x07_bytes_concat(a, b, 0), x07_bytes1('0' + x07_vec_value_len(h, 0)), 0);",
        b"",
        b"BBd4",
        "live_bytes=0 live_allocs=0",
    ),
    case("vec_value type", "x07_vec_value_get_i32_v1(x07_vec_value_with_capacity_v1(3, 1, 0), 9, 0, \"m /s\"); return x07_bytes_none();", b"",
        Trap("vec_value.get ty mismatch module=m ptr=/s")),
    case("vec_value set oob", "x07_vec_value_set_i32_v1(x07_vec_value_with_capacity_v1(2, 1, 0), 0, 0, \"m /s\"); return x07_bytes_none();", b"",
        Trap("vec_value.set oob index=0 len=0 module=m ptr=/s")),
    counted(
        "map_value of bytes to bytes",
        "uint32_t h = x07_map_value_new_v1(3, 3, 1, 0);
         for (uint32_t i = 0; i < 100; i++)
           h = x07_map_value_set_bytes_bytes_v1(h, x07_fmt_u32_to_dec(i), x07_fmt_u32_to_dec(i * i), 0);
         for (uint32_t i = 0; i < 100; i += 2) h = x07_map_value_remove_bytes_v1(h, x07_fmt_u32_to_dec(i), 0);
         h = x07_map_value_set_bytes_bytes_v1(h, x07_fmt_u32_to_dec(9), x07_bytes_lit(\"nine\", 4), 0);
         x07_bytes a = x07_map_value_get_bytes_bytes_v1(h, x07_fmt_u32_to_dec(9), x07_bytes1('d'), 0);
         x07_bytes b = x07_map_value_get_bytes_bytes_v1(h, x07_fmt_u32_to_dec(8), x07_bytes1('d'), 0);
         x07_bytes c = x07_map_value_get_bytes_bytes_v1(h, x07_fmt_u32_to_dec(99), x07_bytes1('d'), 0);
         uint32_t n = x07_map_value_len(h, 0), has = x07_map_value_contains_bytes_v1(h, x07_fmt_u32_to_dec(51), 0);
         return x07_bytes_concat(x07_bytes_concat(a, b, 0), x07_bytes_concat(c, x07_bytes1(n + has), 0), 0);",
        b"",
        b"nined98013",
        "live_bytes=0 live_allocs=0",
    ),
    case(
        "map_value of i32 and views",
        "uint32_t h = x07_map_value_new_v1(1, 4, 2, 0);
         h = x07_map_value_set_i32_bytes_view_v1(h, -1u, x07_view_slice(in, 1, 2, 0), 0);
         x07_view v = x07_map_value_get_i32_bytes_view_v1(h, -1u, in, 0);
         uint32_t g = x07_map_value_new_v1(4, 2, 2, 0);
         g = x07_map_value_set_bytes_view_i32_v1(g, v, 65, 0);
         g = x07_map_value_clear(x07_map_value_set_bytes_view_i32_v1(g, in, 66, 0), 0);
         g = x07_map_value_set_bytes_view_i32_v1(g, v, 67, 0);
         return x07_bytes_concat(x07_view_to_bytes(v), x07_bytes1(x07_map_value_get_bytes_view_i32_v1(g, x07_view_lit(\"bc\", 2), 0, 0)), 0);",
        b"abcd",
        Output(b"bcC"),
    ),
    case("map_value key type", "x07_map_value_contains_i32_v1(x07_map_value_new_v1(3, 1, 1, 0), 1, \"m /s\"); return x07_bytes_none();", b"",
        Trap("map_value.contains key ty mismatch module=m ptr=/s")),
    counted(
        "readers",
        "x07_iface r = x07_io_open_read_bytes_view(in);
         x07_bytes a = x07_io_read(r, 2, 0), b = x07_io_read(r, 0, 0), c = x07_io_read(r, -1u, 0), d = x07_io_read(r, 5, 0);
         x07_iface s = x07_io_open_read_bytes_vec(x07_vec_u8_push(x07_vec_none(), '!'));
         uint32_t br = x07_bufread_new(s, 4, 0), lens = x07_view_len(x07_bufread_fill(br, 0));
         x07_bufread_consume(br, 1, 0);
         lens = lens * 10 + x07_view_len(x07_bufread_fill(br, 0));
         return x07_bytes_concat(x07_bytes_concat(a, b, 0), x07_bytes_concat(x07_bytes_concat(c, d, 0), x07_bytes1(lens), 0), 0);",
        b"hello",
        b"hello\n",
        "live_bytes=0 live_allocs=0",
    ),
    case("unknown vtable", "x07_io_read(x07_iface_make_v1(1, 9), 1, \"m /s\"); return x07_bytes_none();", b"",
        Trap("ext io reader unregistered vtable vtable=9 module=m ptr=/s")),
    case("consume oob", "x07_bufread_consume(x07_bufread_new(x07_io_open_read_bytes_view(in), 4, 0), 1, \"m /s\"); return x07_bytes_none();", b"abc",
        Trap("bufread.consume oob index=1 len=0 module=m ptr=/s")),
    case(
        "scratch",
        "uint32_t a = x07_scratch_u8_fixed_v1_new(4), b = x07_scratch_u8_fixed_v1_new(0);
         uint32_t ok = x07_scratch_u8_fixed_v1_try_write(a, in, 0).payload.ok;
         x07_result_i32 full = x07_scratch_u8_fixed_v1_try_write(a, in, 0);
         x07_bytes text = x07_view_to_bytes(x07_scratch_u8_fixed_v1_as_view(a, 0));
         uint32_t dropped = x07_scratch_u8_fixed_v1_drop(a) * 2 + x07_scratch_u8_fixed_v1_drop(a);
         uint32_t again = x07_scratch_u8_fixed_v1_new(1);
         uint8_t r[] = {(uint8_t)ok, (uint8_t)x07_result_i32_err_code(full), (uint8_t)dropped, (uint8_t)again, (uint8_t)b};
         return x07_bytes_concat(text, x07_bytes_lit((const char *)r, 5), 0);",
        b"xyz",
        Output(b"xyz\x03\x08\x02\x01\x02"),
    ),
    case(
        "budget over its cap",
        "static const x07_budget_caps caps = {.mode = X07_BUDGET_TRAP, .label = \"here\", .memcpy_bytes = 2};
         x07_budget b;
         x07_budget_enter(&b, &caps);
         x07_bytes r = x07_bytes_lit(\"abc\", 3);
         x07_budget_exit(&b);
         return r;",
        b"",
        Trap("X07T_BUDGET_EXCEEDED_MEMCPY_BYTES used=3 cap=2 label=here"),
    ),
    case(
        "budget as an error, inner in outer",
        "static const x07_budget_caps outer = {.mode = X07_BUDGET_RESULT_ERR, .label = \"o\", .alloc_bytes = 5, .alloc_calls = 1};
         static const x07_budget_caps inner = {.mode = X07_BUDGET_STATS_ONLY, .label = \"i\", .alloc_bytes = 1};
         x07_budget a, b;
         x07_budget_enter(&a, &outer);
         x07_budget_enter(&b, &inner);
         x07_bytes_drop(x07_bytes_alloc(3));
         uint32_t first = x07_budget_exit(&b);
         x07_bytes_drop(x07_bytes_alloc(2));
         uint32_t second = x07_budget_exit(&a);
         return x07_bytes_concat(x07_codec_write_u32_le(first), x07_codec_write_u32_le(second), 0);",
        b"",
        Output(&[0, 0, 0, 0, 2, 0, 0, 0x80]),
    ),
    case(
        "fuel budget names the scope that bites",
        "static const x07_budget_caps outer = {.mode = X07_BUDGET_STATS_ONLY, .label = \"outer\", .fuel = 10};
         static const x07_budget_caps inner = {.mode = X07_BUDGET_TRAP, .label = \"inner\", .fuel = 500};
         x07_budget a, b;
         x07_budget_enter(&a, &outer);
         x07_budget_enter(&b, &inner);
         x07_ctx.fuel -= 11;
         if (x07_ctx.fuel < 0) x07_trap_fuel();
         return x07_bytes_none();",
        b"",
        Trap("X07T_BUDGET_EXCEEDED_FUEL used=11 cap=10 label=outer"),
    ),
    case(
        "fuel is given back at the exit",
        "static const x07_budget_caps caps = {.mode = X07_BUDGET_TRAP, .label = \"x\", .fuel = 10};
         x07_budget a;
         x07_budget_enter(&a, &caps);
         x07_ctx.fuel -= 10;
         x07_budget_exit(&a);
         return x07_codec_write_u32_le((uint32_t)x07_ctx.fuel);",
        b"",
        Output(&[0xde, 3, 0, 0]),
    ),
    case(
        "a contract clause fails",
        "x07_contract_begin(\"requires\", \"main.f\", \"a\\\"\\\\\\n\\001\", 1, \"/decls/0/requires/1/expr\");
         x07_contract_witness_i32(-3u);
         x07_contract_witness_bytes(in);
         x07_contract_witness_result_i32(x07_result_i32_err(9));
         x07_contract_witness_result_bytes_view(x07_result_bytes_view_ok(in));
         x07_contract_witness_result_result_bytes(x07_result_result_bytes_ok(x07_result_bytes_err(4)));
         x07_contract_fail();",
        b"hi\xff",
        Trap(
            r#"X07T_CONTRACT_V1 {"contract_kind":"requires","fn":"main.f","clause_id":"a\"\\\n\u0001","clause_index":1,"clause_ptr":"/decls/0/requires/1/expr","witness":[{"ty":"i32","value_i32":-3},{"ty":"bytes","len":3,"hex":"6869ff","truncated":0},{"ty":"result_i32","tag":"err","err_code_u32":9},{"ty":"result_bytes_view","tag":"ok","ok":{"len":3,"hex":"6869ff","truncated":0}},{"ty":"result_result_bytes","tag":"ok","ok":{"tag":"err","err_code_u32":4}}]}"#,
        ),
    ),
    counted(
        "tasks run in order and leave nothing",
        "uint32_t frames[3] = {'a', 'b', 'c'}, h[3];
         for (int i = 0; i < 3; i++) h[i] = x07_task_new(echo, &frames[i], sizeof frames[i], X07_TASK_BYTES);
         uint32_t before = x07_task_is_finished(h[0], 0);
         x07_bytes b = x07_task_join_bytes(h[1], 0);
         uint32_t after = x07_task_is_finished(h[0], 0) + x07_task_is_finished(h[2], 0) * 2;
         uint32_t early = x07_result_bytes_err_code(x07_task_try_join_bytes(h[2], 0));
         uint32_t canceled = x07_task_cancel(h[2], 0);
         return x07_bytes_concat(b, x07_bytes1('0' + before + after + early * 2 + canceled * 4), 0);",
        b"",
        b"b7",
        "live_bytes=0 live_allocs=0",
    ),
    case("a result is taken once", "uint32_t f = 'x', h = x07_task_new(echo, &f, 4, X07_TASK_BYTES);
           x07_bytes_drop(x07_task_join_bytes(h, 0)); return x07_task_join_bytes(h, \"m /s\");", b"",
        Trap("join already taken handle=1 module=m ptr=/s")),
    case("exit code", "x07_process_set_exit_code_v1(0); return x07_bytes1(1);", b"", Output(&[1])),
    counted(
        "pointers",
        "x07_bytes b = x07_bytes_alloc(8);
         x07_memset(b.ptr, 302, 8);
         x07_memcpy(b.ptr + 1, in.ptr, 3);
         x07_memmove(b.ptr + 2, b.ptr + 1, 3);
         x07_ptr_write_u8(b.ptr + 7, x07_ptr_read_u8(b.ptr));
         x07_ptr_write_i32(b.ptr + 4, x07_ptr_read_i32(b.ptr + 4) ^ 0);
         return b;",
        b"abc",
        b".aabc...",
        "memcpy_bytes=6",
    ),
    case("a native backend traps", "x07_rt_trap_native_v1(\"math.f64.add_v1: operand is not 8 bytes\", 9100);", b"",
        Trap("math.f64.add_v1: operand is not 8 bytes (9100)")),
    case(
        "the unfinished line of the program is ended first",
        "x07_rt_note_stderr_v1((const uint8_t *)\"x\", 1); x07_trap(\"boom\", 0);",
        b"",
        Trap("\nboom"),
    ),
];

const PRELUDE: &str = r#"#define X07_WITH_ALL
#include "x07.h"
static void echo(void *frame, x07_task_result *result) {
  if (result) result->bytes = x07_bytes1(*(const uint32_t *)frame);
}
"#;

fn all_cases(config: Config) -> Executable {
    let mut unit = String::from(PRELUDE);
    for (index, case) in CASES.iter().enumerate() {
        unit += &format!("static X07_NOINLINE x07_bytes case_{index}(x07_view in) {{ (void)in; {} }}\n", case.body);
    }
    unit += "x07_bytes x07_solve(void) {\n  x07_view in = x07_input();\n  switch (in.ptr[0]) {\n";
    for index in 0..CASES.len() {
        unit += &format!("    case {index}: return case_{index}(x07_view_window(in, 1, in.len - 1));\n");
    }
    unit += "  }\n  return x07_bytes_none();\n}\n";
    unit += &program("X07_ABI_FRAMED", 1000, 1 << 16, 0);
    build(&unit, config)
}

fn check_all(config: Config) {
    let executable = all_cases(config);
    for (index, case) in CASES.iter().enumerate() {
        let outcome = executable.run(&[], &frame(&[&[index as u8], case.input].concat()));
        match case.expect {
            Output(expected) => {
                assert_eq!(outcome.status, 0, "{} ({config:?}): {outcome:?}", case.name);
                assert_eq!(
                    String::from_utf8_lossy(outcome.output()),
                    String::from_utf8_lossy(expected),
                    "{} ({config:?}): {outcome:?}",
                    case.name
                );
                assert_eq!(outcome.metric("mem_stats.live_bytes"), 0, "{}: {outcome:?}", case.name);
                if config == Config::Debug {
                    assert_eq!(outcome.metric("debug_stats.borrow_violations"), 0, "{}: {outcome:?}", case.name);
                }
                for pair in case.stats.split_whitespace() {
                    let (key, value) = pair.split_once('=').unwrap();
                    let actual = outcome.metric(&format!("mem_stats.{key}"));
                    assert_eq!(actual, value.parse::<u64>().unwrap(), "{} ({config:?}): {key}: {outcome:?}", case.name);
                }
            }
            Trap(expected) => {
                assert_eq!(outcome.stderr, format!("{expected}\n"), "{} ({config:?})", case.name);
                assert_eq!(outcome.status, 132, "{} ({config:?}): {outcome:?}", case.name);
                assert_eq!(outcome.stdout, b"", "{} ({config:?})", case.name);
            }
        }
    }
}

#[test]
fn heads_in_the_release_configuration() {
    check_all(Config::Release);
}

#[test]
fn heads_with_borrow_checks() {
    check_all(Config::Debug);
}

#[test]
fn heads_under_the_sanitizers() {
    check_all(Config::Sanitized);
}
