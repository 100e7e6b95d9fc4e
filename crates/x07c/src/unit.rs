//! One unit: the functions of a file in the order they need each other, and the C text around them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};
use x07_ast::{Decl, Diagnostic, ErrorKind, ExprId, File, FileKind, Function, Gaps, Param};

use crate::elsewhere;
use crate::emit::{self, Definition, Linkage, mangle};
use crate::fuel::{self, Fuel};
use crate::interface::{FunctionInterface, Interface, ParamInterface, Template, Used, ViewSource};
use crate::lower::{Contracts, Lowered, Lowerer, Operand, Role};
use crate::mir::{self, Body, Stmt};
use crate::mono::{Instance, Site};
use crate::program::{FunctionSummary, MAX_INSTANCES, Summary, c_too_large};
pub(crate) use crate::source::{Source, class};
use crate::stack::{self, Callers, Look, Stack};
use crate::types::{Ty, TypeArg, TypeProblem, resolve};
use crate::{Interfaces, Options, STACK, Unit};

/// What a function name means where it is used.
pub(crate) enum Lookup {
    Found(Used),
    /// It is, or may be, of an imported module of which nothing is known.
    Unknown,
    Problem {
        code: &'static str,
        message: String,
        help: Option<String>,
    },
}

/// Why a generic cannot be instantiated.
pub(crate) struct GenericProblem {
    pub code: &'static str,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Running,
    Done,
}

/// A function of this unit: of the file, or an instance of a generic.
struct Own<'a> {
    source: Rc<Source<'a>>,
    /// Index of its declaration in the source.
    decl: usize,
    vars: Vec<(String, TypeArg)>,
    interface: Rc<FunctionInterface>,
    progress: Progress,
    recursive: bool,
    /// What a call of it takes of the stack; known when all functions are done.
    stack: u32,
    /// What it is an instance of, if it is one.
    instance: Option<Instance>,
    /// A function that it calls relies on it to put no view that it is given into a container.
    assumed_to_store_nothing: bool,
    /// Printed definition and what it calls in this unit or others; empty until done or when it has mistakes.
    text: Option<Text>,
}

struct Text {
    params: Vec<Ty>,
    linkage: Linkage,
    body: Body,
    fuel: Fuel,
    result: Ty,
    comment: String,
    calls: BTreeSet<Used>,
    is_async: bool,
    /// Statements and values that come along with a copy in another unit; `None` for a function that is not copied.
    copied: Option<usize>,
    /// Where it looks for stack.
    look: Look,
}

impl Text {
    /// What of `x07.h` its C text needs.
    fn parts(&self) -> emit::Parts {
        let mut parts = emit::Parts::of(&self.body);
        if self.is_async {
            parts.add(emit::Parts::of_task());
        }
        parts
    }
}

/// Everything known while a unit is made.
pub(crate) struct UnitContext<'a> {
    pub options: &'a Options,
    interfaces: &'a dyn Interfaces,
    module: String,
    own: IndexMap<String, Own<'a>>,
    /// The functions of `own` that are done, callees before their callers but for recursions.
    done: Vec<usize>,
    imported: FxHashMap<Used, Rc<FunctionInterface>>,
    allowed: FxHashSet<String>,
    used: BTreeSet<Used>,
    summaries: Vec<FunctionSummary>,
    templates: FxHashMap<Used, Rc<Source<'a>>>,
    /// How many of `own` are instances of generics.
    instances: usize,
    /// A function refers to something unknown.
    has_unknown: bool,
}

impl<'a> UnitContext<'a> {
    fn new(file: &File, interfaces: &'a dyn Interfaces, options: &'a Options) -> Self {
        UnitContext {
            options,
            interfaces,
            module: file.module_id.clone(),
            own: IndexMap::new(),
            done: Vec::new(),
            imported: FxHashMap::default(),
            allowed: FxHashSet::default(),
            used: BTreeSet::new(),
            summaries: Vec::new(),
            templates: FxHashMap::default(),
            instances: 0,
            has_unknown: false,
        }
    }

    /// Finds the function that `name` means in the file `source`.
    pub(crate) fn lookup(&mut self, source: &Source<'_>, name: &str) -> Lookup {
        if name.starts_with("__internal.") {
            return problem(
                "X07-NAME-0001",
                format!("\"{name}\" is internal-only: the standard library alone may use it"),
                None,
            );
        }
        if source.gaps.functions.contains(name) {
            return Lookup::Unknown;
        }
        let Some((module, _)) = name.rsplit_once('.') else {
            let candidates = crate::builtins::all().map(|row| row.head);
            let near = || x07_ast::names::near(name, candidates).map(|n| format!("did you mean \"{n}\"?"));
            let help = elsewhere::in_x07(name).map(str::to_owned).or_else(near);
            return problem("X07-NAME-0001", format!("there is no function or builtin \"{name}\""), help);
        };
        if module == source.module {
            if module == self.module {
                if self.own.get(name).is_some_and(|own| own.instance.is_none()) {
                    return Lookup::Found(Used { module: module.to_string(), function: name.to_string() });
                }
                if source.gaps.declarations {
                    return Lookup::Unknown;
                }
                let near = x07_ast::names::near(name, self.own.keys().map(String::as_str));
                let help = near.map(|n| format!("did you mean \"{n}\"?"));
                return problem("X07-TYPE-CALL-0001", format!("there is no function \"{name}\" in this module"), help);
            }
            // A template calls the private functions of its own module.
            let used = Used { module: module.to_string(), function: name.to_string() };
            if self.import(&used).is_some() {
                return Lookup::Found(used);
            }
            if source.gaps.declarations {
                return Lookup::Unknown;
            }
            return problem("X07-TYPE-CALL-0001", format!("there is no function \"{name}\" in its module"), None);
        }
        let candidates = || crate::builtins::all().map(|row| row.head);
        let imported = source.imports.iter().any(|i| i == module)
            || self.allowed.contains(module)
            || self.is_reexported(&source.imports, module);
        if !imported {
            // What an unknown module exports of others is not known either.
            if source.gaps.imports || source.imports.iter().any(|import| self.may_reexport_more(import)) {
                return Lookup::Unknown;
            }
            if self.interfaces.get(module).is_some() {
                return problem(
                    "X07-NAME-0003",
                    format!("\"{name}\" is of module \"{module}\", which this file does not import"),
                    Some(format!("add \"{module}\" to \"imports\"")),
                );
            }
            // A builtin has a name like the library's function that wraps it, which is hardly what is meant.
            let near = x07_ast::names::near(name, candidates()).filter(|_| !name.starts_with("std."));
            let near = near.map(|n| format!("did you mean \"{n}\"?"));
            let help =
                near.unwrap_or_else(|| format!("if it is a function of \"{module}\", add that module to \"imports\""));
            return problem("X07-NAME-0001", format!("there is no function or builtin \"{name}\""), Some(help));
        }
        let used = Used { module: module.to_string(), function: name.to_string() };
        match self.import(&used) {
            Some(interface) if interface.exported => Lookup::Found(used),
            _ if self.is_unknown(&used) => Lookup::Unknown,
            Some(_) => problem("X07-NAME-0004", format!("\"{name}\" is not exported by \"{module}\""), None),
            None => {
                let near = self
                    .interfaces
                    .get(module)
                    .and_then(|i| x07_ast::names::near(name, i.functions.keys().map(String::as_str)));
                let help = near.map(|n| format!("did you mean \"{n}\"?"));
                problem("X07-NAME-0004", format!("\"{module}\" exports no function \"{name}\""), help)
            }
        }
    }

