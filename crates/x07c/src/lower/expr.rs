//! Expressions: literals, names, operators, and the way to everything else.

use x07_ast::{Expr, ExprId, Sym};

use super::{Brand, Lowerer, Operand, Owner, Reads, Want};
use crate::builtins::Form;
use crate::heads::{Core, Head};
use crate::lower::state::Status;
use crate::mir::{Op, Stmt, Value};
use crate::types::Ty;
use crate::unit::class;

impl Lowerer<'_, '_> {
    /// Lowers an expression whose value is wanted.
    pub(crate) fn value(&mut self, e: ExprId) -> Operand {
        self.expr(e, Want::Value)
    }

    /// Lowers an expression.
    pub(crate) fn expr(&mut self, e: ExprId, want: Want) -> Operand {
        stacker::maybe_grow(256 * 1024, 8 * 1024 * 1024, || self.expr_here(e, want))
    }

    fn expr_here(&mut self, e: ExprId, want: Want) -> Operand {
        let source = self.source.clone();
        match source.exprs().get(e) {
            Expr::Int(value) => {
                self.charge(1);
                Operand::int(value as u32)
            }
            Expr::Text(sym) | Expr::Atom(sym) => self.atom(e, sym),
            Expr::List(items) => self.list(e, items, want),
        }
    }

    fn atom(&mut self, e: ExprId, sym: Sym) -> Operand {
        let source = self.source.clone();
        let name = source.exprs().name(sym);
        if name == "input" {
            self.charge(1);
            self.body.reads_input = true;
            return Operand::new(Value::Input, Ty::View, Reads::Constant);
        }
        let Some(place) = self.lookup(sym) else {
            return self.unknown_identifier(e, name);
        };
        let ty = self.ty_of(place);
        self.charge(1);
        if ty.is_owned() {
            if self.in_clause {
                let name = name.to_string();
                self.typing(
                    "X07-CONTRACT-0002",
                    format!("X07-CONTRACT-0002: a contract clause would move \"{name}\""),
                    e,
                )
                .help = Some("look at it through a view: [\"bytes.view\", name]".to_string());
            } else {
                self.move_out(place, e);
            }
            let mut operand = Operand::new(Value::Local(place), ty, Reads::Locals);
            operand.moved = Some(place);
            operand.brand = self.brands[place.0 as usize].clone();
            return operand;
        }
        let owner = self.state(place).owner;
        Operand::new(Value::Local(place), ty, Reads::Locals).with_origin(
            owner,
            self.brands[place.0 as usize].clone(),
            self.full[place.0 as usize],
        )
    }

    pub(crate) fn unknown_identifier(&mut self, e: ExprId, name: &str) -> Operand {
        let known: Vec<String> = self
            .bindings
            .iter()
            .filter(|(_, stack)| !stack.is_empty())
            .map(|(sym, _)| self.source.exprs().name(*sym).to_string())
            .chain(["input".to_string()])
            .collect();
        let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
        known.sort_unstable();
        let near = x07_ast::names::near(name, known).map(|n| format!("did you mean \"{n}\"?"));
        let function = self.source.is_function(name);
        let code = if name == "__result" && self.in_clause { "X07-CONTRACT-0003" } else { "X07-TYPE-0001" };
        let diagnostic = self.typing(code, format!("unknown identifier: \"{name}\""), e);
        diagnostic.help = if function {
            Some(format!("a function is not a value; call it: [\"{name}\", ...]"))
        } else {
            near.or_else(|| crate::elsewhere::in_x07(name).map(str::to_owned)).or_else(|| {
                Some(format!("a string is a name; if text is meant: [\"bytes.lit\", {}]", serde_json::json!(name)))
            })
        };
        Operand::error()
    }

    fn list(&mut self, e: ExprId, items: &[ExprId], want: Want) -> Operand {
        let source = self.source.clone();
        let args = &items[1..];
        let Some(head) = source.head(items[0]) else {
            self.typing("X07-TYPE-CALL-0001", "the head of a list must be a name", e);
            return Operand::error();
        };
        match head {
            Head::Core(core) => self.core(e, core, args, want),
            Head::Operator(op) => self.operator(e, op, args),
            Head::Builtin(row) => match row.form {
                Form::Special(special) => self.special(e, row, special, args, want),
                Form::Call | Form::Borrows => {
                    self.charge(1);
                    self.builtin(e, row, args)
                }
            },
            Head::Name => self.user_call(e, source.exprs().name(source.sym(items[0])), args),
        }
    }

