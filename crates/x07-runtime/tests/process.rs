//! The process around `solve`, by ABI, and the library form.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

mod support;

use std::process::Stdio;

use support::{Config, build, build_library, frame, program};

const SIGPIPE: i32 = 13;
const ECHO: &str =
    "#define X07_WITH_ALL\n#include \"x07.h\"\nx07_bytes x07_solve(void) { return x07_view_to_bytes(x07_input()); }\n";

fn echo(abi: &str, memory_cap: u64, max_output: u64) -> String {
    format!("{ECHO}{}", program(abi, 1000, memory_cap, max_output))
}

#[test]
fn framed_reads_its_frame_and_no_more() {
    let executable = build(&echo("X07_ABI_FRAMED", 1 << 20, 0), Config::Release);
    let big = vec![b'x'; 100_000];
    for (stdin, output) in
        [(frame(b"abc"), &b"abc"[..]), ([frame(b""), b"what follows".to_vec()].concat(), b""), (frame(&big), &big)]
    {
        let outcome = executable.run(&[], &stdin);
        assert_eq!((outcome.status, outcome.output()), (0, output));
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
        assert_eq!(outcome.metric("heap_used"), 2 * output.len() as u64);
    }
    for short in [&b""[..], b"\x01\0\0", b"\x03\0\0\0ab"] {
        let outcome = executable.run(&[], short);
        assert_eq!((outcome.status, &outcome.stdout[..], &outcome.stderr[..]), (2, &b""[..], ""));
    }
    let outcome = executable.run(&[], &frame(&vec![0; 1 << 20]));
    assert_eq!(outcome.stderr, "out of memory requested=1048576 live=0 cap=1048576\n");
    assert_eq!(outcome.status, 132);
}

#[test]
fn metrics_have_the_documented_keys_in_order() {
    let outcome = build(&echo("X07_ABI_FRAMED", 4096, 0), Config::Debug).run(&[], &frame(b"abcd"));
    assert_eq!(
        outcome.stderr,
        concat!(
            r#"{"fuel_used":0,"heap_used":8,"fs_read_file_calls":0,"fs_list_dir_calls":0,"rr_open_calls":0,"#,
            r#""rr_close_calls":0,"rr_stats_calls":0,"rr_next_calls":0,"rr_next_miss_calls":0,"rr_append_calls":0,"#,
            r#""kv_get_calls":0,"kv_set_calls":0,"sched_stats":{"tasks_spawned":0,"spawn_calls":0,"join_calls":0,"#,
            r#""yield_calls":0,"sleep_calls":0,"chan_send_calls":0,"chan_recv_calls":0,"ctx_switches":0,"#,
            r#""wake_events":0,"blocked_waits":0,"virtual_time_end":0,"sched_trace_hash":"0x14650fb0739d0383"},"#,
            r#""mem_stats":{"alloc_calls":1,"realloc_calls":0,"free_calls":1,"bytes_alloc_total":4,"#,
            r#""bytes_freed_total":4,"live_bytes":0,"peak_live_bytes":4,"live_allocs":0,"peak_live_allocs":1,"#,
            r#""memcpy_bytes":4},"debug_stats":{"borrow_violations":0}}"#,
            "\n"
        )
    );
}

#[test]
fn raw_is_a_filter() {
    let executable = build(&echo("X07_ABI_RAW", 1 << 16, 40_000), Config::Release);
    for input in [&b""[..], b"plain text\n", &[0; 30_000]] {
        let outcome = executable.run(&["ignored"], input);
        assert_eq!((outcome.status, &outcome.stdout[..], &outcome.stderr[..]), (0, input, ""));
    }
    let outcome = executable.run(&[], &[0; 40_001]);
    assert_eq!((outcome.status, &outcome.stdout[..]), (70, &b""[..]), "{outcome:?}");
    assert_eq!(outcome.stderr, "out of memory requested=40001 live=40001 cap=65536\n");
    let outcome = executable.run(&[], &[0; 65_536]);
    assert_eq!(outcome.stderr, "out of memory requested=65529 live=0 cap=65536\n");

    let outcome = build(&echo("X07_ABI_RAW", 1 << 16, 3), Config::Release).run(&[], b"abcd");
    assert_eq!((outcome.status, &outcome.stdout[..]), (2, &b""[..]));
    assert_eq!(outcome.stderr, "the output is larger than the limit of this program\n");
}

#[test]
fn argv_gives_the_arguments_and_leaves_standard_input_alone() {
    let outcome = build(&echo("X07_ABI_ARGV", 1 << 16, 0), Config::Release).run(&["a", "b c", ""], b"unread");
    let expected = b"\x04\0\0\0\x06\0\0\0na\xc3\xafve\x01\0\0\0a\x03\0\0\0b c\0\0\0\0";
    assert_eq!((outcome.status, &outcome.stdout[..], &outcome.stderr[..]), (0, &expected[..], ""));
}

