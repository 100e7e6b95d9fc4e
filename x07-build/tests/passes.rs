//! Builds of many units start gcc's passes themselves, and nobody can tell.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a failure of the test itself")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::{Sandbox, expected_output, must_build, run};
use x07_build::{Profile, Request};

/// The modules of the project and more of their kind, so that it has units enough.
fn project() -> Sandbox {
    let sandbox = Sandbox::project();
    let lib = sandbox.text("lib");
    let more: Vec<String> = (0..6).map(|number| format!("more{number}")).collect();
    for id in &more {
        sandbox.module(id, &lib.replace("lib", id));
    }
    let imports = more.iter().map(|id| format!("\"{id}\",")).collect::<String>();
    let calls = more.iter().map(|id| format!("[\"{id}.weigh\",\"v\",1],")).collect::<String>();
    sandbox.edit("app", r#""imports":["#, &format!(r#""imports":[{imports}"#));
    sandbox.edit("app", r#""body":["begin","#, &format!(r#""body":["begin",{calls}"#));
    sandbox
}

/// A request with a script as the C compiler, which writes down its calls.
fn request(sandbox: &Sandbox, name: &str, first: &str, profile: Profile) -> Request {
    let log = sandbox.path("calls");
    let text = format!("#!/bin/sh\necho \"$*\" >> '{}'\n{first}\nexec gcc \"$@\"\n", log.display());
    sandbox.write(&format!("bin/{name}"), text);
    let script = sandbox.path(&format!("bin/{name}"));
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut request = Request { profile, ..sandbox.request() };
    request.environment.cc = Some(script.display().to_string());
    request
}

/// How many units the driver was called for, and the bytes of the executable.
fn built(name: &str, first: &str, profile: Profile) -> (usize, Vec<u8>) {
    let sandbox = project();
    let output = must_build(&request(&sandbox, name, first, profile)).output;
    assert_eq!(run(&output, b"abc"), expected_output(b"abc"));
    let calls = fs::read_to_string(sandbox.path("calls")).unwrap();
    let units = calls.lines().filter(|call| call.contains(" -c ") && !call.contains("-###")).count();
    (units, fs::read(output).unwrap())
}

#[test]
fn the_driver_is_spared_and_the_result_is_the_same() {
    const UNITS: usize = 9;
    for profile in [Profile::Dev, Profile::Release] {
        // What does not go by the name of gcc may be anything, and sees every unit.
        let (all, expected) = built("compiler", "", profile);
        assert_eq!(all, UNITS, "{profile:?}");
        let (few, bytes) = built("gcc", "", profile);
        assert!(few < UNITS / 2, "{profile:?}: {few}");
        assert!(bytes == expected, "{profile:?}");
    }
}

#[test]
fn where_passes_do_not_work_the_driver_does() {
    let (_, expected) = built("compiler", "", Profile::Dev);
    let says = |text: &str| format!("case \"$*\" in *-###*) echo '{text}' >&2; exit 0;; esac");
    let cc1 = tempfile::tempdir().unwrap();
    let broken = cc1.path().join("cc1");
    fs::write(&broken, "#!/bin/sh\necho half\nexit 1\n").unwrap();
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
    let fails = says(&format!(" {} -o - |\n as -o object.o", broken.display()));
    let cases = [
        says(""),
        says(" /nonexistent/cc1 -o - |\n as -o object.o"),
        says(" what is this |"),
        fails,
        "case \"$*\" in *-###*) exit 1;; esac".to_owned(),
    ];
    for first in cases {
        let (units, bytes) = built("gcc", &first, Profile::Dev);
        assert_eq!((units, bytes == expected), (9, true), "{first}");
    }
}
