//! The tree of one source file: declarations over a dense arena of expressions.

use std::collections::BTreeSet;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

/// Which of the two kinds of file this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The program's `main`, with a `solve` expression.
    Entry,
    /// A module that others import.
    Module,
}

/// The accepted schema versions, oldest first (spec language 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchemaVersion {
    /// `x07.x07ast@0.3.0`
    V0_3,
    /// `x07.x07ast@0.4.0`
    V0_4,
    /// `x07.x07ast@0.5.0`: contracts.
    V0_5,
}

impl FileKind {
    /// The word in `kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            FileKind::Entry => "entry",
            FileKind::Module => "module",
        }
    }
}

impl SchemaVersion {
    /// Every accepted version, oldest first.
    pub const ALL: [SchemaVersion; 3] = [SchemaVersion::V0_3, SchemaVersion::V0_4, SchemaVersion::V0_5];

    /// What new files are written in.
    pub const CURRENT: SchemaVersion = SchemaVersion::V0_5;

    /// The text in `schema_version`.
    pub fn as_str(self) -> &'static str {
        match self {
            SchemaVersion::V0_3 => "x07.x07ast@0.3.0",
            SchemaVersion::V0_4 => "x07.x07ast@0.4.0",
            SchemaVersion::V0_5 => "x07.x07ast@0.5.0",
        }
    }

    /// The version that a file states, if it is accepted.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == text)
    }
}

/// An interned name or text of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sym(pub u32);

/// An expression of one file; children have smaller ids than their parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExprId(pub u32);

/// One node, as `Exprs::get` hands it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expr<'a> {
    /// An i32 literal.
    Int(i32),
    /// An atom: no Unicode white space in it.
    Atom(Sym),
    /// The text of a literal: argument 1 of `bytes.lit` or `bytes.view_lit`, any characters.
    Text(Sym),
    /// A list whose first item is an atom; never empty.
    List(&'a [ExprId]),
}

#[derive(Clone, Debug)]
enum Node {
    Int(i32),
    Atom(Sym),
    Text(Sym),
    List { start: u32, len: u32 },
}

/// Where a node hangs: below another node, or at a named place of the file.
#[derive(Clone, Copy, Debug)]
struct Up {
    /// Parent node, or `u32::MAX` for a root.
    parent: u32,
    /// Index among the parent's items, or among the roots.
    index: u32,
}

/// The arena of all expressions of a file, with its names.
#[derive(Clone, Debug, Default)]
pub struct Exprs {
    nodes: Vec<Node>,
    items: Vec<ExprId>,
    ups: Vec<Up>,
    roots: Vec<String>,
    names: IndexSet<Box<str>, FxBuildHasher>,
}

const ROOT: u32 = u32::MAX;

impl Exprs {
    /// The node `id`.
    pub fn get(&self, id: ExprId) -> Expr<'_> {
        match self.nodes[id.0 as usize] {
            Node::Int(value) => Expr::Int(value),
            Node::Atom(sym) => Expr::Atom(sym),
            Node::Text(sym) => Expr::Text(sym),
            Node::List { start, len } => Expr::List(&self.items[start as usize..(start + len) as usize]),
        }
    }

    /// How many nodes the file has.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True for a file without any expression.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The text of an interned name.
    pub fn name(&self, sym: Sym) -> &str {
        &self.names[sym.0 as usize]
    }

    /// How many distinct names the file has; `Sym`s are smaller than this.
    pub fn name_count(&self) -> usize {
        self.names.len()
    }

    /// Looks a name up without interning it.
    pub fn find_name(&self, text: &str) -> Option<Sym> {
        self.names.get_index_of(text).map(|i| Sym(i as u32))
    }

    /// Interns a name.
    pub fn intern(&mut self, text: &str) -> Sym {
        match self.names.get_index_of(text) {
            Some(i) => Sym(i as u32),
            None => Sym(self.names.insert_full(text.into()).0 as u32),
        }
    }

    /// Adds an integer literal.
    pub fn add_int(&mut self, value: i32) -> ExprId {
        self.add(Node::Int(value))
    }

    /// Adds an atom.
    pub fn add_atom(&mut self, text: &str) -> ExprId {
        let sym = self.intern(text);
        self.add(Node::Atom(sym))
    }

    /// Adds the text of a literal.
    pub fn add_text(&mut self, text: &str) -> ExprId {
        let sym = self.intern(text);
        self.add(Node::Text(sym))
    }

    /// Adds a list over nodes added before; each node belongs to one list only.
    pub fn add_list(&mut self, items: &[ExprId]) -> ExprId {
        let start = self.items.len() as u32;
        self.items.extend_from_slice(items);
        let id = self.add(Node::List { start, len: items.len() as u32 });
        for (index, item) in items.iter().enumerate() {
            self.ups[item.0 as usize] = Up { parent: id.0, index: index as u32 };
        }
        id
    }

    /// Names the place of a root expression by its JSON pointer, such as `/solve` or `/decls/0/body`.
    pub fn set_root(&mut self, id: ExprId, pointer: String) {
        self.ups[id.0 as usize] = Up { parent: ROOT, index: self.roots.len() as u32 };
        self.roots.push(pointer);
    }

    /// The list that holds `id`, if any.
    pub fn parent(&self, id: ExprId) -> Option<ExprId> {
        let up = self.ups[id.0 as usize];
        (up.parent != ROOT).then_some(ExprId(up.parent))
    }

    /// The JSON pointer of `id` in the file as written.
    pub fn pointer(&self, id: ExprId) -> String {
        let mut indices = Vec::new();
        let mut at = id.0;
        loop {
            let up = self.ups[at as usize];
            if up.parent == ROOT {
                let mut pointer = self.roots.get(up.index as usize).cloned().unwrap_or_default();
                for index in indices.iter().rev() {
                    pointer.push('/');
                    pointer.push_str(&u32::to_string(index));
                }
                return pointer;
            }
            indices.push(up.index);
            at = up.parent;
        }
    }

    fn add(&mut self, node: Node) -> ExprId {
        let id = ExprId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.ups.push(Up { parent: ROOT, index: ROOT });
        id
    }
}