    /// What could not be read of an imported module, if anything could.
    fn gaps(&self, module: &str) -> Option<&Gaps> {
        self.interfaces.get(module).map(|interface| &interface.gaps)
    }

    /// A module may export modules that are not in its interface.
    fn may_reexport_more(&self, module: &str) -> bool {
        self.interfaces.is_unknown(module) || self.gaps(module).is_some_and(|gaps| gaps.exports)
    }

    /// A function that is not in its module's interface may be there all the same.
    fn is_unknown(&self, used: &Used) -> bool {
        let is_gap = |gaps: &Gaps| gaps.declarations || gaps.functions.contains(&used.function);
        self.interfaces.is_unknown(&used.module) || self.gaps(&used.module).is_some_and(is_gap)
    }

    /// One of the imports exports the module.
    fn is_reexported(&mut self, imports: &[String], module: &str) -> bool {
        let by =
            imports.iter().find(|import| self.interfaces.get(import).is_some_and(|i| i.reexports.contains(module)));
        if let Some(by) = by {
            self.used.insert(Used { module: by.clone(), function: module.to_string() });
        }
        by.is_some()
    }

    fn import(&mut self, used: &Used) -> Option<Rc<FunctionInterface>> {
        if let Some(known) = self.imported.get(used) {
            return Some(known.clone());
        }
        let interface = Rc::new(self.interfaces.get(&used.module)?.functions.get(&used.function)?.clone());
        self.imported.insert(used.clone(), interface.clone());
        self.used.insert(used.clone());
        Some(interface)
    }

    /// A function of the library that a form stands for.
    pub(crate) fn library(&mut self, module: &str, function: &str) -> Lookup {
        let used = Used { module: module.to_string(), function: function.to_string() };
        let is_known =
            if module == self.module { self.own.contains_key(function) } else { self.import(&used).is_some() };
        match is_known {
            true => Lookup::Found(used),
            false if self.interfaces.is_unknown(module) => Lookup::Unknown,
            false => problem("X07-IMPORT-0001", format!("unknown module: \"{module}\""), None),
        }
    }

    /// A form imports this module by itself.
    pub(crate) fn allow_import(&mut self, module: &str) {
        self.allowed.insert(module.to_string());
    }

    /// The interface of a function; one of this unit is lowered first if it was not yet.
    pub(crate) fn interface(&mut self, used: &Used) -> Option<Rc<FunctionInterface>> {
        if used.module == self.module && self.own.contains_key(&used.function) {
            match self.own.get(&used.function).map(|own| own.progress) {
                // Callees are lowered inside of their callers, and each of them may be as deep as a file can be.
                Some(Progress::Waiting) => stacker::maybe_grow(STACK / 2, STACK, || self.lower(&used.function)),
                Some(Progress::Running) => {
                    if let Some(own) = self.own.get_mut(&used.function) {
                        own.recursive = true;
                    }
                }
                _ => {}
            }
            return self.own.get(&used.function).map(|own| own.interface.clone());
        }
        self.import(used)
    }

    /// The brand that a function of this unit says its result has.
    pub(crate) fn result_brand(&self, function: &str) -> Option<String> {
        self.own.get(function)?.interface.result_brand.clone()
    }

    /// True while the function is being lowered: a call of it now is a recursion.
    pub(crate) fn is_running(&self, used: &Used) -> bool {
        used.module == self.module && self.own.get(&used.function).is_some_and(|own| own.progress == Progress::Running)
    }

    /// True for a function, finished by now, that has no C text because of mistakes in it.
    fn is_broken(&self, used: &Used) -> bool {
        if used.module == self.module
            && let Some(own) = self.own.get(&used.function)
        {
            return own.text.is_none() && !own.interface.is_extern && own.interface.template.is_none();
        }
        self.imported
            .get(used)
            .is_some_and(|interface| interface.declaration.is_empty() && interface.template.is_none())
    }

    /// Notes that a caller relies on a function that is being lowered to keep no view that it is given.
    pub(crate) fn assume_stores_nothing(&mut self, used: &Used) {
        if let Some(own) = self.own.get_mut(&used.function) {
            own.assumed_to_store_nothing = true;
        }
    }

    /// Makes the instance of a generic for these types.
    pub(crate) fn instantiate(
        &mut self,
        used: &Used,
        template: &Template,
        types: Vec<TypeArg>,
        site: Site,
    ) -> Result<Used, GenericProblem> {
        for ((name, bound), ty) in template.type_params.iter().zip(&types) {
            let fits = bounds(bound.as_deref()).map_err(|other| GenericProblem {
                code: "X07-TY-0103",
                message: format!("unknown bound \"{other}\" of \"{name}\" (X07-TY-0103)"),
            })?;
            if fits.is_some_and(|fits| !fits.contains(&ty.name.as_str())) {
                let bound = bound.as_deref().unwrap_or("any");
                return Err(GenericProblem {
                    code: "X07-TY-0104",
                    message: format!(
                        "\"{}\" wants a type that is \"{bound}\" for \"{name}\", got \"{}\" (X07-TY-0104)",
                        used.function, ty.name
                    ),
                });
            }
        }
        let function = instance_name(&used.function, &types);
        let instance = Used { module: self.module.clone(), function: function.clone() };
        if let Some(own) = self.own.get_mut(&function) {
            if let Some(instance) = &mut own.instance {
                instance.ask(site);
            }
            return Ok(instance);
        }
        if self.instances >= MAX_INSTANCES {
            return Err(GenericProblem {
                code: "X07-TY-0106",
                message: format!("more than {MAX_INSTANCES} generic instances (X07-TY-0106)"),
            });
        }
        let (source, decl) = match self.own.get(&used.function).filter(|_| used.module == self.module) {
            Some(own) => (own.source.clone(), own.decl),
            None => (
                self.template(used, template).ok_or_else(|| GenericProblem {
                    code: "X07-TY-0100",
                    message: format!("the source of \"{}\" cannot be read (X07-TY-0100)", used.function),
                })?,
                1,
            ),
        };
        let made = Instance {
            specialized: function.clone(),
            generic: used.function.clone(),
            module: used.module.clone(),
            type_args: types.iter().map(|ty| ty.json.clone()).collect(),
            sites: vec![site],
        };
        let vars: Vec<(String, TypeArg)> =
            template.type_params.iter().map(|(name, _)| name.clone()).zip(types).collect();
        let Decl::Function(declared) = &source.file().decls[decl] else {
            return Err(GenericProblem { code: "X07-TY-0100", message: "not a function (X07-TY-0100)".to_string() });
        };
        let mut problems = Vec::new();
        let interface = signature(declared, &function, &vars, false, &mut problems);
        if let Some((message, _)) = problems.into_iter().next() {
            return Err(GenericProblem { code: "X07-TY-0107", message: format!("{message} (X07-TY-0107)") });
        }
        self.instances += 1;
        self.own.insert(
            function,
            Own {
                source,
                decl,
                vars,
                interface: Rc::new(interface),
                progress: Progress::Waiting,
                recursive: false,
                stack: 0,
                instance: Some(made),
                assumed_to_store_nothing: false,
                text: None,
            },
        );
        Ok(instance)
    }

