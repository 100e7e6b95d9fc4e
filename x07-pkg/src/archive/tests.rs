//! Archives: files and their bytes, bytes and what is said about them.

use std::fs;
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::{pack, pack_files, unpack};
use crate::digest::{Files, sha256};

const MANIFEST: &str = r#"{
  "schema_version": "x07.package@0.1.0",
  "name": "acme-greet",
  "version": "0.1.0",
  "description": "Greeting helpers.",
  "docs": "Call acme.greet.hello_v1(name).",
  "license": "MIT",
  "module_root": "modules",
  "modules": ["acme.greet"],
  "meta": {
    "determinism_tier": "pure",
    "import_mode": "handwritten",
    "visibility": "experimental",
    "worlds_allowed": ["solve-pure", "run-os", "run-os-sandboxed"],
    "x07c_compat": ">=0.1.35 <0.3.0"
  }
}
"#;

const MODULE: &str = concat!(
    r#"{"decls":[{"kind":"export","names":["acme.greet.hello_v1"]},{"body":["bytes.concat",["bytes.lit","hello, "],"#,
    r#"["view.to_bytes","name"]],"kind":"defn","name":"acme.greet.hello_v1","params":[{"name":"name","ty":"#,
    r#""bytes_view"}],"result":"bytes"}],"imports":[],"kind":"module","module_id":"acme.greet","#,
    r#""schema_version":"x07.x07ast@0.5.0"}"#,
    "\n"
);

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn bytes_are_those_of_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("x07-package.json", MANIFEST),
        ("modules/acme/greet.x07.json", MODULE),
        ("README.md", "never packed"),
        ("modules/acme/other.x07.json", "{}"),
    ];
    write(folder.path(), &files);
    assert_eq!(sha256(MANIFEST.as_bytes()), "07623163424e06ea7bed00652104a0c9b1b3831ec848b8cf23e55d41f7779b4e");
    assert_eq!(sha256(MODULE.as_bytes()), "3c720ecdb021f69de2ce8a3539acb983ffccebf1922f22caf2a2c0566ba632a3");
    let packed = pack(folder.path()).unwrap();
    assert_eq!(packed.bytes.len(), 3072);
    assert_eq!(packed.sha256, "d13deb63ba82abfccc6b53cf061b92eb55d0584e83edc8a9c1202c4f0187f8d6");
    let (package, files) = unpack(&packed.bytes).unwrap();
    assert_eq!(package.id(), "acme-greet@0.1.0");
    assert_eq!(files.keys().collect::<Vec<_>>(), ["modules/acme/greet.x07.json", "x07-package.json"]);
}

#[test]
fn long_paths_have_an_entry_of_their_own() {
    let path = format!("ffi/{}.c", "x".repeat(120));
    let files = Files::from([
        (path.clone(), b"int x;".to_vec()),
        ("modules/acme/greet.x07.json".to_owned(), MODULE.into()),
        ("x07-package.json".to_owned(), MANIFEST.into()),
    ]);
    let bytes = pack_files(&files).unwrap();
    assert_eq!(&bytes[..13], b"././@LongLink");
    assert_eq!(bytes[156], b'L');
    // Header, path with its NUL in one block, then the file's own header with the first 100 bytes.
    assert_eq!(&bytes[512..512 + path.len()], path.as_bytes());
    assert_eq!(&bytes[1024..1124], &path.as_bytes()[..100]);
    assert_eq!(unpack(&bytes).unwrap().1, files);
}

#[test]
fn ignore_files_decide_below_ffi_and_not_about_listed_modules() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("x07-package.json", MANIFEST),
        ("modules/acme/greet.x07.json", MODULE),
        ("ffi/greet.c", "int x;"),
        ("ffi/deep/greet.h", "int x;"),
        ("ffi/greet.o", "made"),
        ("ffi/.hidden", "kept"),
        (".gitignore", "*.o\nmodules/\n"),
    ];
    write(folder.path(), &files);
    let packed = pack(folder.path()).unwrap();
    let expected =
        ["ffi/.hidden", "ffi/deep/greet.h", "ffi/greet.c", "modules/acme/greet.x07.json", "x07-package.json"];
    assert_eq!(packed.files, expected);
}

