//! The instances of generics: what a unit remembers of them, and the map of a whole program's (spec language 14).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::program::{MAX_INSTANCES, Summary};
use crate::types::MAX_DEPTH;

/// The `schema_version` of a map.
pub const MAP_SCHEMA: &str = "x07.mono.map@0.1.0";

/// How many of the places that ask for an instance are kept.
const MAX_SITES: usize = 8;

/// An instance of a generic in one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its own name.
    pub specialized: String,
    /// The generic's full name.
    pub generic: String,
    /// The module that declares the generic.
    pub module: String,
    /// The type arguments as canonical JSON.
    pub type_args: Vec<String>,
    /// The first places of the unit that ask for it.
    pub sites: Vec<Site>,
}

/// A `tapp`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Site {
    /// The function that it is in.
    pub function: String,
    /// Its JSON pointer in the file of that function.
    pub pointer: String,
}

/// Places with their modules.
type Sites<'a> = BTreeSet<(&'a str, &'a Site)>;

impl Instance {
    /// Notes one more place that asks for it; one that is looked at twice is one place.
    pub(crate) fn ask(&mut self, site: Site) {
        if self.sites.len() < MAX_SITES && !self.sites.contains(&site) {
            self.sites.push(site);
        }
    }
}

/// The monomorphisation map of the program with these units: every instance once, by name, with places in all modules.
pub fn mono_map<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Value {
    let mut found: BTreeMap<&str, (&Instance, Sites<'_>)> = BTreeMap::new();
    for summary in summaries {
        for instance in &summary.instances {
            let (_, sites) = found.entry(&instance.specialized).or_insert((instance, BTreeSet::new()));
            sites.extend(instance.sites.iter().map(|site| (summary.module.as_str(), site)));
        }
    }
    let generics: BTreeSet<&str> = found.values().map(|(instance, _)| instance.generic.as_str()).collect();
    let sites: usize = found.values().map(|(_, sites)| sites.len().min(MAX_SITES)).sum();
    let items: Vec<Value> = found.values().map(|(instance, sites)| item(instance, sites)).collect();
    json!({
        "schema_version": MAP_SCHEMA,
        "limits": { "max_instances": MAX_INSTANCES, "max_sites": MAX_SITES, "max_type_depth": MAX_DEPTH },
        "stats": { "generics": generics.len(), "instances": items.len(), "sites": sites },
        "items": items,
    })
}

fn item(instance: &Instance, sites: &Sites<'_>) -> Value {
    let types = instance.type_args.iter().map(|text| serde_json::from_str(text).unwrap_or_default());
    let site = |(module, site): &(&str, &Site)| json!({ "module": module, "fn": site.function, "ptr": site.pointer });
    json!({
        "generic": instance.generic,
        "type_args": types.collect::<Vec<Value>>(),
        "specialized": instance.specialized,
        "def_module": instance.module,
        "sites": sites.iter().take(MAX_SITES).map(site).collect::<Vec<Value>>(),
    })
}
