//! Types of the language and how they are written.

use serde::{Deserialize, Serialize};
use x07_ast::TypeExpr;

/// A raw pointer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the type of that name")]
pub enum Ptr {
    ConstU8,
    MutU8,
    ConstVoid,
    MutVoid,
    ConstI32,
    MutI32,
}

/// What a task yields when it is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the type of that name")]
pub enum Awaited {
    Bytes,
    ResultBytes,
}

/// A type after lowering (spec language 4). `u32` in a signature is `I32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each is the type of that name")]
pub enum Ty {
    I32,
    Bytes,
    View,
    Vec,
    OptionI32,
    OptionBytes,
    OptionView,
    ResultI32,
    ResultBytes,
    ResultView,
    ResultResultBytes,
    Iface,
    Ptr(Ptr),
    /// The handle that a call of a `defasync` yields.
    Task(Awaited),
    /// The type of `return`.
    Never,
    /// Stands for an expression that was reported already; fits everywhere.
    Error,
}

const NAMES: &[(&str, Ty)] = &[
    ("i32", Ty::I32),
    ("bytes", Ty::Bytes),
    ("bytes_view", Ty::View),
    ("vec_u8", Ty::Vec),
    ("option_i32", Ty::OptionI32),
    ("option_bytes", Ty::OptionBytes),
    ("option_bytes_view", Ty::OptionView),
    ("result_i32", Ty::ResultI32),
    ("result_bytes", Ty::ResultBytes),
    ("result_bytes_view", Ty::ResultView),
    ("result_result_bytes", Ty::ResultResultBytes),
    ("iface", Ty::Iface),
    ("ptr_const_u8", Ty::Ptr(Ptr::ConstU8)),
    ("ptr_mut_u8", Ty::Ptr(Ptr::MutU8)),
    ("ptr_const_void", Ty::Ptr(Ptr::ConstVoid)),
    ("ptr_mut_void", Ty::Ptr(Ptr::MutVoid)),
    ("ptr_const_i32", Ty::Ptr(Ptr::ConstI32)),
    ("ptr_mut_i32", Ty::Ptr(Ptr::MutI32)),
];

impl Ty {
    /// The type of this name; `u32` is `i32`.
    pub fn named(name: &str) -> Option<Ty> {
        if name == "u32" {
            return Some(Ty::I32);
        }
        NAMES.iter().find(|(n, _)| *n == name).map(|(_, ty)| *ty)
    }

    /// How the type is written.
    pub fn name(self) -> &'static str {
        match self {
            Ty::Task(_) => "task handle",
            Ty::Never => "never",
            Ty::Error => "unknown",
            _ => NAMES.iter().find(|(_, ty)| *ty == self).map_or("unknown", |(n, _)| n),
        }
    }

    /// Moves and is freed.
    pub fn is_owned(self) -> bool {
        matches!(self, Ty::Bytes | Ty::Vec | Ty::OptionBytes | Ty::ResultBytes | Ty::ResultResultBytes)
    }

    /// Borrows from an owner.
    pub fn is_view(self) -> bool {
        matches!(self, Ty::View | Ty::OptionView | Ty::ResultView)
    }

    /// May carry a brand (spec language 12.1).
    pub fn takes_brand(self) -> bool {
        matches!(
            self,
            Ty::Bytes
                | Ty::View
                | Ty::OptionBytes
                | Ty::OptionView
                | Ty::ResultBytes
                | Ty::ResultView
                | Ty::ResultResultBytes
        )
    }

    /// The C type.
    pub fn c_name(self) -> &'static str {
        match self {
            Ty::I32 | Ty::Task(_) | Ty::Error | Ty::Never => "uint32_t",
            Ty::Bytes => "x07_bytes",
            Ty::View => "x07_view",
            Ty::Vec => "x07_vec",
            Ty::OptionI32 => "x07_option_i32",
            Ty::OptionBytes => "x07_option_bytes",
            Ty::OptionView => "x07_option_bytes_view",
            Ty::ResultI32 => "x07_result_i32",
            Ty::ResultBytes => "x07_result_bytes",
            Ty::ResultView => "x07_result_bytes_view",
            Ty::ResultResultBytes => "x07_result_result_bytes",
            Ty::Iface => "x07_iface",
            Ty::Ptr(Ptr::ConstU8) => "const uint8_t *",
            Ty::Ptr(Ptr::MutU8) => "uint8_t *",
            Ty::Ptr(Ptr::ConstVoid) => "const void *",
            Ty::Ptr(Ptr::MutVoid) => "void *",
            Ty::Ptr(Ptr::ConstI32) => "const uint32_t *",
            Ty::Ptr(Ptr::MutI32) => "uint32_t *",
        }
    }

    /// The C function that frees a value of this owned type.
    pub fn drop_function(self) -> &'static str {
        match self {
            Ty::Bytes => "x07_bytes_drop",
            Ty::Vec => "x07_vec_drop",
            Ty::OptionBytes => "x07_option_bytes_drop",
            Ty::ResultBytes => "x07_result_bytes_drop",
            Ty::ResultResultBytes => "x07_result_result_bytes_drop",
            _ => unreachable!("only owned types are dropped"),
        }
    }

    /// The C function that makes the value which a moved-from place of this owned type holds.
    pub fn empty_function(self) -> &'static str {
        match self {
            Ty::Bytes => "x07_bytes_none",
            Ty::Vec => "x07_vec_none",
            Ty::OptionBytes => "x07_option_bytes_none",
            Ty::ResultBytes => "x07_result_bytes_none",
            Ty::ResultResultBytes => "x07_result_result_bytes_none",
            _ => unreachable!("only owned types are moved from"),
        }
    }
}

