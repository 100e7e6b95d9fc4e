//! What happens while a command runs, for whoever wants to tell a person.

/// Something worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// An index is asked about a package.
    Asking {
        /// The package.
        name: &'a str,
    },
    /// An archive is downloaded.
    Downloading {
        /// The package as `name@version`.
        package: &'a str,
    },
    /// A package was put into the project.
    Fetched {
        /// The package as `name@version`.
        package: &'a str,
    },
    /// The lockfile was written.
    Locked {
        /// How many packages it holds.
        packages: usize,
    },
    /// Something that does not stop the command.
    Warning(&'a str),
}

/// Is told of events.
pub trait Observer {
    /// Something happened.
    fn event(&self, event: Event<'_>);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: Event<'_>) {}
}
