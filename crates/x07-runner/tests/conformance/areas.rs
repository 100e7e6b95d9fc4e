//! Which cases can be run now, and why the others cannot.

use crate::case::Case;

/// Areas that are not run yet.
const NOT_YET: &[(&str, &str)] = &[
    ("concurrency", "no async functions"),
    ("os", "no OS builtins and no sandbox"),
    ("regex", "no native backend for regular expressions"),
    ("streams", "no streams"),
    ("worlds", "no fixtures"),
];

/// Why the case is not run, or `None` when it must pass. An area that no list names is run, so that a new file of cases
/// is never passed over in silence.
pub(crate) fn reason_to_skip(area: &str, case: &Case) -> Option<String> {
    let area = area.split('/').next().unwrap_or(area);
    let reason = match NOT_YET.iter().find(|(name, _)| *name == area) {
        Some((_, reason)) => reason,
        None if case.world == "run-os-sandboxed" => "no sandbox",
        None if case.program.get().contains("\"std.os.process\"") => "no std.os.process",
        None => return None,
    };
    Some(reason.to_owned())
}
