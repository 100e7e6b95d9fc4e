//! The command line as a person sees it: commands and what they print.

#[test]
fn commands() {
    // Nothing of the machine's own settings or caches reaches the cases.
    let cache = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-cache");
    trycmd::TestCases::new()
        .env("X07_CACHE_DIR", cache.to_string_lossy())
        .env("X07_PKG_HOME", cache.join("packages").to_string_lossy())
        .env("NO_COLOR", "1")
        .case("tests/cmd/*.trycmd");
}
