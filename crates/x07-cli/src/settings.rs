//! What the user has set in `config.toml`.

use std::sync::OnceLock;

use x07_pkg::{Environment, Problem, Settings};

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// Reads the user's settings, once and before anything else.
pub(crate) fn read() -> Result<(), Problem> {
    let settings = Settings::read(Environment::read().home.as_deref())?;
    SETTINGS.get_or_init(|| settings);
    Ok(())
}

/// The user's settings.
pub(crate) fn get() -> &'static Settings {
    SETTINGS.get_or_init(Settings::default)
}
