//! Adding, locking, updating, removing.

use serde_json::Value;

use crate::bench::Bench;

#[test]
fn official_packages_need_no_network() {
    let bench = Bench::new();
    for (spec, version, requirement) in [
        ("x07-ext-tiny", "0.1.1", "^0.1.1"),
        ("ext-tiny", "0.1.1", "^0.1.1"),
        ("ext-tiny@^0.1", "0.1.1", "^0.1"),
        ("ext-tiny@0.1", "0.1.1", "0.1"),
        ("ext-tiny@0.1.0", "0.1.0", "0.1.0"),
        ("ext-tiny@<0.1.1", "0.1.0", "<0.1.1"),
    ] {
        bench.project("app", Some("std.tiny"));
        bench.x07("app", &format!("add {spec} --offline")).ok();
        let manifest: Value = serde_json::from_str(&bench.read("app/x07.json")).unwrap();
        assert_eq!(manifest["dependencies"][0]["version"], requirement, "{spec}");
        assert_eq!(bench.locked("app"), format!("ext-tiny@{version}"));
        assert_eq!(bench.says("app"), format!("ext-tiny {version}"));
        std::fs::remove_file(bench.path("app/x07.lock.json")).unwrap();
    }
}

#[test]
fn what_cannot_be_added_changes_nothing() {
    let bench = Bench::new();
    bench.project("app", None);
    bench.package("app/libs/twin", "twin", "1.0.0", "std.tiny", "");
    bench.package("app/libs/own", "own", "1.0.0", "main2", "");
    bench.module("app/src", "main2", "", "[\"bytes.lit\",\"\"]");
    bench.package("elsewhere/greet", "greet", "1.0.0", "greet", "");
    bench.x07("app", "add ext-tiny").ok();
    let (manifest, lock) = (bench.read("app/x07.json"), bench.read("app/x07.lock.json"));
    let cases: [(&str, &[&str]); 9] = [
        ("add ext-tyni", &["X07PKG_NO_REGISTRY", "did you mean ext-tiny?"]),
        ("add tiny ext-tyni", &["no package tiny", "no package ext-tyni", "did you mean ext-tiny?"]),
        ("add Big", &["X07PKG_SPEC_INVALID", "not a package name"]),
        ("add ext-tiny@new", &["X07PKG_SPEC_INVALID", "not a version requirement"]),
        (
            "add ext-tiny@^2",
            &["X07PKG_INDEX_NO_MATCH", "the project requires ext-tiny ^2", "ext-tiny has 0.1.0, 0.1.1"],
        ),
        ("add ./libs/twin", &["X07PKG_MODULE_CONFLICT", "ext-tiny@0.1.1 and twin@1.0.0 both have the module std.tiny"]),
        ("add ./libs/own", &["X07PKG_MODULE_CONFLICT", "module main2 of own@1.0.0 is also"]),
        ("add ./libs/none", &["X07PKG_LOCAL_MISSING_DEP"]),
        ("add ../elsewhere/greet", &["X07PKG_PATH_DEPENDENCY", "x07-workspace.toml"]),
    ];
    for (line, expected) in cases {
        bench.x07("app", line).fails(20, expected);
        assert_eq!(bench.read("app/x07.json"), manifest, "{line}");
        assert_eq!(bench.read("app/x07.lock.json"), lock, "{line}");
    }
    bench.x07("app", "remove ext-tyni").fails(20, &["X07PKG_DEP_NOT_FOUND", "did you mean ext-tiny?"]);
}

#[test]
fn edits_leave_the_rest_as_it_was() {
    let bench = Bench::new();
    bench.project("app", None);
    let text = "{\n\t\"world\": \"solve-pure\", \"schema_version\": \"x07.project@0.3.0\",\n\t\"module_roots\": [ \"src\" ],\n\t\"entry\": \"src/main.x07.json\"\n}";
    bench.write("app/x07.json", text);
    bench.x07("app", "add ext-tiny@0.1.0").ok();
    let added =
        ",\n\t\"dependencies\": [\n\t\t{\n\t\t\t\"name\": \"ext-tiny\",\n\t\t\t\"version\": \"0.1.0\"\n\t\t}\n\t]\n}";
    assert_eq!(bench.read("app/x07.json"), text.replace("\n}", added));
    bench.x07("app", "add ext-tiny@^0.1.0").ok();
    assert_eq!(bench.read("app/x07.json"), text.replace("\n}", added).replace("\"0.1.0\"", "\"^0.1.0\""));
    bench.x07("app", "remove ext-tiny").ok();
    assert_eq!(bench.read("app/x07.json"), text.replace("\n}", ",\n\t\"dependencies\": []\n}"));
}

