//! The examples pass their own tests.

use std::path::Path;

use x07_build::Environment;
use x07_test::{Kind, Options};

use crate::support::{Silent, cache, told};

#[test]
fn the_examples_pass_their_own_tests() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let artifacts = tempfile::tempdir().unwrap();
    let mut tested = 0;
    for example in std::fs::read_dir(examples).unwrap() {
        let folder = example.unwrap().path();
        let path = folder.join("tests/tests.json");
        if !path.is_file() {
            continue;
        }
        let mut options = Options::new(path);
        options.module_roots = vec![folder.join("src"), folder.join("tests")];
        options.selection.kind = Kind::All;
        options.artifact_dir = artifacts.path().to_owned();
        options.environment = Environment { cache: Some(cache()), ..Environment::read() };
        let manifest = x07_test::manifest::read(&options.manifest).unwrap();
        assert_eq!(manifest.warnings, []);
        let results = x07_test::run(manifest, &options, &Silent).unwrap();
        assert_eq!(results.exit_code(), 0, "{}: {}", folder.display(), told(&results));
        tested += 1;
    }
    assert!(tested >= 3, "{tested} examples have tests");
}
