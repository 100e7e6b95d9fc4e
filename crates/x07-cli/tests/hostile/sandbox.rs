//! A project with an output from before, a cache of its own, and what must hold after every call.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub const MANIFEST: &str =
    r#"{"schema_version":"x07.project@0.3.0","world":"solve-pure","entry":"src/main.x07.json","module_roots":["src"]}"#;

/// An entry that calls `app.echo`.
pub const ENTRY: &str = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":["app"],"decls":[],"solve":["app.echo","input"]}"#;

/// Somebody who may read and write nothing but what everybody may.
const NOBODY: u32 = 65_534;

/// The text of `app`, whose one function takes a view and returns bytes.
pub fn module(body: &str) -> String {
    format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"app","imports":[],"decls":[{{"kind":"export","names":["app.echo"]}},{{"kind":"defn","name":"app.echo","params":[{{"name":"v","ty":"bytes_view"}}],"result":"bytes","body":{body}}}]}}"#
    )
}

/// The text of an entry without modules.
pub fn entry(solve: &str) -> String {
    ENTRY.replace(r#"["app"]"#, "[]").replace(r#"["app.echo","input"]"#, solve)
}

/// What a call came to.
#[derive(Debug)]
pub struct Answer {
    /// Exit status; -N when signal N ended it.
    pub status: i32,
    pub stderr: String,
}

pub struct Sandbox {
    folder: TempDir,
    /// The command, where everybody may run it.
    program: PathBuf,
    as_nobody: bool,
}

impl Sandbox {
    /// A project that was built to `out`.
    pub fn new() -> Sandbox {
        let folder = TempDir::new().unwrap();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_x07"));
        let sandbox = Sandbox { folder, program, as_nobody: false };
        sandbox.write("p/x07.json", MANIFEST);
        sandbox.write("p/src/main.x07.json", ENTRY);
        sandbox.write("p/src/app.x07.json", module(r#"["view.to_bytes","v"]"#));
        let built = sandbox.call(&["build", "--out", "out"], &[]);
        assert_eq!(built.status, 0, "{}", built.stderr);
        sandbox
    }

    /// From here on calls are made by a user whom permissions bind. Nobody else can test them.
    pub fn give_to_nobody(&mut self) {
        if !is_root() {
            return;
        }
        let program = self.path("x07");
        fs::copy(&self.program, &program).unwrap();
        self.program = program;
        self.as_nobody = true;
        self.allow(".", 0o755);
        for (path, _) in entries(self.folder.path()) {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// An executable script.
    pub fn script(&self, path: &str, text: &str) -> String {
        self.write(path, format!("#!/bin/sh\n{text}\n"));
        self.allow(path, 0o755);
        self.path(path).to_string_lossy().into_owned()
    }

    pub fn allow(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// A call in the project's folder that has not begun.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.path("p")).stdin(Stdio::null());
        command.env("X07_CACHE_DIR", self.path("cache")).env("NO_COLOR", "1");
        for name in ["X07_CC", "X07_CC_ARGS", "MAKEFLAGS", "CARGO_MAKEFLAGS"] {
            command.env_remove(name);
        }
        if self.as_nobody {
            command.uid(NOBODY).gid(NOBODY).env("HOME", "/nonexistent");
        }
        command
    }

    pub fn call(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
        answer(self.command(arguments).envs(variables.iter().copied()))
    }

    /// Makes a call that must fail in this way, and leave everything as it was.
    pub fn must_fail(&self, arguments: &[&str], variables: &[(&str, &str)], status: i32, says: &[&str]) {
        let before = self.everything();
        let answer = self.call(arguments, variables);
        answer.check(status, says);
        assert_eq!(self.lost(&before), Vec::<PathBuf>::new(), "{arguments:?} changed files");
        assert_eq!(self.leftovers(), Vec::<PathBuf>::new(), "{arguments:?} left files behind");
    }

    /// The project's files with their contents, without those of the build folder.
    pub fn everything(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let project = self.path("p");
        let build = project.join(".x07");
        let files = entries(&project).into_iter().filter(|(path, kind)| kind.is_file() && !path.starts_with(&build));
        files.filter_map(|(path, _)| fs::read(&path).ok().map(|bytes| (path, bytes))).collect()
    }

    /// Those of the files that are not what they were.
    pub fn lost(&self, before: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
        let now = self.everything();
        before.iter().filter(|(path, bytes)| now.get(*path) != Some(*bytes)).map(|(path, _)| path.clone()).collect()
    }

    /// Temporary files in the project and in the cache.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let temporary = self.path("cache/tmp");
        let files = [self.path("p"), self.path("cache")].into_iter().flat_map(|folder| entries(&folder));
        let is_left = |path: &Path| {
            let name = path.file_name().unwrap().to_string_lossy();
            path.parent() == Some(&temporary) || name.starts_with(".x07-") || name.starts_with(".tmp")
        };
        files.map(|(path, _)| path).filter(|path| is_left(path)).collect()
    }
}

impl Answer {
    /// Checks the status and that all these words are told; nothing may ever panic.
    pub fn check(&self, status: i32, says: &[&str]) {
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.status, status, "{}", self.stderr);
        for word in says {
            assert!(self.stderr.contains(word), "it does not say {word:?}:\n{}", self.stderr);
        }
    }
}

/// Runs a command to its end.
pub fn answer(command: &mut Command) -> Answer {
    use std::os::unix::process::ExitStatusExt;
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap();
    let status = output.status.code().or(output.status.signal().map(|signal| -signal)).unwrap();
    Answer { status, stderr: String::from_utf8_lossy(&output.stderr).into_owned() }
}

pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

/// Everything below a folder, with the folder.
fn entries(folder: &Path) -> Vec<(PathBuf, fs::FileType)> {
    let mut found = vec![(folder.to_owned(), fs::metadata(folder).map(|metadata| metadata.file_type()))];
    let mut next = 0;
    while next < found.len() {
        let path = found[next].0.clone();
        if matches!(&found[next].1, Ok(kind) if kind.is_dir()) {
            let inside = fs::read_dir(&path).into_iter().flatten().flatten();
            found.extend(inside.map(|entry| (entry.path(), entry.file_type())));
        }
        next += 1;
    }
    found.into_iter().filter_map(|(path, kind)| Some((path, kind.ok()?))).collect()
}