#[test]
fn names_are_those_that_can_be_meant() {
    let bench = Bench::new();
    bench.project("app", None);
    bench.package("app/libs/mine", "x07-ext-mine", "1.0.0", "mine", "");
    bench.package("app/libs/fmt", "fmt", "1.0.0", "std.fmt", "");
    for (folder, line, code, expected) in [
        ("app", "add ./libs/mine", "X07PKG_SPEC_INVALID", "means the package ext-mine"),
        ("app/libs/mine", "pack", "X07PKG_PACK_FAILED", "means the package ext-mine"),
        (
            "app",
            "add ./libs/fmt",
            "X07PKG_MODULE_CONFLICT",
            "fmt@1.0.0 has the module std.fmt, which is a built-in one",
        ),
        ("app/libs/fmt", "pack", "X07PKG_PACK_FAILED", "module std.fmt is a built-in one"),
    ] {
        bench.x07(folder, line).fails(20, &[code, expected]);
    }
    bench.x07("app", "add ext-tiny").ok();
    bench.write("app/x07.json", bench.read("app/x07.json").replace("ext-tiny", "x07-ext-tiny"));
    bench.x07("app", "lock").fails(20, &["there is no package x07-ext-tiny", "did you mean ext-tiny?"]);
}

#[test]
fn new_entries_say_name_version_and_path() {
    let bench = Bench::new();
    bench.project("app", None);
    bench.package("app/g", "gg", "1.2.3", "gg", "");
    bench.write("app/x07.json", bench.read("app/x07.json").replace('\n', "\r\n"));
    bench.x07("app", "add ./g").ok();
    let entry =
        "    {\r\n      \"name\": \"gg\",\r\n      \"version\": \"^1.2.3\",\r\n      \"path\": \"g\"\r\n    }\r\n";
    let manifest = bench.read("app/x07.json");
    assert!(manifest.contains(entry), "{manifest:?}");
    assert_eq!(manifest.matches('\n').count(), manifest.matches("\r\n").count());
}

#[test]
fn what_packages_need_is_in_the_lock_only() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.publish("reg", "middle", "1.0.0", "middle", r#""requires_packages": ["base@^1"]"#);
    bench.project("app", Some("middle"));
    let index = bench.index("reg");
    bench.x07("app", &format!("add middle ext-tiny --index {index}")).ok();
    assert_eq!(bench.locked("app"), "base@1.0.0 ext-tiny@0.1.1 middle@1.0.0");
    assert!(!bench.read("app/x07.json").contains("base"));
    let tree = "x07.json\n├── ext-tiny@0.1.1 (official)\n└── middle@1.0.0\n    └── base@1.0.0\n";
    assert_eq!(bench.x07("app", "tree").ok().stdout, tree);
    assert_eq!(bench.x07("app", "why base").ok().stdout, "x07.json -> middle@1.0.0 -> base@1.0.0\n");
    bench.x07("app", "remove base").fails(20, &["X07PKG_DEP_NOT_FOUND", "middle@1.0.0 does"]);
    let manifest = bench.read("app/x07.json");
    bench.write("app/x07.json", manifest.replace("^0.1.1", "^0.2"));
    let stale = bench.x07("app", "tree").ok();
    assert!(stale.stderr.contains("ext-tiny 0.1.1 is locked, ^0.2 is asked for"), "{}", stale.stderr);
    bench.write("app/x07.json", manifest);
    bench.x07("app", "remove middle").ok();
    assert_eq!(bench.locked("app"), "ext-tiny@0.1.1");
    assert!(!bench.exists("app/.x07/deps/middle") && bench.exists("app/.x07/deps/ext-tiny/0.1.1"));
}

#[test]
fn updates_take_what_fits() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    let index = bench.index("reg");
    bench.x07("app", &format!("add base --index {index}")).ok();
    assert_eq!(bench.says("app"), "base 1.0.0");
    for version in ["1.2.0", "1.3.0-beta.1", "2.0.0"] {
        bench.publish("reg", "base", version, "base", "");
    }
    // The lock keeps what it has until it is told otherwise, and knows its registry.
    bench.x07("app", "lock").ok();
    assert_eq!(bench.locked("app"), "base@1.0.0");
    bench.x07("app", "update").ok();
    assert_eq!(bench.locked("app"), "base@1.2.0");
    assert_eq!(bench.says("app"), "base 1.2.0");
    assert!(!bench.exists("app/.x07/deps/base/1.0.0"));
    bench.x07("app", "update base@^1.3.0-beta").ok();
    assert_eq!(bench.locked("app"), "base@1.3.0-beta.1");
    bench.x07("app", "add base@^2").ok();
    assert_eq!(bench.says("app"), "base 2.0.0");
    bench.x07("app", "update nope").fails(20, &["X07PKG_DEP_NOT_FOUND"]);
}

