//! What a caller may decide about packages, and what the machine says.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::problem::{Code, Problem, Result};

/// The settings that come from the process's environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Environment {
    /// `X07_PKG_HOME`, else `.x07` in the user's home: the store, credentials and settings.
    pub home: Option<PathBuf>,
    /// `X07_PKG_INDEX_URL`: the registry used by default.
    pub index: Option<String>,
    /// `X07_WORKSPACE_ROOT`: what `$workspace` in manifests stands for.
    pub workspace_root: Option<PathBuf>,
    /// `SSL_CERT_FILE`: a file of PEM certificates that `https` trusts in place of Mozilla's.
    pub certificates: Option<PathBuf>,
    /// `X07_REPO_ROOT`: its `packages/ext` stands in for the packages that the toolchain carries.
    pub repository: Option<PathBuf>,
}

impl Environment {
    /// Reads the process's environment.
    pub fn read() -> Environment {
        let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let user = || path("HOME").or_else(|| path("USERPROFILE")).map(|home| home.join(".x07"));
        Environment {
            home: path("X07_PKG_HOME").or_else(user),
            index: env::var("X07_PKG_INDEX_URL").ok().map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()),
            workspace_root: path("X07_WORKSPACE_ROOT"),
            certificates: path("SSL_CERT_FILE"),
            repository: path("X07_REPO_ROOT"),
        }
    }
}

/// How a command about packages is to be carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// The registry that the caller names: an address of an index, a folder, or a name from the settings.
    pub index: Option<String>,
    /// Use no network.
    pub offline: bool,
    /// Refuse to change the lockfile.
    pub locked: bool,
    /// Settings from the environment.
    pub environment: Environment,
}

impl Options {
    /// The defaults, with the process's environment.
    pub fn read() -> Options {
        Options { environment: Environment::read(), ..Options::default() }
    }
}

/// A file that marks the root of a workspace that is no git work tree.
const WORKSPACE_MARKER: &str = "x07-workspace.toml";

/// The root of the workspace that a project lies in: the one named by the environment, else the nearest folder upwards
/// that is marked as one or is a git work tree.
pub(crate) fn workspace_root(project: &Path, named: Option<&Path>) -> Result<Option<PathBuf>> {
    if let Some(named) = named {
        return fs::canonicalize(named).map(Some).map_err(Problem::io("find the workspace root", named));
    }
    let project = fs::canonicalize(project).map_err(Problem::io("find", project))?;
    let is_root = |folder: &&Path| folder.join(WORKSPACE_MARKER).is_file() || folder.join(".git").exists();
    Ok(project.ancestors().find(is_root).map(Path::to_owned))
}

/// The folder that a path of a manifest stands for; `$workspace` stays within the workspace.
pub fn resolve_path(project: &Path, path: &str, workspace: Option<&Path>) -> Result<PathBuf> {
    let Some(rest) = path.strip_prefix("$workspace") else {
        return Ok(if path == "." { project.to_owned() } else { project.join(path) });
    };
    let Some(root) = workspace_root(project, workspace)? else {
        let what = format!("{path:?} is meant from the root of a workspace, and the project lies in none");
        return Err(Problem::new(Code::PathDependency, what)
            .help(format!("set X07_WORKSPACE_ROOT, or put a file {WORKSPACE_MARKER} or a git work tree at the root")));
    };
    let joined = root.join(rest.trim_start_matches('/'));
    match fs::canonicalize(&joined) {
        Ok(real) if !real.starts_with(&root) => {
            let what = format!("$workspace path escapes workspace root: {path:?} is {}", real.display());
            Err(Problem::new(Code::PathDependency, what))
        }
        Ok(real) => Ok(real),
        Err(_) => Ok(joined),
    }
}

/// How a manifest names a folder: relative to the project if it lies in it, else from the workspace's root.
pub(crate) fn path_for_manifest(project: &Path, folder: &Path, workspace: Option<&Path>) -> Result<String> {
    let real = fs::canonicalize(folder)
        .map_err(|error| Problem::new(Code::PathDependency, format!("cannot find {}: {error}", folder.display())))?;
    let project = fs::canonicalize(project).map_err(Problem::io("find", project))?;
    if let Ok(inside) = real.strip_prefix(&project) {
        return Ok(crate::package::slashed(inside));
    }
    let root = workspace_root(&project, workspace)?;
    match root.as_ref().and_then(|root| real.strip_prefix(root).ok()) {
        Some(inside) if project.starts_with(root.as_deref().unwrap_or(&project)) => {
            Ok(format!("$workspace/{}", crate::package::slashed(inside)))
        }
        _ => {
            let what = format!("{} lies neither in the project nor in its workspace", folder.display());
            Err(Problem::new(Code::PathDependency, what).help(format!(
                "make the folder that holds both a workspace: put an empty file {WORKSPACE_MARKER} there"
            )))
        }
    }
}
