//! From source text to tree, with all independent mistakes of a file in one go.

mod declarations;
mod expressions;
mod order;
mod reader;
mod remains;
mod rules;
mod signatures;

use serde::de::{DeserializeSeed, MapAccess};
use serde_json::{Map, Value, json};

use self::declarations::{Declarations, Draft};
use self::expressions::Node;
use self::reader::{Doc, List, Reader, Reading, Slot, Step, Strings, Take, Text, members};
use self::rules::Around;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::locate::segments;
use crate::names::{is_dotted, near};
use crate::text::{self, quoted};
use crate::tree::{Decl, ExprId, Exprs, File, FileKind, Gaps, SchemaVersion};

/// What the file is going to be used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected<'a> {
    /// The program: an entry called `main`.
    Entry,
    /// The module that others import by this id.
    Module(&'a str),
    /// Whatever it says it is; for tools that look at one file.
    Any,
}

/// What came of a source text.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; `None` exactly when a diagnostic is an error.
    pub file: Option<File>,
    /// What is left of a file with errors when those are taken out; `None` also when nothing is left that could be used as
    /// the file is expected to be.
    pub remains: Option<File>,
    /// Errors and warnings in the order of the file's keys, whatever order they are written in.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a source file.
///
/// Reports every mistake that does not follow from another; a text that is not JSON has one.
/// A file at the limit of nesting takes 0.7 MB of stack, 1.5 MB without optimisation.
pub fn parse(source: &[u8], expected: Expected<'_>) -> Parsed {
    let mut reader = Reader::default();
    let outcome = read(&mut reader, source);
    let checked = match outcome {
        Ok(draft) => draft.and_then(|draft| check(&mut reader, draft, expected)),
        Err(broken) => {
            let module = module_name(expected, None);
            return Parsed { file: None, remains: None, diagnostics: vec![broken.module(module)] };
        }
    };
    let has_errors = reader.has_errors();
    let (exprs, mut diagnostics) = reader.finish();
    let mut file = checked.map(|(file, decls)| (File { exprs, ..file }, decls));
    let mut remains = None;
    if has_errors {
        let left = file.take().filter(|(file, _)| is_expected(file, expected));
        remains = left.and_then(|(file, decls)| remains::without_errors(file, decls, &diagnostics));
    }
    let mut file = file.map(|(file, decls)| File { decls: decls.into_iter().flatten().collect(), ..file });
    let module = module_name(expected, file.as_ref());
    for diagnostic in &mut diagnostics {
        diagnostic.module.clone_from(&module);
    }
    diagnostics.sort_by_cached_key(|diagnostic| diagnostic.pointer.as_deref().map_or_else(at_the_end, place));
    file.iter_mut().chain(&mut remains).for_each(order::settle);
    Parsed { file, remains, diagnostics }
}

/// True when the file can be used as what it is going to be used as.
fn is_expected(file: &File, expected: Expected<'_>) -> bool {
    match expected {
        Expected::Entry => file.kind == FileKind::Entry && file.module_id == "main",
        Expected::Module(id) => file.kind == FileKind::Module && file.module_id == id,
        Expected::Any => true,
    }
}

fn module_name(expected: Expected<'_>, file: Option<&File>) -> String {
    match expected {
        Expected::Entry => "main".to_owned(),
        Expected::Module(id) => id.to_owned(),
        Expected::Any => file.map_or_else(String::new, |file| file.module_id.clone()),
    }
}

/// The file as written.
#[derive(Default)]
struct FileDraft {
    schema_version: Slot<String>,
    kind: Slot<String>,
    module_id: Slot<String>,
    imports: Slot<Vec<Slot<String>>>,
    decls: Slot<Vec<Option<Draft>>>,
    solve: Slot<ExprId>,
    meta: Map<String, Value>,
}

const KEYS: &[&str] = &["schema_version", "kind", "module_id", "imports", "decls", "solve", "meta", "doc"];