/// `yes | head` says nothing; a full disk is news. Harnesses that read frames know an unwritten one by its status.
#[test]
fn a_closed_pipe_ends_a_filter_silently_and_a_full_disk_does_not() {
    let told = "standard output cannot be written\n";
    for (abi, of_pipe, of_disk) in [
        ("X07_ABI_RAW", (128 + SIGPIPE, ""), (2, told)),
        ("X07_ABI_ARGV", (128 + SIGPIPE, ""), (2, told)),
        ("X07_ABI_FRAMED", (2, ""), (2, "")),
    ] {
        let executable = build(&echo(abi, 1 << 20, 0), Config::Release);
        for output in [&b"x"[..], &[b'x'; 100_000]] {
            let (read, closed) = std::io::pipe().unwrap();
            drop(read);
            let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
            for (stdout, expected) in [(Stdio::from(closed), of_pipe), (full.into(), of_disk)] {
                let outcome = executable.run_into(stdout, &["word"], &frame(output));
                assert_eq!((outcome.status, &*outcome.stderr), expected, "{abi}");
            }
        }
    }
}

#[test]
fn endings() {
    let ending = |body: &str, abi: &str, cap: u64| {
        let unit = format!("#define X07_WITH_ALL\n#include \"x07.h\"\n{body}\n{}", program(abi, 1000, cap, 0));
        build(&unit, Config::Release).run(&[], &frame(b""))
    };
    let deep = "X07_NOINLINE static uint32_t deep(volatile uint8_t *p) {
           volatile uint8_t here[200];
           here[0] = p[0];
           return p[0] == 2 ? 0 : deep(here) + here[0];
         }
         x07_bytes x07_solve(void) { uint8_t one = 1; return x07_bytes1(deep(&one)); }";
    let exit = |code: &str| {
        format!("x07_bytes x07_solve(void) {{ x07_process_set_exit_code_v1({code}); return x07_bytes_none(); }}")
    };
    for (name, body, abi, cap, status, stderr) in [
        ("overflow", deep, "X07_ABI_FRAMED", 4096, 132, "stack overflow\n"),
        ("overflow of a filter", deep, "X07_ABI_RAW", 4096, 70, "stack overflow\n"),
        ("overflow of a command", deep, "X07_ABI_ARGV", 4096, 70, "stack overflow\n"),
        (
            "null pointer",
            "x07_bytes x07_solve(void) { return x07_bytes1(x07_ptr_read_u8((void *)(__UINTPTR_TYPE__)x07_input().len)); }",
            "X07_ABI_FRAMED",
            4096,
            139,
            "",
        ),
        ("heap", &exit("0"), "X07_ABI_ARGV", 16, 70, "heap too small\n"),
        ("exit code", &exit("3"), "X07_ABI_ARGV", 4096, 3, ""),
        ("exit code above a byte", &exit("256"), "X07_ABI_ARGV", 4096, 255, ""),
        ("negative exit code", &exit("-1u"), "X07_ABI_ARGV", 4096, 255, ""),
        (
            "fuel at the end",
            "x07_bytes x07_solve(void) { x07_ctx.fuel -= 1001; return x07_bytes_none(); }",
            "X07_ABI_ARGV",
            4096,
            70,
            "fuel exhausted\n",
        ),
    ] {
        let outcome = ending(body, abi, cap);
        assert_eq!((outcome.status, &outcome.stderr[..]), (status, stderr), "{name}");
    }
}

#[test]
fn a_library_runs_in_the_arenas_of_its_callers_threads() {
    let host = r#"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "x07_embed.h"

static void *caller(void *id) {
  static _Thread_local char arena[4096];
  intptr_t ok = 1;
  for (int i = 0; i < 1000; i++) {
    char text[32];
    int n = snprintf(text, sizeof text, "%d-%d", (int)(intptr_t)id, i);
    /* Any alignment will do. */
    ev_bytes_v2_t out = x07_solve_v2(arena + i % 16, sizeof arena - 16, (const uint8_t *)text, (uint32_t)n);
    ok &= out.len == (uint32_t)n && memcmp(out.ptr, text, out.len) == 0;
    ok &= (char *)out.ptr >= arena && (char *)out.ptr + out.len <= arena + sizeof arena;
    ok &= x07_exit_code_v1() == (n & 1 ? 255 : 7);
  }
  return (void *)ok;
}

int main(void) {
  pthread_t threads[4];
  void *ok;
  for (intptr_t i = 0; i < 4; i++) pthread_create(&threads[i], 0, caller, (void *)i);
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], &ok);
    if (!ok) return 1;
  }
  puts("ok");
  return 0;
}
"#;
    let unit = format!(
        "#define X07_WITH_ALL\n#include \"x07.h\"\nx07_bytes x07_solve(void) {{\n\
         x07_process_set_exit_code_v1(x07_input().len & 1 ? 300 : 7);\n\
         x07_map_u32_set(x07_map_u32_new(8, 0), 1, 1, 0);\n\
         return x07_view_to_bytes(x07_input()); }}\n{}",
        program("X07_ABI_FRAMED", 1000, 0, 0)
    );
    let outcome = build_library(&unit, host).run(&[], b"");
    assert_eq!((outcome.status, &outcome.stdout[..]), (0, &b"ok\n"[..]), "{outcome:?}");
}