    /// The source of a generic of any module.
    pub(crate) fn template(&mut self, used: &Used, template: &Template) -> Option<Rc<Source<'a>>> {
        if let Some(source) = self.templates.get(used) {
            return Some(source.clone());
        }
        let parsed = x07_ast::parse(template.source.as_bytes(), x07_ast::Expected::Any);
        let of = self.interfaces.get(&used.module);
        let (imports, gaps) = of.map(|i| (i.imports.clone(), i.gaps.clone())).unwrap_or_default();
        let source = Rc::new(Source::template(parsed.file?, imports, gaps, template.trusted, template.index));
        self.templates.insert(used.clone(), source.clone());
        Some(source)
    }

    /// Lowers a function of this unit, and those that it needs to know about first.
    fn lower(&mut self, name: &str) {
        let Some(own) = self.own.get_mut(name) else { return };
        own.progress = Progress::Running;
        let (source, decl, vars, interface) = (own.source.clone(), own.decl, own.vars.clone(), own.interface.clone());
        let Decl::Function(function) = &source.file().decls[decl] else { return };
        let (body, contracts) = (function.body, Contracts::of(function));
        let params: Vec<(String, Ty, Option<String>)> =
            interface.params.iter().map(|p| (p.name.clone(), p.ty, p.brand.clone())).collect();
        let role = if interface.is_async { Role::Defasync } else { Role::Defn };
        let interface_module = source.module.clone();
        let mut assumed = (ViewSource::Free, BTreeSet::new());
        let lower = |unit: &mut Self| {
            let (source, vars, contracts) = (source.clone(), vars.clone(), contracts.clone());
            unit.lower_body(source, name, role, vars, &params, interface.result, contracts, body)
        };
        let mut lowered = lower(self);
        // A recursive call returns views of what the other paths return views of, and keeps what they keep; the first
        // walk found which those are.
        while lowered.calls_itself && (&lowered.source, &lowered.stored) != (&assumed.0, &assumed.1) {
            assumed = (lowered.source, lowered.stored);
            if let Some(own) = self.own.get_mut(name) {
                let stored = assumed.1.iter().copied().collect();
                own.interface = Rc::new(FunctionInterface { source: assumed.0, stored, ..(*own.interface).clone() });
            }
            lowered = lower(self);
            if lowered.diagnostics.iter().any(Diagnostic::is_error) {
                break;
            }
        }
        let source_of_view = lowered.source;
        let stored: Vec<usize> = lowered.stored.iter().copied().collect();
        if !stored.is_empty() && self.own.get(name).is_some_and(|own| own.assumed_to_store_nothing) {
            let mut diagnostic = Diagnostic::error(
                "X07-BORROW-0002",
                ErrorKind::Typing,
                format!("\"{name}\" puts a view that it was given into a container and calls itself through others"),
            )
            .module(&interface_module)
            .help("store a copy: a container of bytes and view.to_bytes");
            diagnostic.function = Some(name.to_string());
            lowered.diagnostics.push(diagnostic);
        }
        let recursive = self.own.get(name).is_some_and(|own| own.recursive);
        let comment = comment(name, &interface);
        let text = self.finish(name, lowered, recursive, interface.result, comment, interface.is_async);
        if let Some((index, _, own)) = self.own.get_full_mut(name) {
            self.done.push(index);
            let mut interface = (*own.interface).clone();
            interface.source = source_of_view;
            interface.stored = stored;
            if let Some(text) = &text {
                interface.fuel = if interface.is_async { Fuel::default() } else { text.fuel };
                interface.copied = text.copied.unwrap_or_default();
            }
            own.interface = Rc::new(interface);
            own.text = text;
            own.progress = Progress::Done;
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a function, each used once")]
    fn lower_body(
        &mut self,
        source: Rc<Source<'a>>,
        name: &str,
        role: Role,
        vars: Vec<(String, TypeArg)>,
        params: &[(String, Ty, Option<String>)],
        result: Ty,
        contracts: Option<Rc<Contracts>>,
        body: ExprId,
    ) -> Lowered {
        let max_locals = self.options.limits.max_locals;
        let mut lowerer = Lowerer::new(self, source, name, role, vars, result, contracts);
        lowerer.function_body(params, body);
        let locals = lowerer.body.locals.len();
        let module = lowerer.source.module.clone();
        lowerer.out.nodes = lowerer.nodes(body);
        let mut lowered = lowerer.finish();
        if locals > max_locals {
            let mut diagnostic = Diagnostic::error(
                "X07-BUDGET-0003",
                ErrorKind::Budget,
                format!("\"{name}\" has {locals} locals and temporaries, more than max_locals={max_locals}"),
            )
            .module(module)
            .help("split the function, or raise the limit with the environment variable X07_MAX_LOCALS");
            diagnostic.function = Some(name.to_string());
            lowered.diagnostics.push(diagnostic);
        }
        lowered
    }

    /// Runs the passes over a lowered body and files its summary.
    fn finish(
        &mut self,
        name: &str,
        lowered: Lowered,
        recursive: bool,
        result: Ty,
        comment: String,
        is_async: bool,
    ) -> Option<Text> {
        let Lowered { mut body, calls, native_heads, diagnostics, nodes, has_tasks, has_unknown, .. } = lowered;
        let clean = !diagnostics.iter().any(Diagnostic::is_error);
        self.summaries.push(FunctionSummary {
            name: name.to_string(),
            calls: calls.iter().cloned().collect(),
            diagnostics,
            native_heads: native_heads.into_iter().collect(),
            nodes,
        });
        self.has_unknown |= has_unknown;
        if !clean || has_unknown {
            return None;
        }
        let fuels: Vec<Fuel> = body.callees.iter().map(|used| self.fuel_of(used)).collect();
        let mut fuel = fuel::place(&mut body, &fuels, recursive);
        let params: Vec<Ty> = body.locals[..body.params].iter().map(|l| l.ty).collect();
        // An instance is static in its unit, so nothing that is copied to other units may call one.
        let calls_instance = body.callees.iter().any(|used| {
            used.module == self.module && self.own.get(&used.function).is_some_and(|own| own.instance.is_some())
        });
        let exported = self.own.get(name).is_some_and(|own| own.interface.exported);
        let inlinable = !recursive && !is_async && !has_tasks && name != "solve" && !calls_instance;
        let copied = self.copied_size(&body).filter(|_| inlinable && self.options.inline_across_modules);
        let portable = copied.is_some();
        // An exported body that is not part of its interface does not show there at all, not even in what a call costs:
        // other units are compiled again only for what they copied.
        let hidden = exported && !is_async && !portable;
        let small = inlinable && !hidden && size_of_plain(&body).is_some_and(|size| size <= UNIT_SIZE);
        if small && fuel.variable {
            fuel.by_pointer = true;
        }
        if hidden && (fuel.leading > 0 || !fuel.variable) {
            let charge = Stmt::Charge { units: fuel.leading, test: true };
            match body.block.first_mut() {
                Some(first @ Stmt::Charge { units: 0, test: true }) => *first = charge,
                _ => body.block.insert(0, charge),
            }
            fuel = Fuel { leading: 0, variable: true, visible: fuel.visible, by_pointer: false };
        }
        let linkage = if small { Linkage::Inline } else { Linkage::Static };
        Some(Text { params, linkage, body, fuel, result, comment, calls, is_async, copied, look: Look::Nowhere })
    }

    /// How large a copy of the body in another unit is, with the bodies that come along because it calls them; `None` if
    /// that is too large.
    fn copied_size(&self, body: &Body) -> Option<usize> {
        let own = size_of_plain(body).filter(|size| *size <= PORTABLE_SIZE)?;
        let size = body.callees.iter().fold(own, |size, used| size + self.copied_with(used));
        (size <= COPIED_SIZE).then_some(size)
    }

    /// How much a function adds to a copy of one that calls it.
    fn copied_with(&self, used: &Used) -> usize {
        let own = self.own.get(&used.function).filter(|_| used.module == self.module);
        let interface = own.map(|own| &own.interface).or_else(|| self.imported.get(used));
        interface.map_or(0, |interface| interface.copied)
    }

    fn fuel_of(&self, used: &Used) -> Fuel {
        if used.module == self.module
            && let Some(own) = self.own.get(&used.function)
        {
            return match own.progress {
                Progress::Done => own.interface.fuel,
                _ => Fuel { variable: !own.interface.is_extern, ..Fuel::default() },
            };
        }
        self.imported.get(used).map_or_else(Fuel::default, |interface| interface.fuel)
    }

    /// Decides where the functions of a library look for stack, when all are done.
    fn place_stack(&mut self, exposed: &BTreeSet<String>, solve: Option<&mut Text>) {
        // Within a recursion, a function comes before one that it calls. That one looks itself, so that its own frame is all
        // that counts of it.
        for (name, own) in &mut self.own {
            if let Some(text) = &own.text {
                own.stack = stack::place(&text.body, 0, true, callers(name, text, exposed)).taken;
            }
        }
        for index in std::mem::take(&mut self.done) {
            let Some((name, own)) = self.own.get_index(index) else { continue };
            let Some(text) = &own.text else { continue };
            let below = self.taken_below(&text.body);
            let callers = callers(name, text, exposed);
            let Stack { look, taken } = match text.is_async {
                true => stack::place_task(&text.body, below, callers),
                false => stack::place(&text.body, below, own.recursive, callers),
            };
            if let Some((_, Own { stack, text: Some(text), .. })) = self.own.get_index_mut(index) {
                (*stack, text.look) = (taken, look);
            }
        }
        if let Some(text) = solve {
            text.look = stack::place(&text.body, self.taken_below(&text.body), true, Callers::All).look;
        }
    }

    /// The most that a call in a body takes of the stack before somebody looks.
    fn taken_below(&self, body: &Body) -> u32 {
        let taken = body.callees.iter().map(|used| match self.own.get(&used.function) {
            Some(own) if used.module == self.module => own.stack,
            _ => self.imported.get(used).map_or(0, |interface| interface.stack),
        });
        taken.max().unwrap_or(0)
    }

    fn symbol_of(&self, used: &Used) -> String {
        if used.module == self.module
            && let Some(own) = self.own.get(&used.function)
        {
            return own.interface.symbol.clone();
        }
        self.imported.get(used).map_or_else(String::new, |interface| interface.symbol.clone())
    }

    /// Prints a finished function under the linkage it got.
    fn print(&self, name: &str, text: &Text, linkage: Linkage) -> String {
        let (symbol, source) = match self.own.get(name) {
            Some(own) => (own.interface.symbol.clone(), Some(own.source.clone())),
            None => ("x07_solve".to_string(), None),
        };
        let source = source.or_else(|| self.templates.values().next().cloned());
        let module = source.as_ref().map_or_else(|| self.module.clone(), |s| s.module.clone());
        let at = |e: ExprId| source.as_ref().map_or_else(|| module.clone(), |s| format!("{module} {}", s.pointer(e)));
        self.print_with(&symbol, text, linkage, &at)
    }

    fn print_with(&self, symbol: &str, text: &Text, linkage: Linkage, at: &dyn Fn(ExprId) -> String) -> String {
        let called = text.body.callees.iter();
        let callees: Vec<emit::Callee> =
            called.map(|used| emit::Callee { symbol: self.symbol_of(used), fuel: self.fuel_of(used) }).collect();
        let body = format!("{symbol}__body");
        let (symbol_of_body, linkage_of_body) = match text.look {
            Look::InFront(_) => (body.as_str(), Linkage::Apart),
            _ if text.is_async => (body.as_str(), Linkage::Static),
            _ => (symbol, linkage),
        };
        let printed = emit::definition(&Definition {
            symbol: symbol_of_body,
            comment: &text.comment,
            linkage: linkage_of_body,
            result: text.result,
            body: &text.body,
            fuel: text.fuel,
            looks_for: if let Look::Inside(bytes) = text.look { Some(bytes) } else { None },
            callees: &callees,
            at,
        });
        match text.look {
            _ if text.is_async => format!("{printed}{}", starter(symbol, &body, text, linkage)),
            Look::InFront(bytes) => {
                let front = emit::front(symbol, &body, linkage, &text.params, text.result, text.fuel, bytes);
                format!("{printed}\n{front}")
            }
            _ => printed,
        }
    }
}

/// The functions around the body of a `defasync`: one makes the task, one runs or drops it.
fn starter(symbol: &str, body: &str, text: &Text, linkage: Linkage) -> String {
    let fields: Vec<(String, Ty)> = text.params.iter().enumerate().map(|(i, ty)| (format!("p{i}"), *ty)).collect();
    let declare = |ty: Ty, name: &str| {
        let c = ty.c_name();
        if c.ends_with('*') { format!("{c}{name}") } else { format!("{c} {name}") }
    };
    let members: String = fields.iter().map(|(name, ty)| format!("  {};\n", declare(*ty, name))).collect();
    let drops: String = fields
        .iter()
        .filter(|(_, ty)| ty.is_owned())
        .map(|(name, ty)| format!("    {}(frame->{name});\n", ty.drop_function()))
        .collect();
    let views = || fields.iter().filter(|(_, ty)| *ty == Ty::View);
    let keeps: String = views().map(|(name, _)| format!("  {name} = x07_task_keep({name});\n")).collect();
    let lets_go = |indent: &str| -> String {
        views().map(|(name, _)| format!("{indent}x07_task_let_go(frame->{name});\n")).collect()
    };
    let (dropped, after) = (lets_go("    "), lets_go("  "));
    let passed: Vec<String> = fields.iter().map(|(name, _)| format!("frame->{name}")).collect();
    let params: Vec<String> = fields.iter().map(|(name, ty)| declare(*ty, name)).collect();
    let params = if params.is_empty() { "void".to_string() } else { params.join(", ") };
    let init: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
    let (member, kind) = if text.result == Ty::ResultBytes {
        ("result_bytes", "X07_TASK_RESULT_BYTES")
    } else {
        ("bytes", "X07_TASK_BYTES")
    };
    let linkage = if linkage == Linkage::External { "" } else { "static " };
    let (frame_type, frame_use, frame_arg, size) = if fields.is_empty() {
        (String::new(), "  (void)data;\n".to_string(), "(const void *)0".to_string(), "0u".to_string())
    } else {
        (
            format!("typedef struct {symbol}__frame {{\n{members}}} {symbol}__frame;\n\n"),
            format!("  {symbol}__frame *frame = data;\n"),
            "&frame".to_string(),
            "(uint32_t)sizeof frame".to_string(),
        )
    };
    let make =
        if fields.is_empty() { String::new() } else { format!("  {symbol}__frame frame = {{{}}};\n", init.join(", ")) };
    let leading = text.fuel.leading;
    let look = match text.look {
        Look::InFront(bytes) => format!("  {}\n", emit::look_for_stack(bytes)),
        _ => String::new(),
    };
    format!(
        "\n{frame_type}static void {symbol}__run(void *data, x07_task_result *result) {{\n{frame_use}  if (!result) {{\n{drops}{dropped}    return;\n  }}\n{look}  \
         x07_ctx.fuel -= {leading};\n  if (X07_UNLIKELY(x07_ctx.fuel < 0)) x07_trap_fuel();\n  result->{member} = {body}({});\n{after}}}\n\n\
         {linkage}uint32_t {symbol}({params}) {{\n{keeps}{make}  return x07_task_new({symbol}__run, {frame_arg}, {size}, {kind});\n}}\n",
        passed.join(", ")
    )
}

/// Compiles one file.
pub(crate) fn compile(file: &File, interfaces: &dyn Interfaces, options: &Options) -> Unit {
    let source = Rc::new(Source::own(file, options.trusted));
    let mut context = UnitContext::new(file, interfaces, options);
    let mut summary = Summary {
        module: file.module_id.clone(),
        has_contracts: file
            .decls
            .iter()
            .any(|decl| matches!(decl, Decl::Function(function) if function.has_contracts())),
        ..Summary::default()
    };
    declare(file, &source, &mut context, &mut summary);
    let names: Vec<String> = context.own.keys().cloned().collect();
    for name in names {
        if context.own.get(&name).is_some_and(|own| own.progress == Progress::Waiting) {
            context.lower(&name);
        }
    }
    let solve = file.solve.map(|body| {
        let lowered = context.lower_body(source.clone(), "solve", Role::Solve, Vec::new(), &[], Ty::Bytes, None, body);
        let comment = "solve -> bytes".to_string();
        context.finish("solve", lowered, true, Ty::Bytes, comment, false)
    });
    assemble(file, context, source, solve.flatten(), summary)
}

/// Enters all functions of the file, none of them lowered yet.
fn declare<'a>(file: &'a File, source: &Rc<Source<'a>>, context: &mut UnitContext<'a>, summary: &mut Summary) {
    let options = context.options;
    let exported: BTreeSet<&str> = file
        .decls
        .iter()
        .filter_map(|decl| match decl {
            Decl::Export(export) if file.kind == FileKind::Module => Some(export.names.iter().map(String::as_str)),
            _ => None,
        })
        .flatten()
        .collect();
    // A list with gaps may have any name.
    let is_exported = |name: &str| exported.contains(name) || file.gaps.exports;
    for (decl, declared) in file.decls.iter().enumerate() {
        let (name, interface) = match declared {
            Decl::Function(function) => {
                let mut problems = Vec::new();
                let mut interface =
                    signature(function, &function.name, &[], !function.type_params.is_empty(), &mut problems);
                interface.exported = is_exported(&function.name);
                for (index, param) in function.type_params.iter().enumerate() {
                    if let Some(bound) = param.bound.as_deref().filter(|bound| bounds(Some(bound)).is_err()) {
                        summary.diagnostics.push(
                            Diagnostic::error(
                                "X07-TY-0103",
                                ErrorKind::Typing,
                                format!(
                                    "unknown bound \"{bound}\" of \"{}\" in \"{}\" (X07-TY-0103)",
                                    param.name, function.name
                                ),
                            )
                            .module(file.module_id.clone())
                            .at(format!("/decls/{decl}/type_params/{index}/bound")),
                        );
                    }
                }
                if !function.type_params.is_empty() {
                    interface.template = Some(Template {
                        source: template_source(file, function),
                        index: decl,
                        trusted: options.trusted,
                        type_params: function.type_params.iter().map(|p| (p.name.clone(), p.bound.clone())).collect(),
                    });
                }
                for (message, part) in problems {
                    summary.diagnostics.push(
                        Diagnostic::error(
                            "X07-TYPE-UNIFY-0001",
                            ErrorKind::Typing,
                            format!("{message} in \"{}\"", function.name),
                        )
                        .module(file.module_id.clone())
                        .at(format!("/decls/{decl}/{part}")),
                    );
                }
                if !options.capabilities.allow_unsafe && has_pointer(&interface) {
                    // Reported where the function is reached: its own summary carries it.
                    let mut diagnostic = Diagnostic::error(
                        "X07-WORLD-UNSAFE-0002",
                        ErrorKind::Unsupported,
                        format!(
                            "the signature of \"{}\" has a raw pointer, which this world does not allow",
                            function.name
                        ),
                    )
                    .module(file.module_id.clone())
                    .at(format!("/decls/{decl}/name"));
                    diagnostic.function = Some(function.name.clone());
                    context.summaries.push(FunctionSummary {
                        name: function.name.clone(),
                        calls: Vec::new(),
                        diagnostics: vec![diagnostic],
                        native_heads: Vec::new(),
                        nodes: 0,
                    });
                }
                (function.name.clone(), interface)
            }
            Decl::Extern(external) => {
                let mut interface = extern_signature(external);
                interface.exported = is_exported(&external.name);
                (external.name.clone(), interface)
            }
            Decl::Export(_) => continue,
        };
        let done = interface.is_extern || interface.template.is_some() || file.gaps.bodies.contains(&name);
        context.own.insert(
            name,
            Own {
                source: source.clone(),
                decl,
                vars: Vec::new(),
                interface: Rc::new(interface),
                progress: if done { Progress::Done } else { Progress::Waiting },
                recursive: false,
                stack: 0,
                instance: None,
                assumed_to_store_nothing: false,
                text: None,
            },
        );
    }
}

