//! What a build tells while it runs.

use std::time::Duration;

/// The kinds of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActionKind {
    /// Read and parse a module.
    Parse,
    /// Compile a module to C.
    Compile,
    /// Compile a unit with the C compiler.
    Cc,
    /// Link, fully or in part.
    Link,
}

impl ActionKind {
    /// A word for tables.
    pub fn as_str(self) -> &'static str {
        match self {
            ActionKind::Parse => "parse",
            ActionKind::Compile => "compile",
            ActionKind::Cc => "cc",
            ActionKind::Link => "link",
        }
    }
}

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Packages are locked or fetched before anything is built.
    Package(x07_pkg::Event<'a>),
    /// How many steps are left to do is known now.
    Planned {
        /// Modules of the program.
        modules: usize,
    },
    /// An action begins.
    Started {
        /// Its kind.
        kind: ActionKind,
        /// The module, or the output's name.
        name: &'a str,
    },
    /// An action has ended.
    Finished {
        /// Its kind.
        kind: ActionKind,
        /// The module, or the output's name.
        name: &'a str,
        /// Its result was in the store.
        cached: bool,
        /// Units done so far, of `total`.
        done: usize,
        /// Units of the program.
        total: usize,
    },
}

/// Somebody who wants to know. Called from several threads, and never after the build has returned.
pub trait Observer: Sync {
    /// Takes one event; must be quick.
    fn event(&self, event: Event<'_>);

    /// True when the build is to end as soon as what runs now has ended; asked before every action.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Nobody wants to know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: Event<'_>) {}
}

impl<F: Fn(Event<'_>) + Sync> Observer for F {
    fn event(&self, event: Event<'_>) {
        self(event);
    }
}

/// When an action ran, counted from the start of the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its kind.
    pub kind: ActionKind,
    /// The module, or the output's name.
    pub name: String,
    /// Which worker ran it.
    pub lane: usize,
    /// Its start.
    pub start: Duration,
    /// Its end.
    pub end: Duration,
    /// Its result was in the store.
    pub cached: bool,
}
