//! The rules between the keys of a declaration (spec language 1.1).

use std::collections::HashMap;

use rustc_hash::FxHashMap;
use serde_json::json;

use super::declarations::Draft;
use super::reader::{Reader, Slot, Step, listed};
use super::signatures::{check_brand, is_result_bytes, shown};
use crate::codes;
use crate::names::{is_dotted, is_identifier, near};
use crate::text::quoted;
use crate::tree::{Clause, Decl, Export, Extern, FileKind, Function, Gaps, Param, SchemaVersion, TypeExpr, TypeParam};

/// What the rules need to know of the file around a declaration.
pub(super) struct Around<'a> {
    pub(super) kind: FileKind,
    /// The kind is the one that the file is used as.
    pub(super) is_wanted: bool,
    pub(super) schema: SchemaVersion,
    /// The module id, unless it is missing or wrong itself.
    pub(super) module: Option<String>,
    pub(super) imports: &'a [String],
}

const KINDS: &[&str] = &["defn", "defasync", "extern", "export"];

const FUNCTION_KEYS: &[&str] = &[
    "kind",
    "name",
    "type_params",
    "params",
    "result",
    "result_brand",
    "requires",
    "ensures",
    "invariant",
    "body",
    "doc",
];
const EXTERN_KEYS: &[&str] = &["kind", "abi", "name", "link_name", "params", "result", "doc"];
const EXPORT_KEYS: &[&str] = &["kind", "names", "doc"];

/// Applies the rules to all declarations; a refused one is a gap.
pub(super) fn declarations(
    reader: &mut Reader,
    around: &Around<'_>,
    drafts: Vec<Option<Draft>>,
    gaps: &mut Gaps,
) -> Vec<Option<Decl>> {
    let declared = declared_names(reader, &drafts);
    let mut decls = Vec::with_capacity(drafts.len());
    let mut exported_at = None;
    for (index, draft) in drafts.into_iter().enumerate() {
        let Some(draft) = draft else {
            gaps.declarations = true;
            decls.push(None);
            continue;
        };
        reader.enter(Step::Index(index as u32));
        let mark = reader.mark();
        let name = draft.name.given().cloned();
        let is_export = draft.kind.given().is_some_and(|kind| kind == "export");
        let decl = match &draft.kind {
            Slot::Absent => {
                let error = reader.error(codes::MISSING_KEY, "the declaration has no `kind`");
                reader.report(error.help(format!("it is one of {}", listed(KINDS))));
                None
            }
            Slot::Refused => None,
            Slot::Given(kind) => match kind.as_str() {
                "defn" => function(reader, around, draft, false),
                "defasync" => function(reader, around, draft, true),
                "extern" => external(reader, around, draft),
                "export" => export(reader, around, draft, &declared, &mut exported_at),
                other => {
                    unknown_kind(reader, other);
                    None
                }
            },
        };
        if let Some(name) = &name {
            reader.attribute(mark, name);
        }
        match name {
            _ if decl.is_some() => {}
            _ if is_export => gaps.exports = true,
            Some(name) => gaps.functions.extend([name]),
            None => gaps.declarations = true,
        }
        decls.push(decl);
        reader.leave();
    }
    if around.kind == FileKind::Module && around.is_wanted && exported_at.is_none() {
        let module = around.module.as_deref().map_or_else(String::new, |module| format!(" {}", quoted(module)));
        let error = reader.error(codes::BAD_EXPORT, format!("the module{module} exports nothing"));
        reader.report(error.help("add {\"kind\": \"export\", \"names\": […]} with the functions that others may call"));
    }
    decls
}

/// The names of all functions and externs; a repeat is reported.
fn declared_names(reader: &mut Reader, drafts: &[Option<Draft>]) -> FxHashMap<String, usize> {
    let mut declared: FxHashMap<String, usize> = HashMap::default();
    for (index, draft) in drafts.iter().enumerate() {
        let Some(draft) = draft else { continue };
        let is_named = matches!(draft.kind.given().map(String::as_str), Some("defn" | "defasync" | "extern"));
        let (true, Some(name)) = (is_named, draft.name.given()) else {
            continue;
        };
        if let Some(first) = declared.get(name) {
            let here = format!("{}/{index}/name", reader.pointer());
            let there = format!("{}/{first}/name", reader.pointer());
            let mut error = reader
                .error(codes::DUPLICATE_NAME, format!("the name {} is declared twice", quoted(name)))
                .at(here)
                .label(there, "first declared here");
            error.function = Some(name.clone());
            reader.report(error);
        } else {
            declared.insert(name.clone(), index);
        }
    }
    declared
}

