//! Programs so large that their objects are linked in groups first.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fs;

use common::{Sandbox, must_build, run};
use x07_build::{Profile, Request};

const HEAD: &str = r#""schema_version":"x07.x07ast@0.5.0""#;
const MODULES: u32 = 90;

/// A loop that nobody inlines, so that the function has a symbol.
fn weigh(name: &str, factor: u32) -> String {
    format!(
        r#"{{"kind":"defn","name":"{name}","params":[{{"name":"n","ty":"i32"}}],"result":"i32","body":["begin",
            ["let","sum","n"],
            ["for","i",0,["+",["&","n",3],2],["begin",["set","sum",["+",["*","sum",{factor}],"i"]],0]],
            ["for","i",0,["+",["&","n",7],1],["begin",["set","sum",["^",["*","sum",5],"i"]],0]],
            "sum"]}}"#
    )
}

fn expected_weight(n: u32, factor: u32) -> u32 {
    let mut sum = n;
    for i in 0..(n & 3) + 2 {
        sum = sum.wrapping_mul(factor).wrapping_add(i);
    }
    for i in 0..(n & 7) + 1 {
        sum = sum.wrapping_mul(5) ^ i;
    }
    sum
}

/// Module `number`: `called` and the generic `any`, whose private helper its users' units call; `uncalled` and what
/// only that calls; and `twin`, equal to `called`, which a C compiler may make one of.
fn module(number: u32) -> String {
    let id = format!("m{number}");
    format!(
        r#"{{{HEAD},"kind":"module","module_id":"{id}","imports":[],"decls":[
            {{"kind":"export","names":["{id}.any","{id}.called","{id}.twin","{id}.uncalled"]}},
            {{"kind":"defn","name":"{id}.any","type_params":[{{"name":"A","bound":"num_like"}}],
             "params":[{{"name":"x","ty":["t","A"]}},{{"name":"n","ty":"i32"}}],"result":"i32",
             "body":["{id}.helper","n"]}},
            {},{},{},{},{}]}}"#,
        weigh(&format!("{id}.called"), 3),
        weigh(&format!("{id}.helper"), 7),
        weigh(&format!("{id}.only_uncalled_calls_this"), 11),
        weigh(&format!("{id}.twin"), 3),
        format_args!(
            r#"{{"kind":"defn","name":"{id}.uncalled","params":[],"result":"i32",
                "body":["{id}.only_uncalled_calls_this",1]}}"#
        ),
    )
}

fn project() -> Sandbox {
    let sandbox = Sandbox::empty();
    let mut imports = Vec::new();
    let mut sum = "0".to_owned();
    for number in 0..MODULES {
        sandbox.module(&format!("m{number}"), &module(number));
        imports.push(format!("\"m{number}\""));
        let called = format!(r#"["m{number}.called",{number}]"#);
        let generic = format!(r#"["tapp","m{number}.any",["tys","u32"],1,{number}]"#);
        sum = format!(r#"["+",["+",{sum},{called}],{generic}]"#);
    }
    let main = format!(
        r#"{{{HEAD},"kind":"entry","module_id":"main","imports":[{}],"decls":[],"solve":["codec.write_u32_le",{sum}]}}"#,
        imports.join(",")
    );
    sandbox.module("main", &main);
    sandbox
}

#[test]
fn a_large_program_holds_what_it_calls_and_nothing_else() {
    let sum =
        (0..MODULES).fold(0u32, |sum, n| sum.wrapping_add(expected_weight(n, 3)).wrapping_add(expected_weight(n, 7)));
    for profile in [Profile::Dev, Profile::Release] {
        let sandbox = project();
        let request = Request { profile, ..sandbox.request() };
        let output = must_build(&request).output;
        assert_eq!(run(&output, b""), sum.to_le_bytes(), "{profile:?}");
        // A release has no names to look for.
        if profile == Profile::Dev {
            let bytes = fs::read(&output).unwrap();
            let holds = |name: &str| bytes.windows(name.len()).any(|window| window == name.as_bytes());
            assert!(holds("m7__called"), "the symbols are there to look for");
            for dead in ["m7__uncalled", "m7__only_uncalled_calls_this", "m7__twin"] {
                assert!(!holds(dead), "{dead} is in the program");
            }
        }
    }
}

#[test]
fn a_function_called_for_the_first_time_comes_back() {
    let sandbox = project();
    let request = sandbox.request();
    let before = u32::from_le_bytes(run(&must_build(&request).output, b"").try_into().unwrap());
    sandbox.edit("main", r#"["m7.called",7]"#, r#"["+",["m7.uncalled"],["m7.called",7]]"#);
    let after = u32::from_le_bytes(run(&must_build(&request).output, b"").try_into().unwrap());
    assert_eq!(after.wrapping_sub(before), expected_weight(1, 11));
}
