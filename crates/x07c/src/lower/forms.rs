//! Heads whose arguments are not plain values: literals, lazy defaults, brands, budgets, pointers, type intrinsics.

use x07_ast::{ErrorKind, Expr, ExprId};

use super::expr::runtime;
use super::{Brand, Lowerer, Operand, Owner, Reads};
use crate::builtins::{Builtin, Special};
use crate::interface::Used;
use crate::mir::{BudgetMode, Call, Caps, Op, Stmt, Value};
use crate::types::{Ptr, Ty};
use crate::unit::Lookup;

impl Lowerer<'_, '_> {
    pub(crate) fn special(
        &mut self,
        e: ExprId,
        row: &'static Builtin,
        special: Special,
        args: &[ExprId],
        _want: super::Want,
    ) -> Operand {
        self.charge(1);
        if !self.allowed(e, row) {
            return Operand::error();
        }
        match special {
            Special::BytesLit | Special::ViewLit => self.literal(e, special == Special::BytesLit, args),
            Special::LazyUnwrap => self.lazy_unwrap(e, row, args),
            Special::OptionBytesUnwrap => self.owned_unwrap(e, row, args),
            Special::OpenReadBytes => self.open_read(e, args),
            Special::BrandCastBytes | Special::BrandCastView | Special::BrandCastViewCopy => {
                self.brand_cast(e, row, special, args)
            }
            Special::BrandAssume => {
                let Some((brand, [value])) = self.branded(e, args, 2) else {
                    return Operand::error();
                };
                let operand = self.owned(*value, Ty::Bytes, false, &value_of(row.head), &[]);
                Operand { brand, ..operand }
            }
            Special::BrandEraseBytes => {
                let [value] = args else { return self.arity(e, 1, args.len()) };
                let operand = self.owned(*value, Ty::Bytes, false, &value_of(row.head), &[]);
                Operand { brand: Brand::Plain, ..operand }
            }
            Special::BrandEraseView => {
                let [value] = args else { return self.arity(e, 1, args.len()) };
                let operand = self.value(*value);
                self.expect(&operand, Ty::View, *value, "X07-TYPE-CALL-0002", &value_of(row.head));
                Operand { brand: Brand::Plain, full: false, ..operand }
            }
            Special::BrandView => {
                let [value] = args else { return self.arity(e, 1, args.len()) };
                self.owner_view(*value, row.head)
            }
            Special::BrandToBytes => {
                let [value] = args else { return self.arity(e, 1, args.len()) };
                let view = self.value(*value);
                if !self.expect(&view, Ty::View, *value, "X07-TYPE-CALL-0002", &value_of(row.head))
                    || view.ty == Ty::Error
                {
                    return Operand::error();
                }
                let brand = if view.full { view.brand.clone() } else { Brand::Plain };
                let copy = self.result_of(runtime("x07_view_to_bytes", vec![view.value], None), Ty::Bytes, &[]);
                Operand { brand, ..copy }
            }
            Special::Budget => self.budget(e, args),
            Special::BudgetFromArch => {
                self.error(
                    "X07-NAME-0002",
                    ErrorKind::Unsupported,
                    "\"budget.scope_from_arch_v1\" needs an arch root, which this version does not read".to_string(),
                    e,
                )
                .help = Some("write the caps out with budget.scope_v1".to_string());
                Operand::error()
            }
            Special::Descriptor => {
                self.typing("X07-NAME-0001", format!("\"{}\" is a descriptor, not an expression", row.head), e);
                Operand::error()
            }
            Special::Later => {
                self.error(
                    "X07-NAME-0002",
                    ErrorKind::Unsupported,
                    format!("\"{}\" is not available in this version", row.head),
                    e,
                );
                Operand::error()
            }
            Special::Await | Special::TaskOp => self.task_op(e, row, args),
            _ => self.pointer_op(e, row, special, args),
        }
    }

    fn literal(&mut self, e: ExprId, copy: bool, args: &[ExprId]) -> Operand {
        let text = match args {
            [arg] => match self.source.exprs().get(*arg) {
                Expr::Text(sym) | Expr::Atom(sym) => Some(self.source.exprs().name(sym).to_string()),
                _ => None,
            },
            _ => None,
        };
        let Some(text) = text else {
            let head = self.source.head_name(e);
            self.typing("X07-AST-0015", format!("\"{head}\" takes exactly one JSON string"), e);
            return Operand::error();
        };
        let data = Value::Text(text.into());
        if copy {
            return self.result_of(runtime("x07_bytes_lit", vec![data], None), Ty::Bytes, &[]);
        }
        Operand::new(runtime("x07_view_lit", vec![data], None), Ty::View, Reads::Constant)
    }

