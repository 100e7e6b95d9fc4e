//! Manifests: a text and what is made of it.

#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

use std::path::Path;

use x07_pkg::Manifest;

const GOOD: &str =
    r#"{"schema_version":"x07.project@0.3.0","world":"solve-pure","entry":"src/main.x07.json","module_roots":["src"]}"#;

/// The good manifest with some top-level fields replaced or added.
fn with(changes: &str) -> String {
    let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(GOOD).unwrap();
    let changes: serde_json::Map<String, serde_json::Value> = serde_json::from_str(changes).unwrap();
    object.extend(changes);
    serde_json::to_string(&object).unwrap()
}

fn error_of(text: &str) -> String {
    match Manifest::parse(Path::new("p/x07.json"), text.as_bytes()) {
        Ok(manifest) => panic!("accepted: {manifest:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_is_refused_says_why() {
    let cases = [
        (r#"{"schema_version":"x07.project@9"}"#, "schema_version mismatch: expected one of"),
        (r#"{"schema_version":"x07.project@0.2.0","patch":{"a":{"version":"1.0.0"}}}"#, "patch requires"),
        (r#"{"world":"solve-nope"}"#, r#"invalid project world "solve-nope": unknown world: solve-nope"#),
        (r#"{"entry":""}"#, "must not be empty"),
        (r#"{"entry":"/abs/main.x07.json"}"#, "must be relative"),
        (r#"{"entry":"../main.x07.json"}"#, "must not contain `..`"),
        (r#"{"entry":"src/main.json"}"#, "must end with .x07.json"),
        (r#"{"module_roots":[]}"#, "module_roots must not be empty"),
        (r#"{"module_roots":["a/../b"]}"#, "module_roots[0]"),
        (r#"{"link":{"libs":["-evil"]}}"#, "link.libs"),
        (r#"{"link":{"search_paths":["/usr/lib"]}}"#, "link.search_paths"),
        (r#"{"dependencies":[{"name":"a","version":"1.0.0","path":"/x"}]}"#, "dependencies[0].path"),
        (r#"{"patch":{"":{"version":"1.0.0"}}}"#, "patch key must be non-empty"),
        (r#"{"patch":{"Big":{"version":"1.0.0"}}}"#, "not a package name"),
        (r#"{"lockfile":"../lock"}"#, "project lockfile"),
        (r#"{"lockfile":null}"#, "project lockfile is null: leave it out"),
    ];
    for (changes, expected) in cases {
        let error = error_of(&with(changes));
        assert!(error.contains(expected), "{changes}: {error}");
    }
    assert!(error_of(r#"{"schema_version":"x07.project@0.3.0"}"#).contains("[X07PROJECT_PARSE]"));
}

#[test]
fn paths_are_normalised_and_repeats_dropped() {
    let text = with(r#"{"module_roots":["./src","src","$workspace/shared"]}"#);
    let manifest = Manifest::parse(Path::new("p/x07.json"), text.as_bytes()).unwrap();
    assert_eq!(manifest.module_roots, ["src", "$workspace/shared"]);
    assert_eq!(manifest.lockfile, Path::new("x07.lock.json"));
    assert_eq!(manifest.folder(), Path::new("p"));
}

#[test]
fn misspelt_fields_are_reported() {
    let cases = [
        (r#"{"dependancies":[]}"#, "dependancies", Some("dependencies")),
        (r#"{"zzz":1}"#, "zzz", None),
        (r#"{"link":{"lib":["z"]}}"#, "link.lib", Some("libs")),
        (r#"{"dependencies":[{"name":"a","version":"1.0.0","pth":"a"}]}"#, "dependencies[0].pth", Some("path")),
        (
            r#"{"profiles":{"dev":{"world":"solve-pure","solve_feul":1}}}"#,
            "profiles.dev.solve_feul",
            Some("solve_fuel"),
        ),
    ];
    for (changes, place, near) in cases {
        let manifest = Manifest::parse(Path::new("x07.json"), with(changes).as_bytes()).unwrap();
        let [found] = manifest.unknown_fields.as_slice() else { panic!("{:?}", manifest.unknown_fields) };
        assert_eq!((found.place.as_str(), found.near.as_deref()), (place, near));
    }
}

#[test]
fn profiles_are_selected_in_order() {
    let profiles = r#"{"profiles":{"dev":{"world":"solve-pure"},"os":{"world":"run-os"},"bad":{"world":"run-os","runner":"host"},"box":{"world":"run-os-sandboxed"}}}"#;
    let manifest = Manifest::parse(Path::new("x07.json"), with(profiles).as_bytes()).unwrap();
    let name = |asked| manifest.select_profile(asked).map(|profile| profile.unwrap().name);
    assert_eq!(name(None).unwrap(), "dev");
    assert_eq!(name(Some("os")).unwrap(), "os");
    for (asked, expected) in
        [("nope", "available: bad, box, dev, os"), ("bad", "does not run"), ("box", "needs a policy")]
    {
        assert!(name(Some(asked)).unwrap_err().to_string().contains(expected), "{asked}");
    }
}

#[test]
fn link_becomes_arguments_in_order() {
    let text = with(r#"{"link":{"static":true,"search_paths":["lib"],"libs":["z"],"frameworks":["F"]}}"#);
    let manifest = Manifest::parse(Path::new("p/x07.json"), text.as_bytes()).unwrap();
    assert_eq!(manifest.link_arguments(), ["-static", "-L", "p/lib", "-l", "z", "-framework", "F"]);
}