    fn core(&mut self, e: ExprId, core: Core, args: &[ExprId], want: Want) -> Operand {
        let free = want == Want::Nothing && core != Core::Unsafe;
        match core {
            Core::Begin | Core::Unsafe => {
                if !free {
                    self.charge(1);
                }
                self.block_form(e, core == Core::Unsafe, args, want)
            }
            Core::If => {
                if !free {
                    self.charge(1);
                }
                self.if_form(e, args, want)
            }
            Core::Let => {
                if !free {
                    self.charge(1);
                }
                self.let_form(e, args, want)
            }
            Core::Set | Core::Set0 => {
                if !free {
                    self.charge(1);
                }
                self.set_form(e, core == Core::Set0, args, want)
            }
            Core::For => {
                if !free {
                    self.charge(1);
                }
                self.for_form(e, args)
            }
            Core::Return => {
                if !free {
                    self.charge(1);
                }
                self.return_form(e, args)
            }
            Core::And | Core::Or => {
                self.charge(1);
                self.short_circuit(e, core == Core::And, args)
            }
            Core::Try => {
                self.charge(1);
                self.try_form(e, args)
            }
            Core::Tapp => self.tapp(e, args),
            Core::Intrinsic => self.intrinsic(e, args),
        }
    }

    fn operator(&mut self, e: ExprId, op: Op, args: &[ExprId]) -> Operand {
        self.charge(1);
        if args.len() != 2 {
            return self.arity(e, 2, args.len());
        }
        let left = self.operand_before(args[0], &args[1..]);
        let right = self.value(args[1]);
        for (operand, at) in [(&left, args[0]), (&right, args[1])] {
            self.expect_number(operand, e, at);
        }
        let reads = left.reads.max(right.reads);
        Operand::new(Value::Binary(op, Box::new(left.value), Box::new(right.value)), Ty::I32, reads)
    }

    /// Reports an operand at `at` of the operator `e` that is no i32.
    fn expect_number(&mut self, operand: &Operand, e: ExprId, at: ExprId) {
        let what = format!("an operand of \"{}\"", self.source.head_name(e));
        self.expect(operand, Ty::I32, at, "X07-TYPE-UNIFY-0001", &what);
    }

    /// Reports a wrong number of arguments.
    pub(crate) fn arity(&mut self, e: ExprId, wanted: usize, given: usize) -> Operand {
        let head = self.source.head_name(e);
        self.typing("X07-TYPE-CALL-0003", format!("\"{head}\" takes {wanted} arguments, {given} given"), e);
        Operand::error()
    }

    /// Reports an operand of another type than `wanted`. True if it fits.
    pub(crate) fn expect(&mut self, operand: &Operand, wanted: Ty, at: ExprId, code: &str, what: &str) -> bool {
        if operand.ty == wanted || matches!(operand.ty, Ty::Error | Ty::Never) || wanted == Ty::Error {
            return true;
        }
        let got = operand.ty.name();
        self.typing(code, format!("{what}: expected {}, got {got}", wanted.name()), at);
        false
    }

    /// Lowers an argument that `later` siblings follow, so that what they do cannot change it.
    pub(crate) fn operand_before(&mut self, e: ExprId, later: &[ExprId]) -> Operand {
        let operand = self.value(e);
        self.hold_value(operand, later)
    }

    /// Keeps an evaluated operand as it is while `later` siblings are evaluated.
    pub(crate) fn hold_value(&mut self, operand: Operand, later: &[ExprId]) -> Operand {
        let after = later.iter().fold(0, |all, e| all | self.source.class(*e));
        let spill = if operand.moved.is_some() {
            after & (class::ACTS | class::WRITES) != 0
        } else {
            match operand.reads {
                Reads::Constant => false,
                Reads::Locals => after & class::WRITES != 0,
                Reads::Memory => after & (class::ACTS | class::WRITES) != 0,
                Reads::Traps => after != 0,
            }
        };
        if spill { self.spill(operand) } else { operand }
    }

    /// A condition: an i32.
    pub(crate) fn condition(&mut self, e: ExprId) -> Value {
        let cond = self.value(e);
        self.expect(&cond, Ty::I32, e, "X07-TYPE-IF-0001", "a condition is an i32");
        cond.value
    }

