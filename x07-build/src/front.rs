//! The compiler's front door, as this crate uses it.

use x07_ast::{Diagnostic, Expected, File};
use x07c::{Capabilities, Interface, Options, Summary};

use crate::digest::Digest;
use crate::request::Limits;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The tree; when a diagnostic is an error, of what is left without it, if anything.
    pub(crate) file: Option<File>,
    /// No diagnostic is an error.
    pub(crate) is_sound: bool,
    /// Errors and warnings.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The digest of what the compiler sees of it.
    pub(crate) meaning: Digest,
}

/// Parses module `id`; `main` is the entry.
pub(crate) fn parse(id: &str, is_entry: bool, text: &[u8]) -> Parsed {
    let expected = if is_entry { Expected::Entry } else { Expected::Module(id) };
    let parsed = x07_ast::parse(text, expected);
    let meaning = match &parsed.file {
        Some(file) => Digest::of(&x07_ast::meaning_bytes(file)),
        None => Digest::of(text),
    };
    let is_sound = parsed.file.is_some();
    Parsed { file: parsed.file.or(parsed.remains), is_sound, diagnostics: parsed.diagnostics, meaning }
}

/// The options of a unit of an executable.
pub(crate) fn options(
    capabilities: Capabilities,
    limits: &Limits,
    trusted: bool,
    inline_across_modules: bool,
) -> Options {
    let size = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
    let limits = x07c::Limits { max_locals: size(limits.max_locals), max_c_bytes: size(limits.max_c_bytes) };
    Options { capabilities, limits, trusted, inline_across_modules, library: false }
}

/// An interface as bytes, for the store.
pub(crate) fn encode_interface(interface: &Interface) -> Vec<u8> {
    postcard::to_stdvec(interface).unwrap_or_default()
}

/// The reverse of `encode_interface`.
pub(crate) fn decode_interface(bytes: &[u8]) -> Option<Interface> {
    postcard::from_bytes(bytes).ok()
}

/// A summary as bytes. One with diagnostics is JSON, because a fix holds JSON of any shape.
pub(crate) fn encode_summary(summary: &Summary) -> Vec<u8> {
    let json = has_findings(summary);
    let body = if json { serde_json::to_vec(summary).ok() } else { postcard::to_stdvec(summary).ok() };
    let mut bytes = vec![u8::from(json)];
    bytes.extend(body.unwrap_or_default());
    bytes
}

/// The reverse of `encode_summary`.
pub(crate) fn decode_summary(bytes: &[u8]) -> Option<Summary> {
    match bytes.split_first()? {
        (0, body) => postcard::from_bytes(body).ok(),
        (_, body) => serde_json::from_slice(body).ok(),
    }
}

/// True when the compiler had something to say about a file.
pub(crate) fn has_findings(summary: &Summary) -> bool {
    !summary.diagnostics.is_empty() || summary.functions.iter().any(|function| !function.diagnostics.is_empty())
}

/// The modules that a file needs, with their places in its own list: those it imports, then those that a head of it
/// stands for (spec language 3.2), which have the place after the last.
pub(crate) fn imports(file: &File) -> (Vec<String>, Vec<u32>) {
    let mut ids = file.imports.clone();
    let mut places = file.import_indices.clone();
    for (head, module) in IMPLIED_IMPORTS {
        if file.exprs.find_name(head).is_some() && !ids.iter().any(|id| id == module) && file.module_id != module {
            ids.push(module.to_owned());
            places.push(file.import_indices.last().map_or(0, |last| last + 1));
        }
    }
    (ids, places)
}

/// Heads that bring a module along.
const IMPLIED_IMPORTS: [(&str, &str); 4] =
    [("ty.read_le_at", "std.u32"), ("ty.write_le_at", "std.u32"), ("ty.push_le", "std.u32"), ("ty.hash32", "std.hash")];
