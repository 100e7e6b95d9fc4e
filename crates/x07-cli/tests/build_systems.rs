//! `x07 build` under make and ninja: what they learn from the depfile.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]
#![allow(clippy::print_stdout, reason = "a test that cannot run here says so")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const X07: &str = env!("CARGO_BIN_EXE_x07");

/// The example of embedding in a folder of its own.
fn example() -> TempDir {
    let folder = TempDir::new().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/embed-c");
    let copied = Command::new("cp").arg("-R").arg(from.join(".")).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    folder
}

/// Runs a build system and tells what it printed; it must succeed.
fn call(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("X07", X07).env("X07_CACHE_DIR", folder.join("cache"));
    let output = command.env_remove("MAKEFLAGS").env_remove("CARGO_MAKEFLAGS").output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success(), "{program}: {text}");
    text
}

fn checksum(folder: &Path) -> String {
    let mut child = Command::new(folder.join("checksum")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"abc").unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

fn edit(folder: &Path, module: &str, from: &str, to: &str) {
    let module = folder.join(format!("x07/src/{module}.x07.json"));
    let text = fs::read_to_string(&module).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(module, text.replace(from, to)).unwrap();
}

/// A rule for an executable by a path that `--out` gets as it is, and whose inputs only the depfile names.
const NINJA: &str = "rule x07
  command = $$X07 build --quiet --project x07 --out $out --depfile
  depfile = $out.d
rule cc
  command = cc -I. main.c $in -o $out
rule library
  command = $$X07 build --quiet --project x07 --emit staticlib --out $out --depfile
  depfile = $out.d
build out/filter: x07
build libchecksum.a: library
build checksum: cc libchecksum.a
";

/// Builds, changes a module, touches it, and removes one that it then does without.
fn check(program: &str, nothing_to_do: &str) {
    let folder = example();
    let folder = folder.path();
    fs::write(folder.join("build.ninja"), NINJA).unwrap();
    let built = || call(folder, program, &[]);
    built();
    assert_eq!(checksum(folder), "024d0127\n");
    assert!(built().contains(nothing_to_do));

    edit(folder, "hex", "87", "55");
    assert!(!built().contains(nothing_to_do), "a module has changed");
    assert_eq!(checksum(folder), "024D0127\n");
    assert!(built().contains(nothing_to_do));

    edit(folder, "hex", "", "");
    built();
    assert!(built().contains(nothing_to_do), "a touched module is looked at once");

    edit(folder, "main", r#""imports": ["adler", "hex"]"#, r#""imports": ["adler"]"#);
    edit(folder, "main", "hex.of_u32", "codec.write_u32_le");
    fs::remove_file(folder.join("x07/src/hex.x07.json")).unwrap();
    built();
    assert_eq!(checksum(folder), "\u{27}\u{1}M\u{2}\n");
}

#[test]
fn make_builds_what_has_changed() {
    check("make", "up to date");
}

#[test]
fn ninja_builds_what_has_changed() {
    if Command::new("ninja").arg("--version").output().is_err() {
        println!("skipped: ninja is not installed");
        return;
    }
    check("ninja", "no work to do");
}
