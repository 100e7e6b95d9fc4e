//! Blocks, branches, loops, bindings and exits.

use x07_ast::{Expr, ExprId};

use super::expr::runtime;
use super::{Brand, Lowerer, Operand, Owner, Reads, Want};
use crate::interface::ViewSource;
use crate::mir::{LocalId, Op, Stmt, Value};
use crate::types::Ty;

impl Lowerer<'_, '_> {
    pub(crate) fn block_form(&mut self, e: ExprId, is_unsafe: bool, args: &[ExprId], want: Want) -> Operand {
        if args.is_empty() {
            let head = self.source.head_name(e);
            let code = if is_unsafe { "X07-ARITY-UNSAFE-0001" } else { "X07-ARITY-BEGIN-0001" };
            self.typing(code, format!("\"{head}\" needs at least one expression"), e);
            return Operand::error();
        }
        if is_unsafe {
            self.need_unsafe(e, "unsafe");
            self.unsafe_depth += 1;
        }
        self.open_scope();
        let (last, init) = args.split_last().unwrap_or((&e, &[]));
        for item in init {
            self.statement(*item);
        }
        let value = if want == Want::Nothing {
            self.statement(*last);
            Operand::int(0)
        } else {
            self.value(*last)
        };
        let value = self.close_scope(value, *last);
        if is_unsafe {
            self.unsafe_depth -= 1;
        }
        value
    }

    /// Statement position: the value is thrown away; an owned one lives to the end of the scope.
    pub(crate) fn statement(&mut self, e: ExprId) {
        let operand = self.expr(e, Want::Nothing);
        if operand.moved.is_some() {
            self.spill(operand);
        } else if operand.temp.is_none() && operand.reads == Reads::Traps && !self.dead {
            self.emit(Stmt::Eval(operand.value));
        }
    }

    pub(crate) fn if_form(&mut self, e: ExprId, args: &[ExprId], want: Want) -> Operand {
        if args.len() != 3 {
            self.typing(
                "X07-ARITY-IF-0001",
                format!("\"if\" takes a condition and two branches, {} given", args.len()),
                e,
            );
            return Operand::error();
        }
        let cond = self.condition(args[0]);
        let mark = self.mark();
        let locals = self.body.locals.len();
        let was_dead = self.dead;
        let at_declare = self.block.len();

        let (mut then_block, then_value) = self.branch(args[1], want);
        let then_changes = self.take_changes(mark, locals);
        self.dead = was_dead;
        let (mut else_block, else_value) = self.branch(args[2], want);
        let else_changes = self.take_changes(mark, locals);
        self.dead = was_dead;

        let mut result = Operand::int(0);
        if want == Want::Value {
            let (a, b) = (then_value.ty, else_value.ty);
            let ty = match (a, b) {
                (Ty::Never, Ty::Never) => Ty::Never,
                (Ty::Never, other) | (other, Ty::Never) => other,
                (Ty::Error, _) | (_, Ty::Error) => Ty::Error,
                (a, b) if a == b => a,
                (a, b) => {
                    self.typing(
                        "X07-TYPE-IF-0002",
                        format!("the branches of \"if\" differ: {} and {}", a.name(), b.name()),
                        e,
                    );
                    Ty::Error
                }
            };
            result = match ty {
                Ty::Never => Operand::never(),
                Ty::Error => Operand::error(),
                _ => {
                    let temp = self.local(None, ty);
                    self.block.insert(at_declare, Stmt::Declare(temp));
                    self.give(&mut then_block, &then_value, temp);
                    self.give(&mut else_block, &else_value, temp);
                    let mut result = Operand::new(Value::Local(temp), ty, Reads::Constant);
                    if ty.is_owned() {
                        result.temp = Some(temp);
                        if let Some(scope) = self.scopes.last_mut() {
                            scope.locals.push(temp);
                        }
                    }
                    result.brand = join_brands(&then_value, &else_value);
                    if ty.is_view() {
                        result.owner = match (a, b) {
                            (Ty::Never, _) => else_value.owner,
                            (_, Ty::Never) => then_value.owner,
                            _ => self.join_owners(then_value.owner, else_value.owner, e),
                        };
                    }
                    result
                }
            };
        }
        self.emit(Stmt::If { cond, then: then_block, els: else_block });
        self.join(then_changes, else_changes, e);
        if result.ty == Ty::Never {
            self.dead = true;
        }
        result
    }

