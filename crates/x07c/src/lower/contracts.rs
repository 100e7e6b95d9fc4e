//! Contracts: what a clause may do, and where clauses are checked (spec language 13).

use std::rc::Rc;

use sha2::{Digest, Sha256};
use x07_ast::{Clause, Diagnostic, ErrorKind, Expr, ExprId, Function};

use super::{Lowerer, Operand};
use crate::heads::{Core, Head};
use crate::mir::{Caps, ContractFailure, Op, Stmt, Value};
use crate::types::Ty;

/// The clauses of a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contracts {
    pub requires: Vec<Clause>,
    pub ensures: Vec<Clause>,
    pub invariant: Vec<Clause>,
}

/// The code and the message about a name that is the result's.
const RESERVED: (&str, &str) =
    ("X07-CONTRACT-0004", "X07-CONTRACT-0004: \"__result\" is reserved in a function with contracts");

/// What one clause may allocate and spend.
const CLAUSE_BYTES: u32 = 1_048_576;
const CLAUSE_FUEL: u32 = 50_000;

impl Contracts {
    pub(crate) fn of(function: &Function) -> Option<Rc<Contracts>> {
        if function.requires.is_empty() && function.ensures.is_empty() && function.invariant.is_empty() {
            return None;
        }
        Some(Rc::new(Contracts {
            requires: function.requires.clone(),
            ensures: function.ensures.clone(),
            invariant: function.invariant.clone(),
        }))
    }

    /// All clauses and witnesses.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = ExprId> + '_ {
        let clauses = self.requires.iter().chain(&self.ensures).chain(&self.invariant);
        clauses.flat_map(|clause| std::iter::once(clause.expr).chain(clause.witness.iter().copied()))
    }
}

impl Lowerer<'_, '_> {
    pub(crate) fn check_entry(&mut self) {
        let Some(contracts) = self.contracts.clone() else { return };
        for (kind, key, clauses) in
            [("requires", "requires", &contracts.requires), ("invariant_entry", "invariant", &contracts.invariant)]
        {
            for (index, clause) in clauses.iter().enumerate() {
                self.clause(kind, key, index, clause);
            }
        }
    }

    pub(crate) fn check_exit(&mut self, result: &Operand) {
        let Some(contracts) = self.contracts.clone() else { return };
        let source = self.source.clone();
        let sym = source.exprs().find_name("__result");
        let local = match (&result.value, sym) {
            (Value::Local(local), Some(sym)) => {
                self.open_scope();
                self.bind(sym, *local);
                true
            }
            _ => false,
        };
        for (index, clause) in contracts.ensures.iter().enumerate() {
            self.clause("ensures", "ensures", index, clause);
        }
        if local {
            self.close_scope(Operand::int(0), source.root);
        }
        for (index, clause) in contracts.invariant.iter().enumerate() {
            self.clause("invariant_exit", "invariant", index, clause);
        }
    }

    fn clause(&mut self, kind: &'static str, key: &str, index: usize, clause: &Clause) {
        if !self.pure(clause.expr, kind == "ensures")
            || !clause.witness.iter().all(|w| self.pure(*w, kind == "ensures"))
        {
            return;
        }
        self.in_clause = true;
        let limited = self.source.allocates(clause.expr) || self.source.size(clause.expr) > CLAUSE_FUEL as usize;
        let id = limited.then(|| {
            self.budget_count += 1;
            let caps = Caps {
                label: format!("contract {}", self.function),
                alloc_bytes: CLAUSE_BYTES,
                fuel: CLAUSE_FUEL,
                ..Caps::default()
            };
            self.emit(Stmt::BudgetEnter { id: self.budget_count, caps: Box::new(caps) });
            self.budget_count
        });
        self.open_scope();
        let cond = self.value(clause.expr);
        if cond.ty != Ty::I32 && !matches!(cond.ty, Ty::Error | Ty::Never) {
            let ty = cond.ty.name();
            self.typing(
                "X07-CONTRACT-0001",
                format!("X07-CONTRACT-0001: a clause of \"{}\" is an i32, got {ty}", self.shown()),
                clause.expr,
            );
        }
        let cond = self.spill(cond);
        let cond = self.close_scope(cond, clause.expr);
        if let Some(id) = id {
            self.emit(Stmt::BudgetExit { id, code: None });
        }
        let outer = std::mem::take(&mut self.block);
        let mark = self.mark();
        let locals = self.body.locals.len();
        let was_dead = self.dead;
        self.open_scope();
        let mut witnesses = Vec::new();
        for witness in &clause.witness {
            let operand = match self.place(*witness) {
                Some(place) if self.ty_of(place).is_owned() => {
                    self.charge(1);
                    self.check_live(place, *witness);
                    Operand::new(Value::Local(place), self.ty_of(place), super::Reads::Locals)
                }
                _ => self.value(*witness),
            };
            let shown = matches!(
                operand.ty,
                Ty::I32
                    | Ty::Bytes
                    | Ty::View
                    | Ty::ResultI32
                    | Ty::ResultBytes
                    | Ty::ResultView
                    | Ty::ResultResultBytes
            );
            if !shown && !matches!(operand.ty, Ty::Error | Ty::Never) {
                let ty = operand.ty.name();
                self.typing(
                    "X07-CONTRACT-0005",
                    format!("X07-CONTRACT-0005: a witness cannot be of type {ty}"),
                    *witness,
                );
            }
            witnesses.push((operand.ty, operand.value));
        }
        // The program ends here: temporaries of the witnesses need no drop.
        self.dead = true;
        self.close_scope(Operand::int(0), clause.expr);
        let prepare = std::mem::replace(&mut self.block, outer);
        self.take_changes(mark, locals);
        self.dead = was_dead;
        self.in_clause = false;
        let failure = ContractFailure {
            kind,
            function: self.function.clone(),
            id: self.clause_id(key, index, clause),
            index,
            pointer: self.source.pointer(clause.expr),
            prepare,
            witnesses,
        };
        let failed = Value::Binary(Op::Eq, Box::new(cond.value), Box::new(Value::Int(0)));
        self.emit(Stmt::If { cond: failed, then: vec![Stmt::ContractFailure(Box::new(failure))], els: Vec::new() });
    }

