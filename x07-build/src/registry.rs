//! `deps/x07/native_backends.json`: native backends that are staged below a workspace root (spec runners 5.2).

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::digest::Digest;
use crate::native::{Archive, Backend};
use crate::request::Environment;

/// The registry below a root.
const REGISTRY: &str = "deps/x07/native_backends.json";
const SCHEMA: &str = "x07.native-backends@0.1.0";

/// How many folders above the executable may be the root.
const FOLDERS_UPWARD: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    schema_version: String,
    backends: Vec<Registered>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registered {
    backend_id: String,
    abi_major: u32,
    link: Platforms,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(target_os = "macos", allow(dead_code, reason = "the file must have both"))]
struct Platforms {
    linux: Link,
    macos: Link,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    kind: Kind,
    files: Vec<String>,
    args: Vec<String>,
    #[serde(default)]
    search_paths: Vec<String>,
    #[serde(default)]
    force_load: bool,
    #[serde(default)]
    whole_archive: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Static,
    Dynamic,
}

/// True when the user names a root that holds a registry: it then takes the place of the toolchain's own backends.
pub(crate) fn is_chosen(environment: &Environment) -> bool {
    environment.workspace_root.as_ref().is_some_and(|root| root.join(REGISTRY).is_file())
}

/// The staged backend of an id; the error says what is wrong.
pub(crate) fn find(id: &str, environment: &Environment) -> Result<Backend, String> {
    let root = root(environment)
        .ok_or_else(|| format!("missing backend_id: this toolchain has no {id}, and there is no {REGISTRY}"))?;
    read(id, &root)
}

/// The folder that `X07_WORKSPACE_ROOT` names, else the nearest one above this executable that has a registry.
fn root(environment: &Environment) -> Option<PathBuf> {
    if let Some(root) = &environment.workspace_root {
        return Some(root.clone());
    }
    let executable = std::env::current_exe().ok()?;
    let folders = executable.ancestors().skip(1).take(FOLDERS_UPWARD);
    folders.map(Path::to_owned).find(|folder| folder.join(REGISTRY).is_file())
}

fn read(id: &str, root: &Path) -> Result<Backend, String> {
    let path = root.join(REGISTRY);
    let text = fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let registry: Registry =
        serde_json::from_slice(&text).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    if registry.schema_version != SCHEMA {
        return Err(format!(
            "native backends manifest schema_version mismatch: {} is of {:?}, not {SCHEMA:?}",
            path.display(),
            registry.schema_version
        ));
    }
    let registered = registry.backends.into_iter().find(|registered| registered.backend_id == id);
    let registered = registered.ok_or_else(|| format!("missing backend_id: {} has no {id}", path.display()))?;
    if registered.abi_major != x07_native::ABI_MAJOR {
        return Err(format!(
            "native backend ABI mismatch for {id}: requires abi_major={}, toolchain has abi_major={}",
            x07_native::ABI_MAJOR,
            registered.abi_major
        ));
    }
    let Platforms { linux, macos } = registered.link;
    let link = if cfg!(target_os = "macos") { macos } else { linux };
    backend(id, link, root, path)
}

fn backend(id: &str, link: Link, root: &Path, registry: PathBuf) -> Result<Backend, String> {
    let Link { kind: Kind::Static | Kind::Dynamic, files, args, search_paths, force_load, whole_archive } = link;
    if force_load || whole_archive {
        return Err(format!("native backend {id}: force_load and whole_archive are not supported"));
    }
    let inside = |path: &str| {
        let is_plain = !path.is_empty() && !path.contains('\\') && !path.starts_with('/') && !path.contains("..");
        is_plain.then(|| root.join(path)).ok_or_else(|| format!("native backend {id}: {path:?} is not below the root"))
    };
    let mut arguments = Vec::new();
    for path in &search_paths {
        arguments.push(format!("-L{}", inside(path)?.display()));
    }
    arguments.extend(args);
    let mut archives = Vec::new();
    for file in &files {
        let path = inside(file)?;
        let bytes = fs::read(&path).map_err(|error| {
            format!("native backend {id}: {}: {error}; build it with its scripts/build_*.sh", path.display())
        })?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        archives.push(Archive { name, path, digest: Digest::of(&bytes) });
    }
    let files = archives.iter().map(|archive| archive.path.clone()).chain([registry]).collect();
    Ok(Backend { archives, arguments, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(schema: &str, abi: u32, link: &str) -> String {
        format!(
            r#"{{"schema_version":"{schema}","backends":[{{"backend_id":"x07.some","abi_major":{abi},
                "link":{{"linux":{link},"macos":{link}}}}}]}}"#
        )
    }

    /// What becomes of the backend `id` with this registry and an archive `deps/x07/libsome.a`.
    fn found(id: &str, text: &str) -> String {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("deps/x07")).unwrap();
        fs::write(root.path().join(REGISTRY), text).unwrap();
        fs::write(root.path().join("deps/x07/libsome.a"), "archive").unwrap();
        let environment = Environment { workspace_root: Some(root.path().to_owned()), ..Environment::default() };
        let text = match find(id, &environment) {
            Ok(backend) => {
                let names: Vec<&str> = backend.archives.iter().map(|archive| archive.name.as_str()).collect();
                format!("{} {}", names.join(" "), backend.arguments.join(" "))
            }
            Err(message) => message,
        };
        text.replace(&root.path().display().to_string(), "ROOT")
    }

    #[test]
    fn staged_backends_are_found_or_refused() {
        let link = r#"{"kind":"static","files":["deps/x07/libsome.a"],"args":["-lm"],"search_paths":["lib"]}"#;
        let good = registry(SCHEMA, 1, link);
        let cases = [
            ("x07.some", good.clone(), "libsome.a -LROOT/lib -lm"),
            ("x07.math", good, "missing backend_id: ROOT/deps/x07/native_backends.json has no x07.math"),
            (
                "x07.some",
                registry(SCHEMA, 2, link),
                "native backend ABI mismatch for x07.some: requires abi_major=1, toolchain has abi_major=2",
            ),
            (
                "x07.some",
                registry("x07.native-backends@9", 1, link),
                "native backends manifest schema_version mismatch: ROOT/deps/x07/native_backends.json is of \
                 \"x07.native-backends@9\", not \"x07.native-backends@0.1.0\"",
            ),
            (
                "x07.some",
                registry(SCHEMA, 1, &link.replace("libsome", "libnone")),
                "native backend x07.some: ROOT/deps/x07/libnone.a: No such file or directory (os error 2); build it \
                 with its scripts/build_*.sh",
            ),
            (
                "x07.some",
                registry(SCHEMA, 1, &link.replace("deps/x07/", "../")),
                "native backend x07.some: \"../libsome.a\" is not below the root",
            ),
            (
                "x07.some",
                registry(SCHEMA, 1, &link.replace(r#""kind""#, r#""force_load":true,"kind""#)),
                "native backend x07.some: force_load and whole_archive are not supported",
            ),
            (
                "x07.some",
                registry(SCHEMA, 1, &link.replace("static", "shared")),
                "cannot read ROOT/deps/x07/native_backends.json: unknown variant `shared`, expected `static` or \
                 `dynamic` at line 2 column 48",
            ),
        ];
        for (id, text, expected) in cases {
            assert_eq!(found(id, &text), expected);
        }
    }
}
