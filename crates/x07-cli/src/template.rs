//! What `x07 new` copies: whole projects, carried by the binary.

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
    /// Whether it is a package.
    package: bool,
    /// Other names for it.
    aliases: &'static [&'static str],
    /// Paths and contents, in the order in which they are made.
    pub(crate) files: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The template of packages.
pub(crate) const PACKAGE: &str = "lib";

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
    /// The files as a project in `root` has them: with the project's name where the template says its own, also in the
    /// names of files and modules, where it has underscores.
    pub(crate) fn files_for(&self, root: &Path) -> impl Iterator<Item = (String, String)> {
        let folder = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = if self.package { package_name(&folder) } else { project_name(&folder) };
        let mut names = vec![(self.own_name.to_owned(), name.clone())];
        if self.package {
            names.push((module_name(self.own_name), module_name(&name)));
        }
        let named = move |text: &str| {
            let told = names.iter().filter(|(own, name)| !own.is_empty() && !name.is_empty());
            told.fold(text.to_owned(), |text, (own, name)| text.replace(own, name))
        };
        self.files.iter().map(move |(path, contents)| (named(path), named(contents)))
    }
}

/// What a project calls itself: the name of its folder. It is put into sources and JSON, so what these would read as more
/// than a letter of a name becomes a hyphen.
fn project_name(folder: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "-_. ".contains(letter);
    folder.chars().map(|letter| if plain(letter) { letter } else { '-' }).collect()
}

/// The name of a package in a folder: lower case, a letter first, then letters, digits, single hyphens and underscores.
fn package_name(folder: &str) -> String {
    let mut name = String::new();
    for letter in folder.to_lowercase().chars() {
        let letter = if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
        if letter != '-' || !name.ends_with('-') {
            name.push(letter);
        }
    }
    let name = name.trim_matches(['-', '_']);
    match name.chars().next() {
        None => "x07-project".to_owned(),
        Some('a'..='z') => name.to_owned(),
        Some(_) => format!("x07-{name}"),
    }
}

/// The last part of the id of a package's module: its name without `ext-`, with underscores.
fn module_name(package: &str) -> String {
    let name = package.strip_prefix("ext-").unwrap_or(package);
    let parts: Vec<&str> = name.split(['-', '_']).filter(|part| !part.is_empty()).collect();
    let name = parts.join("_");
    match name.chars().next() {
        Some('a'..='z') => name,
        _ => format!("pkg_{name}"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (folder, project, package, module) in [
            ("shop", "shop", "shop", "shop"),
            ("My Pkg__9", "My Pkg__9", "my-pkg__9", "my_pkg_9"),
            ("-a--b-", "-a--b-", "a-b", "a_b"),
            ("ext-greet", "ext-greet", "ext-greet", "greet"),
            ("ext-9", "ext-9", "ext-9", "pkg_9"),
            ("9lives", "9lives", "x07-9lives", "x07_9lives"),
            ("\u{e9}\"\\", "\u{e9}--", "x07-project", "x07_project"),
        ] {
            let name = package_name(folder);
            let found = (project_name(folder), module_name(&name), name);
            assert_eq!(found, (project.to_owned(), module.to_owned(), package.to_owned()));
        }
    }

    #[test]
    fn a_name_is_told_everywhere() {
        let template = find("lib").unwrap_or_else(|why| panic!("{why}"));
        let files: Vec<(String, String)> = template.files_for(Path::new("/projects/Big-Numbers")).collect();
        assert!(files.iter().any(|(path, _)| path == "modules/ext/big_numbers.x07.json"));
        for (path, contents) in files {
            assert!(!contents.contains("hello-lib") && !contents.contains("hello_lib"), "{path}");
        }
    }

    #[test]
    fn names_are_found() {
        assert!(TEMPLATES.iter().any(|template| template.name == DEFAULT));
        assert_eq!(find("mcp-server-stdio").map(|template| template.name), Ok("mcp-stdio-server"));
        assert!(find("http-client").is_err_and(|why| why.contains("available: cli, default")));
    }
}