    fn short_circuit(&mut self, e: ExprId, and: bool, args: &[ExprId]) -> Operand {
        if args.len() != 2 {
            return self.arity(e, 2, args.len());
        }
        let left = self.value(args[0]);
        self.expect_number(&left, e, args[0]);
        let result = self.local(None, Ty::I32);
        self.emit(Stmt::Let(result, Value::IsTrue(Box::new(left.value))));
        let mark = self.mark();
        let locals = self.body.locals.len();
        let was_dead = self.dead;
        let outer = std::mem::take(&mut self.block);
        self.open_scope();
        let right = self.value(args[1]);
        self.expect_number(&right, e, args[1]);
        let right = self.close_scope(right, args[1]);
        if !self.dead {
            self.emit(Stmt::Assign(result, Value::IsTrue(Box::new(right.value))));
        }
        let right_block = std::mem::replace(&mut self.block, outer);
        let changes = self.take_changes(mark, locals);
        self.dead = was_dead;
        let nothing = self.take_changes(self.trail.len(), locals);
        self.join(changes, nothing, e);
        let cond = Value::Local(result);
        let stmt = if and {
            Stmt::If { cond, then: right_block, els: Vec::new() }
        } else {
            Stmt::If { cond, then: Vec::new(), els: right_block }
        };
        self.emit(stmt);
        Operand::new(Value::Local(result), Ty::I32, Reads::Constant)
    }

    /// The local that an atom names, if it is a live or moved place.
    pub(crate) fn place(&self, e: ExprId) -> Option<crate::mir::LocalId> {
        match self.source.exprs().get(e) {
            Expr::Atom(sym) if self.source.exprs().name(sym) != "input" => self.lookup(sym),
            _ => None,
        }
    }

    /// Looks at an owned place or temporary as a view. The owner is what the view borrows from.
    pub(crate) fn view_of(&mut self, operand: &Operand) -> Operand {
        let local = match (&operand.value, operand.temp) {
            (_, Some(temp)) => Some(temp),
            (Value::Local(local), None) => Some(*local),
            _ => None,
        };
        let function = if operand.ty == Ty::Vec { "x07_vec_view" } else { "x07_bytes_view" };
        Operand::new(runtime(function, vec![operand.value.clone()], None), Ty::View, Reads::Locals).with_origin(
            local.map_or(Owner::Free, Owner::Local),
            operand.brand.clone(),
            true,
        )
    }

    /// Evaluates an argument that is lent as a view: a view, or owned bytes (and `vec_u8` where allowed).
    pub(crate) fn lent(&mut self, e: ExprId, vectors: bool, code: &str, what: &str) -> Operand {
        self.lent_with_type(e, vectors, code, what).0
    }

    /// The same, with the type that the argument has before it is lent.
    pub(crate) fn lent_with_type(&mut self, e: ExprId, vectors: bool, code: &str, what: &str) -> (Operand, Ty) {
        if let Some(place) = self.place(e) {
            let ty = self.ty_of(place);
            if ty == Ty::Bytes || (ty == Ty::Vec && vectors) {
                self.check_live(place, e);
                let mut operand = Operand::new(Value::Local(place), ty, Reads::Locals);
                operand.brand = self.brands[place.0 as usize].clone();
                return (self.view_of(&operand), ty);
            }
        }
        let operand = self.value(e);
        let ty = operand.ty;
        let lent = match ty {
            Ty::Bytes => self.view_of(&operand),
            Ty::Vec if vectors => self.view_of(&operand),
            Ty::View | Ty::Error | Ty::Never => operand,
            _ => {
                self.expect(&operand, Ty::View, e, code, what);
                Operand::error()
            }
        };
        (lent, ty)
    }

    /// An owned value that is only looked at: a place stays as it is, a temporary lives to the end of its scope.
    pub(crate) fn look(&mut self, e: ExprId, ty: Ty, free: bool, what: &str) -> Operand {
        if let Some(place) = self.place(e)
            && self.ty_of(place) == ty
        {
            if !free {
                self.charge(1);
            }
            self.check_live(place, e);
            let mut operand = Operand::new(Value::Local(place), ty, Reads::Locals);
            operand.brand = self.brands[place.0 as usize].clone();
            return operand;
        }
        let operand = self.value(e);
        self.expect(&operand, ty, e, "X07-TYPE-CALL-0002", what);
        operand
    }

    pub(crate) fn brand_name(brand: Option<&str>) -> Brand {
        brand.map_or(Brand::Plain, |name| Brand::Named(name.into()))
    }

    pub(crate) fn is_live(&self, place: crate::mir::LocalId) -> bool {
        self.state(place).status == Status::Live
    }
}

/// A call of a runtime function.
pub(crate) fn runtime(function: &'static str, args: Vec<Value>, at: Option<ExprId>) -> Value {
    Value::Call(Box::new(crate::mir::Call { callee: crate::mir::Callee::Runtime(function), args, at }))
}