fn read(reader: &mut Reader, source: &[u8]) -> Result<Option<FileDraft>, Diagnostic> {
    let text = text::checked(source).map_err(|broken| broken.diagnostic)?;
    let mut json = serde_json::Deserializer::from_str(text);
    json.disable_recursion_limit();
    let draft = Reading(Document(&mut *reader))
        .deserialize(&mut json)
        .and_then(|draft| json.end().map(|()| draft))
        .map_err(|error| text::syntax_error(text, &error).diagnostic)?;
    if let Some(draft) = &draft {
        report_long_integer(reader, draft, text);
    }
    Ok(draft)
}

/// Refuses an integer that is not looked at and that the canonical form could not keep. It can only stand in `meta`, or
/// where something else was told already.
fn report_long_integer(reader: &mut Reader, draft: &FileDraft, text: &str) {
    if draft.meta.is_empty() && reader.mark() == 0 {
        return;
    }
    if let Some(found) = text::long_integer(text)
        && !reader.has_error_at(&found.pointer)
    {
        reader.report(found);
    }
}

struct Document<'r>(&'r mut Reader);

impl<'de> Take<'de> for Document<'_> {
    type Out = Option<FileDraft>;

    fn reader(&mut self) -> &mut Reader {
        self.0
    }

    fn refuse(&mut self, found: &str) -> Diagnostic {
        self.0.error(codes::WRONG_SHAPE, format!("a source file is one JSON object, not {found}"))
    }

    fn refused(self) -> Self::Out {
        None
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Out, A::Error> {
        let mut draft = FileDraft::default();
        let keys = members(self.0, &mut map, KEYS, |reader, key, map| {
            match key {
                "schema_version" => {
                    draft.schema_version = map.next_value_seed(Reading(Text { reader, what: "`schema_version`" }))?;
                }
                "kind" => draft.kind = map.next_value_seed(Reading(Text { reader, what: "`kind`" }))?,
                "module_id" => draft.module_id = map.next_value_seed(Reading(Text { reader, what: "`module_id`" }))?,
                "imports" => {
                    let item = Strings { what: "an import" };
                    draft.imports = map.next_value_seed(Reading(List { reader, what: "`imports`", item }))?;
                }
                "decls" => {
                    draft.decls = map.next_value_seed(Reading(List { reader, what: "`decls`", item: Declarations }))?;
                }
                "solve" => {
                    let mark = reader.mark();
                    draft.solve = Slot::Given(map.next_value_seed(Reading(Node(&mut *reader)))?);
                    reader.attribute(mark, "solve");
                }
                "doc" => {
                    map.next_value_seed(Reading(Doc(reader)))?;
                }
                _ => {
                    draft.meta = match map.next_value()? {
                        Value::Object(meta) => meta,
                        _ => {
                            reader.report(
                                reader.error(codes::WRONG_SHAPE, "`meta` is not an object; it is ignored").warning(),
                            );
                            Map::new()
                        }
                    };
                }
            }
            Ok(())
        })?;
        keys.warn_unknown(self.0, "a source file", KEYS);
        Ok(Some(draft))
    }
}

/// Applies the rules between the keys of the file. Its declarations come apart from it, `None` for one that is refused.
fn check(reader: &mut Reader, draft: FileDraft, expected: Expected<'_>) -> Option<(File, Vec<Option<Decl>>)> {
    let schema = check_schema(reader, &draft.schema_version);
    let (kind, is_wanted) = check_kind(reader, &draft, expected);
    let module = check_module_id(reader, &draft, kind, expected);
    let (imports, import_indices) = check_imports(reader, &draft.imports);
    if draft.decls.is_absent() {
        missing_list(reader, "decls", "a file without declarations has \"decls\": []");
    }
    match (kind, draft.solve.is_absent()) {
        // What a file of the wrong kind lacks follows from that.
        _ if !is_wanted => {}
        (FileKind::Entry, true) => {
            let error = reader.error(codes::NO_SOLVE, "the entry file has no `solve`");
            reader.report(error.help("`solve` is the expression of type bytes that is the program's output"));
        }
        (FileKind::Module, false) => {
            let error =
                reader.error(codes::SOLVE_IN_MODULE, "a module has no `solve`; only the entry has").at("/solve");
            let fix = json!([{"op": "remove", "path": "/solve"}]);
            reader.report(error.help("remove it, or move it into a function").fix("remove `solve`", fix));
        }
        (FileKind::Entry, false) | (FileKind::Module, true) => {}
    }
    let around = Around { kind, is_wanted, schema, module, imports: &imports };
    let mut gaps =
        Gaps { imports: draft.imports.is_absent(), declarations: draft.decls.is_absent(), ..Gaps::default() };
    let mut decls = Vec::new();
    if let Slot::Given(drafts) = draft.decls {
        reader.enter(Step::Key("decls"));
        decls = rules::declarations(reader, &around, drafts, &mut gaps);
        reader.leave();
    }
    let module_id = around.module?;
    let file = File {
        kind,
        schema,
        module_id,
        imports,
        import_indices,
        decls: Vec::new(),
        solve: draft.solve.into_given(),
        exprs: Exprs::default(),
        meta: draft.meta,
        gaps,
    };
    Some((file, decls))
}