/// The interface of a file of which nothing but the declarations is looked at.
pub(crate) fn declared(file: &File, options: &Options) -> Interface {
    struct Nobody;
    impl Interfaces for Nobody {
        fn get(&self, _: &str) -> Option<&Interface> {
            None
        }
    }
    let source = Rc::new(Source::own(file, options.trusted));
    let mut context = UnitContext::new(file, &Nobody, options);
    declare(file, &source, &mut context, &mut Summary::default());
    let known = context.own.into_iter().filter(|(name, _)| !file.gaps.functions.contains(name));
    let functions = known.map(|(name, own)| (name, (*own.interface).clone()));
    Interface { functions: functions.collect(), ..empty_interface(file) }
}

/// The interface of a file but for its functions.
fn empty_interface(file: &File) -> Interface {
    Interface {
        module: file.module_id.clone(),
        imports: file.imports.clone(),
        reexports: reexports(file),
        functions: BTreeMap::new(),
        gaps: file.gaps.clone(),
    }
}

/// A function with mistakes has no C text, and so has none that calls it: a program that reaches one of them stops with
/// the mistakes, and any other does without both.
fn leave_out_callers_of_broken_functions(context: &mut UnitContext<'_>) {
    let mut callers: FxHashMap<&Used, Vec<usize>> = FxHashMap::default();
    let mut broken: Vec<usize> = Vec::new();
    for (index, own) in context.own.values().enumerate() {
        let Some(text) = &own.text else { continue };
        for used in &text.calls {
            callers.entry(used).or_default().push(index);
        }
        if text.calls.iter().any(|used| context.is_broken(used)) {
            broken.push(index);
        }
    }
    let mut left_out: FxHashSet<usize> = FxHashSet::default();
    while let Some(index) = broken.pop() {
        if let Some((name, _)) = context.own.get_index(index).filter(|_| left_out.insert(index)) {
            let used = Used { module: context.module.clone(), function: name.clone() };
            broken.extend(callers.get(&used).into_iter().flatten());
        }
    }
    for index in left_out {
        if let Some((_, own)) = context.own.get_index_mut(index) {
            own.text = None;
        }
    }
}

