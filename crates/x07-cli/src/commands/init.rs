//! `x07 init`: a project in an existing folder. Also what `x07 new` and `x07 init` share.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;
use x07_pkg::MANIFEST_NAME;

use crate::render::MessageFormat;
use crate::shell::Shell;
use crate::template::{self, Template};

/// Make a project in an existing folder
#[derive(Debug, Args)]
#[command(after_help = template::list())]
pub(crate) struct Options {
    /// The folder, which is made when it does not exist [default: the current one]
    path: Option<PathBuf>,
    /// Make a package for others to use: the template `lib`
    #[arg(long)]
    package: bool,
    #[command(flatten)]
    how: How,
}

/// Options of both commands.
#[derive(Debug, Args)]
pub(crate) struct How {
    /// What to begin with [default: default]
    #[arg(long, value_name = "NAME")]
    pub(super) template: Option<String>,
    /// How the result is told
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    message_format: MessageFormat,
}

/// Exit status of a failure that has a code of its own.
const CODED_FAILURE: u8 = 20;

/// Why there is no project.
pub(super) struct Failure {
    code: &'static str,
    message: String,
}

impl Failure {
    fn exists(message: String) -> Self {
        Failure { code: "X07INIT_EXISTS", message }
    }

    fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        Failure { code: "X07INIT_IO", message: format!("cannot {doing} {}: {error}", path.display()) }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    command: &'static str,
    root: &'a Path,
    created: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next_steps: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport<'a>>,
}

#[derive(Serialize)]
struct ErrorReport<'a> {
    code: &'static str,
    message: &'a str,
}

impl Options {
    pub(crate) fn run(&self, shell: &Shell) -> Result<u8> {
        let path = self.path.clone().unwrap_or_else(|| PathBuf::from("."));
        let template = match (self.package, &self.how.template) {
            (true, Some(_)) => Err("--package and --template say different things".to_owned()),
            (true, None) => template::find(template::PACKAGE),
            (false, _) => self.how.template(),
        };
        self.how.carry_out(shell, "init", template, &path, fill)
    }
}

impl How {
    /// The template that was asked for.
    pub(super) fn template(&self) -> Result<&'static Template, String> {
        template::find(self.template.as_deref().unwrap_or(template::DEFAULT))
    }

    /// Makes a project of `template` at `path` with `make`, and tells what came of it.
    pub(super) fn carry_out(
        &self,
        shell: &Shell,
        command: &'static str,
        template: Result<&'static Template, String>,
        path: &Path,
        make: impl FnOnce(&Path, &Template) -> Result<Vec<String>, Failure>,
    ) -> Result<u8> {
        let root = std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))?;
        let outcome = template
            .map_err(|message| Failure { code: "X07INIT_ARGS", message })
            .and_then(|template| make(&root, template).map(|created| (template, created)));
        let enter = (path != Path::new(".")).then(|| format!("cd {}", shell_word(path)));
        match (&outcome, self.message_format) {
            (Ok((template, _)), MessageFormat::Human) => {
                shell.status("Created", &format!("project in {}", path.display()));
                let steps: Vec<String> = enter.into_iter().chain([template.next.to_owned()]).collect();
                shell.note(&format!("try it: {}", steps.join(" && ")));
            }
            (Err(failure), MessageFormat::Human) => {
                shell.error(&format!("[{}] {}", failure.code, failure.message));
            }
            (outcome, MessageFormat::Json) => {
                let failure = outcome.as_ref().err();
                let created = outcome.as_ref().map(|(_, created)| created.as_slice()).unwrap_or_default();
                let next = outcome.as_ref().map(|(template, _)| template.next.to_owned());
                let report = Report {
                    ok: failure.is_none(),
                    command,
                    root: &root,
                    created,
                    next_steps: next.map(|next| enter.into_iter().chain([next]).collect()).unwrap_or_default(),
                    error: failure.map(|failure| ErrorReport { code: failure.code, message: &failure.message }),
                };
                let mut stdout = io::stdout().lock();
                serde_json::to_writer(&mut stdout, &report)?;
                writeln!(stdout)?;
            }
        }
        Ok(if outcome.is_ok() { 0 } else { CODED_FAILURE })
    }
}