fn unknown_kind(reader: &mut Reader, kind: &str) {
    reader.enter(Step::Key("kind"));
    let message = format!("{} is not a kind of declaration", quoted(kind));
    let error = reader.error(codes::UNKNOWN_DECLARATION, message);
    reader.report(match near(kind, KINDS.iter().copied()) {
        Some(near) => error
            .help(format!("did you mean `{near}`?"))
            .fix(format!("make it a {near}"), json!([{"op": "replace", "path": reader.pointer(), "value": near}])),
        None => error.help(format!("it is one of {}", listed(KINDS))),
    });
    reader.leave();
}

fn function(reader: &mut Reader, around: &Around<'_>, draft: Draft, is_async: bool) -> Option<Decl> {
    let what = if is_async { "a defasync" } else { "a defn" };
    draft.keys.warn_unknown(reader, what, FUNCTION_KEYS);
    let required = [
        ("name", draft.name.is_absent()),
        ("params", draft.params.is_absent()),
        ("result", draft.result.is_absent()),
        ("body", draft.body.is_absent()),
    ];
    require(reader, &required, &draft.name);
    check_name(reader, around, draft.name.given());
    check_parameters(reader, draft.params.given());
    check_type_parameters(reader, draft.type_params.given());
    if let (Some(brand), Some(result)) = (draft.result_brand.given(), draft.result.given()) {
        reader.enter(Step::Key("result_brand"));
        check_brand(reader, brand, result);
        reader.leave();
    }
    if let (true, Some(result)) = (is_async, draft.result.given()) {
        check_async_result(reader, result);
    }
    for (key, clauses) in [("requires", &draft.requires), ("ensures", &draft.ensures), ("invariant", &draft.invariant)]
    {
        if around.schema < SchemaVersion::V0_5 && !clauses.is_absent() {
            reader.enter(Step::Key(key));
            let message = format!("`{key}` needs schema version {}", SchemaVersion::V0_5.as_str());
            let error = reader.error(codes::OLD_CONTRACT, message);
            reader.report(
                error
                    .help(format!("this file is {}; contracts came with 0.5.0", around.schema.as_str()))
                    .fix("raise the schema version", super::raise_schema()),
            );
            reader.leave();
        }
    }
    Some(Decl::Function(Function {
        name: draft.name.into_given()?,
        is_async,
        type_params: sound(draft.type_params)?,
        params: sound(draft.params)?,
        result: draft.result.into_given()?,
        result_brand: draft.result_brand.into_given(),
        // Whatever is refused of a contract, the function is known without.
        requires: sound::<Clause>(draft.requires).unwrap_or_default(),
        ensures: sound(draft.ensures).unwrap_or_default(),
        invariant: sound(draft.invariant).unwrap_or_default(),
        body: draft.body.into_given()?,
        doc: draft.doc.into_given(),
    }))
}

/// The items if none was refused; an absent list is empty.
fn sound<T>(items: Slot<Vec<Option<T>>>) -> Option<Vec<T>> {
    match items {
        Slot::Absent => Some(Vec::new()),
        Slot::Refused => None,
        Slot::Given(items) => items.into_iter().collect(),
    }
}

