//! What can go wrong with packages: a code for scripts, a sentence for people, and a way out.

use std::fmt;
use std::io;
use std::path::Path;

use crate::manifest;

/// The codes that reports carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are those of the report format")]
pub enum Code {
    SpecInvalid,
    DepNotFound,
    ModuleConflict,
    PathDependency,
    IndexConfig,
    IndexFetch,
    IndexNoMatch,
    NoRegistry,
    DownloadFailed,
    OfflineMissingDep,
    LocalMissingDep,
    PatchMissingDep,
    VersionConflict,
    LockMissing,
    LockMismatch,
    LockInvalid,
    YankedDep,
    AdvisedDep,
    ContentMismatch,
    ArchiveInvalid,
    PackFailed,
    PackageInvalid,
    LoginToken,
    LoginFailed,
    PublishFailed,
    PublishResponse,
    PublishResponseMismatch,
    AlreadyPublished,
    YankFailed,
    SearchFailed,
    ConfigInvalid,
    Unsigned,
    SignatureInvalid,
    SignatureKeyMissing,
    SignatureUnsupported,
    ProjectRead,
    ProjectInvalid,
    Io,
}

impl Code {
    /// The code's text.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::SpecInvalid => "X07PKG_SPEC_INVALID",
            Code::DepNotFound => "X07PKG_DEP_NOT_FOUND",
            Code::ModuleConflict => "X07PKG_MODULE_CONFLICT",
            Code::PathDependency => "X07PKG_PATH_DEPENDENCY",
            Code::IndexConfig => "X07PKG_INDEX_CONFIG",
            Code::IndexFetch => "X07PKG_INDEX_FETCH",
            Code::IndexNoMatch => "X07PKG_INDEX_NO_MATCH",
            Code::NoRegistry => "X07PKG_NO_REGISTRY",
            Code::DownloadFailed => "X07PKG_DOWNLOAD_FAILED",
            Code::OfflineMissingDep => "X07PKG_OFFLINE_MISSING_DEP",
            Code::LocalMissingDep => "X07PKG_LOCAL_MISSING_DEP",
            Code::PatchMissingDep => "X07PKG_PATCH_MISSING_DEP",
            Code::VersionConflict => "X07PKG_VERSION_CONFLICT",
            Code::LockMissing => "X07PKG_LOCK_MISSING",
            Code::LockMismatch => "X07PKG_LOCK_MISMATCH",
            Code::LockInvalid => "X07LOCK_READ",
            Code::YankedDep => "X07PKG_YANKED_DEP",
            Code::AdvisedDep => "X07PKG_ADVISED_DEP",
            Code::ContentMismatch => "X07PKG_CONTENT_MISMATCH",
            Code::ArchiveInvalid => "X07PKG_ARCHIVE_INVALID",
            Code::PackFailed => "X07PKG_PACK_FAILED",
            Code::PackageInvalid => "X07PKG_PACKAGE_INVALID",
            Code::LoginToken => "X07PKG_LOGIN_TOKEN",
            Code::LoginFailed => "X07PKG_LOGIN_FAILED",
            Code::PublishFailed => "X07PKG_PUBLISH_FAILED",
            Code::PublishResponse => "X07PKG_PUBLISH_RESPONSE",
            Code::PublishResponseMismatch => "X07PKG_PUBLISH_RESPONSE_MISMATCH",
            Code::AlreadyPublished => "X07PKG_ALREADY_PUBLISHED",
            Code::YankFailed => "X07PKG_YANK_FAILED",
            Code::SearchFailed => "X07PKG_SEARCH_FAILED",
            Code::ConfigInvalid => "X07PKG_CONFIG_INVALID",
            Code::Unsigned => "X07PKG_UNSIGNED",
            Code::SignatureInvalid => "X07PKG_SIGNATURE_INVALID",
            Code::SignatureKeyMissing => "X07PKG_SIGNATURE_KEY_MISSING",
            Code::SignatureUnsupported => "X07PKG_SIGNATURE_UNSUPPORTED",
            Code::ProjectRead => manifest::READ,
            Code::ProjectInvalid => manifest::PARSE,
            Code::Io => "X07PKG_IO",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a package command or a build with packages cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub code: Code,
    /// What is wrong, with names and places; further lines have details.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The result of everything that can have a problem.
pub(crate) type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    /// A problem without advice.
    pub fn new(code: Code, message: impl Into<String>) -> Problem {
        Problem { code, message: message.into(), help: None }
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// A file that could not be read or written.
    pub(crate) fn io<'a>(doing: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Problem + 'a {
        move |error| Problem::new(Code::Io, format!("cannot {doing} {}: {error}", path.display()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl From<manifest::Error> for Problem {
    fn from(error: manifest::Error) -> Problem {
        let code = match &error {
            manifest::Error::Read { .. } => Code::ProjectRead,
            _ => Code::ProjectInvalid,
        };
        let text = error.to_string();
        // The code is said once.
        let bare = text.strip_prefix(&format!("[{code}] ")).unwrap_or(&text);
        Problem::new(code, bare)
    }
}
