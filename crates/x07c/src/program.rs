//! The check over a whole program: which functions are reachable, and so which mistakes stop the build.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use indexmap::IndexMap;
use indexmap::map::Entry;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use x07_ast::{Diagnostic, ErrorKind, Severity};

use crate::interface::Used;
use crate::mono::Instance;
use crate::unit::shown;

/// The code of [`c_too_large`].
pub const C_TOO_LARGE: &str = "X07-BUDGET-0004";

/// The mistake that there are more bytes of C text than `most`: in one module, or in the program.
pub fn c_too_large(most: u64, size: u64, module: Option<&str>) -> Diagnostic {
    let place = module.map(|module| format!(" (module \"{module}\")")).unwrap_or_default();
    let message = format!("C source too large: max_c_bytes={most} got {size}{place}");
    Diagnostic::error(C_TOO_LARGE, ErrorKind::Budget, message)
        .help("raise the limit with --max-c-bytes or the environment variable X07_MAX_C_BYTES")
}

/// One function's part of the whole-program check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionSummary {
    /// Full name, or `solve` for the program's expression.
    pub name: String,
    /// The functions it calls, of any module.
    pub calls: Vec<Used>,
    /// Mistakes in it: errors if it is reachable, warnings if not.
    pub diagnostics: Vec<Diagnostic>,
    /// Native heads it uses, such as `math.f64.add_v1`.
    pub native_heads: Vec<String>,
    /// Its expression nodes; those of a generic are with each of its instances.
    pub nodes: u64,
}

/// One file's part of the whole-program check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Module id.
    pub module: String,
    /// Mistakes that stop the build wherever they are.
    pub diagnostics: Vec<Diagnostic>,
    /// The file has a contract, and is checked as a whole (spec language 13.1).
    pub has_contracts: bool,
    /// Every function of the file, `solve` included.
    pub functions: Vec<FunctionSummary>,
    /// The instances of generics made for this unit.
    pub instances: Vec<Instance>,
}

/// The functions whose mistakes are errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Those that `solve` reaches: the others are left out of the program.
    #[default]
    Program,
    /// All of them: somebody else will call them.
    Library,
}

/// What `check_program` found.
#[derive(Clone, Debug, Default)]
pub struct ProgramCheck {
    /// All findings, in module order and then in source order; errors in functions out of scope are warnings here.
    pub diagnostics: Vec<Diagnostic>,
    /// Native heads of reachable functions, sorted, without repeats.
    pub native_heads: Vec<String>,
    /// Expression nodes of the functions in scope.
    pub nodes: u64,
    /// The functions that cannot be reached from `solve`, by module; modules without any are left out.
    pub unreached: BTreeMap<String, Vec<String>>,
}

/// The generic instances that one program may have (spec language 14).
pub(crate) const MAX_INSTANCES: usize = 4096;

/// The code of a head that needs a world with an operating system.
const OS_HEAD: &str = "X07-WORLD-OS-0002";

/// How the program comes to call a function.
fn path_of_calls(function: (&str, &str), callers: &FxHashMap<(&str, &str), (&str, &str)>) -> String {
    let mut path = vec![shown(function.1)];
    let mut at = function;
    while let Some(caller) = callers.get(&at).filter(|_| at.1 != "solve") {
        path.push(shown(caller.1));
        at = *caller;
    }
    path.reverse();
    path.join(" -> ")
}

/// The expression nodes of some functions. An instance of a generic is one function, in however many units it is made.
fn nodes<'a>(functions: impl Iterator<Item = &'a FunctionSummary>) -> u64 {
    let by_name: FxHashMap<&str, u64> = functions.map(|function| (function.name.as_str(), function.nodes)).collect();
    by_name.values().sum()
}

