//! From the tree of one function to MIR: names, types, moves, borrows, drops and fuel in one walk.
//!
//! Scopes are lexical and a borrow lasts to the end of its scope, so what the checker must know at an expression is known
//! when the walk arrives there; there is no second analysis.

mod calls;
mod contracts;
mod control;
mod expr;
mod forms;
mod infer;
mod state;
mod task;

use std::collections::BTreeSet;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use x07_ast::{Diagnostic, ErrorKind, ExprId, Sym};

use crate::interface::{Used, ViewSource};
use crate::mir::{Body, Callee, Local, LocalId, Stmt, Value};
use crate::types::{Ty, TypeArg};
use crate::unit::{Source, UnitContext, shown};

pub(crate) use contracts::Contracts;
use state::State;

/// Who a view borrows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody: the input, a literal, a window of the runtime.
    Free,
    /// A local of this function.
    Local(LocalId),
    /// Whatever the caller lent to the parameter of this index.
    Param(usize),
}

/// What a value's evaluation depends on, in growing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reads {
    /// Nothing that can change.
    Constant,
    /// Variables.
    Locals,
    /// Memory behind views and buffers.
    Memory,
    /// Memory, and it may trap.
    Traps,
}

/// A brand known at compile time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Brand {
    /// No brand.
    Plain,
    /// Fits every brand: `none` and `err`.
    Any,
    /// This brand.
    Named(Rc<str>),
}

/// An evaluated expression.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    pub value: Value,
    pub ty: Ty,
    pub reads: Reads,
    pub owner: Owner,
    pub brand: Brand,
    /// A view of the whole of its owner.
    pub full: bool,
    /// An owned temporary that still is to be dropped unless somebody takes it.
    pub temp: Option<LocalId>,
    /// An owned place whose content this is; its state says moved already.
    pub moved: Option<LocalId>,
}

impl Operand {
    pub(crate) fn new(value: Value, ty: Ty, reads: Reads) -> Self {
        Operand { value, ty, reads, owner: Owner::Free, brand: Brand::Plain, full: false, temp: None, moved: None }
    }

    pub(crate) fn int(value: u32) -> Self {
        Operand::new(Value::Int(value), Ty::I32, Reads::Constant)
    }

    pub(crate) fn error() -> Self {
        Operand { brand: Brand::Any, ..Operand::new(Value::Int(0), Ty::Error, Reads::Constant) }
    }

    pub(crate) fn never() -> Self {
        Operand::new(Value::Int(0), Ty::Never, Reads::Constant)
    }
}

/// Whether a value is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Value,
    /// Statement position: the value is thrown away.
    Nothing,
}

/// A lexical scope.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Variables and owned temporaries, in order of birth.
    pub locals: Vec<LocalId>,
    /// Names bound here.
    pub names: Vec<(Sym, LocalId)>,
}

/// What lowering a function yields.
pub(crate) struct Lowered {
    pub body: Body,
    pub source: ViewSource,
    /// Its body calls it.
    pub calls_itself: bool,
    /// The view parameters that it puts into containers.
    pub stored: BTreeSet<usize>,
    pub calls: BTreeSet<Used>,
    pub native_heads: BTreeSet<String>,
    /// Expression nodes of its body and its contract.
    pub nodes: u64,
    pub diagnostics: Vec<Diagnostic>,
    /// Called itself, directly or through others.
    pub has_tasks: bool,
    /// It refers to something unknown.
    pub has_unknown: bool,
}

/// Where the function stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Solve,
    Defn,
    Defasync,
}

/// The walk over one function.
pub(crate) struct Lowerer<'u, 'a> {
    pub unit: &'u mut UnitContext<'a>,
    pub source: Rc<Source<'a>>,
    /// Full name, or `solve`.
    pub function: String,
    pub role: Role,
    pub vars: Vec<(String, TypeArg)>,
    pub result: Ty,
    pub body: Body,
    pub block: Vec<Stmt>,
    pub scopes: Vec<Scope>,
    pub bindings: FxHashMap<Sym, Vec<LocalId>>,
    pub states: Vec<State>,
    pub brands: Vec<Brand>,
    pub full: Vec<bool>,
    pub trail: Vec<(LocalId, State)>,
    /// How many views and pending arguments hold each local.
    pub borrowers: Vec<u32>,
    /// Code here cannot be reached.
    pub dead: bool,
    pub unsafe_depth: u32,
    pub open_budgets: Vec<u32>,
    pub budget_count: u32,
    pub contracts: Option<Rc<Contracts>>,
    pub in_clause: bool,
    pub view_source: Option<ViewSource>,
    pub out: Lowered,
}

impl Lowerer<'_, '_> {
    /// The function's name for a message.
    pub(crate) fn shown(&self) -> String {
        shown(&self.function)
    }