/// A type as written; meaning is given by the compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeExpr {
    /// `"bytes"`
    Name(String),
    /// `["t","A"]`
    Var(String),
    /// `["option", T]`, `["result", T]`, or any other application
    Apply(String, Vec<TypeExpr>),
}

/// A parameter of a function or extern.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name, unique within the function.
    pub name: String,
    /// Its type.
    pub ty: TypeExpr,
    /// The brand it requires.
    pub brand: Option<String>,
}

/// A type parameter with its optional bound.
#[derive(Clone, Debug)]
pub struct TypeParam {
    /// Name, as used in `["t", name]`.
    pub name: String,
    /// Bound, such as `num_like`.
    pub bound: Option<String>,
}

/// A contract clause.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The id as written.
    pub id: Option<String>,
    /// The condition.
    pub expr: ExprId,
    /// What to show when it fails.
    pub witness: Vec<ExprId>,
}

/// `defn` and `defasync`.
#[derive(Clone, Debug)]
pub struct Function {
    /// Full name, `module.symbol`.
    pub name: String,
    /// True for `defasync`.
    pub is_async: bool,
    /// Type parameters of a generic.
    pub type_params: Vec<TypeParam>,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Result type.
    pub result: TypeExpr,
    /// Brand of the result.
    pub result_brand: Option<String>,
    /// Preconditions.
    pub requires: Vec<Clause>,
    /// Postconditions.
    pub ensures: Vec<Clause>,
    /// Conditions that hold on entry and exit.
    pub invariant: Vec<Clause>,
    /// The body.
    pub body: ExprId,
    /// Documentation, if the file carries a `doc` string; never part of the meaning.
    pub doc: Option<String>,
}

impl Function {
    /// True when callers or the function itself promise something.
    pub fn has_contracts(&self) -> bool {
        ![&self.requires, &self.ensures, &self.invariant].iter().all(|clauses| clauses.is_empty())
    }
}

/// A C function declared by the file.
#[derive(Clone, Debug)]
pub struct Extern {
    /// Full name, `module.symbol`.
    pub name: String,
    /// The C symbol.
    pub link_name: String,
    /// Parameters in order.
    pub params: Vec<Param>,
    /// Result type; `None` is `void`.
    pub result: Option<TypeExpr>,
}

/// The names that other modules may use.
#[derive(Clone, Debug)]
pub struct Export {
    /// Full names, as written.
    pub names: Vec<String>,
}

/// One declaration; its index in `File::decls` is its index in the file as written. An export of nothing keeps the place of
/// one that could not be read.
#[derive(Clone, Debug)]
pub enum Decl {
    /// `defn`, `defasync`
    Function(Function),
    /// `extern`
    Extern(Extern),
    /// `export`
    Export(Export),
}

/// A parsed source file.
#[derive(Clone, Debug)]
pub struct File {
    /// Entry or module.
    pub kind: FileKind,
    /// Schema version of the file.
    pub schema: SchemaVersion,
    /// `main` for an entry.
    pub module_id: String,
    /// Imports without repeats, in the order written.
    pub imports: Vec<String>,
    /// Where each of `imports` stands in the file's own array, which may hold repeats.
    pub import_indices: Vec<u32>,
    /// Declarations in the order written.
    pub decls: Vec<Decl>,
    /// The program's expression, for an entry.
    pub solve: Option<ExprId>,
    /// All expressions of the file.
    pub exprs: Exprs,
    /// `meta`, carried along; an empty object when absent or not an object.
    pub meta: serde_json::Map<String, serde_json::Value>,
    /// What a file with errors has besides; nothing for any other.
    pub gaps: Gaps,
}

/// What is known to be missing in the tree of a file with errors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    /// There may be further imports.
    pub imports: bool,
    /// Further names may be exported.
    pub exports: bool,
    /// There may be further functions, exported or not.
    pub declarations: bool,
    /// Functions that are not in the tree, or not as they are meant.
    pub functions: BTreeSet<String>,
    /// Functions whose body in the tree, 0, is not theirs.
    pub bodies: BTreeSet<String>,
}

impl File {
    /// The JSON pointer of an import, by its index in `imports`.
    pub fn import_pointer(&self, index: usize) -> String {
        format!("/imports/{}", self.import_indices.get(index).copied().unwrap_or_default())
    }
}
