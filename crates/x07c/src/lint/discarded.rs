//! Updates in place whose result is thrown away, and with it the updated value.

use serde_json::json;
use x07_ast::ErrorKind;

use super::Lint;
use super::walk::Node;
use crate::builtins::{Param, find};

/// True when the head takes its first argument, updates it and gives it back. A module's thin wrapper has the name of
/// the head that it wraps.
fn updates_in_place(head: &str) -> bool {
    let wrapped = [("std.vec.", "vec_u8."), ("std.bytes.", "bytes.")]
        .into_iter()
        .find_map(|(module, family)| head.strip_prefix(module).map(|name| format!("{family}{name}")));
    let row = find(wrapped.as_deref().unwrap_or(head));
    row.is_some_and(|row| matches!(row.params.first(), Some(Param::InPlace(..))))
}

pub(super) fn result<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    if !node.place.is_statement || !updates_in_place(node.head) {
        return;
    }
    let Some(name) = node.args.first().and_then(|arg| lint.atom(*arg)) else {
        return;
    };
    let head = node.head;
    let call = lint.json(node.id);
    let pointer = lint.pointer(node.id);
    let patch = json!([{ "op": "replace", "path": pointer, "value": ["set", name, call] }]);
    let found = lint
        .error(
            "X07-MOVE-0003",
            ErrorKind::Typing,
            format!("the result of `{head}` is thrown away, and `{name}` with it"),
        )
        .at(pointer)
        .note(format!("`{head}` takes `{name}` and yields the updated value; `{name}` itself is moved"))
        .help(format!("write [\"set\", \"{name}\", {}]", lint.shown(node.id)))
        .fix(format!("put the result back into `{name}`"), patch);
    lint.report(found);
}
