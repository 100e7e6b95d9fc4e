//! Mutated conformance programs: whatever they say, the compiler answers with diagnostics or with good C.
//!
//! `X07_NO_PANIC_CASES` sets how many; `X07_NO_PANIC_SEED` makes them other ones; `X07_NO_PANIC_C` sets how many of
//! those accepted pass before the next goes to the C compiler. A case that ends the process is left in
//! `no-panic-last.json` in cargo's folder for files of tests.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]
#![allow(unreachable_pub, reason = "shared between the modules of this test")]

mod corpus;
mod entropy;
mod examine;
mod mutate;

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::num::u16;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use corpus::{Corpus, Program};
use entropy::Entropy;
use examine::Examiner;

#[test]
fn mutated_programs_get_diagnostics_or_good_c() {
    let corpus = Corpus::read();
    let cases = number("X07_NO_PANIC_CASES").unwrap_or(4_000);
    let examiner = RefCell::new(Examiner::new(number("X07_NO_PANIC_C").unwrap_or(12)));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut seed = [3; 32];
    seed[..4].copy_from_slice(&number("X07_NO_PANIC_SEED").unwrap_or(0).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let outcome = runner.run(&vec(u16::ANY, 1..40), |numbers| {
        let program = mutate::program(&corpus, &mut Entropy::new(&numbers));
        remember(&program);
        let problem = examiner.borrow_mut().examine(&program);
        problem.map_err(|problem| TestCaseError::fail(format!("{problem}\n{}", text(&program))))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let examiner = examiner.into_inner();
    println!("{cases} programs, {} accepted, {} units to cc", examiner.accepted, examiner.compiled);
    assert!(examiner.accepted * 20 > cases, "only {} of {cases} programs were accepted", examiner.accepted);
    assert!(examiner.accepted * 10 < cases * 9, "{} of {cases} programs were accepted", examiner.accepted);
}

#[test]
fn the_programs_themselves_get_diagnostics_or_good_c() {
    let corpus = Corpus::read();
    let mut examiner = Examiner::new(16);
    for program in &corpus.programs {
        remember(program);
        examiner.examine(program).unwrap_or_else(|problem| panic!("{problem}\n{}", text(program)));
    }
    assert!(examiner.accepted > 500, "only {} were accepted", examiner.accepted);
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

fn text(program: &Program) -> String {
    program.iter().map(|(id, file)| format!("{id}: {file}\n")).collect()
}

/// A stack overflow leaves no other trace of what was compiled.
fn remember(program: &Program) {
    let name = format!("no-panic-last-{:?}.json", std::thread::current().id());
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), text(program)).unwrap();
}
