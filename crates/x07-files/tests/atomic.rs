//! What is there after a write, whatever was there before.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::{fs, thread};

use x07_files::{Access, copy_atomic, edit_atomic, parent, write_atomic};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn missing_folders_are_made_and_nothing_else_is_left() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("a/b/file");
    for text in ["first", "second"] {
        write_atomic(&file, text.as_bytes(), Access::Ordinary).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    assert_eq!(names(file.parent().unwrap()), ["file"]);
}

#[test]
fn access_is_what_was_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let [ordinary, executable, private] = ["ordinary", "executable", "private"].map(|name| root.path().join(name));
    write_atomic(&ordinary, b"", Access::Ordinary).unwrap();
    copy_atomic(&ordinary, &executable, Access::Executable).unwrap();
    write_atomic(&private, b"", Access::Private).unwrap();
    // The umask is the caller's; a plain new file shows it.
    let plain = root.path().join("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(mode(&ordinary), mode(&plain));
    assert_eq!(mode(&executable) & 0o700, 0o700);
    assert_eq!(mode(&private), 0o600);
}

#[test]
fn an_edited_file_keeps_its_permissions_and_its_link() {
    let root = tempfile::tempdir().unwrap();
    let [file, link] = ["file", "link"].map(|name| root.path().join(name));
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("file", &link).unwrap();
    edit_atomic(&link, b"new").unwrap();
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("new", 0o640));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(root.path()), ["file", "link"]);
}

#[test]
fn an_error_names_no_temporary_file_and_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let occupied = root.path().join("occupied");
    fs::write(&occupied, "a file").unwrap();
    for write in [write_atomic(&occupied.join("x"), b"", Access::Ordinary), edit_atomic(&occupied.join("x"), b"")] {
        let error = write.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        assert!(!error.to_string().contains(".x07-"), "{error}");
    }
    let folder = root.path().join("folder");
    fs::create_dir(&folder).unwrap();
    assert!(write_atomic(&folder, b"", Access::Ordinary).is_err());
    assert_eq!(names(root.path()), ["folder", "occupied"]);
    assert_eq!(fs::read_to_string(&occupied).unwrap(), "a file");
}

#[test]
fn a_bare_name_lies_in_the_current_folder() {
    for (path, folder) in [("name", "."), ("a/name", "a"), ("/name", "/"), ("", ".")] {
        assert_eq!(parent(Path::new(path)), Path::new(folder), "{path:?}");
    }
}

#[test]
fn a_pipe_is_written_into_and_stays() {
    let root = tempfile::tempdir().unwrap();
    let [file, pipe] = ["file", "pipe"].map(|name| root.path().join(name));
    fs::write(&file, "copied").unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writers: [(&str, &(dyn Fn() -> std::io::Result<()> + Sync)); 2] = [
        ("written", &|| write_atomic(&pipe, b"written", Access::Ordinary)),
        ("copied", &|| copy_atomic(&file, &pipe, Access::Executable)),
    ];
    for (text, write) in writers {
        let read = thread::scope(|scope| {
            let reader = scope.spawn(|| fs::read_to_string(&pipe).unwrap());
            write().unwrap();
            reader.join().unwrap()
        });
        assert_eq!(read, text);
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    }
    assert_eq!(names(root.path()), ["file", "pipe"]);
}
