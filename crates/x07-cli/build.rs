//! Embeds the templates: every folder of `templates/` with a `template.json`, which says what the files do not.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde::Deserialize;

const DESCRIPTION: &str = "template.json";

/// What builds leave in a template that somebody tried in its place.
const NOT_COPIED: &[&str] = &[DESCRIPTION, ".x07", "dist", "target", "x07.lock.json"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    about: String,
    next: String,
    /// What the template calls itself where a project made from it says its own name.
    #[serde(default)]
    name: String,
    /// It is a package, whose name other projects use.
    #[serde(default)]
    package: bool,
    #[serde(default)]
    aliases: Vec<String>,
}

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let templates = manifest.join("../../templates").canonicalize()?;
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", templates.display())?;
    let mut found = Vec::new();
    for entry in fs::read_dir(&templates)? {
        let folder = entry?.path();
        if folder.join(DESCRIPTION).is_file() {
            found.push(folder);
        }
    }
    found.sort();
    let mut table = String::from("pub(crate) const TEMPLATES: &[Template] = &[\n");
    for folder in found {
        let description: Description = serde_json::from_slice(&fs::read(folder.join(DESCRIPTION))?)?;
        let mut files = Vec::new();
        collect(&folder, &mut files)?;
        files.sort_by_key(|file| (file.components().count(), file.clone()));
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let Description { about, next, name: own_name, package, aliases } = description;
        writeln!(
            table,
            "Template {{ name: {name:?}, about: {about:?}, next: {next:?}, own_name: {own_name:?}, package: {package}, aliases: &{aliases:?}, files: &["
        )
        .map_err(io::Error::other)?;
        for file in files {
            let relative = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
            writeln!(table, "({relative:?}, include_str!({:?})),", file.display().to_string())
                .map_err(io::Error::other)?;
        }
        table.push_str("] },\n");
    }
    table.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("templates.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if NOT_COPIED.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
