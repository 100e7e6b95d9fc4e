//! Rules that names and paths in manifests obey.

use std::path::{Component, Path, PathBuf};

/// A module id: segments `[A-Za-z_][A-Za-z0-9_-]*` joined by dots.
pub fn is_module_id(id: &str) -> bool {
    id.split('.').all(|segment| {
        let mut bytes = segment.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    })
}

/// A path as manifests may hold it: non-empty, relative, without `..`; leading `.` components are dropped,
/// so that `./src` and `src` are one root.
pub fn relative_path(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() {
        return Err("must not be empty");
    }
    if text.contains('\0') {
        return Err("must not contain a NUL character");
    }
    let mut clean = PathBuf::new();
    for component in Path::new(text).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => clean.push(part),
            Component::ParentDir => return Err("must not contain `..`"),
            Component::RootDir | Component::Prefix(_) => return Err("must be relative"),
        }
    }
    Ok(clean)
}

/// A library or framework name that is safe to hand to a linker.
pub fn is_library_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.chars().any(|c| c.is_whitespace() || c == '/' || c == '\\' || c == '\0')
}