    fn branch(&mut self, e: ExprId, want: Want) -> (Vec<Stmt>, Operand) {
        let outer = std::mem::take(&mut self.block);
        self.open_scope();
        let mut value = if want == Want::Nothing {
            self.statement(e);
            Operand::int(0)
        } else {
            self.value(e)
        };
        if value.moved.is_some() || (value.temp.is_some() && value.ty.is_owned()) {
            value = self.spill(value);
            if let Some(temp) = value.temp {
                // The value leaves the branch: from here on the result of the `if` owns it.
                self.set_moved(temp, e);
                for scope in self.scopes.iter_mut().rev() {
                    scope.locals.retain(|l| *l != temp);
                }
            }
        }
        let value = self.close_scope(value, e);
        (std::mem::replace(&mut self.block, outer), value)
    }

    /// Ends a branch by putting its value into the result.
    fn give(&mut self, block: &mut Vec<Stmt>, value: &Operand, result: LocalId) {
        if !matches!(value.ty, Ty::Never | Ty::Error) {
            block.push(Stmt::Assign(result, value.value.clone()));
        }
    }

    pub(crate) fn let_form(&mut self, e: ExprId, args: &[ExprId], want: Want) -> Operand {
        let Some((sym, value)) = self.binding(e, args, "X07-ARITY-LET-0001") else {
            if let Some(name) = args.first().filter(|name| self.source.atom(**name).is_some()) {
                self.bind_unknown(self.source.sym(*name));
            }
            return Operand::error();
        };
        let name = self.source.exprs().name(sym).to_string();
        if name == "__result" && self.contracts.is_some() {
            self.reserved_result(e);
        }
        // Binding an owned name moves it, and the move itself costs nothing.
        let operand = match self.place(value) {
            Some(place) if self.ty_of(place).is_owned() && !self.in_clause => {
                self.move_out(place, value);
                let mut operand = Operand::new(Value::Local(place), self.ty_of(place), Reads::Locals);
                operand.moved = Some(place);
                operand.brand = self.brands[place.0 as usize].clone();
                operand
            }
            _ => self.value(value),
        };
        if self.bound_here(sym) {
            self.typing("X07-TYPE-SET-0002", format!("\"{name}\" is bound twice in one scope"), e).help =
                Some(format!("change it with [\"set\", \"{name}\", ...], or open a block"));
        }
        if matches!(operand.ty, Ty::Never | Ty::Error) {
            self.bind_unknown(sym);
            return operand;
        }
        let is_misplaced = operand.ty.is_owned() && want == Want::Value;
        if is_misplaced {
            let ty = operand.ty.name();
            self.typing("X07-TYPE-UNIFY-0001", format!("\"let\" of an owned {ty} is no operand: \"{name}\""), e).help =
                Some("bind it in a statement of its own, then use the name".to_string());
        }
        let local = match operand.temp {
            // The temporary that holds the value becomes the variable, if it belongs to this scope.
            Some(temp) if self.scopes.last().is_some_and(|s| s.locals.contains(&temp)) => {
                self.body.locals[temp.0 as usize].name = Some(name.into());
                temp
            }
            _ => {
                let local = self.scoped_local(Some(name.into()), operand.ty);
                let mut moved = Vec::new();
                let value = self.take(&operand, e, &mut moved);
                self.emit(Stmt::Let(local, value));
                self.emit_moved(&moved);
                local
            }
        };
        self.brands[local.0 as usize] = operand.brand.clone();
        self.full[local.0 as usize] = operand.full;
        self.set_live(local, operand.owner);
        self.bind(sym, local);
        if is_misplaced {
            return Operand::error();
        }
        if operand.ty.is_owned() {
            return Operand::int(0);
        }
        Operand::new(Value::Local(local), operand.ty, Reads::Locals).with_origin(
            operand.owner,
            operand.brand,
            operand.full,
        )
    }

    /// Binds a name to a value that nothing is known of.
    fn bind_unknown(&mut self, sym: x07_ast::Sym) {
        let name = self.source.exprs().name(sym).into();
        let local = self.scoped_local(Some(name), Ty::Error);
        self.emit(Stmt::Declare(local));
        self.bind(sym, local);
    }