fn assemble(
    file: &File,
    mut context: UnitContext<'_>,
    source: Rc<Source<'_>>,
    mut solve: Option<Text>,
    mut summary: Summary,
) -> Unit {
    leave_out_callers_of_broken_functions(&mut context);
    let exposed = exposed(file, &context);
    if context.options.library {
        context.place_stack(&exposed, solve.as_mut());
    }
    let module = context.module.clone();
    // What ends up in the text: solve, what others may use, and what these call in turn.
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let mut queue: Vec<String> = exposed.iter().cloned().collect();
    if let Some(text) = &solve {
        queue.extend(text.calls.iter().filter(|u| u.module == module).map(|u| u.function.clone()));
    }
    while let Some(name) = queue.pop() {
        if !wanted.insert(name.clone()) {
            continue;
        }
        if let Some(text) = context.own.get(&name).and_then(|own| own.text.as_ref()) {
            queue.extend(text.calls.iter().filter(|u| u.module == module).map(|u| u.function.clone()));
        }
    }
    // Linkage: a small function is copied to whoever uses it; an exposed one is seen by every unit.
    let linkage = |name: &str, text: &Text| match text.linkage {
        Linkage::Inline if text.copied.is_some() || !exposed.contains(name) => Linkage::Inline,
        _ if exposed.contains(name) => Linkage::External,
        _ if matches!(text.look, Look::Inside(_)) && context.own[name].recursive => Linkage::Unrolled,
        _ => Linkage::Static,
    };
    let mut imports: BTreeSet<Used> = BTreeSet::new();
    let mut parts = emit::Parts::default();
    let mut prototypes = String::new();
    let mut definitions = String::new();
    let mut inline_definitions = String::new();
    let mut interface = empty_interface(file);
    let bodies: Vec<(&String, &Own<'_>)> = context.own.iter().filter(|(name, _)| wanted.contains(*name)).collect();
    for (name, own) in &bodies {
        if own.interface.is_extern {
            prototypes.push_str(&own.interface.declaration);
            continue;
        }
        let Some(text) = &own.text else { continue };
        let linkage = linkage(name, text);
        let fuel = if text.is_async { Fuel::default() } else { text.fuel };
        let result = if text.is_async { Ty::I32 } else { text.result };
        prototypes.push_str(&emit::prototype(&own.interface.symbol, linkage, &text.params, result, fuel));
        let printed = context.print(name, text, linkage);
        parts.add(text.parts());
        imports.extend(imported_by(&context, text));
        if linkage == Linkage::Inline {
            inline_definitions.push('\n');
            inline_definitions.push_str(&printed);
        } else {
            definitions.push('\n');
            definitions.push_str(&printed);
        }
    }
    for (name, own) in &context.own {
        let is_seen = own.instance.is_none() && (own.interface.exported || exposed.contains(name));
        if !is_seen || file.gaps.functions.contains(name) {
            continue;
        }
        let mut known = (*own.interface).clone();
        if let Some(text) = &own.text {
            let result = if text.is_async { Ty::I32 } else { text.result };
            let fuel = if text.is_async { Fuel::default() } else { text.fuel };
            known.inline = text.copied.is_some();
            known.stack = own.stack;
            known.declaration = if text.copied.is_some() {
                known.parts = emit::Parts::of(&text.body);
                let printed = context.print(name, text, Linkage::Inline);
                format!("{}{printed}", emit::prototype(&known.symbol, Linkage::Inline, &text.params, result, fuel))
            } else {
                emit::prototype(&known.symbol, Linkage::External, &text.params, result, fuel)
            };
            if text.copied.is_some() {
                known.needs = text.body.callees.iter().cloned().collect();
                known.needs.sort();
            }
        }
        interface.functions.insert(name.clone(), known);
    }
    if let Some(text) = &solve {
        imports.extend(imported_by(&context, text));
        let at = |e: ExprId| format!("{} {}", source.module, source.pointer(e));
        parts.add(text.parts());
        definitions.push('\n');
        definitions.push_str(&context.print_with("x07_solve", text, Linkage::External, &at));
    }
    let mut imported = String::new();
    let mut seen: BTreeSet<Used> = BTreeSet::new();
    for used in &imports {
        declare_import(&mut context, used, &mut seen, &mut imported);
    }
    let links: BTreeSet<String> = seen
        .iter()
        .filter(|used| context.imported.get(*used).is_some_and(|interface| !interface.inline))
        .map(|used| used.module.clone())
        .collect();
    for interface in seen.iter().filter_map(|used| context.imported.get(used)) {
        parts.add(interface.parts);
    }
    let mut c = format!("/* unit of module {module} */\n{}#include \"x07.h\"\n", parts.definitions());
    for part in [&imported, &prototypes] {
        if !part.is_empty() {
            c.push('\n');
            c.push_str(part);
        }
    }
    c.push_str(&inline_definitions);
    c.push_str(&definitions);
    let most = context.options.limits.max_c_bytes;
    if c.len() > most {
        summary.diagnostics.push(c_too_large(most as u64, c.len() as u64, Some(&module)));
    }
    summary.functions = context.summaries;
    summary.instances = context.own.values().filter_map(|own| own.instance.clone()).collect();
    let has_unknown = context.has_unknown;
    let (used, links) = (context.used.into_iter().collect(), links.into_iter().collect());
    Unit { interface, c, used, links, summary, has_unknown }
}

/// The modules that a file exports.
fn reexports(file: &File) -> BTreeSet<String> {
    let exported = file.decls.iter().filter_map(|decl| match decl {
        Decl::Export(export) => Some(&export.names),
        _ => None,
    });
    exported.flatten().filter(|name| file.imports.contains(name)).cloned().collect()
}

/// The declaration of an imported function, after those that it needs.
fn declare_import(context: &mut UnitContext<'_>, used: &Used, seen: &mut BTreeSet<Used>, text: &mut String) {
    if !seen.insert(used.clone()) {
        return;
    }
    let Some(interface) = context.import(used) else { return };
    for need in &interface.needs {
        if need.module != context.module {
            declare_import(context, need, seen, text);
        }
    }
    text.push_str(&interface.declaration);
}

/// The functions of this file that another unit may need the symbol of: exports, what inline exports call, and what
/// templates call.
fn exposed(file: &File, context: &UnitContext<'_>) -> BTreeSet<String> {
    let mut exposed = BTreeSet::new();
    let mut queue: Vec<String> =
        context.own.iter().filter(|(_, own)| own.interface.exported).map(|(name, _)| name.clone()).collect();
    while let Some(name) = queue.pop() {
        let Some(own) = context.own.get(&name) else { continue };
        if own.instance.is_some() || !exposed.insert(name.clone()) {
            continue;
        }
        if let Some(text) = &own.text
            && text.copied.is_some()
        {
            queue.extend(text.calls.iter().filter(|u| u.module == context.module).map(|u| u.function.clone()));
        }
        if own.interface.template.is_some()
            && let Some(Decl::Function(function)) = file.decls.get(own.decl)
        {
            heads_of(&own.source, function, &mut queue);
        }
    }
    exposed
}

/// Who calls a function of this file.
fn callers(name: &str, text: &Text, exposed: &BTreeSet<String>) -> Callers {
    match () {
        () if text.copied.is_some() => Callers::Copying,
        () if exposed.contains(name) => Callers::All,
        () => Callers::Own,
    }
}

/// Every name at the head of a list, or named by `tapp`, in a function.
fn heads_of(source: &Source<'_>, function: &Function, names: &mut Vec<String>) {
    let mut queue = vec![function.body];
    for clause in function.requires.iter().chain(&function.ensures).chain(&function.invariant) {
        queue.push(clause.expr);
    }
    while let Some(e) = queue.pop() {
        match source.exprs().get(e) {
            x07_ast::Expr::List(items) => queue.extend(items.iter().copied()),
            x07_ast::Expr::Atom(sym) => {
                let name = source.exprs().name(sym);
                if name.contains('.') {
                    names.push(name.to_string());
                }
            }
            _ => {}
        }
    }
}

/// The functions of other modules that a body calls.
fn imported_by<'t>(context: &UnitContext<'_>, text: &'t Text) -> impl Iterator<Item = Used> + 't {
    let module = context.module.clone();
    text.body.callees.iter().filter(move |used| used.module != module).cloned()
}

/// The types that satisfy a bound (spec language 14); `None` is all of them. Fails with an unknown bound.
fn bounds(bound: Option<&str>) -> Result<Option<&'static [&'static str]>, String> {
    match bound {
        None | Some("any") => Ok(None),
        Some("bytes_like") => Ok(Some(&["bytes", "bytes_view"])),
        Some("num_like") => Ok(Some(&["i32", "u32"])),
        Some("value" | "hashable" | "orderable") => Ok(Some(&["i32", "u32", "bytes", "bytes_view"])),
        Some(other) => Err(other.to_string()),
    }
}

