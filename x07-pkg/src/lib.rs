//! X07 packages: manifests, versions, lockfiles, archives, registries.
//!
//! Knows files, names and versions only: no C, and nothing of the language beyond module ids. Prints nothing.

mod advisory;
mod archive;
mod builtin;
mod content;
mod credentials;
mod digest;
mod edit;
mod files;
mod index;
mod lockfile;
mod locking;
mod manifest;
mod manifest_edit;
mod name;
mod observer;
mod official;
pub mod ops;
mod options;
mod package;
mod place;
mod prepare;
mod problem;
mod profile;
mod project;
mod registry_folder;
mod requirement;
mod settings;
mod solve;
mod sources;
mod store;
mod unknown;
mod validate;
mod verify;
mod world;

pub use advisory::Advisory;
pub use archive::{MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_FILE_BYTES, Packed, pack};
pub use content::{IGNORE_FILES, is_c_source, native_files};
pub use digest::sha256;
pub use lockfile::{Lock, LockedPackage, PROJECT, Source, fetched_path};
pub use manifest::{Dependency, Error, Link, MANIFEST_NAME, Manifest, PatchEntry, find_manifest};
pub use name::{canonical_name, is_package_name, near_matches, split_spec};
pub use observer::{Event, Observer, Silent};
pub use official::official_provider;
pub use options::{Environment, Options, resolve_path};
pub use package::{FFI_FOLDER, PACKAGE_MANIFEST_NAME, Package};
pub use place::Placed;
pub use prepare::{BuildPackage, PackageSet, prepare};
pub use problem::{Code, Problem};
pub use profile::Profile;
pub use requirement::Requirement;
pub use settings::{Color, Pin, SETTINGS_NAME, Settings, TOOLCHAIN_NAME};
pub use unknown::UnknownField;
pub use validate::{is_library_name, is_module_id, relative_path};
pub use world::{UnknownWorld, World};