    /// The id as written, or one made from the clause itself.
    fn clause_id(&self, key: &str, index: usize, clause: &Clause) -> String {
        if let Some(id) = clause.id.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
            return id.to_string();
        }
        let mut hash = Sha256::new();
        hash.update(b"x07.contract.id.v1\0");
        hash.update(self.function.as_bytes());
        hash.update(b"\0");
        hash.update(key.as_bytes());
        hash.update(b"\0");
        hash.update((index as u64).to_le_bytes());
        hash.update(self.source.json(clause.expr).as_bytes());
        format!("c_{}", hex::encode(&hash.finalize()[..8]))
    }

    /// A clause looks and computes; it does nothing else.
    fn pure(&mut self, e: ExprId, with_result: bool) -> bool {
        let source = self.source.clone();
        match source.exprs().get(e) {
            Expr::Int(_) | Expr::Text(_) => true,
            Expr::Atom(sym) => {
                if source.exprs().name(sym) == "__result" && !with_result {
                    self.typing(
                        "X07-CONTRACT-0003",
                        "X07-CONTRACT-0003: \"__result\" is known in \"ensures\" only".to_string(),
                        e,
                    );
                    return false;
                }
                true
            }
            Expr::List(items) => {
                let name = source.head_name(e);
                let name = if name == "tapp" {
                    items.get(1).and_then(|i| source.atom(*i)).unwrap_or("tapp").to_string()
                } else {
                    name
                };
                let allowed = match source.head(items[0]) {
                    Some(Head::Core(core)) => {
                        matches!(core, Core::Begin | Core::Let | Core::If | Core::And | Core::Or)
                            || name.starts_with("option_")
                            || name.starts_with("result_")
                    }
                    Some(Head::Operator(_)) => true,
                    Some(Head::Builtin(row)) => {
                        row.head.starts_with("option_")
                            || row.head.starts_with("result_")
                            || matches!(
                                row.head,
                                "bytes.lit"
                                    | "bytes.view_lit"
                                    | "i32.lit"
                                    | "bytes.view"
                                    | "bytes.subview"
                                    | "bytes.len"
                                    | "bytes.get_u8"
                                    | "bytes.eq"
                                    | "bytes.cmp_range"
                                    | "view.len"
                                    | "view.get_u8"
                                    | "view.slice"
                                    | "view.to_bytes"
                            )
                    }
                    _ => false,
                };
                if !allowed {
                    self.typing(
                        "X07-CONTRACT-0002",
                        format!("X07-CONTRACT-0002: a contract clause may not use \"{name}\""),
                        e,
                    );
                    return false;
                }
                // What a `let` names is no use of a name.
                let binds = matches!(source.head(items[0]), Some(Head::Core(Core::Let)));
                if binds && items.get(1).and_then(|name| source.atom(*name)) == Some("__result") {
                    self.reserved_result(e);
                    return false;
                }
                items[1 + usize::from(binds)..].iter().all(|item| self.pure(*item, with_result))
            }
        }
    }

    /// In a function with contracts the name of its result is nobody else's (spec language 13.1).
    pub(crate) fn reserved_result(&mut self, at: ExprId) {
        self.typing(RESERVED.0, RESERVED.1, at);
    }

    /// The same for a parameter of the function with this body.
    pub(crate) fn reserved_parameter(&mut self, index: usize, body: ExprId) {
        let body = self.source.pointer(body);
        let declaration = body.strip_suffix("/body").unwrap_or(&body);
        self.report(
            Diagnostic::error(RESERVED.0, ErrorKind::Typing, RESERVED.1)
                .module(self.source.module.clone())
                .at(format!("{declaration}/params/{index}/name")),
        );
    }
}
