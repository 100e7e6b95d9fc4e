//! What holds for every template, and what each of them is for.

use std::fs;

use crate::workshop::Workshop;

/// What anybody would try in a new project.
fn is_sound(template: &str) {
    let workshop = Workshop::new();
    workshop.run("", &["new", "my-own", "--template", template]);
    for words in [["fmt", "--check"].as_slice(), &["lint"], &["check"], &["test"], &["build"]] {
        workshop.run("my-own", words);
    }
    if workshop.path("my-own/x07.lock.json").is_file() {
        workshop.run("my-own", &["lock", "--check"]);
    }
}

#[test]
fn default_is_sound() {
    is_sound("default");
}

#[test]
fn mcp_stdio_server_is_sound() {
    is_sound("mcp-stdio-server");
}

#[test]
fn cli_is_sound() {
    is_sound("cli");
}

#[test]
fn lib_is_sound() {
    is_sound("lib");
}

#[test]
fn sandboxed_is_sound() {
    is_sound("sandboxed");
}

#[test]
fn default_greets() {
    let workshop = Workshop::new();
    workshop.run("", &["new", "hello"]);
    assert_eq!(workshop.run("hello", &["run", "--", "Ada"]), "Hello, Ada!\n");
}

#[test]
fn cli_counts() {
    let workshop = Workshop::new();
    workshop.run("", &["new", "count", "--template", "cli"]);
    fs::write(workshop.path("count/a.txt"), "one two\nthree\n").unwrap();
    fs::write(workshop.path("count/b.txt"), "four").unwrap();
    assert_eq!(workshop.run("count", &["run", "--", "a.txt"]), "       2       3      14 a.txt\n");
    let both = "       2       3      14 a.txt\n       0       1       4 b.txt\n       2       4      18 total\n";
    assert_eq!(workshop.run("count", &["run", "--", "a.txt", "b.txt"]), both);
    assert_eq!(workshop.run("count", &["run", "--", "-o", "report.txt", "a.txt", "b.txt"]), "");
    assert_eq!(workshop.read("count/report.txt"), both);
    assert!(workshop.run("count", &["run", "--", "--help"]).starts_with("Usage: count [-o REPORT] FILE..."));
    for (words, status, told) in [
        (["a.txt", "none.txt"].as_slice(), 1, "count: none.txt: there is no such file\n"),
        (&["src"], 1, "count: src: is a folder\n"),
        (&["--bad"], 2, "count: --bad: unknown option, see --help\n"),
        (&[], 2, "count: which files? see --help\n"),
        (&["-o", "x"], 2, "count: -o needs a file for the report and files to count\n"),
        (&["-o", "no/where", "a.txt"], 1, "count: no/where: cannot be written\n"),
    ] {
        let (got, output) = workshop.fail("count", &[&["-q", "run", "--"], words].concat());
        assert!(got == status && output.contains(told), "{words:?}: {got} {output}");
    }
}

#[test]
fn sandboxed_is_denied_what_its_policy_does_not_allow() {
    let workshop = Workshop::new();
    workshop.run("", &["new", "careful", "--template", "sandboxed"]);
    let readme = workshop.read("careful/README.md");
    let told = readme.split("```\n").find(|block| block.starts_with("read data")).unwrap();
    assert_eq!(workshop.run("careful", &["run"]), told);
    let trusted = workshop.run("careful", &["run", "--profile", "trusted"]);
    assert!(trusted.contains("read secrets/key.txt                allowed\n"), "{trusted}");
    assert_eq!(workshop.read("careful/data/greeting.txt"), "changed\n");
}

#[test]
fn lib_is_published_and_used() {
    let workshop = Workshop::new();
    workshop.run("", &["new", "Big-Greetings", "--template", "lib"]);
    assert_eq!(workshop.run("Big-Greetings", &["run", "--input-b64", "QWRh"]), "Hello, Ada!");
    let registry = workshop.path("registry");
    fs::create_dir(&registry).unwrap();
    let index = format!("sparse+file://{}/", registry.display());
    workshop.run("", &["registry", "index", "registry"]);
    workshop.run("Big-Greetings", &["publish", "--index", &index]);
    let main = r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","imports":["ext.big_greetings"],
        "decls":[],"solve":["ext.big_greetings.hello_v1",["bytes.lit","you"]]}"#;
    fs::write(workshop.path("x07-workspace.toml"), "").unwrap();
    for (user, package) in
        [("near", ["add", "../Big-Greetings"].as_slice()), ("far", &["add", "big-greetings", "--index", &index])]
    {
        workshop.run("", &["new", user]);
        workshop.run(user, package);
        fs::write(workshop.path(&format!("{user}/src/main.x07.json")), main).unwrap();
        assert_eq!(workshop.run(user, &["run"]), "Hello, you!", "{user}");
    }
}
