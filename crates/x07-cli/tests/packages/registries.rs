//! Registries: publishing, yanking, searching; folders and HTTP.

use std::fs;

use serde_json::json;

use crate::bench::Bench;
use crate::server::Registry;
use crate::tls::TlsRegistry;

#[test]
fn yanked_versions_stay_with_those_who_have_them() {
    let bench = Bench::new();
    for version in ["1.0.0", "1.1.0"] {
        bench.publish("reg", "base", version, "base", "");
    }
    let bench = {
        let index = bench.index("reg");
        bench.with("X07_PKG_INDEX_URL", index)
    };
    for project in ["old", "new"] {
        bench.project(project, Some("base"));
    }
    bench.x07("old", "add base").ok();
    bench.x07("old", "yank base@1.1.0").ok();
    assert_eq!(bench.x07("old", "versions base").ok().stdout, "1.0.0\n1.1.0 (yanked)\n");
    bench.x07("new", "add base").ok();
    assert_eq!((bench.locked("old"), bench.locked("new")), ("base@1.1.0".into(), "base@1.0.0".into()));
    bench.x07("new", "add base@1.1.0").fails(20, &["X07PKG_INDEX_NO_MATCH", "1.1.0 (yanked)"]);
    // A project that locks it builds on and is told.
    assert_eq!(bench.says("old"), "base 1.1.0");
    assert!(bench.x07("old", "lock").ok().stderr.contains("base@1.1.0 was yanked"));
    bench.x07("old", "lock --check").fails(20, &["X07PKG_YANKED_DEP"]);
    bench.x07("old", "lock --check --allow-yanked").ok();
    bench.x07("old", "yank base@1.1.0 --undo").ok();
    bench.x07("old", "lock").ok();
    bench.x07("old", "lock --check").ok();
    bench.x07("old", "yank base@9.0.0").fails(20, &["X07PKG_INDEX_NO_MATCH"]);
    bench.x07("old", "yank base").fails(20, &["X07PKG_SPEC_INVALID"]);
}

#[test]
fn advisories_are_told_and_withdrawn_ones_are_not() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", None);
    let path = "reg/index/ba/se/base";
    let mut entry: serde_json::Value = serde_json::from_str(&bench.read(path)).unwrap();
    entry["advisories"] = json!([{
        "schema_version": "x07.pkg.advisory@0.1.0", "id": "0b8f2f1e-2f4a-4f5b-9c3a-111111111111", "package": "base",
        "version": "1.0.0", "kind": "security", "severity": "high", "summary": "Wrong answer for empty input",
        "created_at_utc": "2025-01-02T03:04:05Z",
    }]);
    bench.write(path, format!("{entry}\n"));
    let ran = bench.x07("app", &format!("add base --index {}", bench.index("reg"))).ok();
    assert!(ran.stderr.contains("base@1.0.0: Wrong answer for empty input (security, high)"), "{}", ran.stderr);
    bench.x07("app", "lock --check").fails(20, &["X07PKG_ADVISED_DEP", "Wrong answer"]);
    bench.x07("app", "lock --check --allow-advisories").ok();
    entry["advisories"][0]["withdrawn_at_utc"] = json!("2025-02-02T03:04:05Z");
    bench.write(path, format!("{entry}\n"));
    bench.x07("app", "lock").ok();
    bench.x07("app", "lock --check").ok();
}

#[test]
fn published_versions_never_change() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.package("again", "base", "1.0.0", "base", r#""x": 1"#);
    let index = bench.index("reg");
    bench.x07("again", &format!("publish --index {index}")).fails(20, &["X07PKG_ALREADY_PUBLISHED", "raise `version`"]);
    let manifest = bench.read("again/x07-package.json").replace("\"MIT\"", "\"\"");
    bench.write("again/x07-package.json", manifest);
    bench
        .x07("again", &format!("publish --dry-run --index {index}"))
        .fails(20, &["X07PKG_PUBLISH_FAILED", "`license`"]);
    bench.x07("again", "publish").fails(20, &["`license`"]);
    bench.package("again", "base", "1.0.1", "base", "");
    bench.x07("again", "publish").fails(20, &["X07PKG_NO_REGISTRY"]);
    bench.x07("again", &format!("publish --dry-run --index {index}")).ok();
    assert!(!bench.exists("reg/dl/base/1.0.1"));
}

