//! What the user has set in `config.toml`.

use std::path::Path;
use std::sync::OnceLock;

use x07_pkg::{Environment, Problem, SETTINGS_NAME, Settings};

use crate::shell::Shell;

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// Reads the user's settings, once and before anything else.
pub(crate) fn read() -> Result<(), Problem> {
    let settings = Settings::read(Environment::read().home.as_deref())?;
    SETTINGS.get_or_init(|| settings);
    Ok(())
}

/// Tells of names in the settings that mean nothing.
pub(crate) fn warn_of_unknown_fields(shell: &Shell) {
    for field in &get().unknown_fields {
        let help = field.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        shell.warning(&format!("{}{help}", field.message(Path::new(SETTINGS_NAME))));
    }
}

/// The user's settings.
pub(crate) fn get() -> &'static Settings {
    SETTINGS.get_or_init(Settings::default)
}
