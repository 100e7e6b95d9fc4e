//! map_u32.*, set_u32.*, vec_value.*, map_value.*.

use super::Needs::Trusted;
use super::Param::{Copy, Handle, Int, Move};
use super::{Builtin, Param};
use crate::types::Ty::{Bytes, I32, View};

const MAP: &[&str] = &["map_u32 invalid handle", "map_u32 key=-1 reserved", "map_u32 full"];
const NEW: &[&str] = &["map_u32.new cap must be power of two"];
const VALUES: &[&str] = &["vec_value invalid handle", "vec_value ty mismatch"];
const VALUES_AT: &[&str] = &["vec_value invalid handle", "vec_value ty mismatch", "vec_value.set oob"];
const TABLE: &[&str] = &["map_value invalid handle", "map_value ty mismatch"];

const KEY_BYTES: Param = Move("key", Bytes);
const KEY_VIEW: Param = Copy("key", View);
const KEY_INT: Param = Int("key");

const CONTAINS: &str = "1 if the key is there, else 0.";
const REMOVE: &str = "Removes the key if it is there; yields the handle.";
const GET: &str = "The value of the key, or `default`; bytes come as clones.";
const SET: &str = "Inserts or replaces; yields the handle.";

pub(super) const ROWS: &[Builtin] = &[
    Builtin::acts("map_u32.new", &[Int("cap")], I32, NEW, "An empty map of fixed capacity, a power of two."),
    Builtin::acts("map_u32.len", &[Int("h")], I32, &["map_u32 invalid handle"], "How many keys it holds."),
    Builtin::acts(
        "map_u32.get",
        &[Int("h"), Int("key"), Int("default")],
        I32,
        MAP,
        "The value of `key`, or `default`.",
    ),
    Builtin::acts("map_u32.set", &[Int("h"), Int("key"), Handle("val")], I32, MAP, "1 if inserted, 0 if updated."),
    Builtin::acts("map_u32.contains", &[Int("h"), Int("key")], I32, MAP, CONTAINS),
    Builtin::acts("map_u32.remove", &[Int("h"), Int("key")], I32, MAP, "1 if removed, 0 if it was not there."),
    Builtin::acts("map_u32.dump_kv_u32le_u32le", &[Int("h")], Bytes, MAP, "Keys and values in slot order.")
        .needs(Trusted),
    Builtin::acts("set_u32.new", &[Int("cap")], I32, NEW, "An empty set of fixed capacity, a power of two."),
    Builtin::acts("set_u32.add", &[Int("h"), Int("key")], I32, MAP, "1 if inserted, 0 if it was there."),
    Builtin::acts("set_u32.contains", &[Int("h"), Int("key")], I32, MAP, CONTAINS),
    Builtin::acts("set_u32.remove", &[Int("h"), Int("key")], I32, MAP, "1 if removed, 0 if it was not there."),
    Builtin::acts("set_u32.dump_u32le", &[Int("h")], Bytes, MAP, "Keys in slot order.").needs(Trusted),
    Builtin::acts(
        "vec_value.with_capacity_v1",
        &[Int("type_id"), Int("cap")],
        I32,
        &["value ty_id invalid"],
        "An empty array of the elements that the id names: 1 i32, 2 u32, 3 bytes, 4 bytes_view.",
    ),
    Builtin::acts("vec_value.len", &[Int("h")], I32, VALUES, "How many elements it has."),
    Builtin::acts(
        "vec_value.reserve_exact",
        &[Int("h"), Int("additional")],
        I32,
        &["vec_value invalid handle", "vec_value.reserve_exact overflow"],
        "Room for more; yields the handle.",
    ),
    Builtin::acts("vec_value.push_i32_v1", &[Int("h"), Int("x")], I32, VALUES, "Appends; yields the handle."),
    Builtin::acts("vec_value.push_bytes_v1", &[Int("h"), Move("x", Bytes)], I32, VALUES, "Appends; yields the handle."),
    Builtin::acts(
        "vec_value.push_bytes_view_v1",
        &[Int("h"), Copy("x", View)],
        I32,
        VALUES,
        "Appends a view without local owner; yields the handle.",
    ),
    Builtin::acts(
        "vec_value.get_i32_v1",
        &[Int("h"), Int("i"), Int("default")],
        I32,
        VALUES,
        "Element `i`, or `default` past the end.",
    ),
    Builtin::acts(
        "vec_value.get_bytes_v1",
        &[Int("h"), Int("i"), Move("default", Bytes)],
        Bytes,
        VALUES,
        "A clone of element `i`, or `default` past the end.",
    ),
    Builtin::acts(
        "vec_value.get_bytes_view_v1",
        &[Int("h"), Int("i"), Copy("default", View)],
        View,
        VALUES,
        "Element `i`, or `default` past the end.",
    ),
    Builtin::acts(
        "vec_value.set_i32_v1",
        &[Int("h"), Int("i"), Int("x")],
        I32,
        VALUES_AT,
        "Replaces element `i`; yields the handle.",
    ),
    Builtin::acts(
        "vec_value.set_bytes_v1",
        &[Int("h"), Int("i"), Move("x", Bytes)],
        I32,
        VALUES_AT,
        "Replaces element `i`; yields the handle.",
    ),
    Builtin::acts(
        "vec_value.set_bytes_view_v1",
        &[Int("h"), Int("i"), Copy("x", View)],
        I32,
        VALUES_AT,
        "Replaces element `i`; yields the handle.",
    ),
    Builtin::acts("vec_value.pop", &[Int("h")], I32, VALUES, "Drops the last element, if any; yields the handle."),
    Builtin::acts("vec_value.clear", &[Int("h")], I32, VALUES, "Drops all elements; yields the handle."),
    Builtin::acts(
        "map_value.new_v1",
        &[Int("key_id"), Int("value_id"), Int("cap")],
        I32,
        &["map_value.new cap must be power of two", "value ty_id invalid"],
        "An empty growing map; ids as for `vec_value.with_capacity_v1`.",
    ),
    Builtin::acts("map_value.len", &[Int("h")], I32, TABLE, "How many keys it holds."),
    Builtin::acts("map_value.contains_i32_v1", &[Int("h"), KEY_INT], I32, TABLE, CONTAINS),
    Builtin::acts("map_value.contains_bytes_v1", &[Int("h"), KEY_BYTES], I32, TABLE, CONTAINS),
    Builtin::acts("map_value.contains_bytes_view_v1", &[Int("h"), KEY_VIEW], I32, TABLE, CONTAINS),
    Builtin::acts("map_value.remove_i32_v1", &[Int("h"), KEY_INT], I32, TABLE, REMOVE),
    Builtin::acts("map_value.remove_bytes_v1", &[Int("h"), KEY_BYTES], I32, TABLE, REMOVE),
    Builtin::acts("map_value.remove_bytes_view_v1", &[Int("h"), KEY_VIEW], I32, TABLE, REMOVE),
    Builtin::acts("map_value.get_i32_i32_v1", &[Int("h"), KEY_INT, Int("default")], I32, TABLE, GET),
    Builtin::acts("map_value.get_i32_bytes_v1", &[Int("h"), KEY_INT, Move("default", Bytes)], Bytes, TABLE, GET),
    Builtin::acts("map_value.get_i32_bytes_view_v1", &[Int("h"), KEY_INT, Copy("default", View)], View, TABLE, GET),
    Builtin::acts("map_value.get_bytes_i32_v1", &[Int("h"), KEY_BYTES, Int("default")], I32, TABLE, GET),
    Builtin::acts("map_value.get_bytes_bytes_v1", &[Int("h"), KEY_BYTES, Move("default", Bytes)], Bytes, TABLE, GET),
    Builtin::acts("map_value.get_bytes_bytes_view_v1", &[Int("h"), KEY_BYTES, Copy("default", View)], View, TABLE, GET),
    Builtin::acts("map_value.get_bytes_view_i32_v1", &[Int("h"), KEY_VIEW, Int("default")], I32, TABLE, GET),
    Builtin::acts(
        "map_value.get_bytes_view_bytes_v1",
        &[Int("h"), KEY_VIEW, Move("default", Bytes)],
        Bytes,
        TABLE,
        GET,
    ),
    Builtin::acts(
        "map_value.get_bytes_view_bytes_view_v1",
        &[Int("h"), KEY_VIEW, Copy("default", View)],
        View,
        TABLE,
        GET,
    ),
    Builtin::acts("map_value.set_i32_i32_v1", &[Int("h"), KEY_INT, Int("val")], I32, TABLE, SET),
    Builtin::acts("map_value.set_i32_bytes_v1", &[Int("h"), KEY_INT, Move("val", Bytes)], I32, TABLE, SET),
    Builtin::acts("map_value.set_i32_bytes_view_v1", &[Int("h"), KEY_INT, Copy("val", View)], I32, TABLE, SET),
    Builtin::acts("map_value.set_bytes_i32_v1", &[Int("h"), KEY_BYTES, Int("val")], I32, TABLE, SET),
    Builtin::acts("map_value.set_bytes_bytes_v1", &[Int("h"), KEY_BYTES, Move("val", Bytes)], I32, TABLE, SET),
    Builtin::acts("map_value.set_bytes_bytes_view_v1", &[Int("h"), KEY_BYTES, Copy("val", View)], I32, TABLE, SET),
    Builtin::acts("map_value.set_bytes_view_i32_v1", &[Int("h"), KEY_VIEW, Int("val")], I32, TABLE, SET),
    Builtin::acts("map_value.set_bytes_view_bytes_v1", &[Int("h"), KEY_VIEW, Move("val", Bytes)], I32, TABLE, SET),
    Builtin::acts("map_value.set_bytes_view_bytes_view_v1", &[Int("h"), KEY_VIEW, Copy("val", View)], I32, TABLE, SET),
    Builtin::acts("map_value.clear", &[Int("h")], I32, TABLE, "Drops everything; yields the handle."),
];
