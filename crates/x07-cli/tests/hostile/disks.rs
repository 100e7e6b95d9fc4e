//! Disks without room.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::sandbox::{Sandbox, answer, is_root};

const BUILD: &[&str] = &["build", "--release", "--out", "out"];

#[test]
fn files_that_may_not_grow() {
    let sandbox = Sandbox::new();
    let before = sandbox.everything();
    for arguments in [BUILD, &["build", "--release", "--emit", "c", "--out", "c"]] {
        let call = sandbox.command(arguments);
        let mut limited = Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"]).arg(call.get_program());
        limited.args(call.get_args()).current_dir(sandbox.path("p"));
        limited.env("X07_CACHE_DIR", sandbox.path("cache")).env("NO_COLOR", "1");
        let answer = answer(&mut limited);
        assert!([1, 2].contains(&answer.status), "{answer:?}");
        assert!(answer.stderr.to_lowercase().contains("file too large"), "{}", answer.stderr);
        assert!(!answer.stderr.contains("bug of x07"), "{}", answer.stderr);
        assert_eq!(sandbox.lost(&before), Vec::<PathBuf>::new());
        assert_eq!(sandbox.leftovers(), Vec::<PathBuf>::new());
    }
    sandbox.call(BUILD, &[]).check(0, &["Finished"]);
}

/// A small disk, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: PathBuf, size: &str) -> Option<Disk> {
        fs::create_dir_all(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&folder);
        let mounted = is_root() && mount.status().is_ok_and(|status| status.success());
        mounted.then_some(Disk(folder))
    }

    /// Writes until nothing fits any more.
    fn fill(&self) {
        use std::io::Write;
        let mut file = fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[7; 512]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk() {
    let sandbox = Sandbox::new();
    let Some(disk) = Disk::mount(sandbox.path("disk"), "600k") else {
        println!("SKIPPED: no small disk can be mounted here; `files_that_may_not_grow` has to do");
        return;
    };
    fs::create_dir(disk.0.join("p")).unwrap();
    for name in ["x07.json", "src/main.x07.json", "src/app.x07.json", "out"] {
        let to = disk.0.join("p").join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(sandbox.path("p").join(name), to).unwrap();
    }
    disk.fill();
    let contents = || {
        let names = ["x07.json", "src/main.x07.json", "src/app.x07.json", "out"];
        names.map(|name| fs::read(disk.0.join("p").join(name)).unwrap())
    };
    let before = contents();
    let full = |arguments: &[&str], cache: PathBuf| {
        let mut command = sandbox.command(arguments);
        let answer = answer(command.current_dir(disk.0.join("p")).env("X07_CACHE_DIR", cache));
        assert!([1, 2].contains(&answer.status), "{arguments:?}: {answer:?}");
        let said = answer.stderr.to_lowercase();
        assert!(said.contains("no space left") || said.contains("no storage space"), "{arguments:?}: {said}");
        assert!(!said.contains("bug of x07"), "{said}");
        assert!(contents() == before, "{arguments:?} changed files");
        let temporary = |path: PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let left = fs::read_dir(disk.0.join("p")).unwrap().map(|entry| entry.unwrap().path());
        let left: Vec<PathBuf> = left.filter(|path| !path.ends_with(".x07") && temporary(path.clone())).collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "{arguments:?}");
    };
    full(BUILD, sandbox.path("cache"));
    full(&["fmt", "--write"], sandbox.path("cache"));
    full(&["build", "--emit", "c", "--out", "c"], sandbox.path("cache"));
    full(BUILD, disk.0.join("cache"));
    drop(disk);
    sandbox.call(BUILD, &[]).check(0, &["Finished"]);
}
