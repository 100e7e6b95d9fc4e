//! `x07 guide`: the language on the terminal, its lists made from the compiler's table and the library's sources.

use std::fmt::Write;

use anyhow::Result;
use clap::Args;
use x07_ast::{Decl, Expected, Function, TypeExpr, parse};
use x07c::builtins::{CALLABLE_BACKENDS, FAMILIES, Needs};

use crate::shell::Shell;

/// Print the language guide: forms, builtins, the standard library
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only lines of the builtins and the library that contain this text
    #[arg(value_name = "TEXT")]
    filter: Option<String>,
}

const INTRODUCTION: &str = include_str!("guide.md");

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let text = match &self.filter {
            None => format!("{INTRODUCTION}{}{}", builtins(), library()),
            Some(filter) => {
                let text = format!("{}{}", builtins(), library());
                let lines = text.lines().filter(|line| line.starts_with("- ") && line.contains(filter.as_str()));
                let found: Vec<&str> = lines.collect();
                if found.is_empty() {
                    shell.error(&format!("no builtin and no library function contains {filter:?}"));
                    return Ok(1);
                }
                found.join("\n") + "\n"
            }
        };
        shell.print(&text)?;
        Ok(0)
    }
}

fn builtins() -> String {
    let mut text = String::from("## Builtins\n");
    for (family, rows) in FAMILIES {
        let rows: Vec<_> = rows.iter().filter(|row| row.needs != Needs::Trusted).collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(text, "\n### {family}\n\n");
        for row in rows {
            let traps = match row.traps {
                [] => String::new(),
                traps => format!(" Traps: {}.", traps.join("; ")),
            };
            let needs = match row.needs {
                Needs::Unsafe => " OS worlds.",
                Needs::UnsafeBlock => " Inside `unsafe`.",
                Needs::Native(_) if row.is_visible() => " OS worlds.",
                Needs::Native(backend) if CALLABLE_BACKENDS.contains(&backend) => "",
                Needs::Native(_) => " Needs a native backend that this toolchain does not have.",
                Needs::Nothing | Needs::Trusted => "",
            };
            let _ = writeln!(text, "- `{}`: {}{traps}{needs}", row.signature(), row.doc);
        }
    }
    text.push('\n');
    text
}

fn library() -> String {
    let mut text = String::from("## The standard library\n");
    for (module, source) in x07_build::stdlib::modules() {
        let Some(file) = parse(source.as_bytes(), Expected::Module(module)).file else {
            continue;
        };
        let exported: Vec<&str> = file.decls.iter().flat_map(exports).collect();
        let _ = write!(text, "\n### {module}\n\n");
        for decl in &file.decls {
            if let Decl::Function(function) = decl
                && exported.contains(&function.name.as_str())
            {
                let doc = function.doc.as_deref().unwrap_or_default();
                let _ = writeln!(text, "- `{}`: {doc}", signature(function));
            }
        }
    }
    text
}

fn exports(decl: &Decl) -> impl Iterator<Item = &str> {
    let names = match decl {
        Decl::Export(export) => export.names.as_slice(),
        _ => &[],
    };
    names.iter().map(String::as_str)
}

fn signature(function: &Function) -> String {
    let generics = match function.type_params.as_slice() {
        [] => String::new(),
        params => {
            let one =
                |name: &str, bound: Option<&str>| bound.map_or(name.to_owned(), |bound| format!("{name}: {bound}"));
            let names: Vec<String> = params.iter().map(|param| one(&param.name, param.bound.as_deref())).collect();
            format!("<{}>", names.join(", "))
        }
    };
    let branded = |ty: &TypeExpr, brand: Option<&str>| match brand {
        Some(brand) => format!("{}@{brand}", shown(ty)),
        None => shown(ty),
    };
    let params =
        function.params.iter().map(|param| format!("{}: {}", param.name, branded(&param.ty, param.brand.as_deref())));
    let params = params.collect::<Vec<_>>().join(", ");
    let result = branded(&function.result, function.result_brand.as_deref());
    let is_async = if function.is_async { "async " } else { "" };
    format!("{is_async}{}{generics}({params}) -> {result}", function.name)
}

fn shown(ty: &TypeExpr) -> String {
    match ty {
        TypeExpr::Name(name) | TypeExpr::Var(name) => name.clone(),
        TypeExpr::Apply(head, arguments) => {
            format!("{head}<{}>", arguments.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
    }
}
