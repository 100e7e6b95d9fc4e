//! The C compiler: which one, and who it is. Both answers are kept in the store, so that only the first build of a
//! machine starts a process to ask.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, KeyBuilder};
use crate::files::Stamp;
use crate::outcome::Failure;
use crate::request::Environment;
use crate::store::Store;

/// The platform that this toolchain was built for and builds for.
pub(crate) const HOST: &str = env!("X07_HOST");

/// Environment variables in which the `cc` crate looks for the compiler's name. The search path is not among them: a
/// name is looked up in it again at every build.
const CC_VARIABLES: [&str; 3] = ["CC", "HOST_CC", "TARGET_CC"];

/// A C compiler found on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Toolchain {
    /// What it is called: a word to look up in the search path, or a path.
    pub(crate) name: PathBuf,
    /// What is run.
    pub(crate) program: PathBuf,
    /// A launcher such as ccache that is run with the program as its first argument.
    pub(crate) launcher: Option<PathBuf>,
    /// Its stamp, from which later builds see that it is the same.
    pub(crate) stamp: Stamp,
    /// The digest of what it says about itself.
    pub(crate) identity: Digest,
    /// Whose it is.
    pub(crate) family: Family,
    /// The first line of what it says about itself.
    pub(crate) version: String,
}

/// The families of compilers whose flags differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Family {
    Gcc,
    Clang,
    Other,
}

#[derive(Serialize, Deserialize)]
struct Found {
    program: PathBuf,
    launcher: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Identity {
    version: Vec<u8>,
}

/// What decides which compiler is found: the same digest and the same file under the found path mean the same compiler.
pub(crate) fn choice_digest(environment: &Environment) -> Digest {
    let mut key = KeyBuilder::new("cc choice");
    key.text(environment.cc.as_deref().unwrap_or(""));
    key.text(HOST);
    let host_variables = [format!("CC_{HOST}"), format!("CC_{}", HOST.replace('-', "_"))];
    for name in CC_VARIABLES.iter().map(|name| (*name).to_owned()).chain(host_variables) {
        let value = env::var_os(&name).unwrap_or_default();
        key.text(&name).bytes(value.as_encoded_bytes());
    }
    key.finish()
}

/// Finds the C compiler and learns who it is.
pub(crate) fn find(environment: &Environment, store: &Store) -> Result<Toolchain, Failure> {
    let choice = choice_digest(environment);
    let found = match store.action(&choice).and_then(|bytes| postcard::from_bytes::<Found>(&bytes).ok()) {
        Some(found) if resolve(&found.program).is_some() => found,
        _ => {
            let found = ask_cc_crate(environment)?;
            record(store, &choice, &found)?;
            found
        }
    };
    let program = resolve(&found.program).ok_or_else(|| missing(&found.program.to_string_lossy()))?;
    let stamp = Stamp::read(&program).ok_or_else(|| missing(&program.to_string_lossy()))?;

    let mut key = KeyBuilder::new("cc identity");
    key.bytes(program.as_os_str().as_encoded_bytes());
    key.bytes(&postcard::to_stdvec(&stamp).unwrap_or_default());
    let key = key.finish();
    let identity = match store.action(&key).and_then(|bytes| postcard::from_bytes::<Identity>(&bytes).ok()) {
        Some(identity) => identity,
        None => {
            let identity = Identity { version: ask_version(&program)? };
            record(store, &key, &identity)?;
            identity
        }
    };
    let text = String::from_utf8_lossy(&identity.version);
    let family = if text.contains("clang") {
        Family::Clang
    } else if text.contains("Free Software Foundation") || text.contains("GCC") {
        Family::Gcc
    } else {
        Family::Other
    };
    Ok(Toolchain {
        name: found.program,
        program,
        launcher: found.launcher,
        stamp,
        identity: Digest::of(&identity.version),
        family,
        version: text.lines().next().unwrap_or_default().to_owned(),
    })
}

impl Toolchain {
    /// A call of the compiler, without arguments. Messages are in English, whatever the user's language, because they
    /// are read by this program too.
    pub(crate) fn command(&self) -> Command {
        let mut command = match &self.launcher {
            Some(launcher) => {
                let mut command = Command::new(launcher);
                command.arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        command.env("LC_ALL", "C");
        command
    }
}

fn record<T: Serialize>(store: &Store, key: &Digest, value: &T) -> Result<(), Failure> {
    store.record_action(key, &postcard::to_stdvec(value).unwrap_or_default())
}

fn ask_cc_crate(environment: &Environment) -> Result<Found, Failure> {
    if let Some(program) = &environment.cc {
        return Ok(Found { program: PathBuf::from(program), launcher: None });
    }
    let tool = cc::Build::new()
        .cargo_metadata(false)
        .cargo_warnings(false)
        .target(HOST)
        .host(HOST)
        .opt_level(0)
        .debug(false)
        .try_get_compiler()
        .map_err(|_| missing("cc"))?;
    let launcher = Some(tool.cc_env()).filter(|text| !text.is_empty()).and_then(|text| launcher(&text));
    Ok(Found { program: tool.path().to_owned(), launcher })
}

/// The first word of `CC="ccache gcc"`.
fn launcher(cc_env: &OsString) -> Option<PathBuf> {
    let text = cc_env.to_str()?;
    let (first, rest) = text.split_once(' ')?;
    (!rest.trim_start().starts_with('-')).then(|| PathBuf::from(first))
}

fn ask_version(program: &Path) -> Result<Vec<u8>, Failure> {
    let output = Command::new(program)
        .arg("--version")
        .env("LC_ALL", "C")
        .output()
        .map_err(|_| missing(&program.to_string_lossy()))?;
    let mut text = output.stdout;
    text.extend_from_slice(&output.stderr);
    Ok(text)
}

/// The file that a program's name stands for, as a shell would find it.
pub(crate) fn resolve(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return is_executable(program).then(|| program.to_owned());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| is_executable(candidate))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file() || path.with_extension("exe").is_file()
}

fn missing(program: &str) -> Failure {
    Failure::NoCCompiler(format!(
        "no C compiler: {program:?} cannot be run. Install one:\n  \
         Debian, Ubuntu: apt install gcc libc6-dev\n  \
         Fedora:         dnf install gcc\n  \
         Alpine:         apk add gcc musl-dev\n  \
         macOS:          xcode-select --install\n\
         or name one in X07_CC"
    ))
}
