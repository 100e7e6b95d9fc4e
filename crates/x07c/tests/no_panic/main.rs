//! Mutated conformance programs: whatever they say, the compiler answers with diagnostics or with good C.
//!
//! `X07_NO_PANIC_CASES` sets how many; `X07_NO_PANIC_SEED` makes them other ones; `X07_NO_PANIC_C` sets how many of
//! those accepted pass before the next goes to the C compiler. A case that ends the process is left in
//! `no-panic-last-*.json` in cargo's folder for files of tests.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]
#![allow(clippy::print_stdout, reason = "long runs say what they did")]
#![allow(unreachable_pub, reason = "shared between the modules of this test")]

mod corpus;
mod entropy;
mod examine;
mod mutate;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::{panic, thread};

use proptest::collection::vec;
use proptest::num::u16;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::Value;

use corpus::{Corpus, Program};
use entropy::Entropy;
use examine::{Examiner, Texts};

/// The stack that a thread has by default; every file within the limit of nesting must do with it.
const STACK: usize = 2 << 20;

/// The stack of the test itself, which handles files beyond that limit.
const LARGE_STACK: usize = 512 << 20;

#[test]
fn mutated_programs_get_diagnostics_or_good_c() {
    with_stack(LARGE_STACK, mutate_and_examine);
}

fn mutate_and_examine() {
    let corpus = Corpus::read();
    let cases = number("X07_NO_PANIC_CASES").unwrap_or(1_500);
    let examiner = Mutex::new(Examiner::new(number("X07_NO_PANIC_C").unwrap_or(6)));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let mut seed = [3; 32];
    seed[..4].copy_from_slice(&number("X07_NO_PANIC_SEED").unwrap_or(0).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let outcome = runner.run(&vec(u16::ANY, 1..40), |numbers| {
        let texts = texts(&mutate::program(&corpus, &mut Entropy::new(&numbers)));
        let problem = with_stack(STACK, || {
            // A case that panicked has left nothing behind that the next could notice.
            let mut examiner = examiner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            examiner.examine(&texts)
        });
        problem.map_err(|problem| TestCaseError::fail(format!("{problem}\n{}", shown(&texts))))
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let examiner = examiner.into_inner().unwrap();
    println!("{cases} programs, {} accepted, {} units to cc", examiner.accepted, examiner.compiled);
    assert!(examiner.accepted * 20 > cases, "only {} of {cases} programs were accepted", examiner.accepted);
    assert!(examiner.accepted * 10 < cases * 9, "{} of {cases} programs were accepted", examiner.accepted);
}

#[test]
fn the_programs_themselves_get_diagnostics_or_good_c() {
    let corpus = Corpus::read();
    let mut examiner = Examiner::new(16);
    for program in &corpus.programs {
        let texts = texts(program);
        examiner.examine(&texts).unwrap_or_else(|problem| panic!("{problem}\n{}", shown(&texts)));
    }
    assert!(examiner.accepted > 500, "only {} were accepted", examiner.accepted);
}

fn with_stack<R: Send>(size: usize, work: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(size).spawn_scoped(scope, work).unwrap();
        thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))
    })
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

/// The files as they are compiled, noted down: a stack overflow leaves no other trace of what was compiled.
fn texts(program: &Program) -> Texts {
    // A mutation may have put a bare string in the place of a file: that is a text of its own.
    let text = |file: &Value| match file {
        Value::String(text) => text.clone().into_bytes(),
        tree => tree.to_string().into_bytes(),
    };
    let texts = program.iter().map(|(id, file)| (id.clone(), text(file))).collect();
    let name = format!("no-panic-last-{:?}.json", thread::current().id());
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), shown(&texts)).unwrap();
    texts
}

fn shown(texts: &Texts) -> String {
    texts.iter().map(|(id, text)| format!("{id}: {}\n", String::from_utf8_lossy(text))).collect()
}