    fn binding(&mut self, e: ExprId, args: &[ExprId], code: &str) -> Option<(x07_ast::Sym, ExprId)> {
        let head = self.source.head_name(e);
        if args.len() != 2 {
            self.typing(code, format!("\"{head}\" takes a name and a value, {} given", args.len()), e);
            return None;
        }
        match self.source.exprs().get(args[0]) {
            Expr::Atom(sym) => Some((sym, args[1])),
            _ => {
                self.typing(code, format!("\"{head}\" takes a name first"), args[0]);
                None
            }
        }
    }

    pub(crate) fn set_form(&mut self, e: ExprId, zero: bool, args: &[ExprId], want: Want) -> Operand {
        let Some((sym, value)) = self.binding(e, args, "X07-ARITY-LET-0001") else {
            return Operand::error();
        };
        let name = self.source.exprs().name(sym).to_string();
        if name == "input" {
            self.typing("X07-TYPE-SET-0001", "\"input\" cannot be set", e);
            return Operand::error();
        }
        let Some(place) = self.lookup(sym) else {
            self.typing("X07-TYPE-SET-0001", format!("set of an unknown identifier: \"{name}\""), e).help =
                Some(format!("bind it first: [\"let\", \"{name}\", ...]"));
            return Operand::error();
        };
        let operand = self.value(value);
        let ty = self.ty_of(place);
        let fits = self.expect(&operand, ty, value, "X07-TYPE-SET-0002", &format!("set of \"{name}\""));
        if !fits || operand.ty == Ty::Error || ty == Ty::Error {
            // Something was meant to be there from now on.
            self.set_live(place, Owner::Free);
            return Operand::error();
        }
        if operand.ty == Ty::Never {
            return operand;
        }
        let is_misplaced = ty.is_owned() && want == Want::Value && !zero;
        if ty.is_owned() {
            self.check_free(place, "set", e);
            if is_misplaced {
                self.typing(
                    "X07-TYPE-UNIFY-0001",
                    format!("\"set\" of an owned {} is no operand: \"{name}\"", ty.name()),
                    e,
                )
                .help = Some("set it in a statement of its own, or use [\"set0\", ...], which yields 0".to_string());
            }
        }
        if operand.owner == Owner::Local(place) {
            let owner = self.name_of(place);
            self.typing("X07-MOVE-0902", format!("set while borrowed: \"{owner}\""), e);
        }
        let brand = self.brands[place.0 as usize].clone();
        if let Brand::Named(wanted) = &brand {
            self.warn_of_brand(&operand, Some(wanted), &format!("the variable \"{name}\""), value);
        }
        let (owner, full) = (operand.owner, operand.full);
        self.assign(place, operand, e);
        if is_misplaced {
            return Operand::error();
        }
        if zero || ty.is_owned() {
            return Operand::int(0);
        }
        Operand::new(Value::Local(place), ty, Reads::Locals).with_origin(owner, brand, full)
    }

