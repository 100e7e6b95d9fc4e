//! Every builtin head, one row each. The checker, the emitter, the linter, `x07 guide` and the docs read these rows;
//! there is no other list of heads.

mod bytes;
mod containers;
mod forms;
mod io;
mod native;
mod options;
mod os;
mod pointers;
mod tasks;
mod test;

pub use native::CALLABLE as CALLABLE_BACKENDS;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::types::Ty;

/// How a head takes one argument (spec builtins 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// An i32.
    Int(&'static str),
    /// An i32 or a task handle.
    Handle(&'static str),
    /// A value that copies: the type exactly.
    Copy(&'static str, Ty),
    /// A `bytes_view`, or an owned `bytes` that is lent.
    Lent(&'static str),
    /// An owned value, consumed.
    Move(&'static str, Ty),
    /// An owned value, consumed: its name is moved, and its content lives on to the end of the scope.
    Keep(&'static str, Ty),
    /// An owned value, updated in place when it is a name; checked first, taken last.
    InPlace(&'static str, Ty),
    /// An owned value that is only looked at.
    Look(&'static str, Ty),
    /// A name of this type that the result borrows from.
    Owner(&'static str, Ty),
}

impl Param {
    /// The parameter's name in signatures.
    pub fn name(self) -> &'static str {
        match self {
            Param::Int(name)
            | Param::Handle(name)
            | Param::Copy(name, _)
            | Param::Lent(name)
            | Param::Move(name, _)
            | Param::Keep(name, _)
            | Param::InPlace(name, _)
            | Param::Look(name, _)
            | Param::Owner(name, _) => name,
        }
    }

    /// The type that is wanted.
    pub fn ty(self) -> Ty {
        match self {
            Param::Int(_) | Param::Handle(_) => Ty::I32,
            Param::Lent(_) => Ty::View,
            Param::Copy(_, ty)
            | Param::Move(_, ty)
            | Param::Keep(_, ty)
            | Param::InPlace(_, ty)
            | Param::Look(_, ty)
            | Param::Owner(_, ty) => ty,
        }
    }
}

/// What a call may do besides yielding its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Reads its arguments only; it may trap if the row says so.
    Reads,
    /// Allocates, frees, writes or looks at state outside its arguments.
    Acts,
}

/// What the world must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the capability of that name")]
pub enum Needs {
    Nothing,
    /// The unsafe capability.
    Unsafe,
    /// The unsafe capability and an `unsafe` block around.
    UnsafeBlock,
    /// The toolchain's own library.
    Trusted,
    /// A world with the operating system. What such a head does can be seen from outside.
    Os,
    /// A native backend of this id.
    Native(&'static str),
}

/// How the head is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A call of the runtime function named like the head.
    Call,
    /// As `Call`, and the result borrows from the first view or owner argument.
    Borrows,
    /// Lowering knows the head: its arguments are not plain values.
    Special(Special),
}

/// Heads whose arguments are not plain values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the head of that name")]
pub enum Special {
    BytesLit,
    ViewLit,
    LazyUnwrap,
    OptionBytesUnwrap,
    OpenReadBytes,
    BrandCastBytes,
    BrandCastView,
    BrandCastViewCopy,
    BrandAssume,
    BrandEraseBytes,
    BrandEraseView,
    BrandView,
    BrandToBytes,
    AsPointer,
    PtrAsConst,
    PtrCast,
    PtrAdd,
    PtrSub,
    PtrOffset,
    PtrRead,
    PtrWrite,
    PtrNull,
    AddrOf,
    AddrOfMut,
    Memory,
    Budget,
    BudgetFromArch,
    Descriptor,
    Await,
    TaskOp,
    Later,
}

/// One head.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The head as written.
    pub head: &'static str,
    /// Parameters in order.
    pub params: &'static [Param],
    /// Result type.
    pub result: Ty,
    /// Effects.
    pub effect: Effect,
    /// The messages of its traps, apart from memory and fuel; empty if there are none.
    pub traps: &'static [&'static str],
    /// What the world must allow.
    pub needs: Needs,
    /// How it is compiled.
    pub form: Form,
    /// The native backend that the runtime stands for with this head.
    pub provided_as: Option<&'static str>,
    /// What it does, in one line.
    pub doc: &'static str,
}

impl Builtin {
    /// A head that reads its arguments.
    pub(crate) const fn reads(
        head: &'static str,
        params: &'static [Param],
        result: Ty,
        traps: &'static [&'static str],
        doc: &'static str,
    ) -> Self {
        Builtin {
            head,
            params,
            result,
            effect: Effect::Reads,
            traps,
            needs: Needs::Nothing,
            form: Form::Call,
            provided_as: None,
            doc,
        }
    }

    /// A head that acts.
    pub(crate) const fn acts(
        head: &'static str,
        params: &'static [Param],
        result: Ty,
        traps: &'static [&'static str],
        doc: &'static str,
    ) -> Self {
        Builtin { effect: Effect::Acts, ..Self::reads(head, params, result, traps, doc) }
    }

    /// A head that reads and whose result borrows from its first argument.
    pub(crate) const fn borrows(
        head: &'static str,
        params: &'static [Param],
        result: Ty,
        traps: &'static [&'static str],
        doc: &'static str,
    ) -> Self {
        Builtin { form: Form::Borrows, ..Self::reads(head, params, result, traps, doc) }
    }

    /// A head that lowering knows.
    pub(crate) const fn special(
        head: &'static str,
        params: &'static [Param],
        result: Ty,
        special: Special,
        doc: &'static str,
    ) -> Self {
        Builtin { form: Form::Special(special), ..Self::acts(head, params, result, &[], doc) }
    }

    /// The same head under a condition.
    pub(crate) const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// The same head as a part of a native backend that is in the runtime.
    pub(crate) const fn provided_as(mut self, backend: &'static str) -> Self {
        self.provided_as = Some(backend);
        self
    }

    /// True when what it does can be seen from outside of the program.
    pub fn is_visible(&self) -> bool {
        self.head.starts_with("os.")
    }

    /// The C name of the runtime function: `x07_` and the head with `.` turned into `_`.
    pub fn c_name(&self) -> String {
        match self.head {
            // These two have a second form in the runtime that frees its operands at once.
            "bytes.concat" => return "x07_bytes_join".to_string(),
            "bytes.copy" => return "x07_bytes_overwrite".to_string(),
            _ => {}
        }
        format!("x07_{}", self.head.trim_start_matches("__").replace('.', "_"))
    }

    /// The signature as the guide shows it, such as `view.get_u8(v: bytes_view, i: i32) -> i32`.
    pub fn signature(&self) -> String {
        let params: Vec<String> = self
            .params
            .iter()
            .map(|param| match param {
                Param::Lent(name) => format!("{name}: bytes_view or lent bytes"),
                Param::Look(name, ty) => format!("{name}: lent {}", ty.name()),
                Param::Owner(name, ty) => format!("{name}: name of {}", ty.name()),
                other => format!("{}: {}", other.name(), other.ty().name()),
            })
            .collect();
        format!("{}({}) -> {}", self.head, params.join(", "), self.result.name())
    }
}

/// The tables, by family, in the order the guide shows them.
pub const FAMILIES: &[(&str, &[Builtin])] = &[
    ("Bytes, views, vectors, numbers", bytes::ROWS),
    ("Options and results", options::ROWS),
    ("Tables and value containers", containers::ROWS),
    ("Readers, scratch buffers, process, JSON", io::ROWS),
    ("Literals, brands, budget scopes", forms::ROWS),
    ("Tasks", tasks::ROWS),
    ("Tests", test::ROWS),
    ("Pointers", pointers::ROWS),
    ("Operating system", os::ROWS),
    ("Native backends", native::ROWS),
];

/// All rows in table order.
pub fn all() -> impl Iterator<Item = &'static Builtin> {
    FAMILIES.iter().flat_map(|(_, rows)| rows.iter())
}

/// The native backend that a head needs, such as `x07.math`.
pub fn backend_of(head: &str) -> Option<&'static str> {
    let row = find(head)?;
    match row.needs {
        Needs::Native(backend) => Some(backend),
        _ => row.provided_as,
    }
}

/// True for a backend whose heads are in the runtime, so that there is nothing to link for it.
pub fn is_in_runtime(backend: &str) -> bool {
    all().any(|row| row.provided_as == Some(backend))
}

/// The row of a head.
pub fn find(head: &str) -> Option<&'static Builtin> {
    static INDEX: OnceLock<FxHashMap<&'static str, &'static Builtin>> = OnceLock::new();
    INDEX.get_or_init(|| all().map(|row| (row.head, row)).collect()).get(head).copied()
}
