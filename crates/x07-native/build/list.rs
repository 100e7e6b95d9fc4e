//! The backends that the toolchain brings.

/// What is known of a backend before it is built.
pub(crate) struct Listed {
    /// Its id in `native_requires`.
    pub(crate) id: &'static str,
    /// The crate that it is made of.
    pub(crate) package: &'static str,
    /// Its archive.
    pub(crate) archive: &'static str,
    /// The system libraries that its link needs, without which no C compiler comes.
    pub(crate) system_libraries: &'static [&'static str],
}

/// All of them, by id.
pub(crate) const LISTED: &[Listed] = &[
    Listed { id: "x07.ext.rand", package: "x07-ext-rand-native", archive: "libx07_ext_rand.a", system_libraries: &[] },
    Listed {
        id: "x07.ext.stdio",
        package: "x07-ext-stdio-native",
        archive: "libx07_ext_stdio.a",
        system_libraries: &[],
    },
    Listed {
        id: "x07.math",
        package: "x07-math-native",
        archive: "libx07_math.a",
        // Nothing in it computes anything but single exact operations, such as a fused multiplication and addition.
        system_libraries: &["m"],
    },
];
