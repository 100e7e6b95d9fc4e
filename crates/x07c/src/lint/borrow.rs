//! Views of things that have no name, or whose name ends too early.

use serde_json::{Value, json};
use x07_ast::{ErrorKind, Expr, ExprId};

use super::walk::{Before, Node};
use super::{Lint, order};
use crate::builtins::{Param, find};

/// Heads whose first argument must be the name of an owner.
pub(super) fn takes_owner(head: &str) -> bool {
    find(head).is_some_and(|row| matches!(row.params.first(), Some(Param::Owner(..))))
}

pub(super) fn view_of_expression<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    let Some(owner) = node.args.first().copied().filter(|_| takes_owner(node.head)) else {
        return;
    };
    let Some((inner, items)) = lint.list(owner) else { return };
    let message = format!("`{}` takes the name of its owner, not {}", node.head, lint.shown(owner));
    let mut found = lint.error("X07-BORROW-0001", ErrorKind::Typing, message).at(lint.pointer(owner));
    let literal = match items {
        [_, text] if inner == "bytes.lit" && node.head == "bytes.view" => Some(*text),
        _ => None,
    };
    if let Some(text) = literal {
        let view = json!(["bytes.view_lit", lint.json(text)]);
        let patch = json!([{ "op": "replace", "path": lint.pointer(node.id), "value": view }]);
        found = found.help(format!("write {view}")).fix("use `bytes.view_lit`", patch);
    } else {
        found = found.help("bind the value with `let` first, so that something owns it while it is looked at");
        if let Some(patch) = lint.hoist(owner, node.place) {
            found = found.fix("bind the value with `let` in front of the statement", patch);
        }
    }
    lint.report(found);
}

pub(super) fn view_of_own_let<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    let is_block = matches!(node.head, "begin" | "unsafe");
    if !is_block || node.place.is_statement {
        return;
    }
    let Some((last, statements)) = node.args.split_last() else {
        return;
    };
    let Some((view, items)) = lint.list(*last).filter(|(head, _)| takes_owner(head)) else {
        return;
    };
    let Some(owner) = items.get(1).and_then(|item| lint.atom(*item)) else {
        return;
    };
    let bound = statements.iter().find(|statement| binds(lint, **statement) == Some(owner));
    let Some(bound) = bound else { return };
    let message = format!("the block yields a view of `{owner}`, which ends with the block");
    let mut found = lint
        .error("X07-BORROW-0002", ErrorKind::Typing, message)
        .at(lint.pointer(*last))
        .label(lint.pointer(*bound), format!("`{owner}` lives until the end of this block"))
        .help(format!("bind `{owner}` outside of the block, or yield a copy: [\"view.to_bytes\", [\"{view}\", …]]"));
    if let Some(patch) = move_out(lint, node, *last, statements) {
        found = found.fix("bind the names in front of the statement", patch);
    }
    lint.report(found);
}

/// The name that a `let` binds.
fn binds<'a>(lint: &Lint<'a>, statement: ExprId) -> Option<&'a str> {
    match lint.list(statement)? {
        ("let", items) => lint.atom(*items.get(1)?),
        _ => None,
    }
}

/// The value that a `let` binds a name to.
fn value_bound(lint: &Lint<'_>, statement: ExprId) -> Option<ExprId> {
    match lint.list(statement)? {
        ("let", [_, _, value]) => Some(*value),
        _ => None,
    }
}

/// Moves the bindings of a block in front of the statement that it is a part of, if they are all it holds and their
/// names mean nothing else there.
fn move_out<'a>(lint: &Lint<'a>, node: &Node<'a>, last: ExprId, statements: &[ExprId]) -> Option<Value> {
    // The place of the whole block: a function's own body has nothing in front of it.
    let Before::Block(outer, index) = node.place.before else {
        return None;
    };
    if node.head != "begin" {
        return None;
    }
    let values: Vec<ExprId> = statements.iter().filter_map(|statement| value_bound(lint, *statement)).collect();
    if !order::may_come_first(lint, node.id, &values, node.place.before) {
        return None;
    }
    for statement in statements {
        let name = binds(lint, *statement)?;
        let everywhere: usize = total(lint, name);
        if everywhere != lint.occurrences(node.id, name) {
            return None;
        }
    }
    let mut patch = vec![json!({ "op": "replace", "path": lint.pointer(node.id), "value": lint.json(last) })];
    let path = format!("{}/{index}", lint.pointer(outer));
    let adds =
        statements.iter().rev().map(|statement| json!({ "op": "add", "path": path, "value": lint.json(*statement) }));
    patch.extend(adds);
    Some(Value::Array(patch))
}

/// How often a name stands in the file's expressions.
fn total(lint: &Lint<'_>, name: &str) -> usize {
    let exprs = &lint.file.exprs;
    let ids = (0..exprs.len()).map(|index| ExprId(index as u32));
    ids.filter(|id| matches!(exprs.get(*id), Expr::Atom(sym) if exprs.name(sym) == name)).count()
}
