//! Registries that are folders, and what they do when something in them is not as it was.

use std::fs;

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::server::Registry;

#[test]
fn a_damaged_archive_is_the_affair_of_its_own_package() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.write("reg/dl/base/1.0.0/download", "damaged");
    bench.publish("reg", "middle", "1.0.0", "middle", "");
    fs::remove_file(bench.path("reg/index/catalog.json")).unwrap();
    bench.publish("reg", "middle", "1.1.0", "middle", "");
    let search =
        |word: &str| bench.x07("published", &format!("search {word} --index {}", bench.index("reg"))).ok().stdout;
    assert_eq!(search("middle"), "middle@1.1.0  Says who it is.\n");
    assert_eq!(search("base"), "base@1.0.0  Says who it is.\n");
    bench.x07("reg", "registry index .").fails(20, &["X07PKG_ARCHIVE_INVALID", "base/1.0.0/download"]);
}

#[test]
fn a_registry_is_made_within_its_folder() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("shelf/empty")).unwrap();
    bench.package("greet", "greet", "1.0.0", "greet", "");
    bench.x07("greet", "publish --index ../shelf/empty").ok();
    let names = |folder: &str| {
        let mut names: Vec<_> =
            fs::read_dir(bench.path(folder)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("shelf"), ["empty"]);
    assert_eq!(names("shelf/empty"), ["dl", "index"]);
    assert_eq!(bench.x07("greet", "versions greet --index ../shelf/empty").ok().stdout, "1.0.0\n");
    // The address of an index that is not called one: all of it is inside.
    let address = format!("file://{}/", bench.path("shelf/own").display());
    bench.x07("greet", &format!("yank greet@1.0.0 --index {address}")).fails(20, &["X07PKG_INDEX_CONFIG"]);
    bench.x07("greet", &format!("publish --dry-run --index {address}")).ok();
    assert!(!bench.exists("shelf/own"));
    bench.x07("greet", &format!("publish --index {address}")).ok();
    assert_eq!(names("shelf"), ["empty", "own"]);
    bench.project("app", Some("greet"));
    bench.x07("app", &format!("add greet --index {address}")).ok();
    assert_eq!(bench.says("app"), "greet 1.0.0");
}

#[test]
fn packages_without_archives_leave_the_index() {
    let bench = Bench::new();
    for name in ["base", "b", "mid"] {
        bench.publish("reg", name, "1.0.0", name, "");
    }
    bench.write("reg/index/notes.txt", "of somebody");
    fs::remove_dir_all(bench.path("reg/dl/b")).unwrap();
    fs::remove_dir_all(bench.path("reg/dl/mid")).unwrap();
    bench.x07("reg", "registry index .").ok();
    for (path, is_there) in [
        ("reg/index/1", false),
        ("reg/index/3/m", false),
        ("reg/index/ba/se/base", true),
        ("reg/index/config.json", true),
        ("reg/index/notes.txt", true),
    ] {
        assert_eq!(bench.exists(path), is_there, "{path}");
    }
    let index = bench.index("reg");
    assert_eq!(bench.x07("reg", &format!("search --index {index}")).ok().stdout.matches("@1.0.0").count(), 1);
    bench.x07("reg", &format!("versions b --index {index}")).fails(20, &["X07PKG_INDEX_NO_MATCH"]);
}

#[test]
fn projects_share_no_files() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    let index = bench.index("reg");
    for project in ["one", "two"] {
        bench.project(project, Some("base"));
        bench.x07(project, &format!("add base --index {index}")).ok();
    }
    let module = ".x07/deps/base/1.0.0/modules/base.x07.json";
    let mut file = fs::File::options().append(true).open(bench.path(&format!("one/{module}"))).unwrap();
    std::io::Write::write_all(&mut file, b" ").unwrap();
    bench.x07("one", "build").fails(2, &["X07PKG_CONTENT_MISMATCH"]);
    assert_eq!(bench.says("two"), "base 1.0.0");
}

