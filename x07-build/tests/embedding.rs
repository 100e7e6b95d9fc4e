//! Programs in a C host, on large and on small stacks.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Sandbox, must_build};
use x07_build::{Emit, Profile, Request};

/// Calls the program with a kind of recursion and a depth, on the main thread or on one with a stack of so many KiB.
const HOST: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "x07_embed.h"

static char arena[16 << 20] __attribute__((aligned(16)));

static void *call(void *words) {
  char **word = words;
  uint32_t input[2] = {(uint32_t)atoi(word[1]), (uint32_t)atoi(word[2])};
  ev_bytes_v2_t out = x07_solve_v2(arena, sizeof arena, (const uint8_t *)input, sizeof input);
  for (uint32_t i = 0; i < out.len; i++) printf("%02x", out.ptr[i]);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 4) {
    call(argv);
    return 0;
  }
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, (size_t)atoi(argv[3]) << 10);
  if (pthread_create(&thread, &attributes, call, argv) != 0) return 1;
  pthread_join(thread, NULL);
  return 0;
}
"#;

/// The kinds of recursion, in the order of their numbers: what depth 4 gives, and the KiB of stack that it surely fits.
const KINDS: [(&str, &str, u32); 8] = [
    ("a function that calls itself", "04000000", 64),
    ("two that call each other, of which one may become a part of the other", "04000000", 64),
    ("an instance of a generic", "04000000", 64),
    ("a task that waits for one like it", "00", 64),
    ("tasks that let others run", "", 64),
    ("a function with a large frame", "04000000", 256),
    ("a function that calls another module, too", "04000000", 64),
    ("a chain without any recursion", "f2ffffff", 4096),
];

