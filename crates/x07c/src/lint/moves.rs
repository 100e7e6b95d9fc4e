//! Moves that can be seen without types.

use serde_json::json;
use x07_ast::ErrorKind;

use super::Lint;
use super::walk::Node;

/// `bytes.concat` consumes both arguments.
pub(super) fn concatenation_with_itself<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    let &[left, right] = node.args else { return };
    let (Some(name), true) = (lint.atom(left), node.head == "bytes.concat") else {
        return;
    };
    if lint.atom(right) != Some(name) || name == "input" {
        return;
    }
    let copy = json!(["view.to_bytes", ["bytes.view", name]]);
    let patch = json!([{ "op": "replace", "path": lint.pointer(left), "value": copy }]);
    let found = lint
        .error("X07-MOVE-0001", ErrorKind::Typing, format!("`bytes.concat` consumes `{name}` twice"))
        .at(lint.pointer(right))
        .label(lint.pointer(left), format!("`{name}` is moved here"))
        .help(format!("copy one side: {copy}"))
        .fix("copy the left side", patch);
    lint.report(found);
}
