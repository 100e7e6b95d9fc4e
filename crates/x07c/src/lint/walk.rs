//! The way through a tree, and what a node knows of its surroundings.

use serde_json::{Value, json};
use x07_ast::{Expr, ExprId};

use super::{Lint, order};

/// A list with its surroundings.
pub(super) struct Node<'a> {
    pub(super) id: ExprId,
    pub(super) head: &'a str,
    /// Without the head.
    pub(super) args: &'a [ExprId],
    pub(super) place: Place,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Its value is thrown away.
    pub(super) is_statement: bool,
    /// Where something that must be evaluated before it can be put.
    pub(super) before: Before,
}

/// Where a new statement can go without being evaluated more or less often than the expression that needs it.
#[derive(Clone, Copy)]
pub(super) enum Before {
    /// Into this block, at this index.
    Block(ExprId, usize),
    /// Into a new block around this branch, loop body or function body.
    Around(ExprId),
    /// Nowhere: the expression is evaluated only sometimes, within a larger one.
    Nowhere,
}

impl Place {
    /// The place of a body or of another expression that hangs from no other.
    pub(super) fn root(id: ExprId) -> Self {
        Place { is_statement: false, before: Before::Around(id) }
    }

    fn operand(self) -> Self {
        Place { is_statement: false, ..self }
    }

    fn sometimes(self) -> Self {
        Place { is_statement: false, before: Before::Nowhere }
    }
}

impl<'a> Lint<'a> {
    /// Shows a node and everything below it to the rules.
    pub(super) fn walk(&mut self, id: ExprId, place: Place) {
        let Some((head, items)) = self.list(id) else { return };
        let args = &items[1..];
        self.check(&Node { id, head, args, place });
        for (index, arg) in args.iter().enumerate() {
            let arg = *arg;
            let branch = Place { is_statement: place.is_statement, before: Before::Around(arg) };
            let below = match (head, index) {
                ("begin" | "unsafe", _) => Place {
                    is_statement: place.is_statement || index + 1 < args.len(),
                    before: Before::Block(id, index + 1),
                },
                ("if", 1 | 2) => branch,
                ("for", 3) => Place { is_statement: true, ..branch },
                ("&&" | "||", 1) => place.sometimes(),
                ("option_bytes_view.unwrap_or" | "result_bytes_view.unwrap_or", 1) => place.sometimes(),
                _ => place.operand(),
            };
            self.walk(arg, below);
        }
    }

    /// The patch that evaluates `expr` in front of where it stands, under a new name, or `None` where that would change
    /// what is evaluated or in which order.
    pub(super) fn hoist(&mut self, expr: ExprId, place: Place) -> Option<Value> {
        if !order::may_come_first(self, expr, &[expr], place.before) {
            return None;
        }
        let name = json!(self.new_name("owner"));
        let binding = json!(["let", name, self.json(expr)]);
        match place.before {
            Before::Nowhere => None,
            Before::Block(block, index) => Some(json!([
                { "op": "replace", "path": self.pointer(expr), "value": name },
                { "op": "add", "path": format!("{}/{index}", self.pointer(block)), "value": binding },
            ])),
            Before::Around(body) => {
                let rest = self.json_with(body, Some((expr, &name)));
                Some(json!([{ "op": "replace", "path": self.pointer(body), "value": ["begin", binding, rest] }]))
            }
        }
    }

    /// How often a name stands below an expression.
    pub(super) fn occurrences(&self, id: ExprId, name: &str) -> usize {
        match self.file.exprs.get(id) {
            Expr::Atom(sym) => usize::from(self.file.exprs.name(sym) == name),
            Expr::List(items) => items.iter().map(|item| self.occurrences(*item, name)).sum(),
            Expr::Int(_) | Expr::Text(_) => 0,
        }
    }
}
