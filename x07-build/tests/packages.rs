//! Runs the tests that the official packages bring (`packages/ext/*/*/tests/tests.json`), and checks their manifests.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Sandbox, must_build, run};
use serde_json::Value;
use x07_build::{Abi, Request, World};

/// The folders of all versions of all packages.
fn packages() -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.is_dir());
        paths.sort();
        paths
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packages/ext");
    below(&root).iter().flat_map(|package| below(package)).collect()
}

fn json(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap()).collect()
}

#[test]
fn manifests_name_exactly_the_modules_that_are_there() {
    assert!(!packages().is_empty());
    for package in packages() {
        let manifest = json(&package.join("x07-package.json"));
        let name = format!("x07-{}", manifest["name"].as_str().unwrap());
        let folder = package.strip_prefix(package.ancestors().nth(2).unwrap()).unwrap();
        assert_eq!(folder, Path::new(&name).join(manifest["version"].as_str().unwrap()));
        for field in ["description", "docs", "license"] {
            assert!(!manifest[field].as_str().unwrap_or_default().is_empty(), "{name} has no {field}");
        }
        for world in texts(&manifest["meta"]["worlds_allowed"]) {
            assert!(world.parse::<World>().is_ok(), "{name}: {world}");
        }
        let mut found = Vec::new();
        modules(&package.join("modules"), "", &mut found);
        found.sort();
        assert_eq!(found, texts(&manifest["modules"]), "{name}");
    }
}

/// The ids of the modules below a folder, each of which must have `doc` on all that it exports.
fn modules(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            modules(&path, &format!("{prefix}{name}."), found);
            continue;
        }
        found.push(format!("{prefix}{}", name.strip_suffix(".x07.json").unwrap()));
        for declared in json(&path)["decls"].as_array().unwrap() {
            let documented =
                declared["kind"] == "export" || declared["doc"].as_str().is_some_and(|doc| !doc.is_empty());
            assert!(documented, "{} has no doc", declared["name"]);
        }
    }
}

#[test]
fn the_packages_own_tests_pass() {
    let sandbox = Sandbox::empty();
    for package in packages() {
        let manifest = json(&package.join("tests/tests.json"));
        for test in manifest["tests"].as_array().unwrap() {
            let status = status(&sandbox, &package, test);
            let code = u32::from_le_bytes(status[1..5].try_into().unwrap());
            assert_eq!(status[0], 1, "{}: {} fails at {code}", package.display(), test["id"]);
        }
    }
}

/// What a test comes to: 1 and a code if it passes (spec cli 9.3).
fn status(sandbox: &Sandbox, package: &Path, test: &Value) -> Vec<u8> {
    let entry = test["entry"].as_str().unwrap();
    let (module, _) = entry.rsplit_once('.').unwrap();
    let driver = format!(
        r#"{{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":["std.test","{module}"],
            "decls":[],"solve":["std.test.status_from_result_i32",["{entry}"]]}}"#
    );
    sandbox.write("driver/main.x07.json", driver);
    let roots = ["modules", "tests"].map(|folder| package.join(folder));
    let mut request = Request::program(sandbox.path("driver/main.x07.json"), roots);
    request.environment = sandbox.request().environment;
    request.output = Some(sandbox.path("driver/out"));
    request.world = Some(test["world"].as_str().unwrap().parse().unwrap());
    request.abi = Abi::Argv;
    run(&must_build(&request).output, b"")
}
