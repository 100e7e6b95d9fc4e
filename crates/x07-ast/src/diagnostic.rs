//! The one type for everything that can be wrong with user input.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Stops the build.
    Error,
    /// Worth a look; the build goes on.
    Warning,
    /// For the record.
    Info,
    /// A suggestion.
    Hint,
}

/// Which step found it (spec language 17.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names are those of the x07diag format")]
pub enum Stage {
    Parse,
    Lint,
    Rewrite,
    Type,
    Lower,
    Codegen,
    Link,
    Run,
}

/// The kinds that a runner's `compile_error` begins with (spec language 16.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The text is not an x07AST file.
    Parse,
    /// Types, names, moves, borrows, contracts.
    Typing,
    /// The world or policy lacks a capability.
    Unsupported,
    /// A limit was exceeded.
    Budget,
}

impl ErrorKind {
    /// The word that `compile_error` begins with.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Parse => "Parse",
            ErrorKind::Typing => "Typing",
            ErrorKind::Unsupported => "Unsupported",
            ErrorKind::Budget => "Budget",
        }
    }
}

/// A place with something to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// JSON pointer into the same file, as written.
    pub pointer: String,
    /// What is there, such as `moved here`.
    pub message: String,
}

/// One finding. Positions are JSON pointers; line and column are computed only when somebody looks (`locate`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code, `X07-AREA-NNNN`.
    pub code: String,
    /// Severity.
    pub severity: Severity,
    /// The step that found it.
    pub stage: Stage,
    /// Kind for the runner's report.
    pub kind: ErrorKind,
    /// One sentence that names the user's own identifiers.
    pub message: String,
    /// Module id of the file it is about; the caller maps it to a path. Empty when it is about no file.
    pub module: String,
    /// Full name of the function, or `solve`.
    pub function: Option<String>,
    /// JSON pointer into the file as written.
    pub pointer: Option<String>,
    /// Further places of the same file.
    pub labels: Vec<Label>,
    /// More facts, one sentence each.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// A fix as JSON Patch operations on the file as written.
    pub fix: Option<Fix>,
}

/// A change that a tool can apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, in words.
    pub note: String,
    /// RFC 6902 operations.
    pub patch: serde_json::Value,
}

impl Diagnostic {
    /// An error at the type stage; the other parts are added with the methods below.
    pub fn error(code: impl Into<String>, kind: ErrorKind, message: impl Into<String>) -> Self {
        let stage = match kind {
            ErrorKind::Parse => Stage::Parse,
            ErrorKind::Typing => Stage::Type,
            ErrorKind::Unsupported | ErrorKind::Budget => Stage::Lower,
        };
        Diagnostic {
            code: code.into(),
            severity: Severity::Error,
            stage,
            kind,
            message: message.into(),
            module: String::new(),
            function: None,
            pointer: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Found by another stage than the kind suggests.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// About the file of this module.
    #[must_use]
    pub fn module(mut self, module: impl Into<String>) -> Self {
        self.module = module.into();
        self
    }

    /// At this JSON pointer.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// With a further place.
    #[must_use]
    pub fn label(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.labels.push(Label { pointer: pointer.into(), message: message.into() });
        self
    }

    /// With a further fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With a fix.
    #[must_use]
    pub fn fix(mut self, note: impl Into<String>, patch: serde_json::Value) -> Self {
        self.fix = Some(Fix { note: note.into(), patch });
        self
    }

    /// True when it stops the build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The one-line text of a runner's `compile_error` (spec language 16.1).
    pub fn compile_error(&self) -> String {
        let mut text = format!("{}: {}", self.kind.as_str(), self.message);
        let function = self.function.as_deref().map(|f| format!("fn={f}"));
        let pointer = self.pointer.as_deref().map(|p| format!("ptr={p}"));
        let module = (!self.module.is_empty()).then(|| format!("module={}", self.module));
        let place: Vec<String> = [module, function, pointer].into_iter().flatten().collect();
        if !place.is_empty() {
            text.push_str(&format!(" ({})", place.join(" ")));
        }
        text
    }
}
