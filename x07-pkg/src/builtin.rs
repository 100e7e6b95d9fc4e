//! The modules of the toolchain's library. An import of one never means a package's.

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// True for a module that no package can replace; what stands between a program and the operating system can be.
pub(crate) fn is_builtin(module: &str) -> bool {
    let is_adapter = module.starts_with("std.world.") || module.starts_with("std.os.");
    !is_adapter && BUILTIN.binary_search(&module).is_ok()
}

#[cfg(test)]
mod tests {
    use super::is_builtin;

    #[test]
    fn the_library_is_known() {
        for (module, expected) in [("std.fmt", true), ("std.bytes", true), ("std.math", false), ("std.os.fs", false)] {
            assert_eq!(is_builtin(module), expected, "{module}");
        }
        assert!(super::BUILTIN.is_sorted());
    }
}
