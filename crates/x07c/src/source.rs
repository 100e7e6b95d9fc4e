//! One file as lowering sees it: heads resolved once per name, and what each expression may do.

use x07_ast::tree::Exprs;
use x07_ast::{Decl, Expr, ExprId, File, Gaps, Sym, TypeExpr};

use crate::builtins::{Effect, Form, Param, Special};
use crate::heads::{Core, Head, resolve};

/// What an expression may do, as bits, its parts included.
pub(crate) mod class {
    /// It may trap.
    pub(crate) const TRAPS: u8 = 1;
    /// It needs statements of its own: calls, branches, allocations.
    pub(crate) const ACTS: u8 = 2;
    /// It may change a variable.
    pub(crate) const WRITES: u8 = 4;
}

enum FileRef<'a> {
    Own(&'a File),
    Template(Box<File>),
}

/// A file being lowered: the unit's own, or the template of a generic of another module.
pub(crate) struct Source<'a> {
    file: FileRef<'a>,
    /// Module whose names and imports hold.
    pub module: String,
    pub imports: Vec<String>,
    /// What could not be read of the module.
    pub gaps: Gaps,
    /// May use internal heads.
    pub trusted: bool,
    /// A place to point at when there is no better one.
    pub root: ExprId,
    heads: Vec<Head>,
    classes: Vec<u8>,
    /// For a template: index of the declaration in its own file.
    index: Option<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn own(file: &'a File, trusted: bool) -> Self {
        Source::new(FileRef::Own(file), file.imports.clone(), file.gaps.clone(), trusted, None)
    }

    /// The template of a generic of another module; it may do what that module may.
    pub(crate) fn template(
        file: File,
        imports: Vec<String>,
        gaps: Gaps,
        trusted: bool,
        index: usize,
    ) -> Source<'static> {
        Source::new(FileRef::Template(Box::new(file)), imports, gaps, trusted, Some(index))
    }

    fn new(file: FileRef<'a>, imports: Vec<String>, gaps: Gaps, trusted: bool, index: Option<usize>) -> Self {
        let tree = match &file {
            FileRef::Own(file) => *file,
            FileRef::Template(file) => file,
        };
        let exprs = &tree.exprs;
        let heads: Vec<Head> = (0..exprs.name_count()).map(|i| resolve(exprs.name(Sym(i as u32)))).collect();
        let classes = classify(exprs, &heads);
        let module = tree.module_id.clone();
        Source { file, module, imports, gaps, trusted, root: ExprId(0), heads, classes, index }
    }

    pub(crate) fn file(&self) -> &File {
        match &self.file {
            FileRef::Own(file) => file,
            FileRef::Template(file) => file,
        }
    }

    pub(crate) fn exprs(&self) -> &Exprs {
        &self.file().exprs
    }

    /// The head that an atom is.
    pub(crate) fn head(&self, e: ExprId) -> Option<Head> {
        match self.exprs().get(e) {
            Expr::Atom(sym) => Some(self.heads[sym.0 as usize]),
            _ => None,
        }
    }

    /// The name of an atom that is known to be one.
    pub(crate) fn sym(&self, e: ExprId) -> Sym {
        match self.exprs().get(e) {
            Expr::Atom(sym) | Expr::Text(sym) => sym,
            _ => Sym(0),
        }
    }

    pub(crate) fn atom(&self, e: ExprId) -> Option<&str> {
        match self.exprs().get(e) {
            Expr::Atom(sym) => Some(self.exprs().name(sym)),
            _ => None,
        }
    }

    /// The text of `["bytes.lit", text]`.
    pub(crate) fn literal(&self, e: ExprId) -> Option<&str> {
        match self.exprs().get(e) {
            Expr::List(items) if items.len() == 2 && self.atom(items[0]) == Some("bytes.lit") => {
                match self.exprs().get(items[1]) {
                    Expr::Text(sym) | Expr::Atom(sym) => Some(self.exprs().name(sym)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The head of a list as text; empty for anything else.
    pub(crate) fn head_name(&self, e: ExprId) -> String {
        match self.exprs().get(e) {
            Expr::List(items) => self.atom(items[0]).unwrap_or_default().to_string(),
            _ => String::new(),
        }
    }

    pub(crate) fn class(&self, e: ExprId) -> u8 {
        self.classes[e.0 as usize]
    }

    /// The JSON pointer in the file as its user wrote it.
    pub(crate) fn pointer(&self, e: ExprId) -> String {
        let pointer = self.exprs().pointer(e);
        match self.index {
            Some(index) => match pointer.strip_prefix("/decls/1/") {
                Some(rest) => format!("/decls/{index}/{rest}"),
                None => pointer,
            },
            None => pointer,
        }
    }

    /// The canonical JSON of an expression.
    pub(crate) fn json(&self, e: ExprId) -> String {
        self.exprs().canonical_json(e)
    }

    /// True if a declared function has this name.
    pub(crate) fn is_function(&self, name: &str) -> bool {
        self.file().decls.iter().any(|decl| matches!(decl, Decl::Function(f) if f.name == name))
    }

    /// True if `e` or anything in it sets the variable `sym` or loops with it.
    pub(crate) fn sets(&self, e: ExprId, sym: Sym) -> bool {
        if self.class(e) & class::WRITES == 0 {
            return false;
        }
        let Expr::List(items) = self.exprs().get(e) else { return false };
        let writes = matches!(self.head(items[0]), Some(Head::Core(Core::Set | Core::Set0 | Core::For)))
            || matches!(self.head(items[0]), Some(Head::Builtin(row)) if row.form == Form::Special(Special::AddrOfMut));
        if writes && items.len() > 1 && self.exprs().get(items[1]) == Expr::Atom(sym) {
            return true;
        }
        items[1..].iter().any(|item| self.sets(*item, sym))
    }

    /// True if evaluating `e` may allocate.
    pub(crate) fn allocates(&self, e: ExprId) -> bool {
        match self.exprs().get(e) {
            Expr::List(items) => {
                matches!(self.head(items[0]), Some(Head::Builtin(row)) if row.effect == Effect::Acts && row.head != "bytes.view_lit")
                    || items[1..].iter().any(|item| self.allocates(*item))
            }
            _ => false,
        }
    }

    /// How many nodes an expression has.
    pub(crate) fn size(&self, e: ExprId) -> usize {
        match self.exprs().get(e) {
            Expr::List(items) => items.iter().map(|item| self.size(*item)).sum::<usize>() + 1,
            _ => 1,
        }
    }

    /// The call whose first argument is the moved name `e`.
    pub(crate) fn update_call(&self, e: ExprId) -> ExprId {
        self.exprs().parent(e).unwrap_or(e)
    }

    /// True if the use `e` of `name` is the first argument of an update whose result is thrown away.
    pub(crate) fn is_discarded_update(&self, e: ExprId, name: &str) -> bool {
        const WRAPPERS: &[&str] = &[
            "std.vec.push",
            "std.vec.reserve_exact",
            "std.vec.extend_bytes",
            "std.bytes.set_u8",
            "std.u32.write_le_at",
            "std.u32.push_le",
        ];
        let exprs = self.exprs();
        let Some(call) = exprs.parent(e) else { return false };
        let Expr::List(items) = exprs.get(call) else { return false };
        if items.get(1) != Some(&e) || self.atom(e) != Some(name) {
            return false;
        }
        let updates = match self.head(items[0]) {
            Some(Head::Builtin(row)) => matches!(row.params.first(), Some(Param::InPlace(..))),
            _ => self.atom(items[0]).is_some_and(|head| WRAPPERS.contains(&head)),
        };
        if !updates {
            return false;
        }
        let Some(parent) = exprs.parent(call) else { return false };
        let Expr::List(around) = exprs.get(parent) else { return false };
        match self.head(around[0]) {
            Some(Head::Core(Core::Begin | Core::Unsafe)) => around.last() != Some(&call),
            Some(Head::Core(Core::For)) => around.last() == Some(&call),
            _ => false,
        }
    }

    /// A type written as an expression, as `tapp` and `ty.*` do.
    pub(crate) fn type_expr(&self, e: ExprId) -> Option<TypeExpr> {
        match self.exprs().get(e) {
            Expr::Atom(sym) => Some(TypeExpr::Name(self.exprs().name(sym).to_string())),
            Expr::List(items) => {
                let head = self.atom(items[0])?;
                if head == "t" {
                    return Some(TypeExpr::Var(self.atom(*items.get(1)?)?.to_string()));
                }
                let args = items[1..].iter().map(|item| self.type_expr(*item)).collect::<Option<Vec<_>>>()?;
                Some(TypeExpr::Apply(head.to_string(), args))
            }
            _ => None,
        }
    }
}

fn classify(exprs: &Exprs, heads: &[Head]) -> Vec<u8> {
    let mut classes = vec![0u8; exprs.len()];
    for index in 0..exprs.len() {
        let Expr::List(items) = exprs.get(ExprId(index as u32)) else { continue };
        let inside = items[1..].iter().fold(0, |all, item| all | classes[item.0 as usize]);
        let own = match exprs.get(items[0]) {
            Expr::Atom(sym) => match heads[sym.0 as usize] {
                Head::Operator(_) => 0,
                Head::Core(Core::Let | Core::Set | Core::Set0 | Core::For) => class::ACTS | class::WRITES,
                Head::Core(_) | Head::Name => class::ACTS,
                Head::Builtin(row) => {
                    let traps = if row.traps.is_empty() { 0 } else { class::TRAPS };
                    match row.form {
                        Form::Special(Special::ViewLit) => 0,
                        Form::Special(Special::AddrOfMut) => class::ACTS | class::WRITES,
                        Form::Special(_) => class::ACTS | class::TRAPS,
                        _ if row.effect == Effect::Reads && !row.result.is_owned() => traps,
                        _ if matches!(row.params.first(), Some(Param::InPlace(..))) => {
                            class::ACTS | class::WRITES | traps
                        }
                        _ => class::ACTS | traps,
                    }
                }
            },
            _ => class::ACTS,
        };
        classes[index] = inside | own;
    }
    classes
}