#[test]
fn what_ignore_files_name_is_not_packed_hashed_or_compiled() {
    let bench = Bench::new();
    bench.package("app/libs/greet", "greet", "1.0.0", "greet", "");
    let files = [
        (".gitignore", "/modules/*.bak\nffi/scratch*\n"),
        ("ffi/.gitignore", "gen.*\n"),
        ("ffi/real.c", "int real;\n"),
        ("ffi/deep/real.h", "\n"),
        ("ffi/gen.c", "this is not C\n"),
        ("ffi/deep/gen.h", "\n"),
        ("ffi/scratch.c", "neither is this\n"),
    ];
    for (file, text) in files {
        bench.write(&format!("app/libs/greet/{file}"), text);
    }
    // What lies around the package has no say.
    bench.write("app/.gitignore", "*.c\n*.h\n");
    let manifest = bench.read("app/libs/greet/x07-package.json");
    let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
    manifest["meta"] = json!({ "import_mode": "ffi" });
    bench.write("app/libs/greet/x07-package.json", manifest.to_string());
    bench.project("app", Some("greet"));
    let project = bench.read("app/x07.json").replace("solve-pure", "run-os");
    bench.write("app/x07.json", &project);
    bench.x07("app", "add ./libs/greet").ok();
    let locked = || {
        let lock: Value = serde_json::from_str(&bench.read("app/x07.lock.json")).unwrap();
        lock["dependencies"][0]["files_sha256"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let own = ["ffi/.gitignore", "ffi/deep/real.h", "ffi/real.c"];
    assert_eq!(locked(), own);
    bench.x07("app", "build --locked").ok();
    bench.x07("app/libs/greet", "pkg pack").ok();
    let archive = fs::read(bench.path("app/libs/greet/dist/greet-1.0.0.x07pkg")).unwrap();
    for (file, _) in files {
        let is_in = archive.windows(file.len()).any(|part| part == file.as_bytes());
        assert_eq!(is_in, own.contains(&file) || file == ".gitignore", "{file}");
    }

    // What the lock says and what is compiled move together.
    bench.write("app/libs/greet/ffi/more.c", "int more;\n");
    bench.x07("app", "build --locked").fails(2, &["X07PKG_LOCK_MISMATCH", "more.c"]);
    bench.x07("app", "build").ok();
    assert!(locked().contains(&"ffi/more.c".to_owned()));
    bench.write("app/libs/greet/.ignore", "ffi/more.c\n");
    bench.x07("app", "build --locked").fails(2, &["X07PKG_LOCK_MISMATCH", "more.c"]);
    bench.x07("app", "build").ok();
    assert_eq!(locked(), own);

    // Nobody else would have the header.
    bench.write("app/libs/greet/ffi/real.c", "#include \"deep/gen.h\"\nint real;\n");
    bench.x07("app", "build").fails(2, &["greet/ffi/real.c includes ffi/deep/gen.h"]);
}

#[test]
fn withdrawn_advisories_are_not_shown() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    let path = "reg/index/ba/se/base";
    let mut entry: Value = serde_json::from_str(&bench.read(path)).unwrap();
    let advisory = |id: u32, summary: &str, withdrawn: Option<&str>| {
        let mut advisory = json!({
            "schema_version": "x07.pkg.advisory@0.1.0", "id": format!("0b8f2f1e-2f4a-4f5b-9c3a-11111111111{id}"),
            "package": "base", "version": "1.0.0", "kind": "broken", "severity": "low", "summary": summary,
            "created_at_utc": "2025-01-02T03:04:05Z",
        });
        if let Some(time) = withdrawn {
            advisory["withdrawn_at_utc"] = json!(time);
        }
        advisory
    };
    entry["advisories"] = json!([advisory(1, "Gone", Some("2025-02-02T03:04:05Z")), advisory(2, "Stays", None)]);
    bench.write(path, format!("{entry}\n"));
    let index = bench.index("reg");
    for command in ["info", "versions"] {
        let shown = bench.x07("published", &format!("{command} base --index {index}")).ok().stdout;
        assert!(shown.contains("Stays") && !shown.contains("Gone"), "{command}: {shown}");
    }
    let report = bench.x07("published", &format!("pkg versions base --index {index}")).ok().json();
    assert_eq!(report["result"]["versions"][0]["advisories_count"], 1);
}

#[test]
fn what_a_missing_network_hides_has_one_code() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    let server = Registry::serve(bench.path("reg"));
    bench.project("app", Some("base"));
    bench.x07("app", &format!("add base --index {}", server.url())).ok();
    for gone in ["home", "app/.x07"] {
        fs::remove_dir_all(bench.path(gone)).unwrap();
    }
    server.seen();
    for line in ["fetch --offline", &format!("add zz --offline --index {}", server.url())] {
        bench.x07("app", line).fails(20, &["X07PKG_OFFLINE_MISSING_DEP"]);
    }
    bench.x07("app", "build --offline").fails(2, &["X07PKG_OFFLINE_MISSING_DEP"]);
    assert!(server.seen().is_empty());
}

#[test]
fn refusals_say_what_happened() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    let server = Registry::serve(bench.path("reg"));
    server.redirect("/index/config.json", "https://elsewhere.example/config.json");
    server.redirect("/index/ba/se/base", "https://elsewhere.example/base");
    let refused = ["X07PKG_INDEX_FETCH", "it is at https://elsewhere.example/base now (status 302)", "not followed"];
    bench.x07("app", &format!("add base --index {}", server.url())).fails(20, &refused);

    let other = Registry::serve(bench.path("reg"));
    let config = format!(r#"{{"dl":"../dl/","api":"{}"}}"#, server.url());
    bench.write("reg/index/config.json", config);
    bench.x07_with("app", &["login", "--token-stdin", "--index", &other.url()], "x07t_good").ok();
    bench.package("greet", "greet", "1.0.0", "greet", "");
    let refused = ["X07PKG_PUBLISH_FAILED", "is not sent to", "another host"];
    bench.x07("greet", &format!("publish --index {}", other.url())).fails(20, &refused);
}
