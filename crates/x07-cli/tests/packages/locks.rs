//! What is locked stays what it is: for two commands at once, for a registry that changes its mind, for locks of others.

use std::fs::{self, File};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::Bench;

/// A project that uses a published package.
fn locked() -> Bench {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    bench.x07("app", &format!("add base --index {}", bench.index("reg"))).ok();
    bench
}

/// Puts the project's lock into the form of other tools, which know no archives.
fn foreign_lock(bench: &Bench) -> Value {
    let mut lock: Value = serde_json::from_str(&bench.read("app/x07.lock.json")).unwrap();
    let package = lock["dependencies"][0].as_object_mut().unwrap();
    for ours in ["source", "archive_sha256", "tree_blake3", "required_by", "files_sha256"] {
        package.remove(ours);
    }
    bench.write("app/x07.lock.json", lock.to_string());
    lock
}

/// Publishes other bytes under the version that is locked.
fn republish(bench: &Bench) {
    fs::remove_dir_all(bench.path("reg")).unwrap();
    bench.publish("reg", "base", "1.0.0", "base", r#""other": true"#);
}

#[cfg(unix)]
#[test]
fn a_command_sees_what_the_one_before_it_wrote() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", None);
    bench.x07("app", "add ext-tiny").ok();
    let with_base = bench
        .read("app/x07.json")
        .replace("\"dependencies\": [", "\"dependencies\": [{\"name\": \"base\", \"version\": \"^1\"},");
    let index = bench.index("reg");
    for (line, left) in [
        (format!("remove ext-tiny --index {index}"), "base@1.0.0"),
        (format!("add ext-tiny@0.1.0 --index {index}"), "base@1.0.0 ext-tiny@0.1.0"),
        (format!("update ext-tiny@^0.1 --index {index}"), "base@1.0.0 ext-tiny@0.1.1"),
        (format!("lock --index {index}"), "base@1.0.0 ext-tiny@0.1.1"),
    ] {
        bench.project("app", None);
        bench.x07("app", "add ext-tiny").ok();
        // Somebody else is at work in the project and adds a package before letting go.
        let held = File::open(bench.path("app")).unwrap();
        held.lock().unwrap();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| bench.x07("app", &line));
            thread::sleep(Duration::from_millis(400));
            assert!(!waiting.is_finished(), "{line}");
            bench.write("app/x07.json", &with_base);
            held.unlock().unwrap();
            waiting.join().unwrap().ok();
        });
        assert_eq!(bench.locked("app"), left, "{line}");
        assert_eq!(bench.read("app/x07.json").contains("ext-tiny"), left.contains("ext-tiny"), "{line}");
    }
}

#[test]
fn a_version_that_was_published_again_is_refused() {
    let bench = locked();
    let lock = bench.read("app/x07.lock.json");
    republish(&bench);
    let refused = ["X07PKG_CONTENT_MISMATCH", "another base@1.0.0 than the one that is locked", "x07 remove base"];
    for line in ["update", "update base", "add base@^1.0"] {
        bench.x07("app", line).fails(20, &refused);
        assert_eq!(bench.read("app/x07.lock.json"), lock, "{line}");
    }
    // What is here goes on working, and who knows why it changed can take it.
    assert_eq!(bench.says("app"), "base 1.0.0");
    bench.x07("app", "remove base").ok();
    bench.x07("app", &format!("add base --index {}", bench.index("reg"))).ok();
    assert_eq!(bench.says("app"), "base 1.0.0");
}

#[test]
fn hashes_in_locks_of_other_tools_count() {
    let bench = locked();
    let index = bench.index("reg");
    let lock = foreign_lock(&bench);
    bench.x07("app", &format!("lock --index {index}")).ok();
    let sum = lock["dependencies"][0]["modules_sha256"]["base"].as_str().unwrap();
    let other = format!("{:x}{}", 15 - sum[..1].chars().next().unwrap().to_digit(16).unwrap(), &sum[1..]);
    let wrong = lock.to_string().replace(sum, &other);
    bench.write("app/x07.lock.json", &wrong);
    for line in ["lock", "lock --check", "add ext-tiny", "fetch"] {
        let refused = ["X07PKG_CONTENT_MISMATCH", "modules/base.x07.json differs", "x07 update base"];
        bench.x07("app", &format!("{line} --index {index}")).fails(20, &refused);
        assert_eq!(bench.read("app/x07.lock.json"), wrong, "{line}");
    }
    bench.x07("app", &format!("update base --index {index}")).ok();
    assert_eq!(bench.says("app"), "base 1.0.0");
}

#[test]
fn packages_in_locks_of_other_tools_are_vendored() {
    let bench = locked();
    foreign_lock(&bench);
    bench.x07("app", &format!("vendor --index {}", bench.index("reg"))).ok();
    for gone in ["reg", "home", "app/.x07"] {
        fs::remove_dir_all(bench.path(gone)).unwrap();
    }
    assert_eq!(bench.says("app"), "base 1.0.0");
}

