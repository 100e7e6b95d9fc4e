//! Library functions that read encodings, on bytes from anywhere: each call returns, leaving nothing behind, or traps.
//!
//! `decoders.json` lists them. Every row becomes one program that takes a batch of calls, so that most batches cost one
//! process. `X07_RANDOM_CASES` sets how many calls each function gets; `X07_RANDOM_SEED` makes them other ones.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde::Deserialize;
use serde_json::{Value, json};
use x07_build::{Abi, Profile, Request, Silent, World};
use x07_runner::{Environment, Limits, Runner, judge, run};

/// Calls of each function.
const CASES: u32 = 250;
/// Calls of one process.
const BATCH: usize = 32;
/// Enough for every call of a batch on sane bytes; a length field from nowhere soon runs out of it.
const FUEL: u64 = 2_000_000;
const MEMORY: u64 = 16 << 20;
/// 128 and the signal that a trap ends with, SIGILL.
const TRAP_STATUS: i32 = 132;
/// Undefined behaviour in the C ends the run as well, but without the message of a trap.
const CHECKS: &[&str] = &["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"];

/// Functions that read one encoding.
#[derive(Deserialize)]
struct Row {
    name: String,
    /// Statements that run once, such as making the tables that an encoding refers to.
    #[serde(default)]
    setup: Vec<Value>,
    /// Valid encodings, in hex, to be damaged.
    seeds: Vec<String>,
    /// Second byte arguments, in hex.
    keys: Vec<String>,
    /// `i32` expressions over the views `data` and `key` and the numbers `a` and `b`.
    calls: Vec<Value>,
}

/// One call of one function.
#[derive(Clone, Debug)]
struct Call {
    function: Index,
    a: u32,
    b: u32,
    key: Vec<u8>,
    data: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Damage {
    Byte(Index, u8),
    Word(Index, u32),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
}

#[test]
fn decoders_return_or_trap_on_any_bytes() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("decoders.json")).unwrap();
    let cases = number("X07_RANDOM_CASES").unwrap_or(CASES);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(rows.len());
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let own = rows.iter().skip(worker).step_by(workers);
            scope.spawn(move || own.for_each(|row| check(row, cases)));
        }
    });
}

fn number(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Runs random batches of a row's calls; every function must return normally at least once.
fn check(row: &Row, cases: u32) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program { executable: build(row, folder.path()), functions: row.calls.len() };
    let batches = (cases as usize * row.calls.len()).div_ceil(BATCH);
    let config = Config {
        cases: u32::try_from(batches).unwrap(),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::default()
    };
    let mut seed = [3; 32];
    seed[..4].copy_from_slice(&number("X07_RANDOM_SEED").unwrap_or(0).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let returned = RefCell::new(vec![false; row.calls.len()]);
    let outcome = runner.run(&vec(call(row), BATCH), |calls| {
        program.examine(&calls, &mut returned.borrow_mut()).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) => panic!("{}: {reason}", row.name),
        Err(TestError::Abort(reason)) => panic!("{}: {reason}", row.name),
    }
    for (expression, returned) in row.calls.iter().zip(returned.into_inner()) {
        assert!(returned, "{}: {expression} traps on everything", row.name);
    }
}

struct Program {
    executable: PathBuf,
    functions: usize,
}

impl Program {
    /// Runs the calls in one process; when it traps, the halves of the batch on their own.
    fn examine(&self, calls: &[Call], returned: &mut [bool]) -> Result<(), String> {
        let input: Vec<u8> = calls.iter().flat_map(|call| call.encode(self.functions)).collect();
        let limits = Limits::host(20, 1 << 20);
        let execution = run(&self.executable, &input, &limits, &Environment::isolated()).unwrap();
        let solve = judge(&execution, &limits, Runner::Host);
        if solve.ok {
            calls.iter().for_each(|call| returned[call.function.index(self.functions)] = true);
            let stats = solve.metrics.mem_stats.ok_or("no mem_stats")?;
            let violations = solve.metrics.debug_stats.map(|stats| stats.borrow_violations);
            if (stats.live_bytes, stats.live_allocs, violations) == (0, 0, Some(0)) {
                return Ok(());
            }
            return Err(format!("{} bytes left, borrow violations {violations:?}: {calls:?}", stats.live_bytes));
        }
        let trap = solve.trap.unwrap_or_default();
        if solve.exit_status != TRAP_STATUS || trap.is_empty() || trap.starts_with("terminated by signal") {
            return Err(format!("status {} {trap}: {calls:?}", solve.exit_status));
        }
        if calls.len() > 1 {
            let (first, second) = calls.split_at(calls.len() / 2);
            self.examine(first, returned)?;
            self.examine(second, returned)?;
        }
        Ok(())
    }
}

impl Call {
    /// Length of the rest, number of the function, a, b, length of the key, key, data.
    fn encode(&self, functions: usize) -> Vec<u8> {
        let rest = 16 + self.key.len() + self.data.len();
        let function = self.function.index(functions);
        let mut bytes = Vec::with_capacity(4 + rest);
        for word in [rest as u32, function as u32, self.a, self.b, self.key.len() as u32] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(&self.key);
        bytes.extend(&self.data);
        bytes
    }
}

fn call(row: &Row) -> impl Strategy<Value = Call> + use<> {
    let seeds = bytes_of(&row.seeds);
    let damaged = (prop::sample::select(seeds), vec(damage(), 0..4))
        .prop_map(|(seed, damages)| damages.iter().fold(seed, |bytes, damage| damage.to(bytes)));
    let data = prop_oneof![3 => damaged, 1 => vec(any::<u8>(), 0..80)];
    let key = prop::sample::select(bytes_of(&row.keys));
    (any::<Index>(), word(), word(), key, data).prop_map(|(function, a, b, key, data)| Call {
        function,
        a,
        b,
        key,
        data,
    })
}

/// Numbers near the edges of counts, indices and words.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        6 => (-3..12).prop_map(|small: i32| small.cast_unsigned()),
        1 => (0..32_u32, -1..2).prop_map(|(bit, near)| (1_u32 << bit).wrapping_add_signed(near)),
        1 => any::<u32>(),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (at(), word()).prop_map(|(at, word)| Damage::Word(at, word)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        at().prop_map(Damage::Remove),
        at().prop_map(Damage::Cut),
    ]
}

