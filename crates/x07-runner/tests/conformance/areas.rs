//! Which cases can be run now, and why the others cannot.

/// Areas that are not run yet.
const NOT_YET: &[(&str, &str)] = &[
    ("concurrency", "no async functions"),
    ("math", "no native backends"),
    ("native-heads", "no native backends"),
    ("os", "no OS builtins and no sandbox"),
    ("rand", "no native backends"),
    ("regex", "no native backends"),
    ("stdio", "no native backends"),
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
