//! Calls: builtins of plain arguments, functions, generics, externs.

use std::rc::Rc;

use x07_ast::{ErrorKind, Expr, ExprId, Severity};

use super::{Brand, Lowerer, Operand, Owner, Reads, Role};
use crate::builtins::{Builtin, CALLABLE_BACKENDS, Effect, Form, Needs, Param};
use crate::interface::{FunctionInterface, Used, ViewSource};
use crate::mir::{Call, Callee, LocalId, Stmt, Value};
use crate::mono::Site;
use crate::types::{Awaited, Ty, TypeArg, TypeProblem, resolve};
use crate::unit::{GenericProblem, Lookup};

impl Lowerer<'_, '_> {
    /// The world and the place must allow the head. False if they do not.
    pub(crate) fn allowed(&mut self, e: ExprId, row: &Builtin) -> bool {
        if row.provided_as.is_some() {
            self.out.native_heads.insert(row.head.to_string());
        }
        match row.needs {
            Needs::Nothing => true,
            Needs::Unsafe => self.need_unsafe(e, row.head),
            Needs::UnsafeBlock => self.need_unsafe(e, row.head) && self.need_block(e, row.head),
            Needs::Trusted => {
                let trusted = self.source.trusted;
                if !trusted {
                    self.error(
                        "X07-NAME-0001",
                        ErrorKind::Unsupported,
                        format!("\"{}\" is internal-only: the standard library alone may use it", row.head),
                        e,
                    );
                }
                trusted
            }
            Needs::Os => self.need_os(e, row.head),
            Needs::Native(backend) => {
                if row.head.starts_with("os.") && !self.need_os(e, row.head) {
                    return false;
                }
                self.out.native_heads.insert(row.head.to_string());
                let callable = CALLABLE_BACKENDS.contains(&backend);
                if !callable {
                    self.error(
                        "X07-LINK-0003",
                        ErrorKind::Unsupported,
                        format!(
                            "\"{}\" needs the native backend {backend}, which this toolchain does not have",
                            row.head
                        ),
                        e,
                    );
                }
                callable
            }
        }
    }

    fn need_os(&mut self, e: ExprId, head: &str) -> bool {
        let allowed = self.unit.options.capabilities.os;
        if !allowed {
            self.error(
                "X07-WORLD-OS-0002",
                ErrorKind::Unsupported,
                format!("{head} is standalone-only; it needs the world run-os or run-os-sandboxed"),
                e,
            );
        }
        allowed
    }

    pub(crate) fn need_unsafe(&mut self, e: ExprId, head: &str) -> bool {
        let allowed = self.unit.options.capabilities.allow_unsafe;
        if !allowed {
            let lacking = self.lacking("language.allow_unsafe");
            self.error(
                "X07-WORLD-UNSAFE-0001",
                ErrorKind::Unsupported,
                format!("\"{head}\" needs the unsafe capability, which {lacking}"),
                e,
            )
            .help = Some("use the world run-os, or do without pointers".to_string());
        }
        allowed
    }

    /// Why a capability is missing that `field` of a policy gives: of the worlds with the operating system only the one
    /// with a policy can lack it.
    fn lacking(&self, field: &str) -> String {
        match self.unit.options.capabilities.os {
            true => format!("the policy does not give: {field} is false"),
            false => "this world does not have".to_string(),
        }
    }

    fn need_block(&mut self, e: ExprId, head: &str) -> bool {
        if self.unsafe_depth == 0 {
            self.error(
                "X07-WORLD-UNSAFE-0001",
                ErrorKind::Typing,
                format!("unsafe-required: {head} stands outside of an unsafe block"),
                e,
            )
            .help = Some("wrap it: [\"unsafe\", ...]".to_string());
        }
        self.unsafe_depth > 0
    }

