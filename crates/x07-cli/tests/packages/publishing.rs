//! What is looked at before a package is sent, and what an index has to prove.

use serde_json::{Value, json};

use crate::bench::Bench;

const SOLVE_PURE: &str = r#""worlds_allowed": ["solve-pure"]"#;
const BOTH_WORLDS: &str = r#""worlds_allowed": ["solve-pure", "run-os"]"#;
const OS_HEAD: &str = r#"["os.env.get",["bytes.lit","HOME"]]"#;

/// A package with a module `base` whose function has a body, and a check of it as `publish` makes it.
fn dry_run(meta: &str, body: &str, status: i32, words: &[&str]) {
    let bench = Bench::new();
    bench.package("base", "base", "1.0.0", "base", meta);
    bench.module("base/modules", "base", "", body);
    let ran = bench.x07("base", "publish --dry-run");
    match status {
        0 => assert_eq!(ran.ok().stderr.trim(), "Fit base 1.0.0"),
        status => drop(ran.fails(status, words)),
    }
}

#[test]
fn code_is_checked_in_every_world_of_the_package() {
    let good = r#"["bytes.lit","x"]"#;
    dry_run("", good, 0, &[]);
    dry_run(BOTH_WORLDS, good, 0, &[]);
    // Of use in one of its worlds.
    dry_run(BOTH_WORLDS, OS_HEAD, 20, &["solve-pure, where none of its modules can be used"]);
    dry_run(SOLVE_PURE, OS_HEAD, 20, &["modules/base.x07.json:1:", "os.env.get", "X07PKG_PUBLISH_FAILED"]);
    // Nobody calls the function yet, but somebody will.
    dry_run(BOTH_WORLDS, r#"["no.such_head",1]"#, 20, &["modules/base.x07.json:1:", "no.such_head"]);
    dry_run(SOLVE_PURE, "1", 20, &["modules/base.x07.json:1:"]);
}

#[test]
fn c_is_compiled_as_others_will_have_it() {
    let bench = Bench::new();
    bench.package("base", "base", "1.0.0", "base", r#""worlds_allowed": ["run-os"], "import_mode": "ffi""#);
    bench.write("base/ffi/base.c", "#include \"base.h\"\nint base = BASE;\n");
    bench.write("base/ffi/base.h", "#define BASE 1\n");
    bench.x07("base", "publish --dry-run").ok();
    bench.write("base/.gitignore", "base.h\n");
    bench.x07("base", "publish --dry-run").fails(20, &["the C compiler refused base/ffi/base.c", "base.h"]);
}

#[test]
fn one_module_may_be_for_some_of_the_worlds() {
    let bench = Bench::new();
    bench.package("base", "base", "1.0.0", "base", BOTH_WORLDS);
    let manifest = bench.read("base/x07-package.json").replace(r#"["base"]"#, r#"["base", "base_os"]"#);
    bench.write("base/x07-package.json", manifest);
    bench.module("base/modules", "base_os", "", OS_HEAD);
    bench.x07("base", "publish --dry-run").ok();
}

#[test]
fn what_a_package_requires_must_be_there() {
    let good = r#"["bytes.lit","x"]"#;
    dry_run(r#""requires_packages": ["nowhere@^1"]"#, good, 20, &["nowhere"]);
    dry_run(r#""requires_packages": ["base@^1"]"#, good, 20, &["names the package itself"]);
    dry_run(r#""requires_packages": ["ext-tiny@^0.1"]"#, good, 0, &[]);
    let bench = Bench::new();
    bench.package("base", "base", "1.0.0", "base", "");
    for (compat, word) in
        [("", "is missing"), (r#""x07c_compat": 7"#, "\"7 (no text)\" in"), (r#""x07c_compat": "abc""#, "\"abc\"")]
    {
        let mut manifest: Value = serde_json::from_str(&bench.read("base/x07-package.json")).unwrap();
        manifest["meta"] = serde_json::from_str(&format!("{{{compat}}}")).unwrap();
        bench.write("base/x07-package.json", manifest.to_string());
        bench.x07("base", "publish --dry-run").fails(20, &["meta.x07c_compat", word]);
    }
}

#[test]
fn a_dry_run_knows_what_is_published_already() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    let line = format!("publish --dry-run --index {}", bench.index("reg"));
    bench.x07("published/base-1.0.0", &line).fails(20, &["X07PKG_ALREADY_PUBLISHED"]);
    bench.package("next", "base", "1.0.1", "base", "");
    assert!(bench.x07("next", &line).ok().stderr.contains("Fit base 1.0.1 in "));
}

#[test]
fn a_package_is_found_from_within() {
    let bench = Bench::new();
    bench.package("base", "base", "1.0.0", "base", "");
    for (folder, arguments) in
        [("base/modules", ""), ("base", ""), ("", " --package base"), ("", " --package base/x07-package.json")]
    {
        let report = bench.x07(folder, &format!("pkg publish --dry-run{arguments}")).ok().json();
        assert_eq!((&report["ok"], &report["result"]["name"]), (&json!(true), &json!("base")));
    }
    bench.x07("", "publish").fails(20, &["there is no x07-package.json", "--package PATH"]);
}

#[test]
fn a_made_package_can_be_published() {
    let bench = Bench::new();
    bench.write("My Pkg__9/.keep", "");
    bench.x07("My Pkg__9", "init --package").ok();
    assert!(bench.exists("My Pkg__9/modules/ext/my_pkg_9.x07.json"));
    bench.x07("My Pkg__9", "test").ok();
    bench.x07("My Pkg__9", &format!("publish --index {}", bench.index("reg"))).ok();
    bench.project("app", None);
    bench.x07("app", &format!("add my-pkg__9 --index {}", bench.index("reg"))).ok();
    assert_eq!(bench.locked("app"), "my-pkg__9@0.1.0");
    bench.write("other/.keep", "");
    bench.x07("other", "init --package --template cli").fails(20, &["X07INIT_ARGS"]);
}

#[test]
fn unsigned_versions_of_a_signed_index_are_refused() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    let mut config: Value = serde_json::from_str(&bench.read("reg/index/config.json")).unwrap();
    // The first key of RFC 8032's examples.
    let key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    config["signing"] = json!({ "kind": "ed25519", "public_keys": [{ "id": "k", "ed25519_pub": key }] });
    bench.write("reg/index/config.json", config.to_string());
    bench.project("app", Some("base"));
    let index = bench.index("reg");
    bench.x07("app", &format!("add base --index {index}")).fails(20, &["X07PKG_UNSIGNED", "base@1.0.0"]);
    let path = "reg/index/ba/se/base";
    let mut entry: Value = serde_json::from_str(&bench.read(path)).unwrap();
    let signature = "A".repeat(86) + "==";
    entry["signature"] = json!({ "kind": "ed25519", "key_id": "k", "ed25519_sig": signature });
    bench.write(path, format!("{entry}\n"));
    bench.x07("app", &format!("add base --index {index}")).fails(20, &["X07PKG_SIGNATURE_INVALID", "base@1.0.0"]);
    // A version that nobody asks for is nobody's trouble.
    assert!(!bench.exists("app/x07.lock.json"));
    bench.x07("app", &format!("versions base --index {index}")).ok();
}