/// A path as one word of a POSIX shell's line that no command takes for an option.
fn shell_word(path: &Path) -> String {
    let path = path.display().to_string();
    let path = if path.starts_with('-') { format!("./{path}") } else { path };
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+,:@%".contains(letter);
    if path.chars().all(is_plain) { path } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// The one file of a template that may be there already: every tool of a project has its lines in it.
const IGNORED: &str = ".gitignore";

/// Puts the template's files into `root`; all of them or none. Gives the names of those that are new.
fn fill(root: &Path, template: &Template) -> Result<Vec<String>, Failure> {
    let (extended, files): (Vec<_>, Vec<_>) =
        template.files_for(root).partition(|(path, _)| path == IGNORED && root.join(path).is_file());
    let existing: Vec<&str> =
        files.iter().map(|(path, _)| path.as_str()).filter(|path| root.join(path).symlink_metadata().is_ok()).collect();
    if !existing.is_empty() {
        let message = format!("{} already has {}; nothing was written", root.display(), existing.join(", "));
        return Err(Failure::exists(message));
    }
    let mut made = Made::default();
    for (path, contents) in &files {
        made.file(&root.join(path), contents)?;
    }
    for (path, lines) in &extended {
        made.longer_file(&root.join(path), lines)?;
    }
    let locked = lock(root)?;
    made.keep();
    Ok(files.into_iter().map(|(path, _)| path).chain(locked).collect())
}

/// The text with those of `lines` at its end that it does not have, or `None` when it has them all.
fn with_lines(text: &[u8], lines: &str) -> Option<Vec<u8>> {
    let has = |line: &str| text.split(|byte| *byte == b'\n').any(|own| own.trim_ascii() == line.as_bytes());
    let missing: Vec<&str> = lines.lines().filter(|line| !line.is_empty() && !has(line)).collect();
    if missing.is_empty() {
        return None;
    }
    let ending = if text.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
    let mut extended = text.to_vec();
    if !text.is_empty() && !text.ends_with(b"\n") {
        extended.extend_from_slice(ending.as_bytes());
    }
    for line in missing {
        extended.extend_from_slice(line.as_bytes());
        extended.extend_from_slice(ending.as_bytes());
    }
    Some(extended)
}

/// Writes the lockfile of a new project that has dependencies. The toolchain carries the packages of its templates.
fn lock(root: &Path) -> Result<Option<String>, Failure> {
    let failed = |message: String| Failure { code: "X07INIT_PKG_LOCK", message };
    let manifest = root.join(MANIFEST_NAME);
    let project = x07_pkg::Manifest::read(&manifest).map_err(|error| failed(error.to_string()))?;
    if project.dependencies.is_empty() {
        return Ok(None);
    }
    let options = x07_pkg::Options { offline: true, ..x07_pkg::Options::read() };
    let report = x07_pkg::ops::lock(&manifest, &options, None, &x07_pkg::Silent);
    let report = report.map_err(|problem| failed(problem.to_string()))?;
    Ok(report.lockfile.file_name().map(|name| name.to_string_lossy().into_owned()))
}

/// Files and folders made or changed so far, which are taken back unless kept.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    /// Files that were there, with what was in them.
    changed: Vec<(PathBuf, Vec<u8>)>,
    folders: Vec<PathBuf>,
}

impl Made {
    fn file(&mut self, path: &Path, contents: &str) -> Result<(), Failure> {
        if let Some(parent) = path.parent() {
            self.folder(parent)?;
        }
        let failed = |error: io::Error| Failure::io("write", path, &error);
        let mut file = fs::File::create_new(path).map_err(failed)?;
        self.files.push(path.to_owned());
        file.write_all(contents.as_bytes()).map_err(failed)
    }

    /// Adds the lines to a file that it does not have.
    fn longer_file(&mut self, path: &Path, lines: &str) -> Result<(), Failure> {
        let text = fs::read(path).map_err(|error| Failure::io("read", path, &error))?;
        if let Some(extended) = with_lines(&text, lines) {
            x07_files::edit_atomic(path, &extended).map_err(|error| Failure::io("write", path, &error))?;
            self.changed.push((path.to_owned(), text));
        }
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> Result<(), Failure> {
        if path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.folder(parent)?;
        }
        fs::create_dir(path).map_err(|error| Failure::io("create", path, &error))?;
        self.folders.push(path.to_owned());
        Ok(())
    }

    fn keep(mut self) {
        self.files.clear();
        self.changed.clear();
        self.folders.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What cannot be taken back stays; the error that led here is the one to tell.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for (file, text) in &self.changed {
            let _ = x07_files::edit_atomic(file, text);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Writes a whole project into a folder beside `root` and renames it, so that `root` appears complete or not
/// at all. Gives the names of the files.
pub(super) fn create(root: &Path, template: &Template) -> Result<Vec<String>, Failure> {
    if root.symlink_metadata().is_ok() {
        let message = format!("{} already exists; `x07 init` makes a project in an existing folder", root.display());
        return Err(Failure::exists(message));
    }
    let parent = root.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(|error| Failure::io("create", parent, &error))?;
    let staging = tempfile::Builder::new()
        .prefix(".x07-new-")
        .tempdir_in(parent)
        .map_err(|error| Failure::io("create a folder in", parent, &error))?;
    let project = staging.path().join("project");
    let mut made = Made::default();
    let files: Vec<(String, String)> = template.files_for(root).collect();
    for (path, contents) in &files {
        made.file(&project.join(path), contents)?;
    }
    let locked = lock(&project)?;
    fs::rename(&project, root).map_err(|error| Failure::io("create", root, &error))?;
    made.keep();
    Ok(files.into_iter().map(|(path, _)| path).chain(locked).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_once_and_end_like_the_others() {
        let lines = "/.x07/\n/dist/\n";
        for (text, expected) in [
            ("", Some("/.x07/\n/dist/\n")),
            ("*.o\n", Some("*.o\n/.x07/\n/dist/\n")),
            ("*.o", Some("*.o\n/.x07/\n/dist/\n")),
            ("/dist/\n*.o\n", Some("/dist/\n*.o\n/.x07/\n")),
            ("*.o\r\n/dist/\r\n", Some("*.o\r\n/dist/\r\n/.x07/\r\n")),
            ("/dist/\n/.x07/", None),
        ] {
            assert_eq!(with_lines(text.as_bytes(), lines).as_deref(), expected.map(str::as_bytes), "{text:?}");
        }
    }

    #[test]
    fn paths_are_words_of_a_shell() {
        for (path, word) in [
            ("shop", "shop"),
            ("a/b-c_1.x", "a/b-c_1.x"),
            ("my proj", "'my proj'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            ("$HOME", "'$HOME'"),
            ("-x", "./-x"),
            ("-x y", "'./-x y'"),
            ("\u{e9}", "'\u{e9}'"),
        ] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
    }
}
