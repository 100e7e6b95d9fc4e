//! Whether an expression may be evaluated earlier than where it stands.

use x07_ast::{Expr, ExprId};

use super::Lint;
use super::borrow::takes_owner;
use super::walk::Before;
use crate::builtins::{Builtin, Effect, Form, Param, Special};
use crate::heads::{Core, Head, resolve};

/// True if `moved`, the parts of `expr` or `expr` itself, can be evaluated at `before` and nobody can tell the difference.
///
/// What `moved` would overtake are the earlier operands of each expression between `before` and `expr`. A part that needs
/// a fix of its own waits for that: both fixes at once would evaluate it twice.
pub(super) fn may_come_first(lint: &Lint<'_>, expr: ExprId, moved: &[ExprId], before: Before) -> bool {
    if moved.iter().any(|part| views_an_expression(lint, *part)) {
        return false;
    }
    let writes = moved.iter().any(|part| writes(lint, *part));
    let mut at = expr;
    loop {
        let parent = lint.file.exprs.parent(at);
        match before {
            Before::Nowhere => return false,
            Before::Around(body) if body == at => return true,
            Before::Block(block, _) if parent == Some(block) => return true,
            _ => {}
        }
        let Some(parent) = parent else { return false };
        let overtaken = evaluated_before(lint, parent, at);
        if !overtaken.iter().all(|earlier| if writes { is_constant(lint, *earlier) } else { is_pure(lint, *earlier) }) {
            return false;
        }
        if !binds_before(lint, parent, at)
            .is_none_or(|name| moved.iter().all(|part| lint.occurrences(*part, name) == 0))
        {
            return false;
        }
        at = parent;
    }
}

/// The operands of a list that are evaluated before its item `at`; names that a form binds or sets are no operands.
fn evaluated_before<'a>(lint: &Lint<'a>, list: ExprId, at: ExprId) -> &'a [ExprId] {
    let Expr::List(items) = lint.file.exprs.get(list) else { return &[] };
    let first = match head(lint, list) {
        Some(Head::Core(Core::Let | Core::Set | Core::Set0 | Core::For | Core::Tapp | Core::Intrinsic)) => 2,
        _ => 1,
    };
    let end = items.iter().position(|item| *item == at).unwrap_or(items.len());
    items.get(first..end).unwrap_or_default()
}

/// The variable of a loop, where `at` is its second bound: the variable holds the first bound by then.
fn binds_before<'a>(lint: &Lint<'a>, list: ExprId, at: ExprId) -> Option<&'a str> {
    match lint.list(list)? {
        ("for", [_, name, _, end, ..]) if *end == at => lint.atom(*name),
        _ => None,
    }
}

/// It gives the same value whatever has been evaluated before it.
fn is_constant(lint: &Lint<'_>, e: ExprId) -> bool {
    match lint.file.exprs.get(e) {
        Expr::Int(_) | Expr::Text(_) => true,
        Expr::Atom(_) => false,
        Expr::List(items) => match head(lint, e) {
            Some(Head::Builtin(row)) if is_literal(row) => true,
            Some(Head::Operator(_)) => items[1..].iter().all(|item| is_constant(lint, *item)),
            _ => lint.atom(items[0]) == Some("tys"),
        },
    }
}

/// It gives a value and does nothing else: literals, names, and what only looks at such.
fn is_pure(lint: &Lint<'_>, e: ExprId) -> bool {
    let Expr::List(items) = lint.file.exprs.get(e) else { return true };
    let quiet = match head(lint, e) {
        Some(Head::Operator(_) | Head::Core(Core::And | Core::Or)) => true,
        Some(Head::Builtin(row)) if is_literal(row) => return true,
        Some(Head::Builtin(row)) => {
            !matches!(row.form, Form::Special(_)) && row.effect == Effect::Reads && row.traps.is_empty()
        }
        _ => return is_constant(lint, e),
    };
    quiet && items[1..].iter().all(|item| is_pure(lint, *item))
}

fn is_literal(row: &Builtin) -> bool {
    matches!(row.form, Form::Special(Special::BytesLit | Special::ViewLit))
}

/// It changes a variable of the function, or binds one.
fn writes(lint: &Lint<'_>, e: ExprId) -> bool {
    let Expr::List(items) = lint.file.exprs.get(e) else { return false };
    let own = match head(lint, e) {
        Some(Head::Core(Core::Let | Core::Set | Core::Set0 | Core::For)) => true,
        Some(Head::Builtin(row)) => {
            row.form == Form::Special(Special::AddrOfMut) || matches!(row.params.first(), Some(Param::InPlace(..)))
        }
        _ => false,
    };
    own || items[1..].iter().any(|item| writes(lint, *item))
}

/// A view is made in it of something without a name.
fn views_an_expression(lint: &Lint<'_>, e: ExprId) -> bool {
    let Expr::List(items) = lint.file.exprs.get(e) else { return false };
    let own = lint.atom(items[0]).is_some_and(takes_owner)
        && items.get(1).is_some_and(|owner| matches!(lint.file.exprs.get(*owner), Expr::List(_)));
    own || items[1..].iter().any(|item| views_an_expression(lint, *item))
}

fn head(lint: &Lint<'_>, list: ExprId) -> Option<Head> {
    lint.list(list).map(|(name, _)| resolve(name))
}
