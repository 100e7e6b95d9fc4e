//! The bytes of a file's meaning, for cache keys.

use crate::canonical::write_sorted;
use crate::tree::{Clause, Decl, Expr, ExprId, Exprs, Extern, File, Function, Param, Sym, TypeExpr, TypeParam};

/// Everything about a file that the compiler may look at, as bytes.
///
/// Equal for files that differ only in white space, the order of keys, escapes in strings, `doc` fields and keys that
/// have no meaning. The order of declarations counts, for traps name places by JSON pointer. Different meanings have
/// different bytes. The form may change with any release of the compiler.
pub fn meaning_bytes(file: &File) -> Vec<u8> {
    let mut out = Out(Vec::with_capacity(64 + file.exprs.len() * 3));
    out.text("x07ast meaning 1");
    out.text(file.kind.as_str());
    out.text(file.schema.as_str());
    out.text(&file.module_id);
    out.list(&file.imports, |out, import| out.text(import));
    out.list(&file.import_indices, |out, index| out.number((*index).into()));
    out.list(&file.decls, |out, decl| match decl {
        Decl::Function(function) => out.function(function),
        Decl::Extern(function) => out.external(function),
        Decl::Export(export) => {
            out.number(2);
            out.list(&export.names, |out, name| out.text(name));
        }
    });
    out.option(file.solve.as_ref(), |out, id| out.number(id.0.into()));
    out.exprs(&file.exprs);
    let mut meta = String::new();
    write_sorted(&serde_json::Value::Object(file.meta.clone()), &mut meta);
    out.text(&meta);
    out.0
}

struct Out(Vec<u8>);

impl Out {
    /// LEB128.
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        for each in items {
            item(self, each);
        }
    }

    fn option<T>(&mut self, value: Option<&T>, some: impl FnOnce(&mut Self, &T)) {
        self.number(value.is_some().into());
        if let Some(value) = value {
            some(self, value);
        }
    }

    fn function(&mut self, function: &Function) {
        // `doc` is left out on purpose; a new field of `Function` is an error here until it is decided on.
        let Function {
            name,
            is_async,
            type_params,
            params,
            result,
            result_brand,
            requires,
            ensures,
            invariant,
            body,
            doc: _,
        } = function;
        self.number(0);
        self.text(name);
        self.number((*is_async).into());
        self.list(type_params, |out, TypeParam { name, bound }| {
            out.text(name);
            out.option(bound.as_ref(), |out, bound| out.text(bound));
        });
        self.params(params);
        self.ty(result);
        self.option(result_brand.as_ref(), |out, brand| out.text(brand));
        for clauses in [requires, ensures, invariant] {
            self.list(clauses, |out, Clause { id, expr, witness }| {
                out.option(id.as_ref(), |out, id| out.text(id));
                out.number(expr.0.into());
                out.list(witness, |out, id| out.number(id.0.into()));
            });
        }
        self.number(body.0.into());
    }

    fn external(&mut self, function: &Extern) {
        let Extern { name, link_name, params, result } = function;
        self.number(1);
        self.text(name);
        self.text(link_name);
        self.params(params);
        self.option(result.as_ref(), Self::ty);
    }

    fn params(&mut self, params: &[Param]) {
        self.list(params, |out, Param { name, ty, brand }| {
            out.text(name);
            out.ty(ty);
            out.option(brand.as_ref(), |out, brand| out.text(brand));
        });
    }

    fn ty(&mut self, ty: &TypeExpr) {
        match ty {
            TypeExpr::Name(name) => {
                self.number(0);
                self.text(name);
            }
            TypeExpr::Var(name) => {
                self.number(1);
                self.text(name);
            }
            TypeExpr::Apply(head, arguments) => {
                self.number(2);
                self.text(head);
                self.list(arguments, Self::ty);
            }
        }
    }

    /// The nodes in order: in post-order, the lengths of the lists determine the tree.
    fn exprs(&mut self, exprs: &Exprs) {
        self.number(exprs.name_count() as u64);
        for sym in 0..exprs.name_count() as u32 {
            self.text(exprs.name(Sym(sym)));
        }
        self.number(exprs.len() as u64);
        for id in 0..exprs.len() as u32 {
            let (tag, value) = match exprs.get(ExprId(id)) {
                Expr::Int(value) => (0, u64::from(value as u32)),
                Expr::Atom(name) => (1, name.0.into()),
                Expr::Text(text) => (2, text.0.into()),
                Expr::List(items) => (3, items.len() as u64),
            };
            self.number(value << 2 | tag);
        }
    }
}
