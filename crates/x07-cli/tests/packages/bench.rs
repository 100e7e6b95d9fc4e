//! A machine of its own for a test: an empty home, a workspace, and the command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A temporary machine.
pub(crate) struct Bench {
    root: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The command worked.
    #[track_caller]
    pub(crate) fn ok(self) -> Ran {
        assert_eq!(self.status, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// The command failed and said all of this.
    #[track_caller]
    pub(crate) fn fails(self, status: i32, words: &[&str]) -> Ran {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in: {}", self.stderr);
        }
        self
    }

    /// The one line of JSON on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let bench = Bench { root: tempfile::tempdir().unwrap(), variables: Vec::new() };
        // Builds of all tests share what they have compiled; nothing else leaves a test.
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages-cache");
        let (home, repository) = (bench.text("home"), bench.text("repo"));
        for version in ["0.1.0", "0.1.1"] {
            let folder = format!("repo/packages/ext/x07-ext-tiny/{version}");
            bench.package(&folder, "ext-tiny", version, "std.tiny", "");
        }
        bench
            .with("X07_PKG_HOME", home)
            .with("X07_CACHE_DIR", cache.to_string_lossy())
            .with("X07_REPO_ROOT", repository)
    }

    /// With an environment variable.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Bench {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    fn text(&self, path: &str) -> String {
        self.path(path).to_string_lossy().into_owned()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// A package with one module, whose `hello_v1` greets with name and version; `meta` is its further members.
    pub(crate) fn package(&self, folder: &str, name: &str, version: &str, module: &str, meta: &str) {
        let manifest = format!(
            r#"{{
  "schema_version": "x07.package@0.1.0",
  "name": "{name}",
  "version": "{version}",
  "description": "Says who it is.",
  "docs": "Call {module}.hello_v1().",
  "license": "MIT",
  "module_root": "modules",
  "modules": ["{module}"],
  "meta": {{"x07c_compat": ">=0.1.0 <0.2.0"{comma}{meta}}}
}}
"#,
            comma = if meta.is_empty() { "" } else { ", " }
        );
        self.write(&format!("{folder}/x07-package.json"), manifest);
        let greeting = format!(r#"["bytes.lit","{name} {version}"]"#);
        self.module(&format!("{folder}/modules"), module, "", &greeting);
    }

    /// A module that exports `hello_v1`, with the given imports and body.
    pub(crate) fn module(&self, root: &str, module: &str, imports: &str, body: &str) {
        let text = format!(
            r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"{module}","imports":[{imports}],"decls":[{{"kind":"export","names":["{module}.hello_v1"]}},{{"kind":"defn","name":"{module}.hello_v1","params":[],"result":"bytes","body":{body}}}]}}
"#
        );
        self.write(&format!("{root}/{}.x07.json", module.replace('.', "/")), text);
    }

    /// A project whose program says what `hello_v1` of a module gives; without a module it says nothing.
    pub(crate) fn project(&self, folder: &str, module: Option<&str>) {
        let text = r#"{
  "schema_version": "x07.project@0.3.0",
  "world": "solve-pure",
  "entry": "src/main.x07.json",
  "module_roots": ["src"]
}
"#;
        self.write(&format!("{folder}/x07.json"), text);
        self.uses(folder, module);
    }

    /// Makes a project's program use another module.
    pub(crate) fn uses(&self, folder: &str, module: Option<&str>) {
        let (import, solve) = match module {
            Some(module) => (format!("\"{module}\""), format!("[\"{module}.hello_v1\"]")),
            None => (String::new(), "[\"bytes.lit\",\"\"]".to_owned()),
        };
        let text = format!(
            r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":[{import}],"decls":[],"solve":{solve}}}"#
        );
        self.write(&format!("{folder}/src/main.x07.json"), text);
    }

    /// Runs the command in a folder; the words of the line are its arguments.
    pub(crate) fn x07(&self, folder: &str, line: &str) -> Ran {
        self.x07_with(folder, &line.split_whitespace().collect::<Vec<_>>(), "")
    }

    pub(crate) fn x07_with(&self, folder: &str, arguments: &[&str], input: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_x07"));
        for name in ["X07_PKG_INDEX_URL", "X07_WORKSPACE_ROOT", "HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.path(folder)).env("NO_COLOR", "1");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        ran(child.wait_with_output().unwrap())
    }

    /// Builds the project in a folder and gives what its program says.
    #[track_caller]
    pub(crate) fn says(&self, folder: &str) -> String {
        self.x07(folder, "build").ok();
        let name = Path::new(folder).file_name().unwrap().to_string_lossy().into_owned();
        let program = self.path(folder).join("dist").join(name);
        ran(Command::new(program).stdin(Stdio::null()).output().unwrap()).ok().stdout
    }

    /// What is locked, as `name@version` in order.
    pub(crate) fn locked(&self, folder: &str) -> String {
        let lock: Value = serde_json::from_str(&self.read(&format!("{folder}/x07.lock.json"))).unwrap();
        let ids = lock["dependencies"].as_array().unwrap().iter();
        let id = |one: &Value| format!("{}@{}", one["name"].as_str().unwrap(), one["version"].as_str().unwrap());
        ids.map(id).collect::<Vec<_>>().join(" ")
    }

    /// Publishes a package with one module in the registry at `registry`.
    pub(crate) fn publish(&self, registry: &str, name: &str, version: &str, module: &str, meta: &str) {
        let folder = format!("published/{name}-{version}");
        self.package(&folder, name, version, module, meta);
        self.x07(&folder, &format!("publish --index {}", self.index(registry))).ok();
    }

    /// The address of the registry in a folder.
    pub(crate) fn index(&self, registry: &str) -> String {
        format!("sparse+file://{}/index/", self.path(registry).display())
    }
}

fn ran(output: Output) -> Ran {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}
