//! The middle representation: typed, structured, with every drop, charge and trap explicit.
//!
//! Control flow is a tree (the language has no jump but `return`), so a pass is a walk, and C is printed from it
//! construct by construct. Moves, borrows and scopes have been resolved into `Drop` and `Moved` when a body exists.

use indexmap::IndexSet;
use x07_ast::ExprId;

use crate::interface::Used;
use crate::types::Ty;

/// A local of one function body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// A parameter, variable or temporary.
#[derive(Clone, Debug)]
pub struct Local {
    /// The user's name; temporaries have none.
    pub name: Option<Box<str>>,
    /// Its type.
    pub ty: Ty,
    /// A drop may meet it moved-from, so every move leaves the empty value behind.
    pub emptied: bool,
}

/// The 22 operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the operator of that name")]
pub enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    LtU,
    LeU,
    GtU,
    GeU,
}

/// What a call goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function of the runtime, by its C name.
    Runtime(&'static str),
    /// The same, with a name made from a table row.
    Row(String),
    /// An X07 function, by its index in the body's `callees`.
    Function(u32),
}

/// A call; its arguments are evaluated already or free of effects.
#[derive(Clone, Debug)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// Arguments in order.
    pub args: Vec<Value>,
    /// The place a trap names; `None` for calls that cannot trap.
    pub at: Option<ExprId>,
}

/// A value: a tree whose evaluation has no effect but, at most, one trap.
#[derive(Clone, Debug)]
pub enum Value {
    /// An i32.
    Int(u32),
    /// The content of a local.
    Local(LocalId),
    /// The program's input.
    Input,
    /// An operator.
    Binary(Op, Box<Value>, Box<Value>),
    /// 1 if the value is not 0.
    IsTrue(Box<Value>),
    /// A call of C code.
    Call(Box<Call>),
    /// The bytes of a literal as `const char *` and length, for `x07_bytes_lit` and `x07_view_lit`.
    Text(Box<str>),
    /// A member of a struct: `payload`, `ok`, `err`, `tag`.
    Member(Box<Value>, &'static str),
    /// The address of a local variable.
    AddressOf(LocalId),
    /// The address of the function's copy of the input view.
    AddressOfInput,
    /// A C cast to the type.
    Cast(Ty, Box<Value>),
    /// A pointer moved by elements.
    PointerAdd {
        /// Where it starts.
        pointer: Box<Value>,
        /// How many elements it moves.
        count: Box<Value>,
        /// True if it moves towards lower addresses.
        negative: bool,
        /// True if the count is read as a signed number.
        signed: bool,
    },
    /// Load through a pointer.
    Load(Box<Value>),
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// So many units of fuel were used; removed by the fuel pass.
    Fuel(u32),
    /// Debit the counter, and test it if asked to.
    Charge {
        /// How much is debited.
        units: u64,
        /// True if the program stops here when the fuel is used up.
        test: bool,
    },
    /// Debit `units + per_round * rounds(first, end)` and test.
    ChargeRounds {
        /// Debited whatever the number of rounds.
        units: u64,
        /// Debited for each round.
        per_round: u64,
        /// The first index.
        first: Value,
        /// The index after the last.
        end: Value,
    },
    /// Debit these units if the local holds 1; it holds 0 or 1.
    ChargeWhen {
        /// Units of fuel.
        units: u64,
        /// The condition.
        when: LocalId,
    },
    /// What follows can be seen from outside of the program, so it happens only if the fuel used so far is there; removed
    /// by the fuel pass.
    Visible,
    /// A local comes into being without a value.
    Declare(LocalId),
    /// A local comes into being with this value.
    Let(LocalId, Value),
    /// A local gets a new value; the old one needs no drop any more.
    Assign(LocalId, Value),
    /// Evaluated for its effect.
    Eval(Value),
    /// Store through a pointer.
    Store {
        /// Where.
        pointer: Value,
        /// What.
        value: Value,
    },
    /// Two branches.
    If {
        /// Anything but 0 takes `then`.
        cond: Value,
        /// The branch for a condition that holds.
        then: Vec<Stmt>,
        /// The other branch.
        els: Vec<Stmt>,
    },
    /// `for`: while `var < end` unsigned: body, then `var + 1`.
    Loop {
        /// The index; it has its first value already.
        var: LocalId,
        /// The index after the last, evaluated before the loop.
        end: Value,
        /// What a round does.
        body: Vec<Stmt>,
        /// True if the body itself assigns the index.
        var_is_set: bool,
    },
    /// Frees an owned local.
    Drop(LocalId),
    /// The local was moved out of: hold the empty value if a later drop may look.
    Moved(LocalId),
    /// Leave the function.
    Return(Value),
    /// A budget scope begins (spec builtins 2.18).
    BudgetEnter {
        /// The scope's number within the function.
        id: u32,
        /// Its limits.
        caps: Box<Caps>,
    },
    /// A budget scope ends here, on this path.
    BudgetExit {
        /// The scope's number within the function.
        id: u32,
        /// Receives what `result_err_v1` needs to know.
        code: Option<LocalId>,
    },
    /// A contract clause failed: print and trap.
    ContractFailure(Box<ContractFailure>),
}

/// The configuration of a budget scope.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "each is the field of that name")]
pub struct Caps {
    pub mode: BudgetMode,
    pub label: String,
    pub alloc_bytes: u32,
    pub alloc_calls: u32,
    pub realloc_calls: u32,
    pub memcpy_bytes: u32,
    pub sched_ticks: u32,
    pub fuel: u32,
}

/// What happens when a cap is exceeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the mode of that name")]
pub enum BudgetMode {
    #[default]
    Trap,
    ResultErr,
    StatsOnly,
    Yield,
}

/// Everything the trap line of a failed clause holds (spec language 13.2).
#[derive(Clone, Debug)]
pub struct ContractFailure {
    /// `requires`, `ensures`, `invariant_entry`, `invariant_exit`
    pub kind: &'static str,
    /// Function name.
    pub function: String,
    /// Clause id.
    pub id: String,
    /// Index in its array.
    pub index: usize,
    /// JSON pointer of the clause's `expr`.
    pub pointer: String,
    /// Evaluates the witnesses.
    pub prepare: Vec<Stmt>,
    /// The witnesses with their types.
    pub witnesses: Vec<(Ty, Value)>,
}

/// A function body after lowering.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// All locals; parameters first.
    pub locals: Vec<Local>,
    /// How many of them are parameters.
    pub params: usize,
    /// The statements.
    pub block: Vec<Stmt>,
    /// The X07 functions that it calls. Each body has a table of its own, so that no pass over one looks at those of
    /// the whole unit.
    pub callees: IndexSet<Used>,
    /// True if it reads the program's input.
    pub reads_input: bool,
}