fn missing_list(reader: &mut Reader, key: &str, help: &str) {
    let error = reader.error(codes::MISSING_KEY, format!("the file has no `{key}`"));
    let fix = json!([{"op": "add", "path": format!("/{key}"), "value": []}]);
    reader.report(error.help(help).fix(format!("add an empty `{key}`"), fix));
}

fn missing_text(reader: &mut Reader, key: &str, example: &str) {
    let error = reader.error(codes::MISSING_KEY, format!("the file has no `{key}`"));
    reader.report(error.help(format!("add \"{key}\": \"{example}\"")));
}

/// The patch that makes a file one of the current schema version.
fn raise_schema() -> Value {
    json!([{"op": "replace", "path": "/schema_version", "value": SchemaVersion::CURRENT.as_str()}])
}

fn check_schema(reader: &mut Reader, schema_version: &Slot<String>) -> SchemaVersion {
    match schema_version {
        Slot::Given(text) => {
            if let Some(schema) = SchemaVersion::from_text(text) {
                return schema;
            }
            let supported: Vec<&str> = SchemaVersion::ALL.iter().rev().map(|version| version.as_str()).collect();
            let message =
                format!("the schema version {} is not supported; these are: {}", quoted(text), supported.join(", "));
            let error = reader.error(codes::SCHEMA_VERSION, message).at("/schema_version");
            reader.report(error.fix("set the current schema version", raise_schema()));
        }
        Slot::Absent => missing_text(reader, "schema_version", SchemaVersion::CURRENT.as_str()),
        Slot::Refused => {}
    }
    SchemaVersion::CURRENT
}

/// The kind of the file, and whether it is the expected one.
fn check_kind(reader: &mut Reader, draft: &FileDraft, expected: Expected<'_>) -> (FileKind, bool) {
    let wanted = match expected {
        Expected::Entry => Some(FileKind::Entry),
        Expected::Module(_) => Some(FileKind::Module),
        Expected::Any => None,
    };
    let guessed = wanted.unwrap_or(if draft.solve.is_absent() { FileKind::Module } else { FileKind::Entry });
    let text = match &draft.kind {
        Slot::Given(text) => text.trim(),
        Slot::Absent => {
            missing_text(reader, "kind", guessed.as_str());
            return (guessed, true);
        }
        Slot::Refused => return (guessed, true),
    };
    let kind = match text {
        "entry" => FileKind::Entry,
        "module" => FileKind::Module,
        other => {
            let error = reader.error(codes::WRONG_FILE, format!("{} is not a kind of file", quoted(other))).at("/kind");
            reader.report(match near(other, ["entry", "module"]) {
                Some(near) => error
                    .help(format!("did you mean `{near}`?"))
                    .fix(format!("make it `{near}`"), json!([{"op": "replace", "path": "/kind", "value": near}])),
                None => error.help("it is `entry` or `module`"),
            });
            return (guessed, true);
        }
    };
    let complaint = match (expected, kind) {
        (Expected::Entry, FileKind::Module) => {
            "the program is a file of kind \"entry\", and this one is a \"module\"".to_owned()
        }
        (Expected::Module(id), FileKind::Entry) => {
            format!("{} is imported and so must be of kind \"module\", and this file is an \"entry\"", quoted(id))
        }
        _ => return (kind, true),
    };
    reader.report(reader.error(codes::WRONG_FILE, complaint).at("/kind"));
    (kind, false)
}

