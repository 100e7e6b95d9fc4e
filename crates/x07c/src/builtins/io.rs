//! Readers, buffered readers, scratch buffers, process, JSON canonicalisation.

use super::Param::{Copy, Int, Lent};
use super::{Builtin, Special};
use crate::types::Ty::{Bytes, I32, Iface, ResultI32, View};

const SCRATCH: &[&str] = &["scratch_u8_fixed invalid handle"];

pub(super) const ROWS: &[Builtin] = &[
    Builtin::special(
        "io.open_read_bytes",
        &[],
        Iface,
        Special::OpenReadBytes,
        "A reader over bytes, a vec_u8 (both taken) or a view (copied).",
    ),
    Builtin::acts(
        "io.read",
        &[Copy("reader", Iface), Int("max")],
        Bytes,
        &["io.read bad iface vtable", "io.reader invalid handle", "ext io reader unregistered vtable"],
        "Up to `max` bytes; empty at the end.",
    ),
    Builtin::reads(
        "iface.make_v1",
        &[Int("data"), Int("vtable")],
        Iface,
        &[],
        "An interface record; nothing is checked.",
    ),
    Builtin::acts(
        "bufread.new",
        &[Copy("reader", Iface), Int("cap")],
        I32,
        &["bufread cap=0", "bufread.new bad iface vtable", "io.reader invalid handle"],
        "A buffered reader with a buffer of `cap` bytes.",
    ),
    Builtin::acts(
        "bufread.fill",
        &[Int("br")],
        View,
        &["bufread invalid handle"],
        "The unread window; reads more only when it is empty. Valid until the next fill or consume.",
    ),
    Builtin::acts(
        "bufread.consume",
        &[Int("br"), Int("n")],
        I32,
        &["bufread.consume oob"],
        "Drops `n` bytes of the window; yields 0.",
    ),
    Builtin::acts("scratch_u8_fixed_v1.new", &[Int("cap")], I32, &[], "An empty buffer of fixed capacity."),
    Builtin::acts("scratch_u8_fixed_v1.clear", &[Int("h")], I32, SCRATCH, "Length 0; yields the handle."),
    Builtin::acts("scratch_u8_fixed_v1.len", &[Int("h")], I32, SCRATCH, "Length."),
    Builtin::acts("scratch_u8_fixed_v1.cap", &[Int("h")], I32, SCRATCH, "Capacity."),
    Builtin::acts("scratch_u8_fixed_v1.as_view", &[Int("h")], View, SCRATCH, "The contents."),
    Builtin::acts(
        "scratch_u8_fixed_v1.try_write",
        &[Int("h"), Lent("b")],
        ResultI32,
        SCRATCH,
        "ok(bytes written), or err 8 when `b` does not fit; the buffer is then unchanged.",
    ),
    Builtin::acts("scratch_u8_fixed_v1.drop", &[Int("h")], I32, &[], "1, or 0 for an unknown handle."),
    Builtin::acts(
        "process.set_exit_code_v1",
        &[Int("code")],
        I32,
        &[],
        "Sets the exit status of the program; yields `code`. The last call wins.",
    ),
    Builtin::acts(
        "json.jcs.canon_doc_v1",
        &[Lent("doc"), Int("max_depth"), Int("max_object_members"), Int("max_object_total_bytes")],
        Bytes,
        &[],
        "RFC 8785 canonical form: byte 1 and the text, or byte 0, a code and an offset.",
    ),
];
