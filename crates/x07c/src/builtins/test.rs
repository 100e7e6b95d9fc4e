//! What `std.test` and test drivers need of the runtime.

use super::Builtin;
use super::Needs::Trusted;
use super::Param::{Int, Lent};
use crate::types::Ty::I32;

pub(super) const ROWS: &[Builtin] = &[
    Builtin::acts(
        "__internal.test.select",
        &[],
        I32,
        &["the input of a test driver begins with the number of a test"],
        "The number of the test to run: the first four bytes of the input, which are then no part of it any more.",
    )
    .needs(Trusted),
    Builtin::acts(
        "__internal.test.unequal_i32",
        &[Int("got"), Int("expected"), Int("code")],
        I32,
        &[],
        "Notes what an assertion that fails with `code` compared; 0.",
    )
    .needs(Trusted),
    Builtin::acts(
        "__internal.test.unequal_view",
        &[Lent("got"), Lent("expected"), Int("code")],
        I32,
        &[],
        "Notes what an assertion that fails with `code` compared; 0.",
    )
    .needs(Trusted),
];
