//! A project in a temporary folder with a store of its own.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use std::{fs, thread};

use tempfile::TempDir;
use x07_build::{ActionKind, Environment, Event, Failure, Outcome, Profile, Request, Silent, build};

/// The three modules of most tests: `main` calls `app.report`, which calls `lib.weigh`, whose loop nobody inlines.
pub const MODULES: [(&str, &str); 3] = [
    (
        "main",
        r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":["app"],"decls":[],
            "solve":["app.report","input"]}"#,
    ),
    (
        "app",
        r#"{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"app","imports":["lib"],"decls":[
            {"kind":"export","names":["app.report"]},
            {"kind":"defn","name":"app.report","params":[{"name":"v","ty":"bytes_view"}],"result":"bytes",
             "body":["begin",["let","out",["vec_u8.with_capacity",4]],
               ["for","i",0,3,["begin",["set","out",["vec_u8.push","out",["+",48,["%",["lib.weigh","v","i"],10]]]],0]],
               ["vec_u8.into_bytes","out"]]}]}"#,
    ),
    (
        "lib",
        r#"{"schema_version":"x07.x07ast@0.5.0","kind":"module","module_id":"lib","imports":[],"decls":[
            {"kind":"export","names":["lib.weigh"]},
            {"kind":"defn","name":"lib.weigh","params":[{"name":"v","ty":"bytes_view"},{"name":"seed","ty":"i32"}],
             "result":"i32","body":["begin",["let","sum","seed"],["let","n",["view.len","v"]],
               ["for","i",0,"n",["begin",["set","sum",["+",["*","sum",3],["view.get_u8","v","i"]]],0]],
               ["for","i",0,"n",["begin",["set","sum",["^",["*","sum",5],["view.get_u8","v","i"]]],0]],
               ["for","i",0,"n",["begin",["set","sum",["-",["*","sum",7],["view.get_u8","v","i"]]],0]],
               "sum"]}]}"#,
    ),
];

/// What the three modules print for the input `abc`.
pub fn expected_output(input: &[u8]) -> Vec<u8> {
    (0..3u32).map(|seed| 48 + (weigh(input, seed) % 10) as u8).collect()
}

fn weigh(input: &[u8], seed: u32) -> u32 {
    let mut sum = seed;
    for byte in input {
        sum = sum.wrapping_mul(3).wrapping_add(u32::from(*byte));
    }
    for byte in input {
        sum = sum.wrapping_mul(5) ^ u32::from(*byte);
    }
    for byte in input {
        sum = sum.wrapping_mul(7).wrapping_sub(u32::from(*byte));
    }
    sum
}

pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// An empty folder with a manifest.
    pub fn empty() -> Sandbox {
        let sandbox = Sandbox { folder: TempDir::new().unwrap() };
        sandbox.write(
            "p/x07.json",
            r#"{"schema_version":"x07.project@0.3.0","world":"solve-pure","entry":"src/main.x07.json","module_roots":["src","more"]}"#,
        );
        sandbox
    }

    /// A project of `MODULES`.
    pub fn project() -> Sandbox {
        let sandbox = Sandbox::empty();
        for (id, text) in MODULES {
            sandbox.module(id, text);
        }
        sandbox
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn module(&self, id: &str, text: &str) {
        self.write(&format!("p/src/{}.x07.json", id.replace('.', "/")), text);
    }

    /// The text of one of the project's modules.
    pub fn text(&self, id: &str) -> String {
        fs::read_to_string(self.path(&format!("p/src/{id}.x07.json"))).unwrap()
    }

    /// Replaces a part of a module's text, which must be there.
    pub fn edit(&self, id: &str, from: &str, to: &str) {
        let text = self.text(id);
        assert!(text.contains(from), "{from} is not in {text}");
        self.module(id, &text.replacen(from, to, 1));
    }

    /// A dev build of the project to `out` with the sandbox's own store.
    pub fn request(&self) -> Request {
        let mut request = Request::project(self.path("p"));
        request.environment = Environment { cache: Some(self.path("cache")), ..Environment::default() };
        request.packages = x07_pkg::Options::default();
        request.output = Some(self.path("out"));
        request
    }

    pub fn release(&self) -> Request {
        Request { profile: Profile::Release, ..self.request() }
    }
}

/// Builds, and fails the test with the whole message if that fails.
pub fn must_build(request: &Request) -> Outcome {
    build(request, &Silent).unwrap_or_else(|failure| panic!("{}", describe(&failure)))
}

/// A failure with all its diagnostics, as one text.
pub fn describe(failure: &Failure) -> String {
    let mut text = failure.to_string();
    if let Failure::Diagnostics(diagnostics, _) = failure {
        for diagnostic in diagnostics {
            let (severity, code) = (diagnostic.severity, &diagnostic.code);
            text.push_str(&format!("\n{severity:?} {code}: {}", diagnostic.compile_error()));
            for note in &diagnostic.notes {
                text.push_str(&format!("\n  {note}"));
            }
        }
    }
    text
}

/// The failure of a build that must not succeed.
pub fn must_fail(request: &Request) -> String {
    match build(request, &Silent) {
        Ok(outcome) => panic!("it built: {outcome:?}"),
        Err(failure) => describe(&failure),
    }
}

/// Builds and tells which modules were compiled, and which units the C compiler compiled, each list sorted.
pub fn actions_of(request: &Request) -> (Outcome, Vec<String>, Vec<String>) {
    let done: Mutex<Vec<(ActionKind, String)>> = Mutex::new(Vec::new());
    let outcome = build(request, &|event: Event<'_>| {
        if let Event::Finished { kind, name, cached: false, .. } = event {
            done.lock().unwrap().push((kind, name.to_owned()));
        }
    })
    .unwrap_or_else(|failure| panic!("{}", describe(&failure)));
    let done = done.into_inner().unwrap();
    let of = |wanted| {
        let mut names: Vec<String> =
            done.iter().filter(|(kind, _)| *kind == wanted).map(|(_, name)| name.clone()).collect();
        names.sort();
        names
    };
    (outcome, of(ActionKind::Compile), of(ActionKind::Cc))
}

/// Runs a program on an input and gives its output; it must succeed.
pub fn run(program: &Path, input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = loop {
        match command.spawn() {
            // Another test that started a process while this program was written has it open until that process is itself.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::sleep(Duration::from_millis(2)),
            started => break started.unwrap(),
        }
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}: {:?}", program.display(), output.status);
    output.stdout
}
