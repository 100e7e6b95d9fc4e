//! Builds with packages: what is verified, what is refused.

use std::fs;

use crate::bench::Bench;

/// A project that uses a published package, built once.
fn built() -> Bench {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    bench.x07("app", &format!("add base --index {}", bench.index("reg"))).ok();
    assert_eq!(bench.says("app"), "base 1.0.0");
    bench
}

const MODULE: &str = "app/.x07/deps/base/1.0.0/modules/base.x07.json";

#[test]
fn a_changed_file_stops_the_build_by_name() {
    let bench = built();
    let evil = bench.read(MODULE).replace("base 1.0.0", "evil 6.6.6");
    for change in ["module", "manifest", "gone"] {
        match change {
            "module" => bench.write(MODULE, &evil),
            "manifest" => bench.write("app/.x07/deps/base/1.0.0/x07-package.json", "{}"),
            _ => fs::remove_file(bench.path(MODULE)).unwrap(),
        }
        let file = if change == "manifest" { "x07-package.json" } else { "base.x07.json" };
        for command in ["build", "check", "build --release", "run", "lock", "lock --check"] {
            let ran = bench.x07("app", command);
            assert_ne!(ran.status, 0, "{change} {command}");
            assert!(ran.stderr.contains("X07PKG_CONTENT_MISMATCH"), "{change} {command}: {}", ran.stderr);
            assert!(ran.stderr.contains(file) && ran.stderr.contains("x07 fetch"), "{}", ran.stderr);
        }
        // The user's store heals even if the change went through a link into it.
        bench.x07("app", "fetch").ok();
        assert_eq!(bench.says("app"), "base 1.0.0", "{change}");
    }
}

#[test]
fn a_file_that_came_stops_the_build_by_name() {
    let bench = built();
    for file in ["evil.c", "more.c"] {
        bench.write(&format!("app/.x07/deps/base/1.0.0/ffi/{file}"), "int evil;");
        bench.x07("app", "build").fails(2, &["X07PKG_CONTENT_MISMATCH", &format!("{file} does not belong to it")]);
        bench.x07("app", "fetch").ok();
        assert_eq!(bench.says("app"), "base 1.0.0", "{file}");
    }
}

#[test]
fn a_fresh_clone_builds_without_another_command() {
    let bench = built();
    let clone = |name: &str| {
        for file in ["x07.json", "x07.lock.json", "src/main.x07.json"] {
            bench.write(&format!("{name}/{file}"), bench.read(&format!("app/{file}")));
        }
    };
    clone("clone");
    assert_eq!(bench.says("clone"), "base 1.0.0");
    // The store has it even when the registry is gone, and the registry when the store is.
    fs::rename(bench.path("reg"), bench.path("away")).unwrap();
    clone("second");
    bench.x07("second", "build --offline --locked").ok();
    fs::remove_dir_all(bench.path("home")).unwrap();
    clone("third");
    bench.x07("third", "build").fails(2, &["X07PKG_", "base@1.0.0"]);
    fs::rename(bench.path("away"), bench.path("reg")).unwrap();
    assert_eq!(bench.says("third"), "base 1.0.0");
}

#[test]
fn an_archive_that_was_changed_is_refused() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    let archive = "reg/dl/base/1.0.0/download";
    let mut bytes = fs::read(bench.path(archive)).unwrap();
    bytes[600] ^= 1;
    bench.write(archive, bytes);
    let index = bench.index("reg");
    bench.x07("app", &format!("add base --index {index}")).fails(20, &["X07PKG_DOWNLOAD_FAILED", "SHA-256"]);
    assert!(!bench.exists("app/.x07/deps/base") && !bench.exists("app/x07.lock.json"));
}

#[test]
fn archives_that_reach_out_of_their_folder_are_refused() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    let archive = "reg/dl/base/1.0.0/download";
    let good = fs::read(bench.path(archive)).unwrap();
    let index = bench.index("reg");
    // The registry itself is hostile: the hash in its index is that of the archive.
    let serve = |bytes: &[u8]| {
        let mut entry: serde_json::Value = serde_json::from_str(&bench.read("reg/index/ba/se/base")).unwrap();
        entry["cksum"] = x07_pkg::sha256(bytes).into();
        bench.write(archive, bytes);
        bench.write("reg/index/ba/se/base", format!("{entry}\n"));
    };
    let cases: [(&str, u8, u64, &str); 5] = [
        ("../../../../evil.x07.json", b'0', 0, "leads out of the package"),
        ("/tmp/evil.x07.json", b'0', 0, "leads out of the package"),
        ("modules/base.x07.json", b'2', 0, "neither a file nor a folder"),
        ("modules/base.x07.json", b'0', 1 << 32, "more than the"),
        ("modules/evil.x07.json", b'0', 0, "neither the manifest nor a listed module"),
    ];
    for (path, kind, size, expected) in cases {
        let mut bytes = good.clone();
        retitle(&mut bytes, path, kind, size);
        serve(&bytes);
        bench.x07("app", &format!("add base --index {index}")).fails(20, &["X07PKG_ARCHIVE_INVALID", expected]);
        assert!(!bench.exists("app/.x07/deps/base") && !bench.exists("evil.x07.json"), "{path}");
    }
    serve(&good);
    bench.x07("app", &format!("add base --index {index}")).ok();
}