#[test]
fn conflicts_are_explained_as_chains() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.publish("reg", "base", "2.0.0", "base", "");
    bench.publish("reg", "middle", "0.1.0", "middle", r#""requires_packages": ["base@^2"]"#);
    bench.publish("reg", "top", "0.1.0", "top", r#""requires_packages": ["middle@^0.1"]"#);
    bench.project("app", None);
    let index = bench.index("reg");
    bench.x07("app", &format!("add base@^1 --index {index}")).ok();
    let lock = bench.read("app/x07.lock.json");
    let expected = [
        "error[X07PKG_VERSION_CONFLICT]: no version of base suits everybody who asks for it",
        "\n  the project requires base ^1\n",
        "\n  the project requires top ^0.1, top 0.1.0 requires middle ^0.1, middle 0.1.0 requires base ^2\n",
        "\n  base has 1.0.0, 2.0.0\n",
        "`patch`",
    ];
    bench.x07("app", &format!("add top@^0.1 --index {index}")).fails(20, &expected);
    assert_eq!(bench.read("app/x07.lock.json"), lock);
    // The patch that the help speaks of.
    let manifest = bench.read("app/x07.json").trim_end().trim_end_matches('}').trim_end().to_owned();
    bench.write("app/x07.json", manifest + ",\n  \"patch\": {\"base\": {\"version\": \"2.0.0\"}}\n}\n");
    bench.x07("app", &format!("add top@^0.1 --index {index}")).ok();
    assert_eq!(bench.locked("app"), "base@2.0.0 middle@0.1.0 top@0.1.0");
    assert!(bench.read("app/x07.lock.json").contains("\"overridden_by\": \"base\""));
}

#[test]
fn the_lock_is_checked_without_writing() {
    let bench = Bench::new();
    bench.project("app", None);
    bench.x07("app", "add ext-tiny@0.1.0").ok();
    bench.x07("app", "lock --check").ok();
    let lock = bench.read("app/x07.lock.json");
    bench.write("app/x07.json", bench.read("app/x07.json").replace("0.1.0\"\n", "^0.1.1\"\n"));
    bench.x07("app", "lock --check").fails(20, &["X07PKG_LOCK_MISMATCH", "needs ext-tiny@0.1.1"]);
    bench.x07("app", "build --locked").fails(2, &["X07PKG_LOCK_MISMATCH", "ext-tiny 0.1.0 is locked"]);
    assert_eq!(bench.read("app/x07.lock.json"), lock);
    assert!(!bench.exists("app/.x07/deps/ext-tiny/0.1.1"));
    bench.x07("app", "lock").ok();
    assert_eq!(bench.locked("app"), "ext-tiny@0.1.1");
    std::fs::remove_file(bench.path("app/x07.lock.json")).unwrap();
    bench.x07("app", "lock --check").fails(20, &["X07PKG_LOCK_MISSING"]);
    bench.x07("app", "build --locked").fails(2, &["X07PKG_LOCK_MISSING"]);
}

#[test]
fn reports_are_one_line_of_json() {
    let bench = Bench::new();
    bench.project("app", None);
    let ran = bench.x07("app", "pkg add ext-tiny@0.1.0 --sync").ok();
    let report = ran.json();
    let order =
        ["\"ok\"", "\"command\"", "\"result\"", "\"project\"", "\"name\"", "\"version\"", "\"path\"", "\"lock\""];
    let places: Vec<usize> = order.iter().map(|key| ran.stdout.find(key).unwrap()).collect();
    assert!(places.is_sorted(), "{}", ran.stdout);
    assert_eq!(report["ok"], true);
    assert_eq!(report["command"], "pkg.add");
    assert_eq!(report["result"]["path"], ".x07/deps/ext-tiny/0.1.0");
    assert_eq!(report["result"]["lock"]["fetched"][0]["name"], "ext-tiny");
    let failed = bench.x07("app", "pkg add nope");
    assert_eq!((failed.status, failed.json()["error"]["code"].as_str()), (20, Some("X07PKG_NO_REGISTRY")));
    let provides = bench.x07("app", "pkg provides std.tiny").ok().json();
    let kinds: Vec<&str> =
        provides["providers"].as_array().unwrap().iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["catalog", "dependency"]);
    assert_eq!(bench.x07("app", "pkg provides no.such").status, 1);
    assert_eq!(bench.x07("app", "pkg provides std.bytes").ok().json()["providers"][0]["kind"], "builtin");
}

#[test]
fn misspelt_fields_are_told_by_every_command() {
    let bench = Bench::new();
    bench.project("app", None);
    let text = bench.read("app/x07.json").replace("\"world\"", "\"dependancies\": [],\n  \"world\"");
    bench.write("app/x07.json", text);
    let tests =
        r#"{"schema_version":"x07.tests_manifest@0.2.0","tests":[{"id":"a","world":"solve-pure","entry":"a.b"}]}"#;
    bench.write("app/tests/tests.json", tests);
    for line in ["add ext-tiny", "tree", "lock", "remove ext-tiny", "check", "test --list"] {
        let said = bench.x07("app", line).stderr;
        let words = ["x07.json has a field \"dependancies\" that means nothing", "did you mean \"dependencies\"?"];
        assert!(words.iter().all(|word| said.contains(word)), "{line}: {said}");
    }
}

#[test]
fn a_named_manifest_is_searched_upwards() {
    let bench = Bench::new();
    bench.project("app", None);
    bench.x07("app/src", "add ext-tiny --project x07.json").ok();
    assert_eq!(bench.locked("app"), "ext-tiny@0.1.1");
}

#[test]
fn packages_are_documented() {
    let bench = Bench::new();
    bench.project("app", None);
    bench.x07("app", "add ext-tiny").ok();
    assert!(bench.x07("app", "doc std.tiny").ok().stdout.contains("std.tiny.hello_v1"));
}
