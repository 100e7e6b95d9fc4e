//! The heap against a model: contents, statistics, the shape of the arena, and what must fit.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use support::{Config, build, frame, program};

/// Random allocation, growth and release among `SLOTS` blocks. The input: seed, steps, largest size.
const STRESS: &str = r#"
#include "runtime.h"

#define SLOTS 200

static x07_vec slots[SLOTS];
static uint64_t total, live, peak, blocks, peak_blocks, allocs, reallocs;

static void born(uint32_t n) {
  total += n, live += n, blocks++;
  if (live > peak) peak = live;
  if (blocks > peak_blocks) peak_blocks = blocks;
}

/* Blocks tile the arena, know their predecessors, and no two free ones touch. */
static void check_shape(void) {
  uint32_t at = X07_FIRST_BLOCK, before = 0, was_free = 0;
  while (at != x07_arena.top) {
    x07_block *b = x07_block_at(at);
    uint32_t size = x07_block_size(b), is_free = b->prev_and_free & 1;
    if (size < X07_GRANULE || size > x07_arena.top - at) x07_trap("bad size", 0);
    if ((b->prev_and_free & ~1u) != before) x07_trap("bad predecessor", 0);
    if (is_free && was_free) x07_trap("free neighbours", 0);
    before = size;
    was_free = is_free;
    at += size;
  }
  if (x07_arena.top_prev != before) x07_trap("bad top", 0);
  if (was_free) x07_trap("free below top", 0);
}

x07_bytes x07_solve(void) {
  x07_view in = x07_input();
  uint32_t x = x07_codec_read_u32_le(in, 0, 0), steps = x07_codec_read_u32_le(in, 4, 0), max = x07_codec_read_u32_le(in, 8, 0);
  for (uint32_t step = 0; step < steps; step++) {
    x = x * 1664525u + 1013904223u;
    uint32_t slot = (x >> 8) % SLOTS;
    x = x * 1664525u + 1013904223u;
    uint32_t n = 1 + (x >> 4) % ((x & 7) ? 200 : max);
    x07_vec *v = &slots[slot];
    for (uint32_t i = 0; i < v->len; i++)
      if (v->data[i] != (uint8_t)(slot + i)) x07_trap("contents changed", 0);
    if (!v->cap) {
      *v = x07_vec_u8_with_capacity(n);
      allocs++;
      born(n);
    } else if (x >> 31 && v->len + n > v->cap) {
      uint32_t old = v->cap;
      *v = x07_vec_u8_reserve_exact(*v, n, 0);
      reallocs++;
      born(v->len + n);
      live -= old, blocks--;
    } else {
      live -= v->cap, blocks--;
      x07_vec_drop(*v);
      *v = x07_vec_none();
    }
    if ((uintptr_t)v->data % 8) x07_trap("unaligned", 0);
    for (v->len = 0; v->len < v->cap; v->len++) v->data[v->len] = (uint8_t)(slot + v->len);
    if (step % 64 == 0) check_shape();
  }
  check_shape();
  if (x07_arena.peak_bytes != peak || x07_arena.peak_blocks != peak_blocks || x07_arena.bytes_alloc_total != total ||
      x07_arena.alloc_calls != allocs || x07_arena.realloc_calls != reallocs ||
      x07_arena.peak_bytes - (uint64_t)x07_arena.headroom_bytes != live)
    x07_trap("wrong statistics", 0);
  for (uint32_t i = 0; i < SLOTS; i++) x07_vec_drop(slots[i]);
  /* Everything merges again: all but the input and a header are there for one value. */
  x07_bytes_drop(x07_bytes_alloc(x07_arena.end - X07_FIRST_BLOCK - 32 - X07_HEADER));
  check_shape();
  return x07_bytes1('k');
}
"#;

#[test]
fn random_use_keeps_contents_shape_and_statistics() {
    let unit = format!("{STRESS}{}", program("X07_ABI_FRAMED", 1000, 1 << 23, 0));
    for config in [Config::Release, Config::Sanitized, Config::Debug] {
        let executable = build(&unit, config);
        for seed in 0..30_u32 {
            let max = [1000, 5000, 30_000][seed as usize % 3];
            let input: Vec<u8> = [seed, 20_000, max].iter().flat_map(|x| x.to_le_bytes()).collect();
            let outcome = executable.run(&[], &frame(&input));
            assert_eq!(outcome.status, 0, "{config:?} {seed}: {}", outcome.stderr);
            assert_eq!(outcome.output(), b"k");
            assert_eq!(outcome.metric("mem_stats.live_bytes"), 0);
            assert_eq!(outcome.metric("mem_stats.live_allocs"), 0);
        }
    }
}