/// Rewrites the first header of an archive.
fn retitle(archive: &mut [u8], path: &str, kind: u8, size: u64) {
    archive[..100].fill(0);
    archive[..path.len()].copy_from_slice(path.as_bytes());
    archive[156] = kind;
    if size > 0 {
        archive[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    }
    archive[148..156].fill(b' ');
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:07o}\0").as_bytes());
}

#[test]
fn vendored_archives_serve_a_machine_without_anything() {
    let bench = built();
    bench.x07("app", "vendor").ok();
    assert!(bench.exists("app/vendor/base-1.0.0.x07pkg"));
    for gone in ["reg", "home", "app/.x07"] {
        fs::remove_dir_all(bench.path(gone)).unwrap();
    }
    assert_eq!(bench.says("app"), "base 1.0.0");
    assert!(!bench.exists("home"));
    fs::remove_dir_all(bench.path("app/.x07")).unwrap();
    bench.write("app/vendor/base-1.0.0.x07pkg", "not the archive");
    bench.x07("app", "build --offline").fails(2, &["X07PKG_"]);
}

#[test]
fn folders_are_built_as_they_are() {
    let bench = Bench::new();
    bench.write("x07-workspace.toml", "");
    bench.package("greet", "greet", "1.0.0", "greet", "");
    bench.project("app", Some("greet"));
    bench.x07("app", "add ../greet").ok();
    assert!(bench.read("app/x07.json").contains("\"$workspace/greet\""));
    assert_eq!(bench.says("app"), "greet 1.0.0");
    bench.module("greet/modules", "greet", "", "[\"bytes.lit\",\"changed\"]");
    bench.x07("app", "build --locked").fails(2, &["X07PKG_LOCK_MISMATCH", "greet.x07.json"]);
    assert_eq!(bench.says("app"), "changed");
    bench.x07("app", "build --locked").ok();
    bench.package("greet", "greet", "2.0.0", "greet", "");
    bench.x07("app", "build").fails(2, &["the project requires greet ^1.0.0", "greet is 2.0.0 in its folder"]);
}

#[test]
fn modules_and_worlds_are_what_the_package_says() {
    let bench = Bench::new();
    bench.package("app/libs/greet", "greet", "1.0.0", "greet", r#""worlds_allowed": ["solve-pure"]"#);
    let manifest = bench.read("app/libs/greet/x07-package.json");
    let private = manifest.replace("\"meta\"", "\"private_modules\": [\"greet.inner\"],\n  \"meta\"");
    bench.write("app/libs/greet/x07-package.json", private);
    bench.module("app/libs/greet/modules", "greet", "\"greet.inner\"", "[\"greet.inner.hello_v1\"]");
    bench.module("app/libs/greet/modules", "greet.inner", "", "[\"bytes.lit\",\"inside\"]");
    bench.module("app/libs/greet/modules", "greet.forgotten", "", "[\"bytes.lit\",\"forgotten\"]");
    bench.project("app", Some("greet"));
    bench.x07("app", "add ./libs/greet").ok();
    assert_eq!(bench.says("app"), "inside");
    let refused: [(&str, &str, &[&str]); 3] = [
        ("greet.inner", "", &["X07-PACKAGE-0002", "\"greet.inner\" is private to package greet@1.0.0"]),
        ("greet.forgotten", "", &["X07-PACKAGE-0001", "whose manifest does not list it"]),
        (
            "greet",
            "--world run-os",
            &["X07-PACKAGE-0003", "\"greet\" of package greet@1.0.0", "world run-os", "solve-pure"],
        ),
    ];
    for (module, options, expected) in refused {
        bench.uses("app", Some(module));
        bench.x07("app", &format!("check {options}")).fails(1, expected);
    }
}

#[test]
fn locks_of_other_tools_are_understood() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    bench.x07("app", &format!("add base@1.0.0 --index {}", bench.index("reg"))).ok();
    let mut lock: serde_json::Value = serde_json::from_str(&bench.read("app/x07.lock.json")).unwrap();
    let package = lock["dependencies"][0].as_object_mut().unwrap();
    for ours in ["source", "archive_sha256", "tree_blake3", "required_by", "files_sha256"] {
        package.remove(ours);
    }
    bench.write("app/x07.lock.json", lock.to_string());
    fs::remove_dir_all(bench.path("app/.x07")).unwrap();
    let bench = bench_with_index(bench);
    assert_eq!(bench.says("app"), "base 1.0.0");
    bench.x07("app", "lock --check").fails(20, &["X07PKG_LOCK_MISMATCH"]);
    for (from, to, expected) in [
        (".x07/deps/base/1.0.0", ".x07/deps/base/1.1.0", "belongs to another package"),
        (".x07/deps/base/1.0.0", "../out", "must not contain `..`"),
        ("x07.lock@0.3.0", "x07.lock@9", "X07LOCK_SCHEMA"),
    ] {
        bench.write("app/x07.lock.json", lock.to_string().replace(from, to));
        bench.x07("app", "build").fails(2, &["X07LOCK_READ", expected]);
    }
}