    pub(crate) fn for_form(&mut self, e: ExprId, args: &[ExprId]) -> Operand {
        if args.len() != 4 {
            self.typing(
                "X07-ARITY-FOR-0001",
                format!("\"for\" takes a name, two bounds and a body, {} given", args.len()),
                e,
            );
            return Operand::error();
        }
        let Expr::Atom(sym) = self.source.exprs().get(args[0]) else {
            self.typing("X07-ARITY-FOR-0001", "\"for\" takes a name first", args[0]);
            return Operand::error();
        };
        let name = self.source.exprs().name(sym).to_string();
        if name == "input" || (name == "__result" && self.contracts.is_some()) {
            match name.as_str() {
                "input" => drop(self.typing("X07-TYPE-SET-0001", "\"input\" cannot be a loop variable", args[0])),
                _ => self.reserved_result(args[0]),
            }
            return Operand::error();
        }
        let start = self.value(args[1]);
        self.expect(&start, Ty::I32, args[1], "X07-TYPE-UNIFY-0001", "a bound of \"for\" is an i32");
        let var = match self.lookup(sym) {
            Some(place) if self.ty_of(place) == Ty::I32 => {
                self.emit(Stmt::Assign(place, start.value));
                place
            }
            Some(place) if self.ty_of(place) != Ty::Error => {
                let ty = self.ty_of(place).name();
                self.typing(
                    "X07-TYPE-SET-0002",
                    format!("the loop variable \"{name}\" is a {ty}, not an i32"),
                    args[0],
                );
                return Operand::error();
            }
            _ => {
                let local = self.scoped_local(Some(name.into()), Ty::I32);
                self.emit(Stmt::Let(local, start.value));
                self.bind(sym, local);
                local
            }
        };
        let end = self.value(args[2]);
        self.expect(&end, Ty::I32, args[2], "X07-TYPE-UNIFY-0001", "a bound of \"for\" is an i32");
        let end_name = self.source.atom(args[2]).and_then(|name| self.source.exprs().find_name(name));
        let end = match end.value {
            Value::Int(n) => Value::Int(n),
            // A variable that the body leaves alone is its own copy.
            Value::Local(local) if local != var && end_name.is_some_and(|name| !self.source.sets(args[3], name)) => {
                Value::Local(local)
            }
            value => {
                let local = self.local(None, Ty::I32);
                self.emit(Stmt::Let(local, value));
                Value::Local(local)
            }
        };
        let var_is_set = self.source.sets(args[3], sym);
        let locals = self.body.locals.len();
        let reported = self.out.diagnostics.len();
        let mut body = self.round(args[3], locals, e);
        if body.1 {
            // A view borrows from somebody else at the end of a round: walk the body once more, knowing it.
            self.out.diagnostics.truncate(reported);
            body = self.round(args[3], locals, e);
        }
        self.emit(Stmt::Loop { var, end, body: body.0, var_is_set });
        Operand::int(0)
    }

    fn round(&mut self, body: ExprId, locals: usize, e: ExprId) -> (Vec<Stmt>, bool) {
        let mark = self.mark();
        let was_dead = self.dead;
        let outer = std::mem::take(&mut self.block);
        self.open_scope();
        self.statement(body);
        self.close_scope(Operand::int(0), body);
        let block = std::mem::replace(&mut self.block, outer);
        let changes = self.take_changes(mark, locals);
        self.dead = was_dead;
        let again = self.join_loop(changes, e);
        self.dead = was_dead;
        (block, again)
    }

    pub(crate) fn return_form(&mut self, e: ExprId, args: &[ExprId]) -> Operand {
        if args.len() != 1 {
            self.typing("X07-ARITY-RETURN-0001", format!("\"return\" takes one value, {} given", args.len()), e);
            return Operand::never();
        }
        let value = self.value(args[0]);
        self.leave(value, args[0]);
        Operand::never()
    }

    /// Leaves the function with a value: budgets, contracts, drops, return.
    pub(crate) fn leave(&mut self, value: Operand, at: ExprId) {
        let result = self.result;
        if !self.expect(&value, result, at, "X07-TYPE-RET-0001", &format!("the result of {}", self.shown())) {
            self.dead = true;
            return;
        }
        if matches!(value.ty, Ty::Never | Ty::Error) {
            self.dead = true;
            return;
        }
        if result.takes_brand() {
            let brand = self.unit.result_brand(&self.function);
            self.warn_of_brand(&value, brand.as_deref(), &format!("the result of {}", self.shown()), at);
        }
        if result.is_view() {
            self.note_source(value.owner, at);
        }
        let has_contracts = self.contracts.is_some();
        let alive: Vec<LocalId> = self.alive().into_iter().filter(|l| Some(*l) != value.temp).collect();
        let simple = matches!(value.value, Value::Local(_) | Value::Int(_)) || alive.is_empty();
        let value = if has_contracts || !simple || !self.open_budgets.is_empty() { self.spill(value) } else { value };
        for id in self.open_budgets.clone().into_iter().rev() {
            self.emit(Stmt::BudgetExit { id, code: None });
        }
        if has_contracts {
            self.check_exit(&value);
        }
        let mut moved = Vec::new();
        let out = self.take(&value, at, &mut moved);
        let alive: Vec<LocalId> = self.alive();
        self.emit_drops(&alive);
        self.emit(Stmt::Return(out));
        self.dead = true;
    }