#[test]
fn packages_are_found_by_name_words_and_modules() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "deep.thought", "");
    let index = bench.index("reg");
    let found = |words: &str| bench.x07("published", &format!("search {words} --index {index}")).ok().stdout;
    assert_eq!(found("tiny"), "ext-tiny@0.1.1  Says who it is. (official)\n");
    assert_eq!(found("thought"), "base@1.0.0  Says who it is.\n");
    assert_eq!(found("nothing-has-this"), "");
    assert_eq!(found("").lines().count(), 2);
    let info = bench.x07("published", &format!("info base --index {index}")).ok().stdout;
    assert!(info.starts_with("base 1.0.0\nSays who it is.\n") && info.contains("deep.thought"), "{info}");
    bench.x07("published", &format!("info base@^2 --index {index}")).fails(20, &["no version of base is ^2"]);
}

#[test]
fn a_folder_of_archives_is_a_registry_for_any_web_server() {
    let bench = Bench::new();
    for version in ["1.0.0", "1.1.0"] {
        bench.package("base", "base", version, "base", "");
        bench.x07("base", &format!("pack --out ../reg/base-{version}.x07pkg")).ok();
    }
    bench.x07("reg", "registry index .").ok();
    let before = bench.read("reg/index/ba/se/base");
    bench.x07("reg", "registry index .").ok();
    assert_eq!(bench.read("reg/index/ba/se/base"), before);
    let server = Registry::serve(bench.path("reg"));
    bench.project("app", Some("base"));
    bench.x07("app", &format!("add base --index {}", server.url())).ok();
    assert_eq!(bench.says("app"), "base 1.1.0");
    assert_eq!(server.seen().iter().filter(|seen| seen.status != 200).count(), 0);

    // The second time the index only says that nothing has changed, and the archive comes from the store.
    bench.project("second", Some("base"));
    bench.x07("second", &format!("add base --index {}", server.url())).ok();
    let again = server.seen();
    assert!(!again.is_empty() && again.iter().all(|seen| seen.status == 304), "{again:?}");
    // Without a network what is kept of the index serves.
    bench.project("third", Some("base"));
    bench.x07("third", &format!("add base --offline --index {}", server.url())).ok();
    assert!(server.seen().is_empty());

    // A server with a bad moment is asked again; one that stays bad is not asked for ever.
    bench.project("fourth", Some("base"));
    server.fail("/index/ba/se/base", 2);
    bench.x07("fourth", &format!("add base --index {}", server.url())).ok();
    server.fail("/index/ba/se/base", 99);
    bench.project("fifth", Some("base"));
    bench.x07("fifth", &format!("add base --index {}", server.url())).fails(20, &["X07PKG_INDEX_FETCH", "503"]);
    server.fail("/index/ba/se/base", 0);
    bench.x07("fifth", &format!("add nope --index {}", server.url())).fails(20, &["X07PKG_INDEX_NO_MATCH", "nope"]);
}