/// Calls `visit` for every statement, outer before inner.
pub fn walk<'a>(block: &'a [Stmt], visit: &mut impl FnMut(&'a Stmt)) {
    for stmt in block {
        visit(stmt);
        match stmt {
            Stmt::If { then, els, .. } => {
                walk(then, visit);
                walk(els, visit);
            }
            Stmt::Loop { body, .. } => walk(body, visit),
            Stmt::ContractFailure(failure) => walk(&failure.prepare, visit),
            _ => {}
        }
    }
}

/// Calls `visit` for every value of one statement, not of the statements inside it.
pub fn values<'a>(stmt: &'a Stmt, visit: &mut impl FnMut(&'a Value)) {
    match stmt {
        Stmt::Let(_, value) | Stmt::Assign(_, value) | Stmt::Eval(value) | Stmt::Return(value) => value.walk(visit),
        Stmt::If { cond, .. } => cond.walk(visit),
        Stmt::Loop { end, .. } => end.walk(visit),
        Stmt::ChargeRounds { first, end, .. } => {
            first.walk(visit);
            end.walk(visit);
        }
        Stmt::Store { pointer, value } => {
            pointer.walk(visit);
            value.walk(visit);
        }
        Stmt::ContractFailure(failure) => failure.witnesses.iter().for_each(|(_, value)| value.walk(visit)),
        Stmt::Fuel(_)
        | Stmt::Visible
        | Stmt::Charge { .. }
        | Stmt::ChargeWhen { .. }
        | Stmt::Declare(_)
        | Stmt::Drop(_)
        | Stmt::Moved(_)
        | Stmt::BudgetEnter { .. }
        | Stmt::BudgetExit { .. } => {}
    }
}

impl Value {
    /// Calls `visit` for this value and everything inside it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Value)) {
        visit(self);
        match self {
            Value::Binary(_, a, b) => {
                a.walk(visit);
                b.walk(visit);
            }
            Value::IsTrue(a) | Value::Member(a, _) | Value::Cast(_, a) | Value::Load(a) => a.walk(visit),
            Value::Call(call) => call.args.iter().for_each(|arg| arg.walk(visit)),
            Value::PointerAdd { pointer, count, .. } => {
                pointer.walk(visit);
                count.walk(visit);
            }
            Value::Int(_)
            | Value::Local(_)
            | Value::Input
            | Value::Text(_)
            | Value::AddressOf(_)
            | Value::AddressOfInput => {}
        }
    }
}