fn require(reader: &mut Reader, required: &[(&'static str, bool)], name: &Slot<String>) {
    let whose = name.given().map_or_else(|| "the declaration".to_owned(), |name| quoted(name));
    for (key, missing) in required {
        if *missing {
            let error = reader.error(codes::MISSING_KEY, format!("{whose} has no `{key}`"));
            reader.report(if *key == "params" {
                let path = format!("{}/params", reader.pointer());
                error
                    .help("a function without parameters has \"params\": []")
                    .fix("add an empty list of parameters", json!([{"op": "add", "path": path, "value": []}]))
            } else {
                error
            });
        }
    }
}

fn check_name(reader: &mut Reader, around: &Around<'_>, name: Option<&String>) {
    let (Some(name), Some(module)) = (name, &around.module) else {
        return;
    };
    reader.enter(Step::Key("name"));
    let shown = quoted(name);
    if !is_dotted(name) {
        let error = reader.error(codes::BAD_NAME, format!("{shown} is not a name for a declaration"));
        reader.report(error.help("a name is the module id, a dot, and letters, digits, `_` or `-`"));
    } else {
        match name.strip_prefix(module.as_str()).and_then(|rest| rest.strip_prefix('.')) {
            None => {
                let last = name.rsplit('.').next().unwrap_or_default();
                let wanted = format!("{module}.{last}");
                let message = format!("the name {shown} does not begin with its module, `{module}.`");
                let error = reader.error(codes::FOREIGN_NAME, message);
                reader.report(error.help(format!("call it `{wanted}`, here and where it is used")));
            }
            Some(symbol) if symbol.contains('.') => {
                let owner = name.rsplit_once('.').map_or("", |(owner, _)| owner);
                let message = format!("the name {shown} belongs to a module `{owner}`, not to `{module}`");
                let error = reader.error(codes::FOREIGN_NAME, message);
                reader.report(
                    error.help(format!("one segment follows the module id: `{module}.{}`", symbol.replace('.', "_"))),
                );
            }
            Some(_) if name.contains("__x07_mono_v1__") || name.contains(".__std_stream_pipe_v1_") => {
                reader.report(
                    reader.error(codes::RESERVED_NAME, format!("the name {shown} is reserved for the compiler")),
                );
            }
            Some(_) => {}
        }
    }
    reader.leave();
}

fn check_parameters(reader: &mut Reader, params: Option<&Vec<Option<Param>>>) {
    let names = params.into_iter().flatten().map(|param| param.as_ref().map(|param| param.name.as_str()));
    check_distinct(reader, "params", "parameters", names);
}

fn check_type_parameters(reader: &mut Reader, params: Option<&Vec<Option<TypeParam>>>) {
    let names = params.into_iter().flatten().map(|param| param.as_ref().map(|param| param.name.as_str()));
    check_distinct(reader, "type_params", "type parameters", names);
}

fn check_distinct<'a>(
    reader: &mut Reader,
    key: &'static str,
    what: &str,
    names: impl Iterator<Item = Option<&'a str>>,
) {
    reader.enter(Step::Key(key));
    let mut seen: FxHashMap<&str, usize> = HashMap::default();
    for (index, name) in names.enumerate() {
        let Some(name) = name else { continue };
        match seen.get(name) {
            Some(first) => {
                let list = reader.pointer();
                let error = reader.error(codes::DUPLICATE_NAME, format!("two {what} are called {}", quoted(name)));
                reader.report(
                    error.at(format!("{list}/{index}/name")).label(format!("{list}/{first}/name"), "the first"),
                );
            }
            None => {
                seen.insert(name, index);
            }
        }
    }
    reader.leave();
}

fn check_async_result(reader: &mut Reader, result: &TypeExpr) {
    let fits = match result {
        TypeExpr::Name(name) => name == "bytes" || name == "result_bytes",
        // What it stands for is known only at the call.
        TypeExpr::Var(_) => true,
        TypeExpr::Apply(..) => is_result_bytes(result),
    };
    if !fits {
        reader.enter(Step::Key("result"));
        let message = format!("a defasync results in `bytes` or `result_bytes`, not in {}", shown(result));
        reader.report(reader.error(codes::ASYNC_RESULT, message));
        reader.leave();
    }
}

fn external(reader: &mut Reader, around: &Around<'_>, draft: Draft) -> Option<Decl> {
    draft.keys.warn_unknown(reader, "an extern", EXTERN_KEYS);
    let required = [
        ("abi", draft.abi.is_absent()),
        ("name", draft.name.is_absent()),
        ("params", draft.params.is_absent()),
        ("result", draft.result.is_absent()),
    ];
    require(reader, &required, &draft.name);
    check_name(reader, around, draft.name.given());
    check_parameters(reader, draft.params.given());
    if let Some(abi) = draft.abi.given().filter(|abi| *abi != "C") {
        reader.enter(Step::Key("abi"));
        let error = reader.error(codes::BAD_EXTERN, format!("{} is not an abi of an extern", quoted(abi)));
        let fix = json!([{"op": "replace", "path": reader.pointer(), "value": "C"}]);
        reader.report(error.help("the only abi is \"C\"").fix("make it C", fix));
        reader.leave();
    }
    for (index, param) in draft.params.given().into_iter().flatten().enumerate() {
        let Some(param) = param else { continue };
        if !is_extern_type(&param.ty) {
            let pointer = format!("{}/params/{index}/ty", reader.pointer());
            let message =
                format!("the parameter {} of an extern cannot be of type {}", quoted(&param.name), shown(&param.ty));
            let error = reader.error(codes::BAD_EXTERN, message).at(pointer);
            reader.report(error.help("an extern takes i32, u32 and raw pointers such as ptr_const_u8"));
        }
    }
    let is_void = matches!(draft.result.given(), Some(TypeExpr::Name(name)) if name == "void");
    if let Some(result) = draft.result.given().filter(|result| !is_void && !is_extern_type(result)) {
        reader.enter(Step::Key("result"));
        let error = reader.error(codes::BAD_EXTERN, format!("an extern cannot result in {}", shown(result)));
        reader.report(error.help("an extern results in i32, u32, a raw pointer, or \"void\""));
        reader.leave();
    }
    let link_name = link_name(reader, &draft);
    Some(Decl::Extern(Extern {
        name: draft.name.into_given()?,
        link_name: link_name?,
        params: sound(draft.params)?,
        result: draft.result.into_given().filter(|_| !is_void),
    }))
}

fn link_name(reader: &mut Reader, draft: &Draft) -> Option<String> {
    let link_name = match &draft.link_name {
        Slot::Given(given) => given.clone(),
        Slot::Refused => return None,
        Slot::Absent => draft.name.given()?.rsplit('.').next().unwrap_or_default().to_owned(),
    };
    if is_identifier(&link_name) {
        return Some(link_name);
    }
    let error = if draft.link_name.is_absent() {
        let message = format!("the last segment {} of the name cannot be a C symbol", quoted(&link_name));
        reader.error(codes::BAD_EXTERN, message).help("say in `link_name` what the function is called in C")
    } else {
        let message = format!("{} cannot be a C symbol", quoted(&link_name));
        let pointer = format!("{}/link_name", reader.pointer());
        reader.error(codes::BAD_EXTERN, message).at(pointer)
    };
    reader.report(error.note("a C symbol is letters, digits and `_`, and does not begin with a digit"));
    None
}

fn is_extern_type(ty: &TypeExpr) -> bool {
    let TypeExpr::Name(name) = ty else {
        return false;
    };
    matches!(
        name.as_str(),
        "i32"
            | "u32"
            | "ptr_const_u8"
            | "ptr_mut_u8"
            | "ptr_const_void"
            | "ptr_mut_void"
            | "ptr_const_i32"
            | "ptr_mut_i32"
    )
}

fn export(
    reader: &mut Reader,
    around: &Around<'_>,
    draft: Draft,
    declared: &FxHashMap<String, usize>,
    exported_at: &mut Option<String>,
) -> Option<Decl> {
    draft.keys.warn_unknown(reader, "an export", EXPORT_KEYS);
    if around.kind == FileKind::Entry && around.is_wanted {
        let error = reader.error(codes::BAD_EXPORT, "an entry file has no `export`: nothing can import it");
        let fix = json!([{"op": "remove", "path": reader.pointer()}]);
        reader.report(error.help("remove the export, or move the functions into a module").fix("remove it", fix));
        return None;
    }
    let Slot::Given(names) = draft.names else {
        if draft.names.is_absent() {
            reader.report(reader.error(codes::MISSING_KEY, "the export has no `names`"));
        }
        // A broken export is told once, not also as a missing one.
        exported_at.get_or_insert_with(|| reader.pointer());
        return None;
    };
    if !names.is_empty() {
        match exported_at {
            Some(first) => {
                let error = reader.error(codes::BAD_EXPORT, "a module has one export; this is the second");
                reader.report(error.label(first.clone(), "the first").help("put all names into one list"));
            }
            None => *exported_at = Some(reader.pointer()),
        }
    }
    reader.enter(Step::Key("names"));
    let mut exported = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let Slot::Given(name) = name else { continue };
        reader.enter(Step::Index(index as u32));
        check_exported(reader, around, &name, declared);
        reader.leave();
        exported.push(name);
    }
    reader.leave();
    Some(Decl::Export(Export { names: exported }))
}

fn check_exported(reader: &mut Reader, around: &Around<'_>, name: &str, declared: &FxHashMap<String, usize>) {
    let Some(module) = &around.module else { return };
    // An imported module is exported under its own name.
    if declared.contains_key(name) || around.imports.iter().any(|import| import == name) {
        return;
    }
    let belongs = name.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'));
    let error = if belongs {
        let message = format!("{} is exported and not declared in this file", quoted(name));
        reader.error(codes::BAD_EXPORT, message)
    } else {
        let message = format!("the module `{module}` exports {}, which is not its own", quoted(name));
        reader.error(codes::BAD_EXPORT, message)
    };
    // The nearest name, whatever the order of the table.
    let mut candidates: Vec<&str> = declared.keys().map(String::as_str).collect();
    candidates.sort_unstable();
    reader.report(match near(name, candidates) {
        Some(near) => {
            let fix = json!([{"op": "replace", "path": reader.pointer(), "value": near}]);
            error.help(format!("did you mean `{near}`?")).fix(format!("export `{near}`"), fix)
        }
        None => error.help("declare it, or take it out of the list"),
    });
}
