//! Registries: a sparse index over `https`, `http` on loopback, or a folder.

mod address;
mod cache;
mod client;
mod entry;
mod signature;
mod transport;

pub(crate) use address::{INDEX, IndexAddress};
pub(crate) use client::{Access, CONFIG, Catalog, CatalogPackage, Config, Registry};
pub(crate) use entry::{Entry, SCHEMA as ENTRY_SCHEMA, parse_entries, shard};
