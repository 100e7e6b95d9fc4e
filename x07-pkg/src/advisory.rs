//! Warnings that owners and registries attach to a version.

use serde::{Deserialize, Serialize};

/// The schema of an advisory.
pub(crate) const SCHEMA: &str = "x07.pkg.advisory@0.1.0";

/// An advisory. The order of the fields is the order in files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// Always `x07.pkg.advisory@0.1.0`.
    pub schema_version: String,
    /// A UUID.
    pub id: String,
    /// Package name.
    pub package: String,
    /// Exact version.
    pub version: String,
    /// `broken`, `security` or `deprecated`.
    pub kind: String,
    /// `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// One line about it.
    pub summary: String,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// When it was made.
    pub created_at_utc: String,
    /// When it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at_utc: Option<String>,
}

impl Advisory {
    /// False for one that was taken back.
    pub fn is_active(&self) -> bool {
        self.withdrawn_at_utc.is_none()
    }
}