    fn note_source(&mut self, owner: Owner, at: ExprId) {
        let new = match owner {
            Owner::Free => ViewSource::Free,
            Owner::Param(index) => ViewSource::Param(index),
            Owner::Local(local) => {
                let (name, function) = (self.name_of(local), self.shown());
                self.typing(
                    "X07-BORROW-0002",
                    format!("{function} returns a view of \"{name}\", which ends with the call"),
                    at,
                )
                .help = Some("return bytes: [\"view.to_bytes\", ...]".to_string());
                return;
            }
        };
        self.view_source = match (self.view_source, new) {
            (None | Some(ViewSource::Free), new) => Some(new),
            (Some(old), ViewSource::Free) => Some(old),
            (Some(old), new) if old == new => Some(old),
            (Some(old), _) => {
                let function = self.shown();
                self.typing("X07-MOVE-0902", format!("{function} returns views of two parameters"), at).help =
                    Some("a returned view borrows from one parameter; return bytes, or split the function".to_string());
                Some(old)
            }
        };
    }

    pub(crate) fn try_form(&mut self, e: ExprId, args: &[ExprId]) -> Operand {
        if args.len() != 1 {
            return self.arity(e, 1, args.len());
        }
        let operand = self.value(args[0]);
        let (payload, fits) = match operand.ty {
            Ty::ResultI32 => (Ty::I32, matches!(self.result, Ty::ResultI32 | Ty::ResultBytes)),
            Ty::ResultBytes => (Ty::Bytes, matches!(self.result, Ty::ResultI32 | Ty::ResultBytes)),
            Ty::ResultView => (Ty::View, matches!(self.result, Ty::ResultI32 | Ty::ResultView)),
            Ty::Error | Ty::Never => return operand,
            other => {
                self.typing("X07-TYPE-UNIFY-0001", format!("\"try\" takes a result, got {}", other.name()), args[0]);
                return Operand::error();
            }
        };
        if !fits {
            let (function, result) = (self.shown(), self.result.name());
            self.typing(
                "X07-TYPE-RET-0001",
                format!("\"try\" of a {} leaves {function} with an error, but it returns {result}", operand.ty.name()),
                e,
            );
            return Operand::error();
        }
        let held = self.local(None, operand.ty);
        let mut moved = Vec::new();
        let value = self.take(&operand, e, &mut moved);
        self.emit(Stmt::Let(held, value));
        self.emit_moved(&moved);
        let outer = std::mem::take(&mut self.block);
        let mark = self.mark();
        let was_dead = self.dead;
        let locals = self.body.locals.len();
        let code = Value::Member(Box::new(Value::Local(held)), "payload.err");
        let failure = match self.result {
            Ty::ResultI32 => runtime("x07_result_i32_err", vec![code], None),
            Ty::ResultBytes => runtime("x07_result_bytes_err", vec![code], None),
            _ => runtime("x07_result_bytes_view_err", vec![code], None),
        };
        let result = self.result;
        self.open_scope();
        self.leave(Operand::new(failure, result, Reads::Locals), e);
        self.close_scope(Operand::never(), e);
        let exit = std::mem::replace(&mut self.block, outer);
        self.take_changes(mark, locals);
        self.dead = was_dead;
        let failed = Value::Binary(
            Op::Eq,
            Box::new(Value::Member(Box::new(Value::Local(held)), "tag")),
            Box::new(Value::Int(0)),
        );
        self.emit(Stmt::If { cond: failed, then: exit, els: Vec::new() });
        let value = Value::Member(Box::new(Value::Local(held)), "payload.ok");
        if payload == Ty::Bytes {
            let temp = self.scoped_local(None, Ty::Bytes);
            self.emit(Stmt::Let(temp, value));
            let mut result = Operand::new(Value::Local(temp), Ty::Bytes, Reads::Constant);
            result.temp = Some(temp);
            result.brand = operand.brand;
            return result;
        }
        Operand::new(value, payload, Reads::Constant).with_origin(operand.owner, operand.brand, operand.full)
    }
}

fn join_brands(a: &Operand, b: &Operand) -> Brand {
    match (a.ty, b.ty) {
        (Ty::Never, _) => return b.brand.clone(),
        (_, Ty::Never) => return a.brand.clone(),
        _ => {}
    }
    match (&a.brand, &b.brand) {
        (Brand::Any, other) | (other, Brand::Any) => other.clone(),
        (a, b) if a == b => a.clone(),
        _ => Brand::Plain,
    }
}
