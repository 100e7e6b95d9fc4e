//! The modules that can be asked about, and how they are found.

use x07c::builtins::{self, Builtin, Needs};
use x07c::types::Ty;

use crate::examples::Examples;
use crate::guide::{Form, forms};
use crate::module::{Function, Module, Origin};

/// Modules and examples.
#[derive(Clone, Debug, Default)]
pub struct Library {
    modules: Vec<Module>,
    examples: Examples,
}

/// What a query stands for.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// A module.
    Module(&'a Module),
    /// A function of a module.
    Function(&'a Module, &'a Function),
    /// A builtin head.
    Builtin(&'static Builtin),
    /// A form of the language.
    Form(Form),
    /// Nothing of that name; what is close to it, the closest first.
    Nothing(Vec<String>),
}

/// How many names a failed query suggests.
const SUGGESTIONS: usize = 6;

impl Library {
    /// The standard library with the examples of its tests.
    pub fn std() -> Self {
        let modules = x07_build::stdlib::modules();
        let read = |(id, text): &(&str, &str)| Module::read(id, Origin::Std, text.as_bytes());
        let mut library = Library { modules: modules.filter_map(read).collect(), examples: Examples::default() };
        library.examples = Examples::std(&|name| library.yields_number(name));
        library
    }

    /// Adds a module; the library's own wins over one of the same id, as it does in a build.
    pub fn add(&mut self, module: Module) {
        if !self.modules.iter().any(|known| known.id == module.id) {
            self.modules.push(module);
        }
    }

    /// Adds the examples of a test module of the project or of a package.
    pub fn add_examples(&mut self, text: &[u8]) {
        let mut examples = std::mem::take(&mut self.examples);
        examples.add_missing(text, &|name| self.yields_number(name));
        self.examples = examples;
    }

    fn yields_number(&self, name: &str) -> bool {
        let own = || self.modules.iter().find_map(|module| module.function(name));
        match builtins::find(name) {
            Some(row) => row.result == Ty::I32,
            None => own().is_some_and(|function| function.signature.ends_with("-> i32")),
        }
    }

    /// The modules: the project's, its packages', the standard library's, each sorted.
    pub fn modules(&self) -> Vec<&Module> {
        let mut modules: Vec<&Module> = self.modules.iter().collect();
        modules.sort_by(|a, b| (a.origin, &a.id).cmp(&(b.origin, &b.id)));
        modules
    }

    /// The examples of all modules.
    pub fn examples(&self) -> &Examples {
        &self.examples
    }

    /// Finds a module, a function or a head by its full name.
    pub fn find(&self, query: &str) -> Answer<'_> {
        if let Some(module) = self.modules.iter().find(|module| module.id == query) {
            return Answer::Module(module);
        }
        let function = self.modules.iter().find_map(|module| Some((module, module.function(query)?)));
        match function {
            Some((module, function)) => Answer::Function(module, function),
            None => head(query).unwrap_or_else(|| Answer::Nothing(self.close_to(query))),
        }
    }

    /// Finds the head of a builtin or of a form.
    pub fn find_builtin(&self, query: &str) -> Answer<'static> {
        head(query).unwrap_or_else(|| Answer::Nothing(closest(query, heads())))
    }

    fn close_to(&self, query: &str) -> Vec<String> {
        let modules = self.modules.iter().map(|module| module.id.as_str());
        let functions = self.modules.iter().flat_map(|module| &module.functions).map(|function| function.name.as_str());
        closest(query, modules.chain(functions).chain(heads()))
    }
}

/// What the language itself has under a name.
fn head(query: &str) -> Option<Answer<'static>> {
    let builtin = builtins::find(query).filter(|row| row.needs != Needs::Trusted).map(Answer::Builtin);
    builtin.or_else(|| forms().find(|form| form.head == query).map(Answer::Form))
}

fn heads<'a>() -> impl Iterator<Item = &'a str> {
    let rows = builtins::all().filter(|row| row.needs != Needs::Trusted);
    rows.map(|row| row.head as &'a str).chain(forms().map(|form| form.head as &'a str))
}

/// The names nearest to a query: those that end with it, those that hold it, those that are misspelt a little.
fn closest<'a>(query: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let query = query.trim().to_lowercase();
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let rank = |name: &str| {
        let distance = strsim::damerau_levenshtein(&query, name);
        let tail = strsim::damerau_levenshtein(&last(&query), &last(name));
        let place = |name: &str| name.rsplit_once('.').map(|(place, _)| place.to_owned());
        let same_place = place(&query).is_some() && place(&query) == place(name);
        match () {
            () if query.is_empty() => None,
            () if name.ends_with(&format!(".{query}")) => Some((0, distance)),
            () if distance <= 2.min(query.len() / 3) => Some((1, distance)),
            () if same_place && tail <= 2 => Some((2, tail)),
            () if last(name) == last(&query) => Some((3, distance)),
            () if name.contains(&query) => Some((4, distance)),
            () if last(&query).len() >= 4 && tail <= 1 => Some((5, distance)),
            () if last(&query).len() >= 4 && last(name).contains(&last(&query)) => Some((6, distance)),
            () => None,
        }
    };
    let mut ranked: Vec<((usize, usize), &str)> = names.filter_map(|name| Some((rank(name)?, name))).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().map(|(_, name)| name.to_owned()).take(SUGGESTIONS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_answered_with_what_was_meant() {
        let library = Library::std();
        let cases = [
            ("std.bytes.lenn", "std.bytes.len"),
            ("std.byte.len", "std.bytes.len"),
            ("std.byts", "std.bytes"),
            ("starts_with", "std.bytes.starts_with"),
            ("assert_i32", "std.test.assert_i32_eq"),
            ("bytes.eql", "bytes.eq"),
            ("vec_u8.psh", "vec_u8.push"),
        ];
        for (query, expected) in cases {
            match library.find(query) {
                Answer::Nothing(close) => assert!(close.iter().any(|name| name == expected), "{query}: {close:?}"),
                found => panic!("{query}: {found:?}"),
            }
        }
        assert!(matches!(library.find("no.such.thing.at.all"), Answer::Nothing(close) if close.is_empty()));
        assert!(matches!(library.find("__internal.test.select"), Answer::Nothing(_)));
    }
}