fn check_module_id(reader: &mut Reader, draft: &FileDraft, kind: FileKind, expected: Expected<'_>) -> Option<String> {
    let expected_id = match (expected, kind) {
        (Expected::Entry, FileKind::Entry) | (Expected::Any, FileKind::Entry) => Some("main"),
        (Expected::Module(id), FileKind::Module) => Some(id),
        // The kind is wrong and has been reported; the id follows from it.
        _ => None,
    };
    let id = match &draft.module_id {
        Slot::Given(id) => id,
        Slot::Absent => {
            missing_text(reader, "module_id", expected_id.unwrap_or("app.part"));
            return expected_id.map(str::to_owned);
        }
        Slot::Refused => return expected_id.map(str::to_owned),
    };
    let fixed = |wanted: &str| json!([{"op": "replace", "path": "/module_id", "value": wanted}]);
    if !is_dotted(id) {
        let error = reader.error(codes::BAD_NAME, format!("{} is not a module id", quoted(id))).at("/module_id");
        reader.report(error.help("a module id is names joined by dots, such as `app.rle`"));
        return None;
    }
    match expected_id {
        Some(wanted) if wanted != id => {
            let error = match kind {
                FileKind::Entry => {
                    let message = format!("an entry file is called `main`, and this one says {}", quoted(id));
                    reader.error(codes::WRONG_FILE, message)
                }
                FileKind::Module => {
                    let message = format!("the file is imported as {} and says it is {}", quoted(wanted), quoted(id));
                    let error = reader.error(codes::WRONG_FILE, message);
                    error.help("rename the one or the other; the id is the path below the module root, with dots")
                }
            };
            reader.report(error.at("/module_id").fix(format!("call it `{wanted}`"), fixed(wanted)));
        }
        _ => {}
    }
    // The names in the file follow its own id, so a wrong one is told once.
    Some(id.clone())
}

fn check_imports(reader: &mut Reader, imports: &Slot<Vec<Slot<String>>>) -> (Vec<String>, Vec<u32>) {
    let mut ids = indexmap::IndexSet::new();
    let mut indices = Vec::new();
    if imports.is_absent() {
        missing_list(reader, "imports", "a file that imports nothing has \"imports\": []");
    }
    for (index, import) in imports.given().into_iter().flatten().enumerate() {
        let Slot::Given(id) = import else { continue };
        if !is_dotted(id) {
            let error = reader.error(codes::BAD_NAME, format!("{} is not a module id", quoted(id)));
            let error = error.help("a module id is names joined by dots, such as `std.bytes`");
            reader.report(error.at(format!("/imports/{index}")));
        } else if ids.insert(id.clone()) {
            indices.push(index as u32);
        }
    }
    (ids.into_iter().collect(), indices)
}

/// The order in which a person looks at the keys.
const ORDER: &[&str] = &[
    "schema_version",
    "kind",
    "module_id",
    "imports",
    "decls",
    "solve",
    "abi",
    "name",
    "link_name",
    "type_params",
    "bound",
    "params",
    "ty",
    "brand",
    "result",
    "result_brand",
    "requires",
    "ensures",
    "invariant",
    "id",
    "expr",
    "witness",
    "body",
    "names",
    "doc",
    "meta",
];

/// Where a pointer stands in the order of diagnostics: by key, array indices by number.
type Place = (bool, Vec<(usize, u64, String)>);

fn place(pointer: &str) -> Place {
    let place_of = |segment: String| match segment.parse() {
        Ok(index) => (0, index, String::new()),
        Err(_) => {
            let rank = ORDER.iter().position(|key| *key == segment);
            (rank.unwrap_or(ORDER.len()), 0, segment)
        }
    };
    let segments = segments(pointer).unwrap_or_default();
    (false, segments.into_iter().map(place_of).collect())
}

fn at_the_end() -> Place {
    (true, Vec::new())
}