/// Statements and values of a function that its own unit inlines.
const UNIT_SIZE: usize = 48;

/// Statements and values of a function that other units get a copy of: accessors and thin wrappers.
const PORTABLE_SIZE: usize = 16;

/// The same of one with the functions that come along because it calls them. Without this bound a chain of thin wrappers
/// would be in every unit that calls the first.
const COPIED_SIZE: usize = 4 * PORTABLE_SIZE;

/// Statements and values of a body that can be worth a copy wherever it is called; `None` for one with a loop or a scope.
fn size_of_plain(body: &Body) -> Option<usize> {
    let mut size = 0usize;
    let mut plain = true;
    mir::walk(&body.block, &mut |stmt: &Stmt| {
        size += 1;
        if matches!(stmt, Stmt::Loop { .. } | Stmt::BudgetEnter { .. } | Stmt::ContractFailure(_)) {
            plain = false;
        }
        mir::values(stmt, &mut |_| size += 1);
    });
    plain.then_some(size)
}

fn problem(code: &'static str, message: String, help: Option<String>) -> Lookup {
    Lookup::Problem { code, message, help }
}

fn has_pointer(interface: &FunctionInterface) -> bool {
    matches!(interface.result, Ty::Ptr(_)) || interface.params.iter().any(|p| matches!(p.ty, Ty::Ptr(_)))
}

