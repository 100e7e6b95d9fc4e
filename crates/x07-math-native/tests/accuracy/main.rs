//! Shows that the elementary functions are correctly rounded, against an arbitrary-precision library that shares no code
//! with them: for a few hundred random arguments of each function and for known hard ones; for 100,000 with
//!
//! ```sh
//! cargo test --release -p x07-math-native --test accuracy -- --ignored
//! ```

#![allow(unsafe_code, reason = "calls of a C interface")]
#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod arguments;
mod exact;
mod hard;

use x07_math_native::abi;
use x07_native_support::Bytes;

use arguments::Random;
use exact::{Exact, is_correctly_rounded};

/// A function, what it is exactly, and where its arguments are drawn from. Functions of one operand ignore the second.
struct Function {
    name: &'static str,
    call: fn(f64, f64) -> f64,
    exact: fn(&mut Exact, f64, f64, usize) -> astro_float::BigFloat,
    draw: fn(&mut Random) -> (f64, f64),
    hard: &'static [(f64, f64)],
}

fn lend(x: &mut [u8; 8]) -> Bytes {
    Bytes::new(x.as_mut_ptr(), 8)
}

fn read(result: Bytes) -> f64 {
    // SAFETY: the buffer is the result of a call that has just ended.
    f64::from_le_bytes(unsafe { result.as_slice() }.try_into().unwrap())
}

macro_rules! unary {
    ($function:path) => {
        |x, _| read($function(lend(&mut x.to_le_bytes())))
    };
}

macro_rules! binary {
    ($function:path) => {
        |a, b| read($function(lend(&mut a.to_le_bytes()), lend(&mut b.to_le_bytes())))
    };
}

const FUNCTIONS: [Function; 7] = [
    Function {
        name: "sin",
        call: unary!(abi::ev_math_f64_sin_v1),
        exact: Exact::sin,
        draw: Random::angle,
        hard: hard::SIN,
    },
    Function {
        name: "cos",
        call: unary!(abi::ev_math_f64_cos_v1),
        exact: Exact::cos,
        draw: Random::angle,
        hard: hard::COS,
    },
    Function {
        name: "tan",
        call: unary!(abi::ev_math_f64_tan_v1),
        exact: Exact::tan,
        draw: Random::angle,
        hard: hard::TAN,
    },
    Function {
        name: "exp",
        call: unary!(abi::ev_math_f64_exp_v1),
        exact: Exact::exp,
        draw: Random::exponent,
        hard: hard::EXP,
    },
    Function {
        name: "log",
        call: unary!(abi::ev_math_f64_ln_v1),
        exact: Exact::log,
        draw: Random::positive,
        hard: hard::LOG,
    },
    Function {
        name: "pow",
        call: binary!(abi::ev_math_f64_pow_v1),
        exact: Exact::pow,
        draw: Random::power,
        hard: hard::POW,
    },
    Function {
        name: "atan2",
        call: binary!(abi::ev_math_f64_atan2_v1),
        exact: Exact::atan2,
        draw: Random::point,
        hard: hard::ATAN2,
    },
];

/// The arguments for which the result is not the correctly rounded one.
fn wrong(function: &Function, count: usize) -> Vec<String> {
    let mut exact = Exact::new();
    let mut random = Random::new();
    let drawn = (0..count).map(|_| (function.draw)(&mut random));
    let arguments = function.hard.iter().copied().chain(drawn);
    let mut wrong = Vec::new();
    for (a, b) in arguments {
        let found = (function.call)(a, b);
        if !is_correctly_rounded(found, |bits| (function.exact)(&mut exact, a, b, bits)) {
            wrong.push(format!("{}({a:e}, {b:e}) = {found:e}", function.name));
        }
    }
    wrong
}

fn all_correct(count: usize) {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> = FUNCTIONS.iter().map(|function| scope.spawn(move || wrong(function, count))).collect();
        running.into_iter().flat_map(|function| function.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} results are not correctly rounded:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn functions_are_correctly_rounded() {
    all_correct(300);
}

#[test]
#[ignore = "takes minutes"]
fn functions_are_correctly_rounded_for_100_000_arguments() {
    all_correct(100_000);
}

/// Without this, a comparison that accepts anything would go unnoticed.
#[test]
fn neighbours_of_correct_results_are_refused() {
    let mut exact = Exact::new();
    let mut random = Random::new();
    for function in &FUNCTIONS {
        for _ in 0..20 {
            let (a, b) = (function.draw)(&mut random);
            let found = (function.call)(a, b);
            for neighbour in [found.next_up(), found.next_down()] {
                let accepted = is_correctly_rounded(neighbour, |bits| (function.exact)(&mut exact, a, b, bits));
                assert!(!accepted, "{}({a:e}, {b:e}) = {neighbour:e}", function.name);
            }
        }
    }
}
