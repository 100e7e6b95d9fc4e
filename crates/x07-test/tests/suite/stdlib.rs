//! The standard library passes its own tests.

use std::path::Path;

use x07_build::Environment;
use x07_test::{Kind, Options};

use crate::support::{Silent, cache, told};

#[test]
fn the_standard_library_passes_its_own_tests() {
    let versions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib/std");
    let mut manifests = 0;
    for version in std::fs::read_dir(versions).unwrap() {
        let folder = version.unwrap().path().join("tests");
        let mut options = Options::new(folder.join("tests.json"));
        options.module_roots = vec![folder];
        options.selection.kind = Kind::All;
        options.environment = Environment { cache: Some(cache()), ..Environment::read() };
        let manifest = x07_test::manifest::read(&options.manifest).unwrap();
        assert_eq!(manifest.warnings, []);
        let results = x07_test::run(manifest, &options, &Silent).unwrap();
        assert_eq!(results.exit_code(), 0, "{}", told(&results));
        manifests += 1;
    }
    assert_eq!(manifests, 1);
}