    /// A builtin of plain arguments.
    pub(crate) fn builtin(&mut self, e: ExprId, row: &'static Builtin, args: &[ExprId]) -> Operand {
        if !self.allowed(e, row) {
            return Operand::error();
        }
        if args.len() != row.params.len() {
            self.arity(e, row.params.len(), args.len());
            return self.unknown_call(args);
        }
        let mut values = Vec::new();
        let mut pending = Vec::new();
        let mut in_place: Option<(usize, LocalId)> = None;
        for (index, (param, arg)) in row.params.iter().zip(args).enumerate() {
            let what = format!("argument \"{}\" of \"{}\"", param.name(), row.head);
            let later = &args[index + 1..];
            let operand = match *param {
                Param::InPlace(_, ty) => match self.place(*arg) {
                    Some(place) if self.ty_of(place) == ty => {
                        self.check_live(place, *arg);
                        in_place = Some((index, place));
                        let mut operand = Operand::new(Value::Local(place), ty, Reads::Locals);
                        operand.brand = self.brands[place.0 as usize].clone();
                        values.push(operand);
                        continue;
                    }
                    _ => self.owned(*arg, ty, false, &what, later),
                },
                Param::Move(_, ty) => self.owned(*arg, ty, row.head.starts_with("vec_u8."), &what, later),
                Param::Keep(_, ty) => {
                    let operand = self.owned(*arg, ty, false, &what, later);
                    if operand.ty == Ty::Error { operand } else { self.spill(operand) }
                }
                Param::Look(_, ty) => {
                    let operand = self.look(*arg, ty, true, &what);
                    self.lend(owner_of(&operand), &mut pending);
                    operand
                }
                Param::Lent(_) => {
                    let operand = self.lent(*arg, false, "X07-TYPE-CALL-0002", &what);
                    self.hold_value(operand, later)
                }
                Param::Owner(_, ty) => self.owner(*arg, ty, row.head),
                Param::Int(_) | Param::Handle(_) | Param::Copy(..) => {
                    let free = row.head == "option_i32.is_some" && self.place(*arg).is_some();
                    let operand = if free { self.without_charge(|me| me.value(*arg)) } else { self.value(*arg) };
                    let fits_handle = matches!(param, Param::Handle(_)) && matches!(operand.ty, Ty::Task(_));
                    if !fits_handle && !self.expect(&operand, param.ty(), *arg, "X07-TYPE-CALL-0002", &what) {
                        Operand::error()
                    } else {
                        self.hold_value(operand, later)
                    }
                }
            };
            if operand.ty.is_view() || matches!(param, Param::Owner(..)) {
                self.lend(operand.owner, &mut pending);
            }
            values.push(operand);
        }
        if values.iter().any(|v| matches!(v.ty, Ty::Error)) {
            self.release(pending);
            return Operand { ty: Ty::Error, ..Operand::error() };
        }
        if let Some((index, place)) = in_place {
            self.take_in_place(&pending, place, row, args[index]);
        }
        self.finish_builtin(e, row, values, pending, in_place, args)
    }

    /// The place of an in-place update must be free once the other arguments are evaluated. A vector may extend itself by
    /// its own contents: the runtime reads them before it lets the old buffer go.
    fn take_in_place(&mut self, pending: &[Owner], place: LocalId, row: &Builtin, at: ExprId) {
        let own = Owner::Local(place);
        let extends = row.head.starts_with("vec_u8.extend_bytes");
        let mine = pending.iter().filter(|owner| extends && **owner == own).count() as i32;
        self.hold(own, -mine);
        if self.is_live(place) {
            self.check_free(place, row.head, at);
        } else {
            self.check_live(place, at);
        }
        self.hold(own, mine);
        self.set_moved(place, at);
    }

