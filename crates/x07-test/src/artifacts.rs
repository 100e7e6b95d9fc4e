//! Files that a call leaves behind for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::compile::{Compiled, ENTRY, Ready};
use crate::outcome::{Diag, FailureKind, Outcome};
use crate::property::{folder_name, write_json};
use crate::{Options, Problem, driver};

/// Notes how to repeat a violation of a contract.
pub(crate) fn write_contract_repro(outcome: &mut Outcome, options: &Options) {
    if outcome.failure != Some(FailureKind::ContractViolation) || outcome.repro.is_some() {
        return;
    }
    let test = &outcome.test;
    let contract = outcome.diags.iter().find_map(|diag| diag.details.get("contract"));
    let document = json!({
        "schema_version": "x07.contract.repro@0.1.0",
        "tool": {"name": "x07", "version": env!("CARGO_PKG_VERSION")},
        "test": {"id": test.id, "world": test.world.as_str(), "entry": test.entry},
        "input_b64": STANDARD.encode(&test.input),
        "contract": contract,
    });
    match write_json(&options.artifact_dir.join("contract").join(folder_name(&test.id)), &document) {
        Ok(path) => outcome.repro = Some(path),
        Err(error) => {
            let message = format!("the violation cannot be written down: {error}");
            outcome.diags.push(Diag::new("X07T_ECONTRACT_REPRO_IO", message));
        }
    }
}

/// Leaves the drivers, sources and executable, where they can be looked at.
pub(crate) fn keep(compiled: &BTreeMap<String, Compiled>, options: &Options) -> Result<(), Problem> {
    let mut kept: BTreeSet<&Path> = BTreeSet::new();
    for compiled in compiled.values() {
        let Compiled::Ready(Ready { driver, .. }) = compiled else { continue };
        if !kept.insert(&driver.folder) {
            continue;
        }
        let folder = options.artifact_dir.join("drivers").join(driver.folder.file_name().unwrap_or_default());
        fs::create_dir_all(&folder).map_err(|source| Problem::io(&folder, source))?;
        let module = format!("{}.x07.json", driver::MODULE);
        let files = [
            (driver.folder.join(ENTRY), ENTRY),
            (driver.folder.join(&module), module.as_str()),
            (driver.executable.clone(), "driver"),
        ];
        for (from, name) in files {
            let to = folder.join(name);
            // A driver that is being run cannot be written to, but its name can be taken.
            if to.exists() {
                fs::remove_file(&to).map_err(|source| Problem::io(&to, source))?;
            }
            fs::copy(from, &to).map_err(|source| Problem::io(&to, source))?;
        }
    }
    Ok(())
}