#[test]
fn packages_are_sent_with_a_token() {
    let bench = Bench::new();
    bench.package("greet", "acme-greet", "0.1.0", "acme.greet", "");
    bench.write("reg/index/config.json", r#"{"dl":"../dl/","api":"../v1/"}"#);
    let server = Registry::serve(bench.path("reg"));
    let index = server.url();
    bench.x07("greet", &format!("publish --index {index}")).fails(20, &["there is no token", "x07 login"]);
    assert!(!server.seen().iter().any(|seen| seen.path.contains("publish")));
    let login = |token: &str| bench.x07_with("greet", &["login", "--token-stdin", "--index", &index], token);
    login("x07t_bad\n").ok();
    let refused = ["X07PKG_PUBLISH_FAILED", "the token is not known", "X07REG_AUTH_INVALID"];
    bench.x07("greet", &format!("publish --index {index}")).fails(20, &refused);
    login("").fails(20, &["X07PKG_LOGIN_FAILED"]);
    login("x07t_good").ok();
    bench.x07("greet", &format!("publish --index {index}")).ok();
    bench.x07("greet", &format!("publish --index {index}")).fails(20, &["X07PKG_ALREADY_PUBLISHED", "409"]);
    bench.x07("greet", &format!("yank acme-greet@0.1.0 --index {index}")).ok();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &str| fs::metadata(bench.path(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("home"), mode("home/credentials.json")), (0o700, 0o600));
    }
    // Another server on this machine never sees the token.
    let other = Registry::serve(bench.path("reg"));
    let config = format!(r#"{{"dl":"{}","api":"../v1/"}}"#, other.url());
    bench.write("reg/index/config.json", config);
    bench.write(
        "reg/index/ac/me/acme-greet",
        json!({
            "schema_version": "x07.index-entry@0.1.0", "name": "acme-greet", "version": "0.1.0",
            "cksum": "0".repeat(64), "yanked": false,
        })
        .to_string(),
    );
    bench.project("app", None);
    server.seen();
    bench.x07("app", &format!("add acme-greet --index {index}")).fails(20, &["X07PKG_DOWNLOAD_FAILED"]);
    assert!(server.seen().iter().all(|seen| seen.authorization.as_deref() == Some("Bearer x07t_good")));
    let seen = other.seen();
    assert!(!seen.is_empty() && seen.iter().all(|seen| seen.authorization.is_none()), "{seen:?}");
}

#[test]
fn registries_have_names() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    let settings = format!("[registry]\ndefault = \"own\"\n[registries.own]\nindex = \"{}\"\n", bench.index("reg"));
    bench.write("home/config.toml", &settings);
    bench.x07("app", "add base").ok();
    assert_eq!(bench.says("app"), "base 1.0.0");
    bench.x07("app", "versions base --registry own").ok();
    bench.x07("app", "versions base --registry owm").fails(20, &["X07PKG_NO_REGISTRY", "did you mean own?"]);
    bench
        .x07("app", "versions base --registry http://example.invalid/")
        .fails(20, &["X07PKG_INDEX_CONFIG", "not encrypted"]);
    let odd = format!("{settings}token = \"x\"\n[regstry]\ndefault = \"own\"\n[term]\ncolour = \"never\"\n");
    bench.write("home/config.toml", odd);
    let told = bench.x07("app", "versions base").ok().stderr;
    for (place, help) in [("regstry", "registry"), ("registries.own.token", ""), ("term.colour", "color")] {
        assert!(told.contains(&format!("config.toml has a field \"{place}\" that means nothing")), "{told}");
        assert!(help.is_empty() || told.contains(&format!("did you mean \"{help}\"?")), "{told}");
    }
    for broken in ["[registry", "[term]\ncolor = \"purple\"\n"] {
        bench.write("home/config.toml", broken);
        bench.x07("app", "versions base").fails(2, &["error[X07PKG_CONFIG_INVALID]", "config.toml"]);
        bench.x07("app", "explain X07PKG_CONFIG_INVALID").ok();
    }
}

#[test]
fn encrypted_registries_have_to_be_trusted() {
    let bench = Bench::new();
    bench.publish("reg", "base", "1.0.0", "base", "");
    bench.project("app", Some("base"));
    let server = TlsRegistry::serve(bench.path("reg"));
    bench.write("trusted.pem", server.certificate());
    let add = format!("add base --index {}", server.url());
    bench.x07("app", &add).fails(20, &["X07PKG_INDEX_", "certificate"]);
    let trusting = {
        let file = bench.path("trusted.pem").to_string_lossy().into_owned();
        bench.with("SSL_CERT_FILE", file)
    };
    trusting.x07("app", &add).ok();
    assert_eq!(trusting.says("app"), "base 1.0.0");
    let broken = trusting.with("SSL_CERT_FILE", "/nowhere.pem");
    broken.x07("app", &format!("versions base --index {}", server.url())).fails(20, &["SSL_CERT_FILE /nowhere.pem"]);
}