    fn finish_builtin(
        &mut self,
        e: ExprId,
        row: &'static Builtin,
        operands: Vec<Operand>,
        pending: Vec<Owner>,
        in_place: Option<(usize, LocalId)>,
        args: &[ExprId],
    ) -> Operand {
        let mut moved = Vec::new();
        let mut values = Vec::new();
        let mut reads = Reads::Constant;
        for ((operand, param), arg) in operands.iter().zip(row.params).zip(args) {
            reads = reads.max(operand.reads);
            let value = match param {
                Param::Move(..) | Param::InPlace(..) => self.take(operand, *arg, &mut moved),
                Param::Keep(..) => self.view_of(operand).value,
                _ => operand.value.clone(),
            };
            values.push(value);
        }
        if let Some((_, place)) = in_place {
            moved.push(place);
        }
        if matches!(row.head, "bytes.len" | "view.len" | "vec_u8.len") {
            // The length is a member of the value itself; no view of it need be made.
            let of = values.swap_remove(0);
            self.release(pending);
            let len = Value::Member(Box::new(owner_value(of)), "len");
            return Operand::new(len, Ty::I32, reads.max(Reads::Locals));
        }
        let traps = !row.traps.is_empty();
        let callee = Callee::Row(row.c_name());
        let value = Value::Call(Box::new(Call { callee, args: values, at: traps.then_some(e) }));
        let brand = match row.head {
            "option_bytes.none" | "option_bytes_view.none" | "result_bytes.err" | "result_bytes_view.err" => Brand::Any,
            "option_bytes.some"
            | "result_bytes.ok"
            | "option_bytes_view.some"
            | "result_bytes_view.ok"
            | "bytes.view" => operands.first().map_or(Brand::Plain, |o| o.brand.clone()),
            _ => Brand::Plain,
        };
        // A container's views have owners that never end, so that what `get` returns may only be the default's.
        let lender = match row.form {
            Form::Borrows => operands.first(),
            _ if row.result == Ty::View => operands.last().filter(|operand| operand.ty == Ty::View),
            _ => None,
        };
        let owner = lender.map_or(Owner::Free, |operand| operand.owner);
        self.refuse_stored_views(e, row, &operands);
        self.release(pending);
        if row.is_visible() {
            self.emit(Stmt::Visible);
        }
        if row.result == Ty::Never {
            self.emit(Stmt::Eval(value));
            self.dead = true;
            return Operand::never();
        }
        let reads_memory = matches!(
            row.head,
            "bytes.get_u8"
                | "view.get_u8"
                | "bytes.eq"
                | "view.eq"
                | "bytes.cmp_range"
                | "view.cmp_range"
                | "vec_u8.get"
                | "codec.read_u32_le"
                | "parse.u32_dec"
                | "parse.u32_dec_at"
        ) || row.head.starts_with("__internal.");
        let own = if traps {
            Reads::Traps
        } else if reads_memory {
            Reads::Memory
        } else {
            reads.max(Reads::Locals)
        };
        if row.effect == Effect::Reads && !row.result.is_owned() {
            let mut result =
                Operand::new(value, row.result, reads.max(own)).with_origin(owner, brand, row.head == "bytes.view");
            if row.params.is_empty() {
                result.reads = Reads::Constant;
            }
            return result;
        }
        self.result_of(value, row.result, &moved).with_origin(owner, brand, false)
    }

    /// Puts the result of a call that acts into a temporary.
    pub(crate) fn result_of(&mut self, value: Value, ty: Ty, moved: &[LocalId]) -> Operand {
        let owned = ty.is_owned();
        let temp = if owned { self.scoped_local(None, ty) } else { self.local(None, ty) };
        self.emit(Stmt::Let(temp, value));
        self.emit_moved(moved);
        let mut result = Operand::new(Value::Local(temp), ty, Reads::Constant);
        result.temp = owned.then_some(temp);
        result
    }

    /// A container keeps a view for longer than its owner may live (spec builtins 13).
    fn refuse_stored_views(&mut self, e: ExprId, row: &Builtin, operands: &[Operand]) {
        let stores = row.head.starts_with("vec_value.push_bytes_view")
            || row.head.starts_with("vec_value.set_bytes_view")
            || row.head.starts_with("map_value.set_");
        if !stores {
            return;
        }
        for operand in operands.iter().filter(|o| o.ty == Ty::View) {
            self.store_view(e, row.head, operand.owner);
        }
    }

