//! What `x07 new` copies: whole projects, carried by the binary.

use std::borrow::Cow;
use std::path::Path;

/// A project template: a folder of `templates/`, which is a project itself.
#[derive(Debug)]
pub(crate) struct Template {
    /// What `--template` calls it.
    pub(crate) name: &'static str,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
    /// What to try in the new project.
    pub(crate) next: &'static str,
    /// The name that the template has in its own files; empty if it never says its name.
    own_name: &'static str,
    /// Other names for it.
    aliases: &'static [&'static str],
    /// Paths and contents, in the order in which they are made.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The template that is taken when none is named.
pub(crate) const DEFAULT: &str = "default";

/// Names that other toolchains have templates for.
const ELSEWHERE: &[&str] = &[
    "http-client",
    "web-service",
    "fs-tool",
    "sqlite-app",
    "postgres-client",
    "worker",
    "mcp-server-http",
    "mcp-server-http-tasks",
];

impl Template {
    /// The files as a project in `root` has them: with the project's name where the template says its own.
    pub(crate) fn files_for(&self, root: &Path) -> impl Iterator<Item = (&'static str, Cow<'static, str>)> {
        let name = project_name(root);
        self.files.iter().map(move |(path, contents)| {
            let contents = match (&name, self.own_name) {
                (Some(name), own) if !own.is_empty() && contents.contains(own) => {
                    Cow::Owned(contents.replace(own, name))
                }
                _ => Cow::Borrowed(*contents),
            };
            (*path, contents)
        })
    }
}

/// The name of a project is that of its folder. It is put into sources and JSON, so what these would read as more than
/// a letter of a name becomes a hyphen.
fn project_name(root: &Path) -> Option<String> {
    let name = root.file_name()?.to_string_lossy();
    let plain = |letter: char| letter.is_alphanumeric() || "-_. ".contains(letter);
    Some(name.chars().map(|letter| if plain(letter) { letter } else { '-' }).collect())
}

/// The template of this name, or why there is none.
pub(crate) fn find(name: &str) -> Result<&'static Template, String> {
    let is_meant = |template: &&Template| template.name == name || template.aliases.contains(&name);
    if let Some(template) = TEMPLATES.iter().find(is_meant) {
        return Ok(template);
    }
    let available: Vec<&str> = TEMPLATES.iter().map(|template| template.name).collect();
    let available = available.join(", ");
    Err(if ELSEWHERE.contains(&name) {
        format!("this version of x07 has no template {name:?}; available: {available}")
    } else {
        format!("there is no template {name:?}; available: {available}")
    })
}

/// What `--template` can be, one name per line with what it is.
pub(crate) fn list() -> String {
    let lines = TEMPLATES.iter().map(|template| format!("\n  {:<17} {}", template.name, template.about));
    format!("Templates:{}", lines.collect::<String>())
}
