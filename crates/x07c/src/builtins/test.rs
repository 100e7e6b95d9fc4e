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
        &["test driver input too short"],
        "The next four bytes of the input as a number, little endian; they are then no part of it any more.",
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