    /// `unwrap_or` of a view: the default is evaluated only when it is needed.
    fn lazy_unwrap(&mut self, e: ExprId, row: &Builtin, args: &[ExprId]) -> Operand {
        let [value, default] = args else { return self.arity(e, 2, args.len()) };
        let wanted = row.params[0].ty();
        let held = self.value(*value);
        if !self.expect(&held, wanted, *value, "X07-TYPE-CALL-0002", &argument(row, 0)) || held.ty == Ty::Error {
            return Operand::error();
        }
        let held = self.spill(held);
        let payload = if wanted == Ty::OptionView { "payload" } else { "payload.ok" };
        let result = self.local(None, Ty::View);
        self.emit(Stmt::Declare(result));
        let mark = self.mark();
        let locals = self.body.locals.len();
        let was_dead = self.dead;
        let outer = std::mem::take(&mut self.block);
        self.open_scope();
        let other = self.value(*default);
        self.expect(&other, Ty::View, *default, "X07-TYPE-CALL-0002", &argument(row, 1));
        let other = self.close_scope(other, *default);
        if !self.dead {
            self.emit(Stmt::Assign(result, other.value.clone()));
        }
        let default_block = std::mem::replace(&mut self.block, outer);
        let changes = self.take_changes(mark, locals);
        self.dead = was_dead;
        let nothing = self.take_changes(self.trail.len(), locals);
        self.join(changes, nothing, e);
        let take = Stmt::Assign(result, Value::Member(Box::new(held.value.clone()), payload));
        let cond = Value::Member(Box::new(held.value.clone()), "tag");
        self.emit(Stmt::If { cond, then: vec![take], els: default_block });
        let owner = self.join_owners(held.owner, other.owner, e);
        let brand = match (&held.brand, &other.brand) {
            (Brand::Any, brand) | (brand, Brand::Any) => brand.clone(),
            (a, b) if a == b => a.clone(),
            _ => Brand::Plain,
        };
        Operand::new(Value::Local(result), Ty::View, Reads::Constant).with_origin(owner, brand, false)
    }

    /// `unwrap_or` of an owned option or result: the value not taken is dropped at the end of the scope.
    fn owned_unwrap(&mut self, e: ExprId, row: &'static Builtin, args: &[ExprId]) -> Operand {
        let [value, default] = args else { return self.arity(e, 2, args.len()) };
        let (from, to) = (row.params[0].ty(), row.params[1].ty());
        let free = row.head == "option_bytes.unwrap_or";
        let held = self.owned(*value, from, false, &argument(row, 0), &[*default]);
        let other = self.owned(*default, to, free, &argument(row, 1), &[]);
        if held.ty == Ty::Error || other.ty == Ty::Error {
            return Operand::error();
        }
        let brand = match (&held.brand, &other.brand) {
            (Brand::Any, brand) | (brand, Brand::Any) => brand.clone(),
            (a, b) if a == b => a.clone(),
            _ => Brand::Plain,
        };
        let held = self.spill(held);
        let other = self.spill(other);
        let mut moved = Vec::new();
        let values = vec![self.take(&held, e, &mut moved), self.take(&other, e, &mut moved)];
        let (taken, rest) = match from {
            Ty::OptionBytes => ("x07_option_bytes_taken", "x07_option_bytes_not_taken"),
            Ty::ResultBytes => ("x07_result_bytes_taken", "x07_result_bytes_not_taken"),
            _ => ("x07_result_result_bytes_taken", "x07_result_result_bytes_not_taken"),
        };
        self.result_of(runtime(rest, values.clone(), None), to, &[]);
        let result = self.result_of(runtime(taken, values, None), to, &moved);
        Operand { brand, ..result }
    }

