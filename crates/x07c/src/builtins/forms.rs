//! Heads with descriptors instead of plain arguments: brands, budgets.

use super::Needs::UnsafeBlock;
use super::Param::{Copy, Move, Owner};
use super::{Builtin, Special};
use crate::types::Ty::{Bytes, ResultBytes, ResultView, View};

pub(super) const ROWS: &[Builtin] = &[
    Builtin::special(
        "std.brand.cast_bytes_v1",
        &[Move("b", Bytes)],
        ResultBytes,
        Special::BrandCastBytes,
        "ok(`b`) with the brand if the validator accepts a view of it, else its error; written BRAND VALIDATOR b.",
    ),
    Builtin::special(
        "std.brand.cast_view_v1",
        &[Copy("v", View)],
        ResultView,
        Special::BrandCastView,
        "ok(`v`) with the brand if the validator accepts it, else its error; written BRAND VALIDATOR v.",
    ),
    Builtin::special(
        "std.brand.cast_view_copy_v1",
        &[Copy("v", View)],
        ResultBytes,
        Special::BrandCastViewCopy,
        "ok(copy of `v`) with the brand if the validator accepts it, else its error; written BRAND VALIDATOR v.",
    ),
    Builtin::special(
        "std.brand.assume_bytes_v1",
        &[Move("b", Bytes)],
        Bytes,
        Special::BrandAssume,
        "`b` with the brand, unchecked; written BRAND b.",
    )
    .needs(UnsafeBlock),
    Builtin::special(
        "std.brand.erase_bytes_v1",
        &[Move("b", Bytes)],
        Bytes,
        Special::BrandEraseBytes,
        "`b` without its brand.",
    ),
    Builtin::special(
        "std.brand.erase_view_v1",
        &[Copy("v", View)],
        View,
        Special::BrandEraseView,
        "`v` without its brand.",
    ),
    Builtin::special(
        "std.brand.view_v1",
        &[Owner("b", Bytes)],
        View,
        Special::BrandView,
        "A view of the whole of `b` with its brand.",
    ),
    Builtin::special(
        "std.brand.to_bytes_preserve_if_full_v1",
        &[Copy("v", View)],
        Bytes,
        Special::BrandToBytes,
        "A copy of `v`; it keeps the brand if `v` is known to be a full view.",
    ),
    Builtin::special(
        "budget.scope_v1",
        &[],
        Bytes,
        Special::Budget,
        "The value of a body that runs under caps; written [\"budget.cfg_v1\", ...] body.",
    ),
    Builtin::special(
        "budget.scope_from_arch_v1",
        &[],
        Bytes,
        Special::BudgetFromArch,
        "The same with caps from a profile of the project.",
    ),
    Builtin::special("budget.cfg_v1", &[], Bytes, Special::Descriptor, "The caps of a budget scope."),
    Builtin::special("i32.lit", &[], Bytes, Special::Descriptor, "An integer inside a descriptor."),
];
