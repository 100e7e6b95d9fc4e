//! Documentation as a few static pages: an overview, one page per module, one for the builtins.

use std::io;
use std::path::{Path, PathBuf};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use x07c::builtins::{Builtin, FAMILIES, Needs};

use crate::library::Library;
use crate::module::{Function, Module};
use crate::text::{self, origin_name, summary};

const STYLE: &str = include_str!("html/style.css");
const SEARCH: &str = include_str!("html/search.js");
const INDEX: &str = "index.html";
const BUILTINS: &str = "builtins.html";

/// Writes all pages into a folder and gives the path of the first.
pub fn write(folder: &Path, title: &str, library: &Library) -> io::Result<PathBuf> {
    for (name, contents) in pages(title, library) {
        x07_files::write_atomic(&folder.join(name), contents.as_bytes(), x07_files::Access::Ordinary)?;
    }
    Ok(folder.join(INDEX))
}

/// Every file with its contents.
fn pages(title: &str, library: &Library) -> Vec<(String, String)> {
    let page = Page { title, library };
    let mut pages = vec![
        (INDEX.to_owned(), page.overview().into_string()),
        (BUILTINS.to_owned(), page.builtins().into_string()),
        ("style.css".to_owned(), STYLE.to_owned()),
        ("search.js".to_owned(), SEARCH.to_owned()),
        ("names.js".to_owned(), names(library)),
    ];
    pages.extend(library.modules().into_iter().map(|module| (file_name(module), page.module(module).into_string())));
    pages
}

fn file_name(module: &Module) -> String {
    format!("module.{}.html", module.id)
}

/// What the search field searches: name, page, and a line of text of each thing.
fn names(library: &Library) -> String {
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for module in library.modules() {
        let page = file_name(module);
        rows.push((module.id.clone(), page.clone(), summary(&module.doc)));
        for function in &module.functions {
            let place = format!("{page}#{}", function.name);
            rows.push((function.name.clone(), place, summary(&function.doc)));
        }
    }
    for row in rows_of_builtins() {
        rows.push((row.head.to_owned(), format!("{BUILTINS}#{}", row.head), row.doc.to_owned()));
    }
    // Inside a script element nothing may look like its end.
    let json = serde_json::to_string(&rows).unwrap_or_default().replace('<', "\\u003c");
    format!("const names = {json};\n")
}

fn rows_of_builtins() -> impl Iterator<Item = &'static Builtin> {
    FAMILIES.iter().flat_map(|(_, rows)| rows.iter()).filter(|row| row.needs != Needs::Trusted)
}

struct Page<'a> {
    title: &'a str,
    library: &'a Library,
}

