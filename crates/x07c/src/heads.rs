//! What the head of a list can be.

use crate::builtins::{self, Builtin};
use crate::mir::Op;

/// The core forms that lowering knows by name (spec language 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the form of that name")]
pub enum Core {
    Begin,
    Unsafe,
    Let,
    Set,
    Set0,
    If,
    For,
    Return,
    Try,
    And,
    Or,
    Tapp,
    /// Any head that starts with `ty.`.
    Intrinsic,
}

/// A resolved head.
#[derive(Clone, Copy, Debug)]
pub enum Head {
    /// A core form.
    Core(Core),
    /// One of the operators that evaluate both sides.
    Operator(Op),
    /// A row of the table of builtins.
    Builtin(&'static Builtin),
    /// Anything else: a function, or unknown.
    Name,
}

const CORE: &[(&str, Core)] = &[
    ("begin", Core::Begin),
    ("unsafe", Core::Unsafe),
    ("let", Core::Let),
    ("set", Core::Set),
    ("set0", Core::Set0),
    ("if", Core::If),
    ("for", Core::For),
    ("return", Core::Return),
    ("try", Core::Try),
    ("&&", Core::And),
    ("||", Core::Or),
    ("tapp", Core::Tapp),
];

/// The operators as written.
pub const OPERATORS: &[(&str, Op)] = &[
    ("+", Op::Add),
    ("-", Op::Sub),
    ("*", Op::Mul),
    ("/", Op::Div),
    ("%", Op::Rem),
    ("&", Op::And),
    ("|", Op::Or),
    ("^", Op::Xor),
    ("<<u", Op::Shl),
    (">>u", Op::Shr),
    ("=", Op::Eq),
    ("!=", Op::Ne),
    ("<", Op::Lt),
    ("<=", Op::Le),
    (">", Op::Gt),
    (">=", Op::Ge),
    ("<u", Op::LtU),
    ("<=u", Op::LeU),
    (">u", Op::GtU),
    (">=u", Op::GeU),
];

/// Resolves a head by its text.
pub fn resolve(text: &str) -> Head {
    if let Some((_, core)) = CORE.iter().find(|(name, _)| *name == text) {
        return Head::Core(*core);
    }
    if let Some((_, op)) = OPERATORS.iter().find(|(name, _)| *name == text) {
        return Head::Operator(*op);
    }
    if text.starts_with("ty.") {
        return Head::Core(Core::Intrinsic);
    }
    builtins::find(text).map_or(Head::Name, Head::Builtin)
}

/// Container heads callable through `tapp` without a declaration, with their number of type arguments
/// (spec builtins 2.9).
pub fn container(name: &str) -> Option<(&'static str, usize)> {
    const HEADS: &[(&str, usize)] = &[
        ("vec_value.with_capacity", 1),
        ("vec_value.push", 1),
        ("vec_value.get", 1),
        ("vec_value.set", 1),
        ("map_value.new", 2),
        ("map_value.get", 2),
        ("map_value.set", 2),
        ("map_value.contains", 1),
        ("map_value.remove", 1),
    ];
    HEADS.iter().find(|(head, _)| *head == name).copied()
}