/// Calls the library on the main thread, on threads with stacks of their own, and on a stack that is no thread's.
const ON_MANY_STACKS: &str = r#"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "x07_embed.h"

static char arena[4096];
static const char *input;

static void *call(void *unused) {
  ev_bytes_v2_t out = x07_solve_v2(arena, sizeof arena, (const uint8_t *)input, (uint32_t)strlen(input));
  uint64_t left = 0;
  memcpy(&left, out.ptr, sizeof left);
  printf("%llu ", (unsigned long long)left >> 10);
  fflush(stdout);
  return unused;
}

static void on_signal(int number) { (void)number, call(NULL); }

static void on_thread(size_t stack) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stack);
  pthread_create(&thread, &attributes, call, NULL);
  pthread_join(thread, NULL);
}

static void elsewhere(void) {
  stack_t own = {.ss_sp = malloc(65536), .ss_size = 65536};
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
  sigaltstack(&own, NULL);
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}

int main(int argc, char **argv) {
  input = argv[1];
  for (int i = 2; i < argc; i++) {
    unsigned long stack = strtoul(argv[i], NULL, 10);
    if (stack) on_thread(stack << 10);
    else if (strcmp(argv[i], "main") == 0) call(NULL);
    else elsewhere();
  }
  return 0;
}
"#;

/// The KiB of stack that the program may use, by the words that say where the host is to call it.
fn stack_left(host: &support::Executable, calls: &[&str]) -> Vec<u64> {
    let outcome = host.run(&[&["left"], calls].concat(), b"");
    assert_eq!((outcome.status, &outcome.stderr[..]), (0, ""), "{outcome:?}");
    let text = String::from_utf8(outcome.stdout).unwrap();
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

/// `left` gives how many bytes there are for the stack, any other input recurses without end.
fn stack_user() -> support::Executable {
    let unit = format!(
        "#define X07_WITH_ALL\n#include \"x07.h\"\n\
         X07_NOINLINE static uint32_t deep(uint32_t n) {{ X07_NEEDS_STACK(400u); return deep(n + 1u) ^ n; }}\n\
         x07_bytes x07_solve(void) {{\n\
           if (x07_input().ptr[0] == (uint8_t)0x64) return x07_bytes1(deep(0u));\n\
           uint64_t left = x07_ctx.stack_low ? X07_FRAME() - x07_ctx.stack_low : 0u;\n\
           x07_bytes out = x07_bytes_alloc(8u);\n\
           x07_copy_bytes(out.ptr, &left, 8);\n\
           return out; }}\n{}",
        program("X07_ABI_FRAMED", 1000, 0, 0)
    );
    build_library(&unit, ON_MANY_STACKS)
}

#[test]
fn a_library_knows_the_stack_that_it_is_called_on() {
    let host = stack_user();
    // Ever larger stacks: the C library gives a thread the one of another that has ended.
    let left = stack_left(&host, &["main", "64", "256", "main", "1024", "elsewhere", "main"]);
    let [main, tiny, small, again, large, elsewhere, last] = left[..] else { panic!("{left:?}") };
    assert_eq!((main, elsewhere, main), (again, 0, last), "{left:?}");
    assert!((150..=192).contains(&small) && (900..=960).contains(&large) && (16..=48).contains(&tiny), "{left:?}");
    assert!(main == 0 || main > 1024, "{left:?}");
}

#[test]
fn a_library_that_runs_out_of_stack_traps() {
    let host = stack_user();
    let limited = stack_left(&host, &["main"]) != [0];
    for place in ["main", "64", "256", "8192"] {
        // A main thread without a limit has no end.
        if place == "main" && !limited {
            continue;
        }
        let outcome = host.run(&["deep", place], b"");
        assert_eq!((outcome.status, &outcome.stderr[..]), (132, "stack overflow\n"), "{place}");
    }
}
