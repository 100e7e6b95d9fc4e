//! Conditions that mean something else than they seem to.

use serde_json::json;
use x07_ast::{ErrorKind, ExprId};

use super::Lint;
use super::walk::Node;

const COMPARISONS: [&str; 10] = ["=", "!=", "<", "<=", ">", ">=", "<u", "<=u", ">u", ">=u"];

/// Heads that trap outside of their bounds.
const ACCESSES: [&str; 6] = ["view.get_u8", "bytes.get_u8", "vec_u8.get", "view.slice", "bytes.slice", "bytes.subview"];

/// `&` and `|` between truth values in a condition evaluate both sides, also the access that the left side was
/// meant to guard.
pub(super) fn eager_logic<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    if node.head == "if"
        && let Some(condition) = node.args.first()
    {
        guards(lint, *condition);
    }
}

fn guards(lint: &mut Lint<'_>, condition: ExprId) {
    let Some((head, &[operator, left, right])) = lint.list(condition) else {
        return;
    };
    let lazy = match head {
        "&" => "&&",
        "|" => "||",
        "&&" | "||" => head,
        _ => return,
    };
    if lazy != head && is_truth(lint, left) && is_truth(lint, right) && accesses(lint, right) {
        let path = lint.pointer(operator);
        let message = format!("`{head}` evaluates its right side even when the left side decides");
        let found = lint
            .error("X07-BOOL-0001", ErrorKind::Typing, message)
            .warning()
            .at(lint.pointer(condition))
            .help(format!("`{lazy}` leaves the right side alone then, and its access cannot trap"))
            .fix(format!("use `{lazy}`"), json!([{ "op": "replace", "path": path, "value": lazy }]));
        lint.report(found);
    }
    guards(lint, left);
    guards(lint, right);
}

/// Yields 0 or 1, so that the bitwise and the logical operator agree.
fn is_truth(lint: &Lint<'_>, id: ExprId) -> bool {
    match lint.list(id) {
        Some((head, _)) if COMPARISONS.contains(&head) || matches!(head, "&&" | "||") => true,
        Some(("&" | "|", &[_, left, right])) => is_truth(lint, left) && is_truth(lint, right),
        _ => false,
    }
}

fn accesses(lint: &Lint<'_>, id: ExprId) -> bool {
    let Some((head, items)) = lint.list(id) else {
        return false;
    };
    ACCESSES.contains(&head) || items[1..].iter().any(|item| accesses(lint, *item))
}

/// No unsigned number is less than 0.
pub(super) fn comparison_with_zero<'a>(lint: &mut Lint<'a>, node: &Node<'a>) {
    let (signed, always) = match node.head {
        "<u" => ("<", "false"),
        ">=u" => (">=", "true"),
        _ => return,
    };
    let &[_, zero] = node.args else { return };
    if lint.file.exprs.get(zero) != x07_ast::Expr::Int(0) {
        return;
    }
    let pointer = lint.pointer(node.id);
    let patch = json!([{ "op": "replace", "path": format!("{pointer}/0"), "value": signed }]);
    let found = lint
        .error("X07-CMP-0001", ErrorKind::Typing, format!("`{}` with 0 is always {always}", node.head))
        .warning()
        .at(pointer)
        .note("it compares unsigned numbers, of which none is less than 0")
        .help(format!("`{signed}` compares signed numbers"))
        .fix(format!("use `{signed}`"), patch);
    lint.report(found);
}