fn comment(name: &str, interface: &FunctionInterface) -> String {
    let params: Vec<String> = interface.params.iter().map(|p| format!("{}: {}", p.name, p.ty.name())).collect();
    format!("{name}({}) -> {}", params.join(", "), interface.result.name())
}

/// `<f>__x07_mono_v1__<types>__h<8 hex>` (spec language 14).
fn instance_name(function: &str, types: &[TypeArg]) -> String {
    let names: Vec<&str> = types.iter().map(|t| t.name.as_str()).collect();
    let written: Vec<&str> = types.iter().map(|t| t.json.as_str()).collect();
    let hash = Sha256::digest(format!("[{}]", written.join(",")).as_bytes());
    format!("{function}__x07_mono_v1__{}__h{}", names.join("__"), hex::encode(&hash[..4]))
}

/// A function's name for a message: an instance of a generic is called by the names that its user wrote.
pub(crate) fn shown(function: &str) -> String {
    let instance = function.split_once("__x07_mono_v1__");
    match instance.and_then(|(generic, types)| Some((generic, types.rsplit_once("__h")?.0))) {
        Some((generic, types)) => format!("{generic} for {}", types.replace("__", ", ")),
        None => function.to_string(),
    }
}

fn signature(
    function: &Function,
    name: &str,
    vars: &[(String, TypeArg)],
    generic: bool,
    problems: &mut Vec<(String, String)>,
) -> FunctionInterface {
    let placeholders: Vec<(String, TypeArg)> =
        function.type_params.iter().map(|p| (p.name.clone(), TypeArg::named(&p.name, Ty::I32))).collect();
    let vars = if generic { &placeholders } else { vars };
    let mut ty = |written: &x07_ast::TypeExpr, part: String| match resolve(written, vars) {
        Ok(arg) => arg.ty,
        // Whether `["option", A]` exists is known only for an instance.
        Err(TypeProblem::Application(_)) if generic => Ty::Error,
        Err(problem) => {
            problems.push((describe(&problem), part));
            Ty::Error
        }
    };
    let params: Vec<ParamInterface> = function
        .params
        .iter()
        .enumerate()
        .map(|(i, param)| param_interface(param, ty(&param.ty, format!("params/{i}/ty"))))
        .collect();
    let result = ty(&function.result, "result".to_string());
    FunctionInterface {
        exported: false,
        is_async: function.is_async,
        is_extern: false,
        template: None,
        params,
        result,
        result_brand: function.result_brand.clone(),
        source: ViewSource::Free,
        stored: Vec::new(),
        fuel: Fuel { variable: true, ..Fuel::default() },
        stack: 0,
        symbol: mangle(name),
        declaration: String::new(),
        parts: emit::Parts::default(),
        inline: false,
        copied: 0,
        needs: Vec::new(),
    }
}

fn param_interface(param: &Param, ty: Ty) -> ParamInterface {
    ParamInterface { name: param.name.clone(), ty, brand: param.brand.clone() }
}

fn describe(problem: &TypeProblem) -> String {
    match problem {
        TypeProblem::Unknown(name) => format!("unknown type \"{name}\""),
        TypeProblem::Undeclared(name) => format!("undeclared type variable \"{name}\""),
        TypeProblem::Application(name) => format!("no such type: \"{name}\" of that argument"),
        TypeProblem::TooDeep => "a type is nested too deeply".to_string(),
    }
}