fn function(name: &str, body: &str) -> String {
    format!(r#"{{"kind":"defn","name":"{name}","params":[{{"name":"n","ty":"i32"}}],"result":"i32","body":{body}}}"#)
}

/// `n` and three times what is called with one less, in a way that no C compiler turns into a loop.
fn step(call: &str) -> String {
    format!(r#"["if",["=","n",0],0,["^","n",["*",3,[{call},["-","n",1]]]]]"#)
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::empty();
    let head = r#""schema_version":"x07.x07ast@0.5.0""#;
    let generic = format!(
        r#"{{"kind":"defn","name":"r.generic","type_params":[{{"name":"A"}}],"params":[{{"name":"x","ty":["t","A"]}},
            {{"name":"n","ty":"i32"}}],"result":"i32","body":{}}}"#,
        step(r#""tapp","r.generic",["t","A"],"x""#)
    );
    let task = r#"{"kind":"defasync","name":"r.task","params":[{"name":"n","ty":"i32"}],"result":"bytes",
        "body":["if",["=","n",0],["bytes.alloc",1],["await",["r.task",["-","n",1]]]]}"#;
    let lazy = r#"{"kind":"defasync","name":"r.lazy","params":[],"result":"bytes",
        "body":["begin",["task.yield"],["bytes.alloc",0]]}"#;
    // All of the numbers are needed after the call.
    let mut large = r#"["begin",["let","v0","n"]"#.to_owned();
    for index in 1..1000 {
        write!(large, r#",["let","v{index}",["^",["*",3,"v{}"],{index}]]"#, index - 1).unwrap();
    }
    write!(large, r#",["let","r",{}]"#, step(r#""r.large""#)).unwrap();
    for _ in 0..2 {
        for index in 0..1000 {
            write!(large, r#",["set","r",["^","r","v{index}"]]"#).unwrap();
        }
    }
    large.push_str(r#","r"]"#);
    let mut decls = vec![
        r#"{"kind":"export","names":["r.chain0","r.even","r.generic","r.itself","r.large","r.lazy","r.task"]}"#
            .to_owned(),
        function("r.itself", &step(r#""r.itself""#)),
        function("r.even", &step(r#""r.odd""#)),
        function("r.odd", r#"["if",["=","n",0],0,["^","n",["*",3,["r.even",["-","n",1]]]]]"#),
        generic,
        task.to_owned(),
        lazy.to_owned(),
        function("r.large", &large),
    ];
    const LENGTH: usize = 2000;
    for index in 0..LENGTH {
        // The loop keeps C compilers from making one function of all.
        let next =
            if index + 1 < LENGTH { format!(r#"["r.chain{}","n"]"#, index + 1) } else { r#"["-","n",18]"#.to_owned() };
        let body = format!(
            r#"["begin",["let","s",0],["for","i",0,2,["begin",["set","s",["^","s",["+","i",1]]],0]],["^","s",["^",3,{next}]]]"#
        );
        decls.push(function(&format!("r.chain{index}"), &body));
    }
    sandbox.module(
        "r",
        &format!(r#"{{{head},"kind":"module","module_id":"r","imports":[],"decls":[{}]}}"#, decls.join(",")),
    );
    let outer = format!(
        r#"{{{head},"kind":"module","module_id":"o","imports":["r"],"decls":[{{"kind":"export","names":["o.walk"]}},{}]}}"#,
        function(
            "o.walk",
            r#"["if",["=",["r.itself",0],1],0,["if",["=","n",0],0,["^","n",["*",3,["o.walk",["-","n",1]]]]]]"#
        )
    );
    sandbox.module("o", &outer);
    let number = |value: &str| format!(r#"["codec.write_u32_le",{value}]"#);
    let kinds = [
        number(r#"["r.itself","n"]"#),
        number(r#"["r.even","n"]"#),
        number(r#"["tapp","r.generic","i32","n","n"]"#),
        r#"["await",["r.task","n"]]"#.to_owned(),
        r#"["begin",["let","first",["r.lazy"]],["for","i",0,"n",["begin",["r.lazy"],0]],["await","first"]]"#.to_owned(),
        number(r#"["r.large","n"]"#),
        number(r#"["o.walk","n"]"#),
        number(r#"["r.chain0","n"]"#),
    ];
    let mut solve = r#"["bytes.alloc",0]"#.to_owned();
    for (index, kind) in kinds.iter().enumerate().rev() {
        solve = format!(r#"["if",["=","kind",{index}],{kind},{solve}]"#);
    }
    let solve = format!(
        r#"["begin",["let","kind",["codec.read_u32_le","input",0]],["let","n",["codec.read_u32_le","input",4]],{solve}]"#
    );
    let main =
        format!(r#"{{{head},"kind":"entry","module_id":"main","imports":["o","r"],"decls":[],"solve":{solve}}}"#);
    sandbox.module("main", &main);
    sandbox.write("host.c", HOST);
    sandbox
}

/// Builds the host around the program, as a static library or from its C text.
fn host(sandbox: &Sandbox, profile: Profile, emit: Emit) -> PathBuf {
    let folder = format!("{}-{}", profile.as_str(), emit.as_str());
    let name = if emit == Emit::C { "tree" } else { "libr.a" };
    let output = Some(sandbox.path(&format!("{folder}/{name}")));
    let outcome = must_build(&Request { profile, emit, output, fuel: None, ..sandbox.request() });
    let folder = outcome.output.parent().unwrap().to_owned();
    let inputs = match emit {
        Emit::C => {
            "-Wall -Wextra -Werror -D_GNU_SOURCE -fno-strict-aliasing -Itree/include tree/units/*.c \
            $(ls tree/runtime/*.c | grep -v main.c)"
        }
        _ => "-I. libr.a",
    };
    let command = format!("cc -std=gnu11 ../host.c {inputs} -pthread -lm -o host");
    let output = Command::new("sh").current_dir(&folder).args(["-c", &command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    folder.join("host")
}

fn call(host: &Path, kind: usize, depth: u32, stack: &[&str]) -> Output {
    Command::new(host).args([kind.to_string(), depth.to_string()]).args(stack).output().unwrap()
}

/// True if the main thread's stack has an end.
fn is_limited() -> bool {
    Command::new("sh").args(["-c", "ulimit -s"]).output().unwrap().stdout != b"unlimited\n"
}

#[test]
fn a_recursion_ends_with_its_answer_or_with_a_trap() {
    let sandbox = sandbox();
    for (profile, emit) in
        [(Profile::Dev, Emit::StaticLib), (Profile::Release, Emit::StaticLib), (Profile::Dev, Emit::C)]
    {
        let host = host(&sandbox, profile, emit);
        // The stack of a main thread is given by nobody.
        for (stack, words) in [(8192, &[][..]), (256, &["256"]), (64, &["64"])] {
            for (kind, (what, expected, fits)) in KINDS.iter().enumerate() {
                let what = format!("{what}, {profile:?}, {emit:?}, {stack} KiB");
                let outcome = call(&host, kind, 4, words);
                let answer = String::from_utf8_lossy(&outcome.stdout);
                if outcome.status.success() || *fits <= stack {
                    assert_eq!((answer.as_ref(), outcome.status.success()), (*expected, true), "{what}: {outcome:?}");
                } else {
                    must_be_a_trap(&outcome, &what);
                }
                let is_endless = kind < 7 && (stack < 8192 || is_limited());
                if is_endless {
                    must_be_a_trap(&call(&host, kind, if kind == 4 { 150_000 } else { 20_000_000 }, words), &what);
                }
            }
        }
        if is_limited() {
            assert_eq!(call(&host, 0, 10_000, &[]).stdout.len(), 8, "{profile:?}");
        }
    }
}

/// The line of the trap, and the end that every trap has.
fn must_be_a_trap(outcome: &Output, what: &str) {
    assert_eq!(String::from_utf8_lossy(&outcome.stderr), "stack overflow\n", "{what}: {outcome:?}");
    assert!(matches!(outcome.status.signal(), Some(4..=6)), "{what}: {outcome:?}");
}

/// The two share a store, not what is in it of modules.
#[test]
fn an_executable_has_no_tests_of_the_stack() {
    let sandbox = Sandbox::project();
    let text = r#""body":["begin",["let","out""#;
    sandbox.edit("app", text, r#""body":["begin",["let","n",["lib.weigh","v",0]],["let","out""#);
    for (emit, tested) in [(Emit::StaticLib, true), (Emit::Exe, false), (Emit::Obj, true), (Emit::Exe, false)] {
        let mut request = Request { emit, output: Some(sandbox.path(emit.as_str()).join("out")), ..sandbox.request() };
        request.environment.keep_c = true;
        let kept = must_build(&request).kept_c.unwrap();
        for id in ["main", "app"] {
            let unit = fs::read_to_string(kept.join(format!("{id}.c"))).unwrap();
            assert_eq!(unit.contains("X07_NEEDS_STACK("), tested, "{emit:?}: {unit}");
        }
        assert!(must_build(&request).no_op);
    }
}
