//! Which native backends a program needs (spec runners 5.1).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

const ABI_MAJOR: u32 = 1;

/// The backends that a program needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirements {
    /// Version of this shape.
    pub schema_version: &'static str,
    /// The world it was compiled for.
    pub world: String,
    /// One item for each backend, sorted by id.
    pub requires: Vec<Requirement>,
}

/// One backend and what is used of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// The backend.
    pub backend_id: String,
    /// The version of its interface.
    pub abi_major: u32,
    /// The heads used, sorted.
    pub features: Vec<String>,
}

impl Requirements {
    /// Groups the native heads of a program by backend.
    pub fn new<'a>(world: &str, heads: impl IntoIterator<Item = &'a String>) -> Self {
        let mut backends: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for head in heads {
            if let Some(backend) = x07_build::backend_of(head) {
                backends.entry(backend).or_default().insert(head.clone());
            }
        }
        let requires = backends
            .into_iter()
            .map(|(id, heads)| Requirement {
                backend_id: id.to_owned(),
                abi_major: ABI_MAJOR,
                features: heads.into_iter().collect(),
            })
            .collect();
        Requirements { schema_version: "x07.native-requires@0.1.0", world: world.to_owned(), requires }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_grouped_by_backend_and_sorted() {
        let heads = ["regex.split_v1", "math.f64.sub_v1", "math.f64.add_v1", "bytes.len"].map(String::from);
        let found = Requirements::new("solve-pure", &heads).requires;
        let shown: Vec<_> = found.iter().map(|r| format!("{}: {}", r.backend_id, r.features.join(" "))).collect();
        assert_eq!(shown, ["x07.ext.regex: regex.split_v1", "x07.math: math.f64.add_v1 math.f64.sub_v1"]);
    }
}