#[test]
fn packages_that_nobody_could_use_are_not_packed() {
    let manifest = |from: &str, to: &str| MANIFEST.replace(from, to);
    let cases = [
        (manifest("\"acme-greet\"", "\"Weird NAME\""), "name \"Weird NAME\""),
        (manifest("\"0.1.0\"", "\"0.1\""), "not SemVer"),
        (manifest("[\"acme.greet\"]", "[]"), "`modules` is empty"),
        (manifest("[\"acme.greet\"]", "[\"acme.greet\", \"acme.greet\"]"), "listed twice"),
        (manifest("[\"acme.greet\"]", "[\"acme.nope\"]"), "cannot read"),
        (manifest("\"handwritten\"", "\"ffi\""), "no C source"),
        (manifest("\"meta\": {", "\"meta\": {\"requires_packages\": [\"a@new\"],"), "requires \"a@new\""),
    ];
    for (text, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("x07-package.json", &text), ("modules/acme/greet.x07.json", MODULE)]);
        let problem = pack(folder.path()).unwrap_err();
        assert!(problem.message.contains(expected), "{expected}: {problem}");
    }
    let module = MODULE.replace("\"imports\":[]", "\"imports\":[\"acme.greet.inner\",\"std.bytes\"]");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("x07-package.json", MANIFEST), ("modules/acme/greet.x07.json", &module)]);
    assert!(pack(folder.path()).unwrap_err().message.contains("acme.greet.inner, which is not in"));
}

/// An archive of the example package and one more entry.
fn hostile(path: &str, kind: EntryType, content: &[u8], size: u64) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    let mut add = |path: &str, kind: EntryType, content: &[u8], size: u64| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(size);
        // The library refuses such paths, which is why they are written past it.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, content).unwrap();
    };
    add("modules/acme/greet.x07.json", EntryType::Regular, MODULE.as_bytes(), MODULE.len() as u64);
    add("x07-package.json", EntryType::Regular, MANIFEST.as_bytes(), MANIFEST.len() as u64);
    add(path, kind, content, size);
    builder.into_inner().unwrap()
}

#[test]
fn hostile_archives_are_refused() {
    let file = EntryType::Regular;
    let cases = [
        (hostile("../evil", file, b"x", 1), "leads out"),
        (hostile("ffi/../../evil", file, b"x", 1), "leads out"),
        (hostile("/etc/evil", file, b"x", 1), "leads out"),
        (hostile("./x07-package.json", file, b"x", 1), "leads out"),
        (hostile("ffi/a\\b", file, b"x", 1), "leads out"),
        (hostile("C:evil", file, b"x", 1), "leads out"),
        (hostile("ffi/link", EntryType::Symlink, b"", 0), "neither a file nor a folder"),
        (hostile("ffi/link", EntryType::Link, b"", 0), "neither a file nor a folder"),
        (hostile("ffi/dev", EntryType::Char, b"", 0), "neither a file nor a folder"),
        (hostile("x07-package.json", file, b"{}", 2), "twice"),
        (hostile("X07-Package.json", file, b"{}", 2), "twice"),
        (hostile("README.md", file, b"x", 1), "neither the manifest nor a listed module"),
        (hostile("modules/other.x07.json", file, b"x", 1), "neither the manifest nor a listed module"),
        (hostile("ffi", file, b"x", 1), "neither the manifest nor a listed module"),
        (hostile("ffi/bomb", file, b"", 1 << 40), "more than the"),
        (hostile("ffi/short", file, b"x", 1 << 20), "ends within"),
        (b"not a tar".to_vec(), "the archive is no package"),
        (Vec::new(), "has no x07-package.json"),
    ];
    for (bytes, expected) in cases {
        let problem = unpack(&bytes).unwrap_err();
        assert!(problem.message.contains(expected), "{expected}: {problem}");
    }
    let mut many = Builder::new(Vec::new());
    for number in 0..super::MAX_ENTRIES + 1 {
        let mut header = Header::new_gnu();
        header.set_size(0);
        many.append_data(&mut header, format!("ffi/{number}"), &b""[..]).unwrap();
    }
    assert!(unpack(&many.into_inner().unwrap()).unwrap_err().message.contains("entries"));
}