    /// `what` puts a view into a container: its owner must be there as long as the program.
    fn store_view(&mut self, e: ExprId, what: &str, owner: Owner) {
        match owner {
            Owner::Free => {}
            Owner::Param(index) => {
                self.out.stored.insert(index);
            }
            Owner::Local(owner) => {
                let name = self.name_of(owner);
                self.typing(
                    "X07-BORROW-0002",
                    format!("\"{what}\" would keep a view of \"{name}\", which ends before the container"),
                    e,
                )
                .help = Some("store a copy: a container of bytes and view.to_bytes".to_string());
            }
        }
    }

    /// A call of a function that keeps views of parameters. One that is being lowered still is taken to keep none;
    /// if it then does, it is refused itself.
    fn store_views_of_call(&mut self, e: ExprId, name: &str, used: &Used, stored: &[usize], operands: &[Operand]) {
        if self.unit.is_running(used) && used.function != self.function {
            self.unit.assume_stores_nothing(used);
        }
        for index in stored {
            if let Some(operand) = operands.get(*index) {
                self.store_view(e, name, operand.owner);
            }
        }
    }

    /// Lowers without charging fuel.
    pub(crate) fn without_charge<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.block.len();
        let last = match self.block.last() {
            Some(Stmt::Fuel(n)) => Some(*n),
            _ => None,
        };
        let value = run(self);
        match (last, self.block.get_mut(before.wrapping_sub(1))) {
            (Some(n), Some(Stmt::Fuel(now))) => *now = n,
            _ => {
                if let Some(Stmt::Fuel(_)) = self.block.get(before) {
                    self.block.remove(before);
                }
            }
        }
        value
    }

    /// An argument that is consumed.
    pub(crate) fn owned(&mut self, e: ExprId, ty: Ty, free: bool, what: &str, later: &[ExprId]) -> Operand {
        let free = free && self.place(e).is_some();
        let operand = if free { self.without_charge(|me| me.value(e)) } else { self.value(e) };
        if !self.expect(&operand, ty, e, "X07-TYPE-CALL-0002", what) {
            return Operand::error();
        }
        self.hold_value(operand, later)
    }

    /// The owner of a view: a name.
    fn owner(&mut self, e: ExprId, ty: Ty, head: &str) -> Operand {
        let Some(place) = self.place(e) else {
            let written = match self.source.exprs().get(e) {
                Expr::Atom(sym) => format!("\"{}\"", self.source.exprs().name(sym)),
                _ => "an expression".to_string(),
            };
            self.typing(
                "X07-BORROW-0001",
                format!("\"{head}\" borrows from a name of type {}, got {written}", ty.name()),
                e,
            )
            .help = Some("bind the value with \"let\" first, then view the name".to_string());
            return Operand::error();
        };
        if self.ty_of(place) != ty {
            if self.ty_of(place) != Ty::Error {
                let got = self.ty_of(place).name();
                let name = self.name_of(place);
                self.typing("X07-TYPE-CALL-0002", format!("\"{head}\" wants {}, \"{name}\" is {got}", ty.name()), e);
            }
            return Operand::error();
        }
        self.check_live(place, e);
        let mut operand = Operand::new(Value::Local(place), ty, Reads::Locals);
        operand.owner = Owner::Local(place);
        operand.brand = self.brands[place.0 as usize].clone();
        operand
    }

    /// `["bytes.view", name]` and its kin, for the forms that view a name.
    pub(crate) fn owner_view(&mut self, e: ExprId, head: &str) -> Operand {
        let operand = self.owner(e, Ty::Bytes, head);
        if operand.ty == Ty::Error { operand } else { self.view_of(&operand) }
    }

    /// A call of a function by its full name.
    pub(crate) fn user_call(&mut self, e: ExprId, name: &str, args: &[ExprId]) -> Operand {
        match self.unit.lookup(&self.source, name) {
            Lookup::Found(used) => {
                let Some(interface) = self.unit.interface(&used) else {
                    return Operand::error();
                };
                if let Some(template) = &interface.template {
                    return self.plain_call_of_generic(e, name, &used, template, args);
                }
                self.call(e, name, used, interface, args)
            }
            Lookup::Unknown => self.call_of_unknown(args),
            Lookup::Problem { code, message, help } => {
                self.typing(code, message, e).help = help;
                self.unknown_call(args)
            }
        }
    }

    /// A call into a module of which nothing is known, which is no mistake here.
    pub(crate) fn call_of_unknown(&mut self, args: &[ExprId]) -> Operand {
        self.out.has_unknown = true;
        self.unknown_call(args)
    }

    /// A call of nobody knows what. What that would do with a name is not known: taking it for moved would only bring
    /// further errors after the one that counts.
    fn unknown_call(&mut self, args: &[ExprId]) -> Operand {
        self.charge(1);
        let source = self.source.clone();
        for arg in args {
            match source.exprs().get(*arg) {
                Expr::Text(sym) | Expr::Atom(sym) if self.lookup(sym).is_some() => {}
                _ => drop(self.value(*arg)),
            }
        }
        Operand::error()
    }

    fn call(
        &mut self,
        e: ExprId,
        name: &str,
        used: Used,
        interface: Rc<FunctionInterface>,
        args: &[ExprId],
    ) -> Operand {
        self.charge(1);
        self.out.calls_itself |= self.unit.is_running(&used) && used.function == self.function;
        self.out.calls.insert(used.clone());
        if interface.is_extern {
            if !self.unit.options.capabilities.allow_ffi {
                let lacking = self.lacking("language.allow_ffi");
                self.error(
                    "X07-WORLD-FFI-0001",
                    ErrorKind::Unsupported,
                    format!("the extern \"{name}\" needs the ffi capability, which {lacking}"),
                    e,
                );
                return Operand::error();
            }
            if !self.need_unsafe(e, name) || !self.need_block(e, name) {
                return Operand::error();
            }
        }
        if interface.result.is_view() && self.unit.is_running(&used) && used.function != self.function {
            self.typing(
                "X07-MOVE-0902",
                format!(
                    "\"{name}\" returns a view and calls itself through \"{}\", so what the view borrows from is not \
                     known here",
                    self.shown()
                ),
                e,
            )
            .help = Some("return bytes, or positions in the view, and make the view at the caller".to_string());
            return Operand::error();
        }
        if args.len() != interface.params.len() {
            let wanted = interface.params.len();
            self.typing("X07-TYPE-CALL-0003", format!("\"{name}\" takes {wanted} arguments, {} given", args.len()), e);
            return self.unknown_call(args);
        }
        let mut operands = Vec::new();
        let mut pending = Vec::new();
        for (index, (param, arg)) in interface.params.iter().zip(args).enumerate() {
            let what = format!("argument \"{}\" of \"{name}\"", param.name);
            let later = &args[index + 1..];
            let operand = match param.ty {
                Ty::View => {
                    let (operand, own) = self.lent_with_type(*arg, true, "X07-TYPE-CALL-0002", &what);
                    if let Some(brand) = &param.brand {
                        // Only what becomes a view here is checked; a view is what its maker says it is.
                        let lent = own.is_owned();
                        self.check_brand(&operand, brand, lent, name, *arg);
                        if !lent {
                            self.warn_of_brand(&operand, Some(brand), &what, *arg);
                        }
                    }
                    self.hold_value(operand, later)
                }
                ty if ty.is_owned() => {
                    let operand = self.owned(*arg, ty, false, &what, later);
                    self.warn_of_brand(&operand, param.brand.as_deref(), &what, *arg);
                    operand
                }
                ty => {
                    let operand = self.value(*arg);
                    let handle = ty == Ty::I32 && matches!(operand.ty, Ty::Task(_));
                    let pointer = interface.is_extern
                        && matches!((operand.ty, ty), (Ty::Ptr(from), Ty::Ptr(to)) if from.as_const() == to);
                    if !handle && !pointer && !self.expect(&operand, ty, *arg, "X07-TYPE-CALL-0002", &what) {
                        Operand::error()
                    } else {
                        self.hold_value(operand, later)
                    }
                }
            };
            if operand.ty.is_view() {
                self.lend(operand.owner, &mut pending);
            }
            operands.push(operand);
        }
        if operands.iter().any(|o| o.ty == Ty::Error) {
            self.release(pending);
            let ty = if interface.is_async { Ty::Error } else { interface.result };
            let brand = Self::brand_name(interface.result_brand.as_deref());
            return Operand { ty, brand, ..Operand::error() };
        }
        let mut moved = Vec::new();
        let mut values = Vec::new();
        for ((operand, param), arg) in operands.iter().zip(&interface.params).zip(args) {
            values.push(if param.ty.is_owned() { self.take(operand, *arg, &mut moved) } else { operand.value.clone() });
        }
        self.release(pending);
        self.store_views_of_call(e, name, &used, &interface.stored, &operands);
        let mut owner = Owner::Free;
        if interface.result.is_view()
            && let ViewSource::Param(index) = interface.source
            && let Some(operand) = operands.get(index)
        {
            owner = operand.owner;
            if let Owner::Local(local) = owner
                && self.body.locals[local.0 as usize].name.is_none()
            {
                self.typing(
                    "X07-BORROW-0001",
                    format!("\"{name}\" returns a view of a temporary, which nothing keeps alive"),
                    args[index],
                )
                .help = Some("bind the argument with \"let\" first".to_string());
                owner = Owner::Free;
            }
        }
        let callee = self.callee(&used);
        let value = Value::Call(Box::new(Call { callee, args: values, at: None }));
        let ty = match (interface.is_async, interface.result) {
            (true, Ty::ResultBytes) => Ty::Task(Awaited::ResultBytes),
            (true, _) => Ty::Task(Awaited::Bytes),
            (false, ty) => ty,
        };
        if interface.is_async {
            self.out.has_tasks = true;
        }
        let brand = Self::brand_name(interface.result_brand.as_deref());
        self.result_of(value, ty, &moved).with_origin(owner, brand, false)
    }

    /// Warns where a brand is asked for and something else arrives that the language lets pass (spec language 12.3).
    pub(crate) fn warn_of_brand(&mut self, operand: &Operand, wanted: Option<&str>, what: &str, at: ExprId) {
        let Some(wanted) = wanted.filter(|_| !self.source.trusted && operand.ty.takes_brand()) else { return };
        let found = match &operand.brand {
            Brand::Any => return,
            Brand::Named(brand) if **brand == *wanted => return,
            Brand::Named(brand) => format!("has the brand \"{brand}\""),
            Brand::Plain => "has no brand".to_string(),
        };
        let warning = self.typing("X07-BRAND-0001", format!("{what} is of brand \"{wanted}\", and this {found}"), at);
        warning.severity = Severity::Warning;
        warning.help = Some("earn the brand with std.brand.cast_bytes_v1 and a validator".to_string());
    }

    fn check_brand(&mut self, operand: &Operand, wanted: &str, lent: bool, name: &str, at: ExprId) {
        if !lent || operand.brand == Brand::Any || operand.brand == Brand::Named(wanted.into()) {
            return;
        }
        if operand.ty == Ty::Error {
            return;
        }
        self.typing(
            "X07-TYPE-CALL-0002",
            format!("E_BRAND_MISMATCH: \"{name}\" wants bytes of brand \"{wanted}\""),
            at,
        )
        .help = Some("make it branded with std.brand.cast_bytes_v1 and a validator".to_string());
    }

    /// `tapp`: a generic with its type arguments.
    pub(crate) fn tapp(&mut self, e: ExprId, args: &[ExprId]) -> Operand {
        let source = self.source.clone();
        let Some(name) = args.first().and_then(|a| source.atom(*a)) else {
            self.charge(1);
            self.typing("X07-TY-0105", "\"tapp\" takes a function name first (X07-TY-0105)", e);
            return Operand::error();
        };
        if let Some((rows, vars)) = crate::heads::container(name) {
            self.charge(1);
            let Some((types, rest)) = self.type_arguments(e, &args[1..], vars, name) else {
                return Operand::error();
            };
            return self.container(e, rows, &types, rest);
        }
        let used = match self.unit.lookup(&self.source, name) {
            Lookup::Found(used) => used,
            Lookup::Unknown => {
                let rest = self.behind_types(&args[1..]);
                return self.call_of_unknown(rest);
            }
            Lookup::Problem { message, help, .. } => {
                self.typing("X07-TY-0100", format!("{message} (X07-TY-0100)"), e).help = help;
                let rest = self.behind_types(&args[1..]);
                return self.unknown_call(rest);
            }
        };
        let template = self.unit.interface(&used).and_then(|i| i.template.clone());
        let Some(template) = template else {
            self.typing("X07-TY-0105", format!("\"{name}\" is not generic; call it directly (X07-TY-0105)"), e);
            let rest = self.behind_types(&args[1..]);
            return self.unknown_call(rest);
        };
        let Some((types, rest)) = self.type_arguments(e, &args[1..], template.type_params.len(), name) else {
            let rest = self.behind_types(&args[1..]);
            return self.unknown_call(rest);
        };
        let site = Site { function: self.function.clone(), pointer: source.pointer(e) };
        match self.unit.instantiate(&used, &template, types, site) {
            Ok(instance) => {
                self.out.calls.insert(used);
                let Some(interface) = self.unit.interface(&instance) else {
                    return Operand::error();
                };
                let shown = name.to_string();
                self.call(e, &shown, instance, interface, rest)
            }
            Err(GenericProblem { code, message }) => {
                self.typing(code, message, e);
                self.unknown_call(rest)
            }
        }
    }

    /// What follows the type arguments when it is not known how many there are to be: what can be read as types in front are
    /// types.
    fn behind_types<'s>(&mut self, args: &'s [ExprId]) -> &'s [ExprId] {
        let source = self.source.clone();
        let is_type = |arg: &&ExprId| source.type_expr(**arg).is_some_and(|ty| resolve(&ty, &self.vars).is_ok());
        let types = match args.first().map(|arg| source.exprs().get(*arg)) {
            Some(Expr::List(types)) if source.atom(types[0]) == Some("tys") => {
                for ty in &types[1..] {
                    self.type_argument(*ty);
                }
                1
            }
            _ => args.iter().take_while(is_type).count(),
        };
        &args[types..]
    }

    /// The type arguments, as a `tys` list or written directly, and what follows them.
    pub(crate) fn type_arguments<'s>(
        &mut self,
        e: ExprId,
        args: &'s [ExprId],
        wanted: usize,
        name: &str,
    ) -> Option<(Vec<TypeArg>, &'s [ExprId])> {
        let source = self.source.clone();
        let (types, rest): (Vec<ExprId>, &[ExprId]) =
            match args.first().map(|a| (source.exprs().get(*a), source.head_name(*a))) {
                Some((Expr::List(items), head)) if head == "tys" => (items[1..].to_vec(), &args[1..]),
                _ if args.len() >= wanted => (args[..wanted].to_vec(), &args[wanted..]),
                _ => (args.to_vec(), &[]),
            };
        if types.len() != wanted {
            self.typing(
                "X07-TY-0105",
                format!("\"{name}\" takes {wanted} type arguments, {} given (X07-TY-0105)", types.len()),
                e,
            );
            return None;
        }
        let mut resolved = Vec::new();
        for ty in types {
            resolved.push(self.type_argument(ty)?);
        }
        Some((resolved, rest))
    }

    pub(crate) fn type_argument(&mut self, e: ExprId) -> Option<TypeArg> {
        let Some(written) = self.source.type_expr(e) else {
            self.typing("X07-TY-0105", "a type is wanted here (X07-TY-0105)", e);
            return None;
        };
        match resolve(&written, &self.vars) {
            Ok(arg) => Some(arg),
            Err(problem) => {
                let (code, message) = match problem {
                    TypeProblem::Unknown(name) => ("X07-TY-0101", format!("unknown type \"{name}\" (X07-TY-0101)")),
                    TypeProblem::Undeclared(name) => {
                        ("X07-TY-0107", format!("undeclared type variable \"{name}\" (X07-TY-0107)"))
                    }
                    TypeProblem::Application(name) => {
                        ("X07-TY-0101", format!("no such type: \"{name}\" of that argument (X07-TY-0101)"))
                    }
                    TypeProblem::TooDeep => ("X07-TY-0109", "a type is nested too deeply (X07-TY-0109)".to_string()),
                };
                self.typing(code, message, e);
                None
            }
        }
    }

    /// A container head of `tapp`: the head without types.
    fn container(&mut self, e: ExprId, head: &'static str, types: &[TypeArg], rest: &[ExprId]) -> Operand {
        let mut suffix = String::new();
        let mut ids = Vec::new();
        for ty in types {
            let (id, name) = match ty.name.as_str() {
                "i32" => (1, "i32"),
                "u32" => (2, "i32"),
                "bytes" => (3, "bytes"),
                "bytes_view" => (4, "bytes_view"),
                other => {
                    self.typing("X07-TY-0101", format!("\"{head}\" holds no {other} (X07-TY-0101)"), e);
                    return Operand::error();
                }
            };
            ids.push(id);
            suffix.push('_');
            suffix.push_str(name);
        }
        let constructor = head.ends_with(".new") || head.ends_with(".with_capacity");
        let full = if constructor { format!("{head}_v1") } else { format!("{head}{suffix}_v1") };
        let Some(row) = crate::builtins::find(&full) else {
            self.typing("X07-TY-0101", format!("there is no \"{full}\" (X07-TY-0101)"), e);
            return Operand::error();
        };
        if !constructor {
            return self.builtin(e, row, rest);
        }
        if rest.len() != 1 {
            return self.arity(e, 1, rest.len());
        }
        let cap = self.value(rest[0]);
        if !self.expect(&cap, Ty::I32, rest[0], "X07-TYPE-CALL-0002", &format!("the capacity of \"{head}\"")) {
            return Operand::error();
        }
        let mut args: Vec<Value> = ids.into_iter().map(Value::Int).collect();
        args.push(cap.value);
        let callee = Callee::Row(row.c_name());
        self.result_of(Value::Call(Box::new(Call { callee, args, at: Some(e) })), Ty::I32, &[])
    }

    pub(crate) fn may_wait(&self) -> bool {
        self.role != Role::Defn
    }
}

/// What a view of the whole was made from, or the view itself.
fn owner_value(value: Value) -> Value {
    match value {
        Value::Call(mut call) if matches!(call.callee, Callee::Runtime("x07_bytes_view" | "x07_vec_view")) => {
            call.args.swap_remove(0)
        }
        other => other,
    }
}

fn owner_of(operand: &Operand) -> Owner {
    match (operand.temp, &operand.value) {
        (Some(temp), _) => Owner::Local(temp),
        (None, Value::Local(local)) => Owner::Local(*local),
        _ => Owner::Free,
    }
}
