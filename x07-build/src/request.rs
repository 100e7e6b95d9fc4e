//! What a caller asks for.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
pub use x07_pkg::World;
use x07c::{Capabilities, Scope};

/// Fuel of a program when nobody says otherwise.
pub const DEFAULT_FUEL: u64 = 50_000_000;
/// Arena of a program when nobody says otherwise.
pub const DEFAULT_MEMORY_CAP: u64 = 64 << 20;

const SIZE_FLAGS: &[&str] = if cfg!(target_os = "linux") {
    &["-Os", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-Wl,--strip-all"]
} else if cfg!(target_os = "macos") {
    &["-Os", "-Wl,-dead_strip", "-Wl,-x"]
} else {
    &["-Os"]
};

/// What is built.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Target {
    /// A project: its manifest, or the folder that holds it.
    Project(PathBuf),
    /// One entry file with the folders its modules are looked for in.
    Program {
        /// The entry file.
        entry: PathBuf,
        /// The folders, in order.
        module_roots: Vec<PathBuf>,
    },
}

/// How much the C compiler works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// Fast to build.
    #[default]
    Dev,
    /// Fast to run.
    Release,
}

impl Profile {
    /// `dev` or `release`, also the name of its folder below `.x07/build`.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Release => "release",
        }
    }
}

/// How the executable talks to the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Abi {
    /// Length-prefixed input and output and a line of metrics: what runners drive.
    Framed,
    /// A filter: raw standard input to raw standard output.
    #[default]
    Raw,
    /// The process's arguments as `argv_v1`, raw standard output.
    Argv,
    /// The standard streams are the program's own; input and reports go through a descriptor of its starter.
    Attached,
}

impl Abi {
    /// `framed`, `raw`, `argv` or `attached`.
    pub fn as_str(self) -> &'static str {
        match self {
            Abi::Framed => "framed",
            Abi::Raw => "raw",
            Abi::Argv => "argv",
            Abi::Attached => "attached",
        }
    }
}

/// What comes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Emit {
    /// A standalone executable.
    #[default]
    Exe,
    /// A folder with the C text of every unit, the runtime's sources and the headers.
    C,
    /// A folder with one object per unit and the runtime's objects.
    Obj,
    /// One archive to link into a C program, with its header beside it.
    StaticLib,
}

impl Emit {
    /// `exe`, `c`, `obj` or `staticlib`.
    pub fn as_str(self) -> &'static str {
        match self {
            Emit::Exe => "exe",
            Emit::C => "c",
            Emit::Obj => "obj",
            Emit::StaticLib => "staticlib",
        }
    }
}

/// Compile limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of C text of the whole program.
    pub max_c_bytes: u64,
    /// Locals and temporaries of one function.
    pub max_locals: u64,
    /// Expression nodes of the whole program.
    pub max_ast_nodes: u64,
}

impl Default for Limits {
    /// Those of the language, but for programs as large as a build may be asked for: 16,777,216 nodes and 1 GiB of C.
    fn default() -> Self {
        Limits { max_ast_nodes: 16 << 20, max_c_bytes: 1 << 30, ..Limits::LANGUAGE }
    }
}

impl Limits {
    /// The limits of the language (spec language 16), which the runners hold: what they compile may be anybody's.
    pub const LANGUAGE: Limits = Limits { max_c_bytes: 32 << 20, max_locals: 20_000, max_ast_nodes: 250_000 };

    /// The defaults with the overrides of the environment.
    pub fn from_environment() -> Self {
        Limits::default().with_environment()
    }

    /// These limits with the overrides of `X07_MAX_C_BYTES`, `X07_MAX_LOCALS` and `X07_MAX_AST_NODES`;
    /// a value that is not a positive integer is ignored.
    pub fn with_environment(self) -> Self {
        let mut limits = self;
        for (name, limit) in [
            ("X07_MAX_C_BYTES", &mut limits.max_c_bytes),
            ("X07_MAX_LOCALS", &mut limits.max_locals),
            ("X07_MAX_AST_NODES", &mut limits.max_ast_nodes),
        ] {
            let value = std::env::var(name).ok().and_then(|text| text.trim().parse().ok());
            if let Some(value) = value.filter(|value| *value > 0) {
                *limit = value;
            }
        }
        limits
    }
}

/// The settings that come from the process's environment, so that tests and embedders can give their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Environment {
    /// `X07_CC`: the C compiler.
    pub cc: Option<String>,
    /// `X07_CC_ARGS`, split on white space.
    pub cc_args: Vec<String>,
    /// `X07_KEEP_C`: leave the C text in the build folder.
    pub keep_c: bool,
    /// The store's folder, when `X07_CACHE_DIR` or `X07_NATIVE_CACHE_DIR` names one.
    pub cache: Option<PathBuf>,
    /// `X07_WORKSPACE_ROOT`: what `$workspace` in manifests stands for.
    pub workspace_root: Option<PathBuf>,
}

impl Environment {
    /// Reads the process's environment.
    pub fn read() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let keep_c = text("X07_KEEP_C")
            .is_some_and(|value| !["0", "false", "no", "off"].contains(&value.trim().to_ascii_lowercase().as_str()));
        Environment {
            cc: text("X07_CC").map(|value| value.trim().to_owned()),
            cc_args: text("X07_CC_ARGS")
                .map(|value| value.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            keep_c,
            cache: path("X07_CACHE_DIR").or_else(|| path("X07_NATIVE_CACHE_DIR").map(|folder| folder.join("x07"))),
            workspace_root: path("X07_WORKSPACE_ROOT"),
        }
    }
}