/// A mistake in a generic is found in each of its instances, in whatever units they are. It is told once, as an error if it
/// is one in any of them.
fn told_once(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told: IndexMap<(String, Result<String, usize>, String, String), Diagnostic> = IndexMap::new();
    for diagnostic in found {
        let Diagnostic { module, pointer, code, message, .. } = &diagnostic;
        // What has no place may be said of several functions in the same words.
        let place = pointer.clone().ok_or(told.len());
        match told.entry((module.clone(), place, code.clone(), message.clone())) {
            Entry::Vacant(entry) => drop(entry.insert(diagnostic)),
            Entry::Occupied(mut entry) if diagnostic.is_error() && !entry.get().is_error() => {
                entry.insert(diagnostic);
            }
            Entry::Occupied(_) => {}
        }
    }
    told.into_values().collect()
}

/// Decides which mistakes of the program's files matter: those in files at large and in the functions in scope.
pub fn check_program<'a>(
    summaries: impl IntoIterator<Item = &'a Summary>,
    max_nodes: u64,
    scope: Scope,
) -> ProgramCheck {
    let summaries: Vec<&Summary> = summaries.into_iter().collect();
    let mut index: FxHashMap<(&str, &str), &FunctionSummary> = FxHashMap::default();
    let mut reached: FxHashSet<(&str, &str)> = FxHashSet::default();
    let mut queue: VecDeque<(&str, &str)> = VecDeque::new();
    let mut callers: FxHashMap<(&str, &str), (&str, &str)> = FxHashMap::default();
    for summary in &summaries {
        for function in &summary.functions {
            index.insert((&summary.module, &function.name), function);
            if function.name == "solve" {
                queue.push_back((&summary.module, &function.name));
            }
        }
    }
    // First in, first out, so that the path that is told is a shortest one.
    while let Some(key) = queue.pop_front() {
        if !reached.insert(key) {
            continue;
        }
        for used in index.get(&key).iter().flat_map(|function| &function.calls) {
            let callee = (used.module.as_str(), used.function.as_str());
            callers.entry(callee).or_insert(key);
            queue.push_back(callee);
        }
    }
    let mut check = ProgramCheck::default();
    let mut native = BTreeSet::new();
    let mut instances = BTreeSet::new();
    let in_scope = index.iter().filter(|(key, _)| scope == Scope::Library || reached.contains(*key));
    check.nodes = nodes(in_scope.map(|(_, function)| *function));
    for summary in &summaries {
        check.diagnostics.extend(summary.diagnostics.iter().cloned());
        instances.extend(summary.instances.iter().map(|instance| &instance.specialized));
        for function in &summary.functions {
            let reachable = reached.contains(&(summary.module.as_str(), function.name.as_str()));
            if reachable {
                native.extend(function.native_heads.iter().cloned());
            } else {
                check.unreached.entry(summary.module.clone()).or_default().push(function.name.clone());
            }
            for diagnostic in &function.diagnostics {
                let mut diagnostic = diagnostic.clone();
                if reachable && diagnostic.code == OS_HEAD && function.name != "solve" {
                    let path = path_of_calls((&summary.module, &function.name), &callers);
                    diagnostic.message = format!("{}; the program calls it: {path}", diagnostic.message);
                }
                let counts = reachable
                    || scope == Scope::Library
                    || (summary.has_contracts && diagnostic.kind == ErrorKind::Typing);
                if !counts && diagnostic.severity == Severity::Error {
                    diagnostic.severity = Severity::Warning;
                    diagnostic.notes.push("the program never calls this function, so it still builds".to_string());
                }
                check.diagnostics.push(diagnostic);
            }
        }
    }
    check.diagnostics = told_once(check.diagnostics);
    if check.nodes > max_nodes {
        check.diagnostics.push(
            Diagnostic::error(
                "X07-BUDGET-0002",
                ErrorKind::Budget,
                format!("the program has {} expression nodes, more than max_ast_nodes={max_nodes}", check.nodes),
            )
            .help("raise the limit with the environment variable X07_MAX_AST_NODES"),
        );
    }
    if instances.len() > MAX_INSTANCES {
        check.diagnostics.push(Diagnostic::error(
            "X07-TY-0106",
            ErrorKind::Budget,
            format!("the program makes {} generic instances, more than {MAX_INSTANCES} (X07-TY-0106)", instances.len()),
        ));
    }
    check.native_heads = native.into_iter().collect();
    check
}
