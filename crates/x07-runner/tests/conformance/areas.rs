//! Which cases can be run now, and why the others cannot.

/// Areas that are not run yet.
const NOT_YET: &[(&str, &str)] = &[
    ("concurrency", "no async functions"),
    ("regex", "no native backend for regular expressions"),
    ("streams", "no streams"),
    ("worlds", "no fixtures"),
];

/// Why the case is not run, or `None` when it must pass. An area that no list names is run, so that a new file of cases
/// is never passed over in silence.
pub(crate) fn reason_to_skip(area: &str) -> Option<String> {
    let area = area.split('/').next().unwrap_or(area);
    let (_, reason) = NOT_YET.iter().find(|(name, _)| *name == area)?;
    Some((*reason).to_owned())
}