fn bench_with_index(bench: Bench) -> Bench {
    let index = bench.index("reg");
    bench.with("X07_PKG_INDEX_URL", index)
}

#[test]
fn projects_may_be_pinned_to_a_toolchain() {
    let bench = Bench::new();
    bench.project("app", None);
    let tests = r#"{"schema_version": "x07.tests_manifest@0.2.0", "tests": [
        {"id": "one", "world": "solve-pure", "entry": "one.one", "expect": "pass"}]}"#;
    bench.write("app/tests/tests.json", tests);
    for (pin, expected) in [
        (concat!("version = \"", env!("CARGO_PKG_VERSION"), "\""), ""),
        ("version = \"^0.1\"", ""),
        ("version = \"0.1\"", ""),
        ("channel = \"stable\"\ncomponents = [\"docs\", \"skills\"]", ""),
        ("version = \">=9\"", "asks for x07 >=9"),
        ("version = \"new\"", "version"),
    ] {
        bench.write("x07-toolchain.toml", format!("[toolchain]\n{pin}\n"));
        for command in ["check", "build", "test --list"] {
            let ran = bench.x07("app", command);
            match expected {
                "" => drop(ran.ok()),
                expected => drop(ran.fails(2, &["x07-toolchain.toml", expected])),
            }
        }
    }
}

#[test]
fn a_single_program_sees_the_packages_around_it() {
    let bench = built();
    assert_eq!(bench.x07("app", "run --program src/main.x07.json --world solve-pure").ok().stdout, "base 1.0.0");
}

#[cfg(unix)]
#[test]
fn links_in_a_project_lead_nowhere() {
    let bench = built();
    bench.write("precious/1.0.0/kept.txt", "kept");
    for (link, target) in [("app/.x07/deps/base", "precious"), ("app/.x07/deps", "precious"), ("app/.x07", "precious")]
    {
        let _ = fs::remove_dir_all(bench.path("app/.x07"));
        fs::create_dir_all(bench.path(link).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(bench.path(target), bench.path(link)).unwrap();
        bench.x07("app", "build").fails(2, &["is a link"]);
        bench.x07("app", "remove base").ok();
        assert_eq!(bench.read("precious/1.0.0/kept.txt"), "kept", "{link}");
        assert!(!bench.exists("precious/base") && !bench.exists("precious/1.0.0/x07-package.json"));
        fs::remove_file(bench.path(link)).unwrap();
        bench.x07("app", &format!("add base --index {}", bench.index("reg"))).ok();
    }
}

#[test]
fn a_profile_may_ask_for_small_executables() {
    let bench = Bench::new();
    bench.project("app", None);
    let manifest = bench.read("app/x07.json");
    let size_with = |line: &str, profile: &str| {
        let profiles = format!("{{\"dev\": {{\"world\": \"solve-pure\", \"cc_profile\": \"{profile}\"}}}}");
        bench.write("app/x07.json", manifest.replacen('{', &format!("{{\n  \"profiles\": {profiles},"), 1));
        bench.x07("app", line).ok();
        std::fs::metadata(bench.path("app/dist/app")).unwrap().len()
    };
    let (large, small) = (size_with("build", "default"), size_with("build", "size"));
    assert!(small < large, "{small} of {large} bytes");
    assert_eq!(size_with("build --cc-profile size", "default"), small);
    assert_eq!(size_with("build --cc-profile default", "size"), large);
}
