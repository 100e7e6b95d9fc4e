//! The example projects on their real inputs.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use common::{Sandbox, must_build};
use x07_build::{Profile, Request, Target};

/// Builds an example in both profiles and compares what it prints for `input` with `expected`, both files of its data.
fn check(example: &str, input: &str, expected: &str, status: i32) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example);
    let sandbox = Sandbox::empty();
    for profile in [Profile::Dev, Profile::Release] {
        let target = Target::Project(folder.join("x07.json"));
        let program = must_build(&Request { target, profile, ..sandbox.request() }).output;
        let output =
            Command::new(&program).stdin(File::open(folder.join("data").join(input)).unwrap()).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(status), ""), "{example} {input} {profile:?}");
        let expected = fs::read(folder.join("data").join(expected)).unwrap();
        assert!(!expected.is_empty(), "{example} {input}");
        // The texts are long: assert_eq would print them as numbers.
        assert!(
            output.stdout == expected,
            "{example} {input} {profile:?}:\n{}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
}

#[test]
fn word_frequency() {
    check("word-frequency", "harbour.txt", "harbour.expected.txt", 0);
}

#[test]
fn csv_aggregate() {
    check("csv-aggregate", "orders.csv", "orders.expected.csv", 0);
    check("csv-aggregate", "broken.csv", "broken.expected.txt", 1);
}

#[test]
fn json_pretty() {
    check("json-pretty", "ships.json", "ships.expected.json", 0);
    check("json-pretty", "broken.json", "broken.expected.txt", 1);
}

#[test]
fn log_analyser() {
    check("log-analyser", "access.log", "access.expected.txt", 0);
    check("log-analyser", "broken.log", "broken.expected.txt", 1);
}

#[test]
fn lru_simulator() {
    check("lru-simulator", "tiles.trace", "tiles.expected.txt", 0);
    check("lru-simulator", "broken.trace", "broken.expected.txt", 1);
}

#[test]
fn text_indexer() {
    check("text-indexer", "notes.txt", "notes.expected.json", 0);
    check("text-indexer", "broken.txt", "broken.expected.json", 1);
}