impl Damage {
    fn to(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let len = bytes.len();
        match self {
            Damage::Insert(at, byte) => bytes.insert(at.index(len + 1), *byte),
            Damage::Cut(at) => bytes.truncate(at.index(len + 1)),
            Damage::Byte(at, byte) if len > 0 => bytes[at.index(len)] = *byte,
            Damage::Word(at, word) if len >= 4 => {
                let start = 4 * at.index(len / 4);
                bytes[start..start + 4].copy_from_slice(&word.to_le_bytes());
            }
            Damage::Remove(at) if len > 0 => {
                bytes.remove(at.index(len));
            }
            Damage::Byte(..) | Damage::Word(..) | Damage::Remove(_) => {}
        }
        bytes
    }
}

fn bytes_of(texts: &[String]) -> Vec<Vec<u8>> {
    let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    texts.iter().map(|text| text.as_bytes().chunks(2).map(byte).collect()).collect()
}

/// The program of a row: it makes one call after another and returns the sum of what they give.
fn build(row: &Row, folder: &Path) -> PathBuf {
    let numbered = row.calls.iter().enumerate().rev();
    let choice = numbered.fold(json!(0), |rest, (number, call)| json!(["if", ["=", "function", number], call, rest]));
    let mut steps = vec![json!("begin"), json!(["let", "sum", 0])];
    steps.extend(row.setup.iter().cloned());
    steps.extend([
        json!(["let", "n", ["view.len", "input"]]),
        json!([
            "for",
            "at",
            0,
            "n",
            [
                "begin",
                ["let", "len", ["codec.read_u32_le", "input", "at"]],
                ["let", "call", ["view.slice", "input", ["+", "at", 4], "len"]],
                ["let", "key_len", ["codec.read_u32_le", "call", 12]],
                ["let", "rest", ["+", "key_len", 16]],
                [
                    "set",
                    "sum",
                    [
                        "+",
                        "sum",
                        [
                            "main.call",
                            ["codec.read_u32_le", "call", 0],
                            ["codec.read_u32_le", "call", 4],
                            ["codec.read_u32_le", "call", 8],
                            ["view.slice", "call", 16, "key_len"],
                            ["view.slice", "call", "rest", ["-", "len", "rest"]]
                        ]
                    ]
                ],
                ["set", "at", ["+", "at", ["+", "len", 3]]]
            ]
        ]),
        json!(["fmt.u32_to_dec", "sum"]),
    ]);
    let parameters = [("function", "i32"), ("a", "i32"), ("b", "i32"), ("key", "bytes_view"), ("data", "bytes_view")];
    let parameters = parameters.map(|(name, ty)| json!({"name": name, "ty": ty}));
    let mut imports = Vec::new();
    row.setup.iter().chain(&row.calls).for_each(|expression| modules(expression, &mut imports));
    imports.sort();
    imports.dedup();
    let program = json!({
        "schema_version": "x07.x07ast@0.5.0", "kind": "entry", "module_id": "main", "imports": imports,
        "decls": [{"kind": "defn", "name": "main.call", "params": parameters, "result": "i32", "body": choice}],
        "solve": steps,
    });
    let entry = folder.join("main.x07.json");
    fs::write(&entry, program.to_string()).unwrap();

    let mut request = Request::program(entry, []);
    request.world = Some(World::SolvePure);
    request.profile = Profile::Dev;
    request.abi = Abi::Framed;
    request.fuel = Some(FUEL);
    request.memory_cap = MEMORY;
    request.debug_borrow = true;
    request.jobs = Some(1);
    request.cc_args = CHECKS.iter().map(|&argument| argument.to_owned()).collect();
    request.output = Some(folder.join("decoder"));
    request.environment.cache = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache-of-decoder-tests"));
    x07_build::build(&request, &Silent).unwrap_or_else(|failure| panic!("{}: {failure}", row.name)).output
}

/// Adds the library modules whose functions an expression calls.
fn modules(expression: &Value, found: &mut Vec<String>) {
    let Some(items) = expression.as_array() else { return };
    let names = items.iter().take(2).filter_map(Value::as_str).filter(|name| name.starts_with("std."));
    found.extend(names.filter_map(|name| name.rsplit_once('.')).map(|(module, _)| module.to_owned()));
    items.iter().for_each(|item| modules(item, found));
}