impl Page<'_> {
    fn frame(&self, heading: &str, here: &str, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (heading) " · " (self.title) }
                    link rel="stylesheet" href="style.css";
                    script src="names.js" defer {}
                    script src="search.js" defer {}
                }
                body {
                    nav {
                        a.home href=(INDEX) { (self.title) }
                        input #search type="search" placeholder="Search (press /)" autocomplete="off" aria-label="Search";
                        (self.menu(here))
                    }
                    main {
                        ol #found hidden {}
                        article { (content) }
                    }
                }
            }
        }
    }

    fn menu(&self, here: &str) -> Markup {
        let modules = self.library.modules();
        let link = |text: &str, href: &str| {
            html! {
                li { a.here[text == here] href=(href) { (text) } }
            }
        };
        html! {
            @for group in modules.chunk_by(|a, b| a.origin == b.origin) {
                h2 { (origin_name(group[0].origin)) }
                ul { @for module in group { (link(&module.id, &file_name(module))) } }
            }
            h2 { "Language" }
            ul { (link("Builtins", BUILTINS)) }
        }
    }

    fn overview(&self) -> Markup {
        let modules = self.library.modules();
        let content = html! {
            h1 { (self.title) }
            @for group in modules.chunk_by(|a, b| a.origin == b.origin) {
                h2 { (origin_name(group[0].origin)) }
                dl.overview {
                    @for module in group {
                        dt { a href=(file_name(module)) { (module.id) } }
                        dd { (prose(&summary(&module.doc))) }
                    }
                }
            }
            h2 { "Language" }
            dl.overview {
                dt { a href=(BUILTINS) { "Builtins" } }
                dd { "What the compiler knows without an import." }
            }
        };
        self.frame("Overview", "", &content)
    }

    fn module(&self, module: &Module) -> Markup {
        let content = html! {
            h1 { (module.id) }
            @if !module.doc.is_empty() { p { (prose(&module.doc)) } }
            @if module.functions.is_empty() { p { "This module exports nothing." } }
            @else {
                ul.contents {
                    @for function in &module.functions {
                        li { a href={ "#" (function.name) } { (last(&function.name)) } }
                    }
                }
            }
            @for function in &module.functions { (self.function(function)) }
        };
        self.frame(&module.id, &module.id, &content)
    }

    fn function(&self, function: &Function) -> Markup {
        html! {
            section #(function.name) {
                h3 { a href={ "#" (function.name) } { (signature(&function.name, &function.signature)) } }
                @if !function.doc.is_empty() { p { (prose(&function.doc)) } }
                @if !function.contract.is_empty() {
                    h4 { "Contract" }
                    ul.contract { @for clause in &function.contract { li { code { (text::clause(clause)) } } } }
                }
                (self.example(&function.name, true))
            }
        }
    }

    fn builtins(&self) -> Markup {
        let content = html! {
            h1 { "Builtins" }
            p { "What the compiler knows without an import. " code { "x07 guide" } " explains the language itself." }
            @for (family, rows) in FAMILIES {
                @let rows: Vec<&Builtin> = rows.iter().filter(|row| row.needs != Needs::Trusted).collect();
                @if !rows.is_empty() {
                    h2 { (family) }
                    @for row in rows { (self.builtin(row)) }
                }
            }
        };
        self.frame("Builtins", "Builtins", &content)
    }

    fn builtin(&self, row: &Builtin) -> Markup {
        html! {
            section #(row.head) {
                h3 { a href={ "#" (row.head) } { (signature(row.head, &row.signature())) } }
                p { (prose(row.doc)) @if let Some(needs) = text::needs(row) { " " (prose(&needs)) } }
                @if !row.traps.is_empty() {
                    p.traps { "Traps: " @for (index, trap) in row.traps.iter().enumerate() {
                        @if index > 0 { ", " }
                        code { (trap) }
                    } }
                }
                (self.example(row.head, false))
            }
        }
    }

    fn example(&self, name: &str, is_open: bool) -> Markup {
        html! {
            @if let Some(example) = self.library.examples().of(name) {
                details open[is_open] {
                    summary { "Example, from the test " code { (example.test) } }
                    pre { code { (text::example(example)) } }
                }
            }
        }
    }
}

/// The part of a name behind the last dot.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// A signature with the name's own part in bold.
fn signature(name: &str, signature: &str) -> Markup {
    let (before, rest) = signature.split_once(name).unwrap_or(("", signature));
    let (place, own) = name.split_at(name.len() - last(name).len());
    html! { code { (before) span.place { (place) } b { (own) } (rest) } }
}

/// Running text: what stands between back quotes is code.
fn prose(text: &str) -> Markup {
    let parts = text.split('`').enumerate();
    let parts = parts.map(|(index, part)| {
        if index % 2 == 1 {
            html! { code { (part) } }
        } else {
            html! { (part) }
        }
    });
    PreEscaped(parts.map(PreEscaped::into_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Origin;

    #[test]
    fn every_link_leads_to_something_that_is_there() {
        let mut library = Library::std();
        let source = r#"{"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "app", "imports": [],
            "doc": "Says `<hello>` & more.", "decls": [{"kind": "export", "names": ["app.f"]},
            {"kind": "defn", "name": "app.f", "params": [], "result": "i32", "body": 1, "doc": "</script>"}]}"#;
        library.add(Module::read("app", Origin::Project, source.as_bytes()).unwrap());
        let pages = pages("Test", &library);
        let mut links = 0;
        for (name, contents) in pages.iter().filter(|(name, _)| name.ends_with(".html")) {
            for link in contents.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let (page, place) = link.split_once('#').unwrap_or((link, ""));
                let page = if page.is_empty() { name } else { page };
                let target = pages.iter().find(|(known, _)| known == page);
                let target = &target.unwrap_or_else(|| panic!("{name}: {link}")).1;
                assert!(place.is_empty() || target.contains(&format!("id=\"{place}\"")), "{name}: {link}");
                links += 1;
            }
        }
        assert!(links > 500, "{links} links");
        let text = |wanted: &str| &pages.iter().find(|(name, _)| name == wanted).unwrap().1;
        assert!(text("module.app.html").contains("Says <code>&lt;hello&gt;</code> &amp; more."));
        assert!(text("module.app.html").contains("<p>&lt;/script&gt;</p>"));
        assert!(!text("names.js").contains("</script>"));
    }
}
