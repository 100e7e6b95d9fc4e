//! What can be said about one file without its imports (spec language 17.2): slips of form, with fixes where there is
//! one right answer. Each rule is a small function over a node; types are the compiler's business.

mod arity;
mod borrow;
mod conditions;
mod discarded;
mod generics;
mod moves;
mod order;
mod walk;
mod worlds;

use serde_json::{Value, json};
use x07_ast::{Decl, Diagnostic, ErrorKind, Expr, ExprId, File, Function, Stage};

use crate::Capabilities;
use walk::{Node, Place};

/// Every finding of one file, in source order. Nothing here needs another file, so a clean file may still not compile.
pub fn lint(file: &File, capabilities: &Capabilities) -> Vec<Diagnostic> {
    let mut lint = Lint { file, capabilities, function: None, new_names: 0, found: Vec::new() };
    worlds::imports(&mut lint);
    for (index, decl) in file.decls.iter().enumerate() {
        let pointer = format!("/decls/{index}");
        match decl {
            Decl::Function(function) => lint.function(function, &pointer),
            Decl::Extern(declared) => worlds::declared_extern(&mut lint, declared, &pointer),
            Decl::Export(_) => {}
        }
    }
    if let Some(solve) = file.solve {
        lint.enter("solve");
        lint.walk(solve, Place::root(solve));
    }
    lint.found
}

/// A file under the linter.
struct Lint<'a> {
    file: &'a File,
    capabilities: &'a Capabilities,
    /// The function that is being looked at, or `solve`.
    function: Option<&'a str>,
    /// Names that fixes have made up so far in it; another function may have the same, whatever the order of declarations.
    new_names: usize,
    found: Vec<Diagnostic>,
}

/// The rules, in the order in which the findings of one node are told.
const RULES: &[for<'a> fn(&mut Lint<'a>, &Node<'a>)] = &[
    arity::forms,
    arity::large_unsafe,
    worlds::head,
    conditions::eager_logic,
    conditions::comparison_with_zero,
    borrow::view_of_expression,
    borrow::view_of_own_let,
    moves::concatenation_with_itself,
    discarded::result,
];

impl<'a> Lint<'a> {
    fn enter(&mut self, function: &'a str) {
        self.function = Some(function);
        self.new_names = 0;
    }

    fn function(&mut self, function: &'a Function, pointer: &str) {
        self.enter(&function.name);
        worlds::signature(self, function, pointer);
        generics::type_parameters(self, function, pointer);
        let clauses = function.requires.iter().chain(&function.ensures).chain(&function.invariant);
        for clause in clauses {
            for expr in std::iter::once(clause.expr).chain(clause.witness.iter().copied()) {
                self.walk(expr, Place::root(expr));
            }
        }
        self.walk(function.body, Place::root(function.body));
        self.function = None;
    }

    fn check(&mut self, node: &Node<'a>) {
        for rule in RULES {
            rule(self, node);
        }
    }

    /// A finding of the linter about the current function.
    fn error(&self, code: &str, kind: ErrorKind, message: String) -> Diagnostic {
        let mut found = Diagnostic::error(code, kind, message).stage(Stage::Lint).module(&self.file.module_id);
        found.function = self.function.map(str::to_owned);
        found
    }

    fn report(&mut self, found: Diagnostic) {
        self.found.push(found);
    }

    /// The text of an atom.
    fn atom(&self, id: ExprId) -> Option<&'a str> {
        match self.file.exprs.get(id) {
            Expr::Atom(sym) => Some(self.file.exprs.name(sym)),
            _ => None,
        }
    }

    /// Head and items of a list; the head is the first item.
    fn list(&self, id: ExprId) -> Option<(&'a str, &'a [ExprId])> {
        let Expr::List(items) = self.file.exprs.get(id) else {
            return None;
        };
        Some((self.atom(*items.first()?)?, items))
    }

    fn pointer(&self, id: ExprId) -> String {
        self.file.exprs.pointer(id)
    }

    /// An expression as JSON.
    fn json(&self, id: ExprId) -> Value {
        self.json_with(id, None)
    }

    /// An expression as JSON, with another one put in place of one of its parts.
    fn json_with(&self, id: ExprId, swap: Option<(ExprId, &Value)>) -> Value {
        if let Some((from, to)) = swap
            && from == id
        {
            return to.clone();
        }
        match self.file.exprs.get(id) {
            Expr::Int(value) => json!(value),
            Expr::Atom(sym) | Expr::Text(sym) => json!(self.file.exprs.name(sym)),
            Expr::List(items) => items.iter().map(|item| self.json_with(*item, swap)).collect(),
        }
    }

    /// A name that the file does not use.
    fn new_name(&mut self, base: &str) -> String {
        loop {
            self.new_names += 1;
            let name = format!("{base}_{}", self.new_names);
            if self.file.exprs.find_name(&name).is_none() {
                return name;
            }
        }
    }

    /// How an expression reads in a message: short ones whole, long ones by their head.
    fn shown(&self, id: ExprId) -> String {
        const SHORT: usize = 60;
        let text = self.json(id).to_string();
        match self.list(id) {
            Some((head, _)) if text.len() > SHORT => format!("[\"{head}\", …]"),
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests;
