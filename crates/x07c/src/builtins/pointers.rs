//! Raw pointers and memory (spec builtins 2.17, language 15).

use super::Needs::{Unsafe, UnsafeBlock};
use super::Param::Copy;
use super::{Builtin, Special};
use crate::types::Ptr::{ConstU8, ConstVoid, MutU8, MutVoid};
use crate::types::Ty::{self, I32, View};

pub(super) const ROWS: &[Builtin] = &[
    Builtin::special(
        "bytes.as_ptr",
        &[],
        Ty::Ptr(ConstU8),
        Special::AsPointer,
        "Address of the first byte; the buffer lives to the end of the enclosing scope.",
    )
    .needs(Unsafe),
    Builtin::special(
        "bytes.as_mut_ptr",
        &[],
        Ty::Ptr(MutU8),
        Special::AsPointer,
        "Address of the first byte; the buffer lives to the end of the enclosing scope.",
    )
    .needs(Unsafe),
    Builtin::special(
        "vec_u8.as_ptr",
        &[],
        Ty::Ptr(ConstU8),
        Special::AsPointer,
        "Address of the first byte; the buffer lives to the end of the enclosing scope.",
    )
    .needs(Unsafe),
    Builtin::special(
        "vec_u8.as_mut_ptr",
        &[],
        Ty::Ptr(MutU8),
        Special::AsPointer,
        "Address of the first byte; the buffer lives to the end of the enclosing scope.",
    )
    .needs(Unsafe),
    Builtin::special(
        "view.as_ptr",
        &[Copy("v", View)],
        Ty::Ptr(ConstU8),
        Special::AsPointer,
        "Address of the window's first byte.",
    )
    .needs(Unsafe),
    Builtin::special("ptr.null", &[], Ty::Ptr(MutVoid), Special::PtrNull, "The null pointer.").needs(Unsafe),
    Builtin::special("ptr.as_const", &[], Ty::Ptr(ConstVoid), Special::PtrAsConst, "The same pointer, read-only.")
        .needs(Unsafe),
    Builtin::special(
        "ptr.cast",
        &[],
        Ty::Ptr(MutVoid),
        Special::PtrCast,
        "The same address as another pointer type; written TYPE p.",
    )
    .needs(Unsafe),
    Builtin::special("addr_of", &[], Ty::Ptr(ConstVoid), Special::AddrOf, "Address of a variable.").needs(Unsafe),
    Builtin::special("addr_of_mut", &[], Ty::Ptr(MutVoid), Special::AddrOfMut, "Address of a variable, writable.")
        .needs(Unsafe),
    Builtin::special("ptr.add", &[], Ty::Ptr(MutVoid), Special::PtrAdd, "The pointer `n` elements on, unsigned.")
        .needs(UnsafeBlock),
    Builtin::special("ptr.sub", &[], Ty::Ptr(MutVoid), Special::PtrSub, "The pointer `n` elements back, unsigned.")
        .needs(UnsafeBlock),
    Builtin::special("ptr.offset", &[], Ty::Ptr(MutVoid), Special::PtrOffset, "The pointer `n` elements on, signed.")
        .needs(UnsafeBlock),
    Builtin::special("ptr.read_u8", &[], I32, Special::PtrRead, "The byte at the pointer.").needs(UnsafeBlock),
    Builtin::special("ptr.read_i32", &[], I32, Special::PtrRead, "The i32 at the pointer.").needs(UnsafeBlock),
    Builtin::special("ptr.write_u8", &[], I32, Special::PtrWrite, "Stores a byte; yields 0.").needs(UnsafeBlock),
    Builtin::special("ptr.write_i32", &[], I32, Special::PtrWrite, "Stores an i32; yields 0.").needs(UnsafeBlock),
    Builtin::special("memcpy", &[], I32, Special::Memory, "Copies `n` bytes; yields 0.").needs(UnsafeBlock),
    Builtin::special("memmove", &[], I32, Special::Memory, "Copies `n` bytes that may overlap; yields 0.")
        .needs(UnsafeBlock),
    Builtin::special("memset", &[], I32, Special::Memory, "Sets `n` bytes; yields 0.").needs(UnsafeBlock),
];