    /// Reports an error at an expression.
    pub(crate) fn error(
        &mut self,
        code: &str,
        kind: ErrorKind,
        message: impl Into<String>,
        at: ExprId,
    ) -> &mut Diagnostic {
        let diagnostic =
            Diagnostic::error(code, kind, message).module(self.source.module.clone()).at(self.source.pointer(at));
        self.report(diagnostic)
    }

    /// Reports an error of types, names, moves or borrows.
    pub(crate) fn typing(&mut self, code: &str, message: impl Into<String>, at: ExprId) -> &mut Diagnostic {
        self.error(code, ErrorKind::Typing, message, at)
    }

    /// Files a finding about the function; a second one of a code at one place is the first.
    fn report(&mut self, mut diagnostic: Diagnostic) -> &mut Diagnostic {
        diagnostic.function = Some(self.function.clone());
        let list = &mut self.out.diagnostics;
        match list.iter().position(|d| d.code == diagnostic.code && d.pointer == diagnostic.pointer) {
            Some(known) => &mut list[known],
            None => {
                list.push(diagnostic);
                let last = list.len() - 1;
                &mut list[last]
            }
        }
    }

    pub(crate) fn emit(&mut self, stmt: Stmt) {
        self.block.push(stmt);
    }

    pub(crate) fn charge(&mut self, units: u32) {
        if let Some(Stmt::Fuel(n)) = self.block.last_mut() {
            *n = n.saturating_add(units);
            return;
        }
        self.block.push(Stmt::Fuel(units));
    }

    /// A new local that no scope owns.
    pub(crate) fn local(&mut self, name: Option<Box<str>>, ty: Ty) -> LocalId {
        let id = LocalId(self.body.locals.len() as u32);
        self.body.locals.push(Local { name, ty, emptied: false });
        self.states.push(State::live());
        self.brands.push(Brand::Plain);
        self.full.push(false);
        self.borrowers.push(0);
        id
    }

    /// A new local of the innermost scope, which drops it if it is owned.
    pub(crate) fn scoped_local(&mut self, name: Option<Box<str>>, ty: Ty) -> LocalId {
        let id = self.local(name, ty);
        if let Some(scope) = self.scopes.last_mut() {
            scope.locals.push(id);
        }
        id
    }

    /// Puts an operand's value into a temporary at once.
    pub(crate) fn spill(&mut self, operand: Operand) -> Operand {
        if operand.temp.is_some() || matches!(operand.ty, Ty::Never | Ty::Error) {
            return operand;
        }
        let owned = operand.ty.is_owned();
        let temp = if owned { self.scoped_local(None, operand.ty) } else { self.local(None, operand.ty) };
        self.brands[temp.0 as usize] = operand.brand.clone();
        let moved = operand.moved;
        self.emit(Stmt::Let(temp, operand.value));
        if let Some(place) = moved {
            self.emit(Stmt::Moved(place));
        }
        Operand {
            value: Value::Local(temp),
            reads: Reads::Constant,
            temp: owned.then_some(temp),
            moved: None,
            ..Operand::new(Value::Int(0), operand.ty, Reads::Constant)
        }
        .with_origin(operand.owner, operand.brand, operand.full)
    }

    /// Hands an operand's value over; `moved` collects what holds nothing after the next statement.
    pub(crate) fn take(&mut self, operand: &Operand, at: ExprId, moved: &mut Vec<LocalId>) -> Value {
        if let Some(temp) = operand.temp {
            self.set_moved(temp, at);
            moved.push(temp);
        }
        if let Some(place) = operand.moved {
            moved.push(place);
        }
        operand.value.clone()
    }

    pub(crate) fn emit_moved(&mut self, moved: &[LocalId]) {
        for place in moved {
            self.block.push(Stmt::Moved(*place));
        }
    }

    /// What a call of a function goes to.
    pub(crate) fn callee(&mut self, used: &Used) -> Callee {
        Callee::Function(self.body.callees.insert_full(used.clone()).0 as u32)
    }

    pub(crate) fn lookup(&self, sym: Sym) -> Option<LocalId> {
        self.bindings.get(&sym).and_then(|stack| stack.last().copied())
    }

    pub(crate) fn name_of(&self, local: LocalId) -> String {
        self.body.locals[local.0 as usize].name.as_deref().unwrap_or("a temporary").to_string()
    }

    pub(crate) fn ty_of(&self, local: LocalId) -> Ty {
        self.body.locals[local.0 as usize].ty
    }
}

impl Operand {
    pub(crate) fn with_origin(mut self, owner: Owner, brand: Brand, full: bool) -> Self {
        self.owner = owner;
        self.brand = brand;
        self.full = full;
        self
    }
}