fn extern_signature(external: &x07_ast::Extern) -> FunctionInterface {
    let plain = |written: &x07_ast::TypeExpr| resolve(written, &[]).map_or(Ty::I32, |arg| arg.ty);
    let params: Vec<ParamInterface> = external.params.iter().map(|p| param_interface(p, plain(&p.ty))).collect();
    let result = external.result.as_ref().map(plain);
    // An assembler name keeps the prototype apart from whatever the C library's headers say.
    let symbol = format!("{}_2d_extern", mangle(&external.name));
    let types: Vec<&str> = params.iter().map(|p| p.ty.c_name()).collect();
    let types = if types.is_empty() { "void".to_string() } else { types.join(", ") };
    let link = &external.link_name;
    let declaration = match result {
        Some(ty) => format!("{} {symbol}({types}) __asm__(\"{link}\");\n", ty.c_name()),
        None => format!(
            "void {symbol}_void({types}) __asm__(\"{link}\");\n#define {symbol}(...) ({symbol}_void(__VA_ARGS__), 0u)\n"
        ),
    };
    FunctionInterface {
        exported: false,
        is_async: false,
        is_extern: true,
        template: None,
        params,
        result: result.unwrap_or(Ty::I32),
        result_brand: None,
        source: ViewSource::Free,
        stored: Vec::new(),
        fuel: Fuel::default(),
        stack: 0,
        symbol,
        declaration,
        parts: emit::Parts::default(),
        inline: true,
        copied: 0,
        needs: Vec::new(),
    }
}

/// A generic's declaration as a module file of its own.
fn template_source(file: &File, function: &Function) -> String {
    use serde_json::{Map, Value as Json, json};
    let ty = |t: &x07_ast::TypeExpr| type_json(t);
    let expr = |e: ExprId| serde_json::from_str::<Json>(&file.exprs.canonical_json(e)).unwrap_or(Json::Null);
    let mut decl = Map::new();
    decl.insert("kind".into(), json!(if function.is_async { "defasync" } else { "defn" }));
    decl.insert("name".into(), json!(function.name));
    decl.insert(
        "type_params".into(),
        function
            .type_params
            .iter()
            .map(|p| match &p.bound {
                Some(bound) => json!({"name": p.name, "bound": bound}),
                None => json!({"name": p.name}),
            })
            .collect(),
    );
    decl.insert(
        "params".into(),
        function
            .params
            .iter()
            .map(|p| match &p.brand {
                Some(brand) => json!({"name": p.name, "ty": ty(&p.ty), "brand": brand}),
                None => json!({"name": p.name, "ty": ty(&p.ty)}),
            })
            .collect(),
    );
    decl.insert("result".into(), ty(&function.result));
    if let Some(brand) = &function.result_brand {
        decl.insert("result_brand".into(), json!(brand));
    }
    for (key, clauses) in
        [("requires", &function.requires), ("ensures", &function.ensures), ("invariant", &function.invariant)]
    {
        if !clauses.is_empty() {
            let clauses: Vec<Json> = clauses
                .iter()
                .map(|clause| {
                    let mut object = Map::new();
                    object.insert("expr".into(), expr(clause.expr));
                    if let Some(id) = &clause.id {
                        object.insert("id".into(), json!(id));
                    }
                    object.insert("witness".into(), clause.witness.iter().map(|w| expr(*w)).collect());
                    Json::Object(object)
                })
                .collect();
            decl.insert(key.into(), Json::Array(clauses));
        }
    }
    decl.insert("body".into(), expr(function.body));
    let version =
        if file.kind == FileKind::Entry && file.module_id == "main" { "main" } else { file.module_id.as_str() };
    json!({
        "schema_version": "x07.x07ast@0.5.0",
        "kind": "module",
        "module_id": version,
        "imports": [],
        "decls": [{"kind": "export", "names": [function.name]}, Json::Object(decl)],
    })
    .to_string()
}

fn type_json(ty: &x07_ast::TypeExpr) -> serde_json::Value {
    use serde_json::json;
    match ty {
        x07_ast::TypeExpr::Name(name) => json!(name),
        x07_ast::TypeExpr::Var(name) => json!(["t", name]),
        x07_ast::TypeExpr::Apply(head, args) => {
            let mut list = vec![json!(head)];
            list.extend(args.iter().map(type_json));
            json!(list)
        }
    }
}

impl<'u, 'a> Lowerer<'u, 'a> {
    fn new(
        unit: &'u mut UnitContext<'a>,
        source: Rc<Source<'a>>,
        function: &str,
        role: Role,
        vars: Vec<(String, TypeArg)>,
        result: Ty,
        contracts: Option<Rc<Contracts>>,
    ) -> Self {
        Lowerer {
            unit,
            source,
            function: function.to_string(),
            role,
            vars,
            result,
            body: Body::default(),
            block: Vec::new(),
            scopes: Vec::new(),
            bindings: FxHashMap::default(),
            states: Vec::new(),
            brands: Vec::new(),
            full: Vec::new(),
            trail: Vec::new(),
            borrowers: Vec::new(),
            dead: false,
            unsafe_depth: 0,
            open_budgets: Vec::new(),
            budget_count: 0,
            contracts,
            in_clause: false,
            view_source: None,
            out: Lowered {
                body: Body::default(),
                source: ViewSource::Free,
                calls_itself: false,
                stored: BTreeSet::new(),
                calls: BTreeSet::new(),
                native_heads: BTreeSet::new(),
                nodes: 0,
                diagnostics: Vec::new(),
                has_tasks: false,
                has_unknown: false,
            },
        }
    }

    fn function_body(&mut self, params: &[(String, Ty, Option<String>)], body: ExprId) {
        self.open_scope();
        let source = self.source.clone();
        for (index, (name, ty, brand)) in params.iter().enumerate() {
            let local = self.scoped_local(Some(name.as_str().into()), *ty);
            self.brands[local.0 as usize] = Self::brand_name(brand.as_deref());
            if ty.is_view() {
                self.set_live(local, crate::lower::Owner::Param(index));
            }
            if name == "__result" && self.contracts.is_some() {
                self.reserved_parameter(index, body);
            }
            if let Some(sym) = source.exprs().find_name(name) {
                self.bind(sym, local);
            }
        }
        self.body.params = params.len();
        self.check_entry();
        let value = self.value(body);
        if value.ty != Ty::Never && !self.dead {
            self.leave(value, body);
        } else if value.ty != Ty::Never && value.ty != Ty::Error && self.result != value.ty {
            self.expect(&value, self.result, body, "X07-TYPE-RET-0001", "the result");
        }
        self.dead = true;
        self.close_scope(Operand::never(), body);
        self.body.block = std::mem::take(&mut self.block);
    }

    /// How many expression nodes the function has, those of its contract included.
    fn nodes(&self, body: ExprId) -> u64 {
        let clauses = self.contracts.iter().flat_map(|contracts| contracts.expressions());
        clauses.chain([body]).map(|e| self.source.size(e) as u64).sum()
    }

    fn finish(self) -> Lowered {
        let mut out = self.out;
        out.body = self.body;
        out.source = self.view_source.unwrap_or_default();
        out
    }
}