impl Ptr {
    /// The pointer that cannot be written through.
    pub fn as_const(self) -> Ptr {
        match self {
            Ptr::ConstU8 | Ptr::MutU8 => Ptr::ConstU8,
            Ptr::ConstVoid | Ptr::MutVoid => Ptr::ConstVoid,
            Ptr::ConstI32 | Ptr::MutI32 => Ptr::ConstI32,
        }
    }
}

/// A type argument of a generic: a type that remembers whether an i32 is read signed or unsigned.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TypeArg {
    /// As it is printed: `i32`, `u32`, `result_bytes`; an application is its head and argument joined by `_`.
    pub name: String,
    /// The canonical JSON of the type as written: `"i32"`, `["result","bytes"]`.
    pub json: String,
    /// The type.
    pub ty: Ty,
}

impl TypeArg {
    /// A type that is written by its name.
    pub fn named(name: &str, ty: Ty) -> TypeArg {
        TypeArg { name: name.to_string(), json: format!("\"{name}\""), ty }
    }
}

/// Why a written type has no meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeProblem {
    /// No type of that name.
    Unknown(String),
    /// A type variable that is not declared.
    Undeclared(String),
    /// An application other than option and result, or of an argument they do not take.
    Application(String),
    /// More than `MAX_DEPTH` levels.
    TooDeep,
}

/// How deep types may be nested (spec language 14).
pub(crate) const MAX_DEPTH: usize = 64;

/// Gives a written type its meaning, with the type variables bound by `vars`.
pub fn resolve(ty: &TypeExpr, vars: &[(String, TypeArg)]) -> Result<TypeArg, TypeProblem> {
    resolve_at(ty, vars, 0)
}

fn resolve_at(ty: &TypeExpr, vars: &[(String, TypeArg)], depth: usize) -> Result<TypeArg, TypeProblem> {
    if depth > MAX_DEPTH {
        return Err(TypeProblem::TooDeep);
    }
    match ty {
        TypeExpr::Name(name) => match Ty::named(name) {
            Some(ty) => Ok(TypeArg::named(name, ty)),
            None => Err(TypeProblem::Unknown(name.clone())),
        },
        TypeExpr::Var(name) => match vars.iter().find(|(n, _)| n == name) {
            Some((_, arg)) => Ok(arg.clone()),
            None => Err(TypeProblem::Undeclared(name.clone())),
        },
        TypeExpr::Apply(head, args) => {
            let [arg] = args.as_slice() else {
                return Err(TypeProblem::Application(head.clone()));
            };
            let inner = resolve_at(arg, vars, depth + 1)?;
            let ty = match (head.as_str(), inner.ty) {
                ("option", Ty::I32) => Ty::OptionI32,
                ("option", Ty::Bytes) => Ty::OptionBytes,
                ("option", Ty::View) => Ty::OptionView,
                ("result", Ty::I32) => Ty::ResultI32,
                ("result", Ty::Bytes) => Ty::ResultBytes,
                ("result", Ty::View) => Ty::ResultView,
                ("result", Ty::ResultBytes) => Ty::ResultResultBytes,
                _ => return Err(TypeProblem::Application(head.clone())),
            };
            let (name, json) = (format!("{head}_{}", inner.name), format!("[\"{head}\",{}]", inner.json));
            Ok(TypeArg { name, json, ty })
        }
    }
}