    fn open_read(&mut self, e: ExprId, args: &[ExprId]) -> Operand {
        let [arg] = args else { return self.arity(e, 1, args.len()) };
        let operand = self.value(*arg);
        let function = match operand.ty {
            Ty::Bytes => "x07_io_open_read_bytes",
            Ty::Vec => "x07_io_open_read_bytes_vec",
            Ty::View => "x07_io_open_read_bytes_view",
            Ty::Error | Ty::Never => return operand,
            other => {
                self.typing(
                    "X07-TYPE-CALL-0002",
                    format!("\"io.open_read_bytes\" takes bytes, vec_u8 or bytes_view, got {}", other.name()),
                    *arg,
                );
                return Operand::error();
            }
        };
        let mut moved = Vec::new();
        let value = self.take(&operand, *arg, &mut moved);
        self.result_of(runtime(function, vec![value], None), Ty::Iface, &moved)
    }

    /// BRAND and the rest of the arguments.
    fn branded<'s>(&mut self, e: ExprId, args: &'s [ExprId], count: usize) -> Option<(Brand, &'s [ExprId])> {
        if args.len() != count {
            self.arity(e, count, args.len());
            return None;
        }
        let source = self.source.clone();
        match source.atom(args[0]).filter(|name| x07_ast::names::is_dotted(name)) {
            Some(name) => Some((Brand::Named(name.into()), &args[1..])),
            None => {
                let head = source.head_name(e);
                self.typing("X07-AST-0006", format!("\"{head}\" takes the name of a brand first"), args[0]);
                None
            }
        }
    }

    fn brand_cast(&mut self, e: ExprId, row: &Builtin, special: Special, args: &[ExprId]) -> Operand {
        let Some((brand, [validator, value])) = self.branded(e, args, 3) else {
            return Operand::error();
        };
        let source = self.source.clone();
        let Some(name) = source.atom(*validator) else {
            let message = format!("\"{}\" takes the name of a validator second", row.head);
            self.typing("X07-AST-0006", message, *validator);
            return Operand::error();
        };
        let used: Used = match self.unit.lookup(&self.source, name) {
            Lookup::Found(used) => used,
            Lookup::Unknown => return self.call_of_unknown(&[*value]),
            Lookup::Problem { code, message, help } => {
                self.typing(code, message, *validator).help = help;
                return Operand::error();
            }
        };
        let Some(interface) = self.unit.interface(&used) else {
            return Operand::error();
        };
        let fits = matches!(interface.params.as_slice(), [p] if p.ty == Ty::View && p.brand.is_none())
            && interface.result == Ty::ResultI32
            && interface.template.is_none()
            && !interface.is_async
            && !interface.is_extern;
        if !fits {
            self.typing(
                "X07-TYPE-CALL-0002",
                format!("the validator \"{name}\" must be a defn of one unbranded bytes_view that returns result_i32"),
                *validator,
            );
            return Operand::error();
        }
        self.out.calls.insert(used.clone());
        let operand = if special == Special::BrandCastBytes {
            self.owned(*value, Ty::Bytes, false, &value_of(row.head), &[])
        } else {
            let operand = self.value(*value);
            self.expect(&operand, Ty::View, *value, "X07-TYPE-CALL-0002", &value_of(row.head));
            operand
        };
        if matches!(operand.ty, Ty::Error | Ty::Never) {
            return Operand::error();
        }
        let held = self.spill(operand);
        let view = if held.ty == Ty::Bytes { self.view_of(&held).value } else { held.value.clone() };
        let callee = self.callee(&used);
        let verdict = self.local(None, Ty::ResultI32);
        self.emit(Stmt::Let(verdict, Value::Call(Box::new(Call { callee, args: vec![view], at: None }))));
        let result =
            if row.result.is_owned() { self.scoped_local(None, row.result) } else { self.local(None, row.result) };
        self.emit(Stmt::Declare(result));
        let code = Value::Member(Box::new(Value::Local(verdict)), "payload.err");
        let (ok, err) = match special {
            Special::BrandCastBytes => {
                let mut moved = Vec::new();
                let value = self.take(&held, e, &mut moved);
                let mut err = Vec::new();
                if let Some(temp) = held.temp {
                    err.push(Stmt::Drop(temp));
                }
                err.push(Stmt::Assign(result, runtime("x07_result_bytes_err", vec![code], None)));
                (vec![Stmt::Assign(result, runtime("x07_result_bytes_ok", vec![value], None))], err)
            }
            Special::BrandCastView => (
                vec![Stmt::Assign(result, runtime("x07_result_bytes_view_ok", vec![held.value.clone()], None))],
                vec![Stmt::Assign(result, runtime("x07_result_bytes_view_err", vec![code], None))],
            ),
            _ => {
                let copy = runtime("x07_view_to_bytes", vec![held.value.clone()], None);
                (
                    vec![Stmt::Assign(result, runtime("x07_result_bytes_ok", vec![copy], None))],
                    vec![Stmt::Assign(result, runtime("x07_result_bytes_err", vec![code], None))],
                )
            }
        };
        let cond = Value::Member(Box::new(Value::Local(verdict)), "tag");
        self.emit(Stmt::If { cond, then: ok, els: err });
        let mut operand = Operand::new(Value::Local(result), row.result, Reads::Constant);
        operand.temp = row.result.is_owned().then_some(result);
        let owner = if row.result.is_view() { held.owner } else { Owner::Free };
        operand.with_origin(owner, brand, false)
    }

    fn budget(&mut self, e: ExprId, args: &[ExprId]) -> Operand {
        let [config, body] = args else { return self.arity(e, 2, args.len()) };
        let Some(caps) = self.budget_caps(*config) else {
            return Operand::error();
        };
        self.budget_count += 1;
        let id = self.budget_count;
        let mode = caps.mode;
        self.emit(Stmt::BudgetEnter { id, caps: Box::new(caps) });
        self.open_budgets.push(id);
        self.open_scope();
        let mut value = self.value(*body);
        let falls_through = !self.dead && value.ty != Ty::Never;
        if falls_through {
            value = self.spill(value);
        }
        self.open_budgets.pop();
        if !falls_through {
            return self.close_scope(value, *body);
        }
        if mode != BudgetMode::ResultErr {
            self.emit(Stmt::BudgetExit { id, code: None });
            return self.close_scope(value, *body);
        }
        let failure = match value.ty {
            Ty::ResultI32 => "x07_result_i32_err",
            Ty::ResultBytes => "x07_result_bytes_err",
            Ty::ResultView => "x07_result_bytes_view_err",
            Ty::ResultResultBytes => "x07_result_result_bytes_err",
            Ty::Error => return self.close_scope(value, *body),
            other => {
                self.typing(
                    "X07-TYPE-UNIFY-0001",
                    format!("a budget scope of mode result_err_v1 needs a result body, got {}", other.name()),
                    *body,
                );
                return self.close_scope(Operand::error(), *body);
            }
        };
        let code = self.local(None, Ty::I32);
        self.emit(Stmt::Declare(code));
        self.emit(Stmt::BudgetExit { id, code: Some(code) });
        let Value::Local(result) = value.value else {
            return self.close_scope(Operand::error(), *body);
        };
        let mut replace = Vec::new();
        if value.ty.is_owned() {
            replace.push(Stmt::Drop(result));
        }
        replace.push(Stmt::Assign(result, runtime(failure, vec![Value::Local(code)], None)));
        self.emit(Stmt::If { cond: Value::Local(code), then: replace, els: Vec::new() });
        self.close_scope(value, *body)
    }

    fn budget_caps(&mut self, config: ExprId) -> Option<Caps> {
        let source = self.source.clone();
        let exprs = source.exprs();
        let Expr::List(items) = exprs.get(config) else {
            self.typing("X07-TYPE-CALL-0002", "a budget scope takes [\"budget.cfg_v1\", ...] first", config);
            return None;
        };
        if source.head_name(config) != "budget.cfg_v1" {
            self.typing("X07-TYPE-CALL-0002", "a budget scope takes [\"budget.cfg_v1\", ...] first", config);
            return None;
        }
        let mut caps = Caps::default();
        let mut seen: Vec<String> = Vec::new();
        for field in &items[1..] {
            let name = source.head_name(*field);
            let value = match exprs.get(*field) {
                Expr::List(parts) if parts.len() == 2 => parts[1],
                _ => {
                    self.typing("X07-TYPE-CALL-0002", "a field of budget.cfg_v1 is [name, value]", *field);
                    return None;
                }
            };
            if seen.contains(&name) {
                self.typing("X07-TYPE-CALL-0002", format!("the budget field \"{name}\" stands twice"), *field);
                return None;
            }
            let number = match exprs.get(value) {
                Expr::Int(n) => u32::try_from(n).ok(),
                _ => None,
            };
            let ok = match name.as_str() {
                "mode" => {
                    let mode = match source.atom(value) {
                        Some("trap_v1") => Some(BudgetMode::Trap),
                        Some("result_err_v1") => Some(BudgetMode::ResultErr),
                        Some("stats_only_v1") => Some(BudgetMode::StatsOnly),
                        Some("yield_v1") if self.may_wait() => Some(BudgetMode::Yield),
                        _ => None,
                    };
                    mode.map(|mode| caps.mode = mode)
                }
                "label" => source.literal(value).map(|text| caps.label = text.to_string()),
                "alloc_bytes" => number.map(|n| caps.alloc_bytes = n),
                "alloc_calls" => number.map(|n| caps.alloc_calls = n),
                "realloc_calls" => number.map(|n| caps.realloc_calls = n),
                "memcpy_bytes" => number.map(|n| caps.memcpy_bytes = n),
                "sched_ticks" => number.map(|n| caps.sched_ticks = n),
                "fuel" => number.map(|n| caps.fuel = n),
                _ => {
                    self.typing("X07-TYPE-CALL-0002", format!("unknown budget field \"{name}\""), *field);
                    return None;
                }
            };
            if ok.is_none() {
                self.typing("X07-TYPE-CALL-0002", format!("the budget field \"{name}\" has no such value"), *field);
                return None;
            }
            seen.push(name);
        }
        for required in ["mode", "label"] {
            if !seen.iter().any(|s| s == required) {
                self.typing("X07-TYPE-CALL-0002", format!("budget.cfg_v1 lacks \"{required}\""), config);
                return None;
            }
        }
        Some(caps)
    }

    fn pointer_op(&mut self, e: ExprId, row: &'static Builtin, special: Special, args: &[ExprId]) -> Operand {
        let wanted = match special {
            Special::PtrNull => 0,
            Special::PtrAdd | Special::PtrSub | Special::PtrOffset | Special::PtrWrite | Special::PtrCast => 2,
            Special::Memory => 3,
            _ => 1,
        };
        if args.len() != wanted {
            return self.arity(e, wanted, args.len());
        }
        let plain = |value, ty| Operand::new(value, ty, Reads::Traps);
        match special {
            Special::PtrNull => {
                Operand::new(Value::Cast(row.result, Box::new(Value::Int(0))), row.result, Reads::Constant)
            }
            Special::AsPointer => {
                let vector = row.head.starts_with("vec_u8.");
                let ty = if row.head == "view.as_ptr" {
                    Ty::View
                } else if vector {
                    Ty::Vec
                } else {
                    Ty::Bytes
                };
                // The buffer is lent to the end of its scope rather than consumed.
                let operand = self.look(args[0], ty, vector, &format!("argument of \"{}\"", row.head));
                if operand.ty == Ty::Error {
                    return operand;
                }
                let member = if vector { "data" } else { "ptr" };
                plain(Value::Cast(row.result, Box::new(Value::Member(Box::new(operand.value), member))), row.result)
            }
            Special::AddrOf | Special::AddrOfMut => {
                if self.source.atom(args[0]) == Some("input") {
                    self.body.reads_input = true;
                    let text = Value::Cast(row.result, Box::new(Value::AddressOfInput));
                    return plain(text, row.result);
                }
                let Some(place) = self.place(args[0]) else {
                    let head = row.head;
                    let source = self.source.clone();
                    return match source.atom(args[0]) {
                        Some(name) => self.unknown_identifier(args[0], name),
                        None => {
                            self.typing("X07-TYPE-0001", format!("\"{head}\" takes the name of a variable"), args[0]);
                            Operand::error()
                        }
                    };
                };
                self.check_live(place, args[0]);
                plain(Value::Cast(row.result, Box::new(Value::AddressOf(place))), row.result)
            }
            Special::PtrCast => {
                let source = self.source.clone();
                let target = source.atom(args[0]).and_then(Ty::named);
                let Some(target @ Ty::Ptr(_)) = target else {
                    self.typing("X07-TYPE-CALL-0002", "\"ptr.cast\" takes a pointer type first", args[0]);
                    return Operand::error();
                };
                let (pointer, _) = self.pointer(args[1], row.head);
                plain(Value::Cast(target, Box::new(pointer)), target)
            }
            Special::PtrAsConst => {
                let (pointer, kind) = self.pointer(args[0], row.head);
                let ty = Ty::Ptr(kind.as_const());
                plain(Value::Cast(ty, Box::new(pointer)), ty)
            }
            Special::PtrAdd | Special::PtrSub | Special::PtrOffset => {
                let (pointer, kind) = self.held_pointer(args[0], row.head, &args[1..]);
                if matches!(kind, Ptr::ConstVoid | Ptr::MutVoid) {
                    self.typing("X07-TYPE-CALL-0002", format!("\"{}\" takes no void pointer", row.head), args[0])
                        .help = Some("cast it first: [\"ptr.cast\", \"ptr_mut_u8\", p]".to_string());
                    return Operand::error();
                }
                let count = self.value(args[1]);
                self.expect(
                    &count,
                    Ty::I32,
                    args[1],
                    "X07-TYPE-CALL-0002",
                    &format!("the number of elements of \"{}\"", row.head),
                );
                let value = Value::PointerAdd {
                    pointer: Box::new(pointer),
                    count: Box::new(count.value),
                    negative: special == Special::PtrSub,
                    signed: special == Special::PtrOffset,
                };
                plain(value, Ty::Ptr(kind))
            }
            Special::PtrRead => {
                let (pointer, kind) = self.pointer(args[0], row.head);
                self.pointee(kind, row.head, false, args[0]);
                let function = if row.head.ends_with("u8") { "x07_ptr_read_u8" } else { "x07_ptr_read_i32" };
                self.result_of(runtime(function, vec![pointer], None), Ty::I32, &[])
            }
            Special::PtrWrite => {
                let (pointer, kind) = self.held_pointer(args[0], row.head, &args[1..]);
                self.pointee(kind, row.head, true, args[0]);
                let value = self.value(args[1]);
                self.expect(&value, Ty::I32, args[1], "X07-TYPE-CALL-0002", &value_of(row.head));
                let function = if row.head.ends_with("u8") { "x07_ptr_write_u8" } else { "x07_ptr_write_i32" };
                self.emit(Stmt::Eval(runtime(function, vec![pointer, value.value], None)));
                Operand::int(0)
            }
            _ => {
                let (to, kind) = self.held_pointer(args[0], row.head, &args[1..]);
                if kind != Ptr::MutVoid {
                    self.typing("X07-TYPE-CALL-0002", format!("\"{}\" takes a ptr_mut_void first", row.head), args[0]);
                }
                let from = if row.head == "memset" {
                    let byte = self.operand_before(args[1], &args[2..]);
                    self.expect(
                        &byte,
                        Ty::I32,
                        args[1],
                        "X07-TYPE-CALL-0002",
                        &format!("the byte of \"{}\"", row.head),
                    );
                    byte.value
                } else {
                    let (from, kind) = self.held_pointer(args[1], row.head, &args[2..]);
                    if !matches!(kind, Ptr::ConstVoid | Ptr::MutVoid) {
                        self.typing(
                            "X07-TYPE-CALL-0002",
                            format!("\"{}\" takes a void pointer second", row.head),
                            args[1],
                        );
                    }
                    from
                };
                let n = self.value(args[2]);
                self.expect(
                    &n,
                    Ty::I32,
                    args[2],
                    "X07-TYPE-CALL-0002",
                    &format!("the number of bytes of \"{}\"", row.head),
                );
                let function = match row.head {
                    "memcpy" => "x07_memcpy",
                    "memmove" => "x07_memmove",
                    _ => "x07_memset",
                };
                self.emit(Stmt::Eval(runtime(function, vec![to, from, n.value], None)));
                Operand::int(0)
            }
        }
    }

    fn pointee(&mut self, kind: Ptr, head: &str, write: bool, at: ExprId) {
        let fits = match kind {
            Ptr::ConstU8 => head == "ptr.read_u8",
            Ptr::MutU8 => head.ends_with("u8"),
            Ptr::ConstI32 => head == "ptr.read_i32",
            Ptr::MutI32 => head.ends_with("i32"),
            Ptr::ConstVoid | Ptr::MutVoid => false,
        };
        if !fits {
            let way = if write { "a writable pointer" } else { "a pointer" };
            self.typing("X07-TYPE-CALL-0002", format!("\"{head}\" takes {way} to its own element type"), at);
        }
    }

    fn pointer(&mut self, e: ExprId, head: &str) -> (Value, Ptr) {
        self.held_pointer(e, head, &[])
    }

    fn held_pointer(&mut self, e: ExprId, head: &str, later: &[ExprId]) -> (Value, Ptr) {
        let operand = self.operand_before(e, later);
        match operand.ty {
            Ty::Ptr(kind) => (operand.value, kind),
            Ty::Error | Ty::Never => (operand.value, Ptr::MutVoid),
            other => {
                self.typing("X07-TYPE-CALL-0002", format!("\"{head}\" takes a pointer, got {}", other.name()), e);
                (Value::Int(0), Ptr::MutVoid)
            }
        }
    }

    /// `ty.*`: an operation chosen by a type (spec language 14).
    pub(crate) fn intrinsic(&mut self, e: ExprId, args: &[ExprId]) -> Operand {
        let head = self.source.head_name(e);
        const KNOWN: &[&str] = &[
            "ty.size_bytes",
            "ty.size",
            "ty.read_le_at",
            "ty.write_le_at",
            "ty.push_le",
            "ty.lt",
            "ty.eq",
            "ty.cmp",
            "ty.hash32",
            "ty.clone",
            "ty.drop",
        ];
        if !KNOWN.contains(&head.as_str()) {
            self.charge(1);
            self.typing("X07-TY-0102", format!("unknown type intrinsic \"{head}\" (X07-TY-0102)"), e);
            return Operand::error();
        }
        let Some((ty, rest)) = args.split_first() else {
            self.charge(1);
            return self.arity(e, 1, 0);
        };
        let Some(ty) = self.type_argument(*ty) else {
            self.charge(1);
            return Operand::error();
        };
        let number = ty.ty == Ty::I32;
        let bytes = matches!(ty.ty, Ty::Bytes | Ty::View);
        let wanted = match head.as_str() {
            "ty.size_bytes" | "ty.size" => 0,
            "ty.read_le_at" | "ty.push_le" | "ty.lt" | "ty.eq" | "ty.cmp" => 2,
            "ty.write_le_at" => 3,
            _ => 1,
        };
        if rest.len() != wanted {
            self.charge(1);
            return self.arity(e, wanted + 1, args.len());
        }
        let unsupported = |me: &mut Self| {
            me.charge(1);
            me.typing("X07-TY-0101", format!("\"{head}\" does not take the type {} (X07-TY-0101)", ty.name), e);
            Operand::error()
        };
        match head.as_str() {
            "ty.size_bytes" | "ty.size" if number => {
                self.charge(1);
                Operand::int(4)
            }
            "ty.size_bytes" | "ty.size" if bytes => {
                self.charge(1);
                Operand::int(16)
            }
            "ty.read_le_at" if number => self.library_call(e, "std.u32", "std.u32.read_le_at", rest),
            "ty.write_le_at" if number => self.library_call(e, "std.u32", "std.u32.write_le_at", rest),
            "ty.push_le" if number => self.library_call(e, "std.u32", "std.u32.push_le", rest),
            "ty.lt" | "ty.eq" | "ty.cmp" if number || bytes => {
                self.charge(1);
                self.compare(&head, number, ty.name != "u32", rest)
            }
            "ty.hash32" if number => self.library_call(e, "std.hash", "std.hash.mix32", rest),
            "ty.hash32" if bytes => {
                let hash = self.library_call(e, "std.hash", "std.hash.fnv1a32_view", rest);
                self.library_call_on(e, "std.hash", "std.hash.mix32", hash)
            }
            "ty.clone" if ty.ty == Ty::Bytes => {
                self.charge(1);
                let view = self.lent(rest[0], false, "X07-TYPE-CALL-0002", &value_of(&head));
                if view.ty == Ty::Error {
                    return view;
                }
                self.result_of(runtime("x07_view_to_bytes", vec![view.value], None), Ty::Bytes, &[])
            }
            "ty.clone" if number || ty.ty == Ty::View => {
                let operand = self.value(rest[0]);
                self.expect(&operand, ty.ty, rest[0], "X07-TYPE-CALL-0002", &value_of(&head));
                operand
            }
            "ty.drop" => {
                self.charge(1);
                let operand = self.value(rest[0]);
                self.expect(&operand, ty.ty, rest[0], "X07-TYPE-CALL-0002", &value_of(&head));
                if operand.ty.is_owned() {
                    let operand = self.spill(operand);
                    if let Some(temp) = operand.temp {
                        self.emit(Stmt::Drop(temp));
                        self.set_moved(temp, e);
                        self.emit(Stmt::Moved(temp));
                    }
                }
                Operand::int(0)
            }
            _ => unsupported(self),
        }
    }

    fn compare(&mut self, head: &str, number: bool, signed: bool, args: &[ExprId]) -> Operand {
        if number {
            let a = self.operand_before(args[0], &args[1..]);
            let b = self.value(args[1]);
            for (operand, at) in [(&a, args[0]), (&b, args[1])] {
                self.expect(operand, Ty::I32, at, "X07-TYPE-CALL-0002", head);
            }
            let op =
                |op, a: &Operand, b: &Operand| Value::Binary(op, Box::new(a.value.clone()), Box::new(b.value.clone()));
            let less = if signed { Op::Lt } else { Op::LtU };
            let more = if signed { Op::Gt } else { Op::GtU };
            return match head {
                "ty.lt" => Operand::new(op(less, &a, &b), Ty::I32, a.reads.max(b.reads)),
                "ty.eq" => Operand::new(op(Op::Eq, &a, &b), Ty::I32, a.reads.max(b.reads)),
                _ => {
                    let (a, b) = (self.spill(a), self.spill(b));
                    let value = Value::Binary(Op::Sub, Box::new(op(more, &a, &b)), Box::new(op(less, &a, &b)));
                    Operand::new(value, Ty::I32, Reads::Constant)
                }
            };
        }
        let mut pending = Vec::new();
        let mut values = Vec::new();
        for (index, arg) in args.iter().enumerate() {
            let view = self.lent(*arg, false, "X07-TYPE-CALL-0002", head);
            let view = self.hold_value(view, &args[index + 1..]);
            self.lend(view.owner, &mut pending);
            values.push(view.value);
        }
        self.release(pending);
        if head == "ty.eq" {
            return Operand::new(runtime("x07_view_eq", values, None), Ty::I32, Reads::Memory);
        }
        let [a, b] = values.as_slice() else { return Operand::error() };
        let len = |v: &Value| runtime("x07_view_len", vec![v.clone()], None);
        let args = vec![a.clone(), Value::Int(0), len(a), b.clone(), Value::Int(0), len(b)];
        let order = runtime("x07_view_cmp_range", args, Some(self.body_expr()));
        let order =
            if head == "ty.lt" { Value::Binary(Op::Lt, Box::new(order), Box::new(Value::Int(0))) } else { order };
        Operand::new(order, Ty::I32, Reads::Traps)
    }

    fn body_expr(&self) -> ExprId {
        self.source.root
    }

    fn library_call(&mut self, e: ExprId, module: &str, function: &str, args: &[ExprId]) -> Operand {
        match self.unit.library(module, function) {
            Lookup::Found(_) => {
                let source = self.source.clone();
                let imported = self.unit.lookup(&source, function);
                match imported {
                    Lookup::Found(_) => self.user_call(e, function, args),
                    Lookup::Unknown | Lookup::Problem { .. } => {
                        self.unit.allow_import(module);
                        self.user_call(e, function, args)
                    }
                }
            }
            Lookup::Unknown => self.call_of_unknown(args),
            Lookup::Problem { code, message, help } => {
                self.charge(1);
                self.typing(code, message, e).help = help;
                Operand::error()
            }
        }
    }

    fn library_call_on(&mut self, e: ExprId, module: &str, function: &str, arg: Operand) -> Operand {
        let used = match self.unit.library(module, function) {
            Lookup::Found(used) => used,
            Lookup::Unknown => return self.call_of_unknown(&[]),
            Lookup::Problem { code, message, help } => {
                self.typing(code, message, e).help = help;
                return Operand::error();
            }
        };
        self.charge(1);
        self.out.calls.insert(used.clone());
        let callee = self.callee(&used);
        self.result_of(Value::Call(Box::new(Call { callee, args: vec![arg.value], at: None })), Ty::I32, &[])
    }
}

/// What messages call the value that a head works on.
fn value_of(head: &str) -> String {
    format!("the value of \"{head}\"")
}

/// What messages call an argument of a builtin.
fn argument(row: &Builtin, index: usize) -> String {
    format!("argument \"{}\" of \"{}\"", row.params[index].name(), row.head)
}
