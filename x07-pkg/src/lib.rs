//! X07 manifests: `x07.json` of a project and `x07-package.json` of a package.
//!
//! Knows files and names only: no C, and nothing of the language beyond module ids.

mod manifest;
mod package;
mod validate;
mod world;

pub use manifest::{Dependency, Error, Link, MANIFEST_NAME, Manifest, PatchEntry, Profile, find_manifest};
pub use package::{PACKAGE_MANIFEST_NAME, Package};
pub use validate::{is_library_name, is_module_id, relative_path};
pub use world::{UnknownWorld, World};