#[test]
fn prereleases_are_for_those_who_ask() {
    let bench = Bench::new();
    for version in ["1.1.0", "2.0.0-beta.1"] {
        bench.publish("reg", "base", version, "base", "");
    }
    bench.publish("reg", "early", "1.0.0", "early", r#""requires_packages": ["base@^2.0.0-alpha.1"]"#);
    let index = bench.index("reg");
    for (specs, expected) in [
        ("early", "base@2.0.0-beta.1 early@1.0.0"),
        ("early base@>=2.0.0-beta", "base@2.0.0-beta.1 early@1.0.0"),
        ("base@*", "base@1.1.0"),
    ] {
        bench.project("app", None);
        bench.x07("app", &format!("add {specs} --index {index}")).ok();
        assert_eq!(bench.locked("app"), expected);
        bench.x07("app", "lock --check").ok();
        bench.x07("app", "build --locked").ok();
        fs::remove_file(bench.path("app/x07.lock.json")).unwrap();
    }
    bench.project("app", None);
    bench.x07("app", &format!("add early base@* --index {index}")).fails(
        20,
        &[
            "X07PKG_VERSION_CONFLICT",
            "the project requires base *",
            "early 1.0.0 requires base ^2.0.0-alpha.1",
            "base has 1.1.0, 2.0.0-beta.1",
        ],
    );
}

#[test]
fn what_came_after_the_lock_may_be_let_pass() {
    let bench = locked();
    let path = "reg/index/ba/se/base";
    let mut entry: Value = serde_json::from_str(&bench.read(path)).unwrap();
    let check = |options: &str| bench.x07("app", &format!("lock --check {options}"));
    entry["yanked"] = json!(true);
    bench.write(path, format!("{entry}\n"));
    check("").fails(20, &["X07PKG_YANKED_DEP"]);
    check("--allow-advisories").fails(20, &["X07PKG_YANKED_DEP"]);
    check("--allow-yanked").ok();
    entry["advisories"] = json!([{
        "schema_version": "x07.pkg.advisory@0.1.0", "id": "0b8f2f1e-2f4a-4f5b-9c3a-111111111111", "package": "base",
        "version": "1.0.0", "kind": "security", "severity": "high", "summary": "Wrong", "created_at_utc": "2025-01-02T03:04:05Z",
    }]);
    bench.write(path, format!("{entry}\n"));
    check("--allow-yanked").fails(20, &["X07PKG_ADVISED_DEP"]);
    check("--allow-yanked --allow-advisories").ok();
    bench.x07("app", "versions base --offline").ok();
}

#[test]
fn looking_and_failing_leave_nothing_behind() {
    let bench = locked();
    let digests = bench.path("app/.x07/deps/.digests.json");
    let _ = fs::remove_file(&digests);
    bench.x07("app", "lock --check").ok();
    assert!(!digests.exists());
    bench.project("other", None);
    bench.x07("other", "add nope").fails(20, &["X07PKG_NO_REGISTRY"]);
    assert!(!bench.exists("other/.x07"));
    #[cfg(unix)]
    {
        fs::create_dir(bench.path("away")).unwrap();
        std::os::unix::fs::symlink(bench.path("away"), bench.path("other/.x07")).unwrap();
        bench.x07("other", "add ext-tiny").fails(20, &["is a link"]);
        assert_eq!(fs::read_dir(bench.path("away")).unwrap().count(), 0);
    }
}

#[test]
fn a_patch_of_nothing_is_told() {
    let bench = locked();
    let manifest = bench.read("app/x07.json");
    bench.write("app/x07.json", manifest.replacen('{', "{\n  \"patch\": {\"bsae\": {\"version\": \"2.0.0\"}},", 1));
    let ran = bench.x07("app", "lock").ok();
    assert!(ran.stderr.contains("`patch` of bsae in x07.json has no effect"), "{}", ran.stderr);
}

#[test]
fn versions_asked_of_folders_are_kept() {
    let bench = Bench::new();
    bench.package("app/g", "gg", "1.2.3", "gg", "");
    bench.project("app", Some("gg"));
    let refused =
        ["X07PKG_INDEX_NO_MATCH", "the project requires gg ^9", "gg is 1.2.3 in its folder", "ask for gg ^1.2.3"];
    bench.x07("app", "add gg@^9 --path g").fails(20, &refused);
    bench.x07("app", "add gg@^1 --path g").ok();
    assert!(bench.read("app/x07.json").contains("\"^1\""));
    bench.x07("app", "add gg@^2").fails(20, &["the project requires gg ^2", "gg is 1.2.3 in its folder"]);
    bench.x07("app", "add gg@~1.2").ok();
    assert!(bench.read("app/x07.json").contains("\"path\": \"g\""));
    assert_eq!(bench.says("app"), "gg 1.2.3");
}