/// A build.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is built.
    pub target: Target,
    /// The world; `None` means the project's own, and `run-os` for a program.
    pub world: Option<World>,
    /// What the world allows; `None` means its usual capabilities.
    pub capabilities: Option<Capabilities>,
    /// What a sandboxed executable may do, as the names and values of the policy's variables; `None` leaves it to the
    /// environment that it is started in.
    pub embedded_policy: Option<Vec<(String, String)>>,
    /// The rules by which an executable confines itself at its start; `None` leaves that to whoever starts it.
    pub confinement: Option<Vec<u8>>,
    /// How much the C compiler works.
    pub profile: Profile,
    /// How the executable talks.
    pub abi: Abi,
    /// What comes out.
    pub emit: Emit,
    /// Where it goes; `None` leaves it in the build folder, whose path the outcome tells.
    pub output: Option<PathBuf>,
    /// The program's name, word 0 of `argv_v1`; `None` takes the output's file stem.
    pub name: Option<String>,
    /// Fuel of a run; `None` is unlimited.
    pub fuel: Option<u64>,
    /// Bytes of the arena.
    pub memory_cap: u64,
    /// Bytes of output that a raw or argv program may write; `None` is unlimited.
    pub max_output: Option<u64>,
    /// Seconds of processor time after which the program is stopped; `None` is as its caller has it.
    pub cpu_seconds: Option<u32>,
    /// Compile limits.
    pub limits: Limits,
    /// How many things to do at once; `None` means one per core.
    pub jobs: Option<usize>,
    /// Count borrow violations at run time.
    pub debug_borrow: bool,
    /// Tell in the metrics what the last failed assertion of `std.test` compared.
    pub record_assertions: bool,
    /// Whether mistakes in functions that nobody calls are errors.
    pub scope: Scope,
    /// An entry file in place of the project's own.
    pub entry: Option<PathBuf>,
    /// Module roots after those of the project.
    pub further_roots: Vec<PathBuf>,
    /// Files that something in the request was read from, such as a policy: never written over, named in the depfile.
    pub further_inputs: Vec<PathBuf>,
    /// Compile the C sources of FFI packages among the module roots; only in OS worlds.
    pub auto_ffi: bool,
    /// Further C compiler arguments, after `X07_CC_ARGS`. Files and libraries go to the link only.
    pub cc_args: Vec<String>,
    /// Further arguments of the link alone, at its end.
    pub link_args: Vec<String>,
    /// Write a make-style depfile here.
    pub depfile: Option<PathBuf>,
    /// Write `compile_commands.json` here.
    pub compile_commands: Option<PathBuf>,
    /// Write the map of the program's instances of generics here (spec language 14).
    pub mono_map: Option<PathBuf>,
    /// Settings from the environment.
    pub environment: Environment,
    /// How packages are found; `locked` and `offline` among others.
    pub packages: x07_pkg::Options,
}

impl Request {
    /// A dev build of `target` with every default, reading the process's environment.
    pub fn new(target: Target) -> Self {
        Request {
            target,
            world: None,
            capabilities: None,
            embedded_policy: None,
            confinement: None,
            profile: Profile::Dev,
            abi: Abi::Raw,
            emit: Emit::Exe,
            output: None,
            name: None,
            fuel: Some(DEFAULT_FUEL),
            memory_cap: DEFAULT_MEMORY_CAP,
            max_output: None,
            cpu_seconds: None,
            limits: Limits::from_environment(),
            jobs: None,
            debug_borrow: false,
            record_assertions: false,
            scope: Scope::Program,
            entry: None,
            further_roots: Vec::new(),
            further_inputs: Vec::new(),
            auto_ffi: true,
            cc_args: Vec::new(),
            link_args: Vec::new(),
            depfile: None,
            compile_commands: None,
            mono_map: None,
            environment: Environment::read(),
            packages: x07_pkg::Options::read(),
        }
    }

    /// A build of one entry file.
    pub fn program(entry: impl AsRef<Path>, module_roots: impl IntoIterator<Item = PathBuf>) -> Self {
        Request::new(Target::Program {
            entry: entry.as_ref().to_owned(),
            module_roots: module_roots.into_iter().collect(),
        })
    }

    /// Adds what makes the C compiler prefer small code (spec runners 4.3), as if `X07_CC_ARGS` ended with it. What the
    /// user wrote stays as it is: dropping repeated words would break flags that take a value.
    pub fn prefer_size(&mut self) {
        let given = &mut self.environment.cc_args;
        let missing = SIZE_FLAGS.iter().filter(|flag| !given.iter().any(|word| word == *flag));
        let missing: Vec<String> = missing.map(|flag| (*flag).to_owned()).collect();
        given.extend(missing);
    }

    /// A build of a project.
    pub fn project(path: impl AsRef<Path>) -> Self {
        Request::new(Target::Project(path.as_ref().to_owned()))
    }
}

/// What a world allows (spec runners 3). The sandbox's `unsafe` and FFI are given by its policy, not here.
pub fn capabilities_of(world: World) -> Capabilities {
    let full = world == World::SolveFull;
    let os = world.is_os();
    Capabilities {
        fs: os || full || world == World::SolveFs,
        rr: os || full || world == World::SolveRr,
        kv: full || world == World::SolveKv,
        os,
        allow_unsafe: world == World::RunOs,
        allow_ffi: world == World::RunOs,
    }
}