/// With a heap of 1024 bytes and no input: a body, and the error if it has one.
#[test]
fn what_fits_and_what_does_not() {
    for (name, body, stderr) in [
        ("one value of nearly everything", "return x07_bytes_alloc(1016);", None),
        ("one byte more", "return x07_bytes_alloc(1017);", Some("out of memory requested=1017 live=0 cap=1024\n")),
        (
            "three freed blocks serve one bigger request",
            "x07_bytes a = x07_bytes_alloc(300), b = x07_bytes_alloc(300), c = x07_bytes_alloc(200);
             x07_bytes_drop(b); x07_bytes_drop(a); x07_bytes_drop(c);
             return x07_bytes_alloc(850);",
            None,
        ),
        (
            "freed memory is there again, whatever its size",
            "for (uint32_t n = 1; n < 1000; n++) x07_bytes_drop(x07_bytes_alloc(n));
             return x07_bytes_none();",
            None,
        ),
        (
            "growth at the top is in place",
            "x07_vec v = x07_vec_u8_with_capacity(500);
             v = x07_vec_u8_push(v, 'x');
             v = x07_vec_u8_reserve_exact(v, 900, 0);
             return x07_vec_u8_into_bytes(v);",
            None,
        ),
        (
            "growth into freed blocks behind",
            "x07_vec v = x07_vec_u8_with_capacity(300);
             x07_bytes b = x07_bytes_alloc(300), c = x07_bytes_alloc(300);
             x07_bytes_drop(b);
             x07_bytes_drop(c);
             v = x07_vec_u8_push(v, 'x');
             return x07_vec_u8_into_bytes(x07_vec_u8_reserve_exact(v, 900, 0));",
            None,
        ),
        (
            "the sum of live values is capped",
            "x07_bytes a = x07_bytes_alloc(600), b = x07_bytes_alloc(600);
             return x07_bytes_concat(a, b, 0);",
            Some("out of memory requested=600 live=600 cap=1024\n"),
        ),
    ] {
        let unit = format!(
            "#define X07_WITH_ALL\n#include \"x07.h\"\nx07_bytes x07_solve(void) {{ {body} }}\n{}",
            program("X07_ABI_FRAMED", 1000, 1024, 0)
        );
        let outcome = build(&unit, Config::Release).run(&[], &frame(b""));
        match stderr {
            None => assert_eq!((outcome.status, outcome.metric("mem_stats.live_bytes")), (0, 0), "{name}: {outcome:?}"),
            Some(text) => assert_eq!((outcome.status, &outcome.stderr[..]), (132, text), "{name}"),
        }
    }
}

#[test]
fn a_read_through_a_dead_view_is_counted_and_yields_nothing() {
    let unit = format!(
        r#"#define X07_WITH_ALL
#include "x07.h"
x07_bytes x07_solve(void) {{
  x07_bytes b = x07_bytes_lit("abc", 3);
  x07_view v = x07_bytes_subview(b, 1, 2, 0), w = x07_view_slice(v, 1, 1, 0);
  uint32_t before = x07_view_get_u8(w, 0, 0);
  x07_bytes_drop(b);
  x07_bytes again = x07_bytes_lit("xyz", 3);
  uint32_t after = x07_view_get_u8(w, 0, 0) + x07_view_eq(v, v) + x07_codec_read_u32_le(x07_view_window(v, 0, 2 + 2), 0, 0);
  x07_bytes copy = x07_view_to_bytes(w);
  x07_bytes_drop(again);
  return x07_bytes_concat(x07_bytes1(before), x07_bytes_concat(x07_bytes1('0' + after), copy, 0), 0);
}}
{}"#,
        program("X07_ABI_FRAMED", 1000, 4096, 0)
    );
    let outcome = build(&unit, Config::Debug).run(&[], &frame(b""));
    assert_eq!(outcome.output(), b"c0\0");
    assert_eq!(outcome.metric("debug_stats.borrow_violations"), 4);
}

#[test]
fn a_program_may_bring_its_own_heap() {
    let unit = format!(
        r#"#include <stdlib.h>
#define X07_WITH_ALL
#include "x07.h"
static uint32_t live;
static void *take(void *ctx, uint32_t size, uint32_t align) {{ (void)ctx; (void)align; live += size; return calloc(1, size); }}
static void *again(void *ctx, void *p, uint32_t old, uint32_t size, uint32_t align) {{ (void)p; (void)old; return take(ctx, size, align); }}
static void give(void *ctx, void *p, uint32_t size, uint32_t align) {{ (void)ctx; (void)align; live -= size; free(p); }}
ev_allocator_v1_t x07_custom_allocator(void) {{ return (ev_allocator_v1_t){{0, take, again, give}}; }}
x07_bytes x07_solve(void) {{
  uint32_t start = live;
  x07_vec v = x07_vec_none();
  for (uint32_t i = 0; i < 3000; i++) v = x07_vec_u8_push(v, i);
  uint32_t last = x07_vec_u8_get(v, 2999, 0);
  x07_vec_drop(v);
  return x07_bytes1(live == start && last == (2999 & 255) ? 'k' : 'x');
}}
{}"#,
        program("X07_ABI_FRAMED", 1000, 64, 0)
    );
    let outcome = build(&unit, Config::Sanitized).run(&[], &frame(b"abc"));
    assert_eq!(outcome.output(), b"k");
    assert_eq!(outcome.metric("mem_stats.realloc_calls"), 12);
    assert_eq!(outcome.metric("mem_stats.live_bytes"), 0);
}
