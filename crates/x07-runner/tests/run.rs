//! The run side on hand-made artifacts: what programs print, how they end, what they leave behind.

#![allow(clippy::unwrap_used, reason = "a panic is how a helper of tests fails")]

#[allow(unreachable_pub, reason = "shared between test programs")]
mod support;

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use support::{ANSWER, Artifact};
use x07_runner::{Environment, Folder, Limits, Runner, judge, run};

/// Runs a script under the host runner's limits, changed by `change`, and shows the verdict as one line.
fn verdict(script: &str, input: &[u8], change: impl FnOnce(&mut Limits)) -> String {
    let artifact = Artifact::new(script);
    let mut limits = Limits::host(2, 8);
    change(&mut limits);
    let execution = run(&artifact.path(), input, &limits, &Environment::isolated()).unwrap();
    let solve = judge(&execution, &limits, Runner::Host);
    let output = String::from_utf8_lossy(&solve.output);
    let trap = solve.trap.unwrap_or_default();
    format!("{} {} {output:?} {trap}", solve.ok, solve.exit_status).trim_end().to_owned()
}

#[test]
fn a_run_is_judged_by_what_the_program_did() {
    let cases: &[(&str, &str)] = &[
        (ANSWER, r#"true 0 "x""#),
        (&format!("{ANSWER}; exit 3"), r#"false 3 "x""#),
        (&format!("{ANSWER}; exit 255"), r#"false 255 "x""#),
        (&format!("echo careful >&2; {ANSWER}; exit 3"), r#"false 3 "x" careful"#),
        ("printf '\\001\\000\\000\\000x'", r#"false 0 "x" missing metrics json line on stderr"#),
        ("exit 0", r#"false 0 "" process exited with status 0 before producing output"#),
        ("exit 7", r#"false 7 "" process exited with status 7 before producing output"#),
        ("printf ab", r#"false 0 "" native stdout too short for length prefix"#),
        ("printf '\\003\\000\\000\\000x'", r#"false 0 "" native stdout length mismatch: expected 3 got 1"#),
        ("printf '\\011\\000\\000\\000123456789'", r#"false 0 "" native output too large: 9 > max_output_bytes=8"#),
        ("printf '\\012\\000\\000\\0001234567890'", r#"false 0 "" stdout exceeded cap"#),
        ("echo 'bytes.set_u8 oob ptr=/solve/2' >&2; kill -ILL $$", r#"false 132 "" bytes.set_u8 oob ptr=/solve/2"#),
        ("kill -SEGV $$", r#"false 139 "" terminated by signal 11"#),
        ("kill -KILL $$", r#"false 137 "" terminated by signal 9"#),
        ("exec <&-; sleep 0.1; printf '\\000\\000\\000\\000'; echo '{\"fuel_used\":1}' >&2", r#"true 0 """#),
    ];
    for (script, expected) in cases {
        assert_eq!(verdict(script, b"", |_| {}), *expected, "{script}");
    }
}

#[test]
fn output_beyond_the_caps_is_thrown_away_without_blocking_the_program() {
    let flood = "head -c 3000000 /dev/zero";
    assert_eq!(verdict(flood, b"", |_| {}), r#"false 0 "" stdout exceeded cap"#);
    assert_eq!(verdict(&format!("{flood} >&2"), b"", |_| {}), r#"false 0 "" stderr exceeded cap"#);

    let artifact = Artifact::new(&format!("{flood}; {flood} >&2"));
    let limits = Limits::host(2, 100);
    let execution = run(&artifact.path(), b"", &limits, &Environment::isolated()).unwrap();
    assert_eq!((execution.stdout.bytes.len(), execution.stderr.bytes.len()), (105, 262_144));
}

#[test]
fn a_large_input_arrives_whole_while_the_program_prints() {
    let input: Vec<u8> = (0..5_000_000_u32).map(|number| (number * 7) as u8).collect();
    let artifact = Artifact::new("cat; echo '{\"fuel_used\":1}' >&2");
    let limits = Limits::host(5, 1 << 23);
    let execution = run(&artifact.path(), &input, &limits, &Environment::isolated()).unwrap();
    let solve = judge(&execution, &limits, Runner::Host);
    assert!(solve.ok, "{:?}", solve.trap);
    assert!(solve.output == input);
}

#[test]
fn input_that_nobody_reads_is_no_error() {
    let input = vec![0; 1 << 20];
    assert_eq!(verdict(ANSWER, &input, |_| {}), r#"true 0 "x""#);
}

#[test]
fn the_wall_clock_ends_a_sleeping_program() {
    let begun = Instant::now();
    let short = |limits: &mut Limits| limits.wall = Some(Duration::from_millis(150));
    assert_eq!(verdict("sleep 60", b"", short), r#"false 137 "" wall timeout"#);
    assert_eq!(verdict(&format!("{ANSWER}; sleep 60"), b"", short), r#"false 137 "" wall timeout"#);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_cpu_limit_says_what_it_is() {
    let busy = |limits: &mut Limits| {
        limits.cpu_seconds = Some(1);
        limits.wall = Some(Duration::from_secs(30));
    };
    assert_eq!(verdict("echo busy >&2; while :; do :; done", b"", busy), r#"false 152 "" cpu time limit"#);
}

#[test]
fn the_program_is_alone_in_a_folder_of_its_own() {
    let artifact = Artifact::new("pwd >&2; ls -a >&2; env >&2; ulimit -n >&2; ulimit -f >&2; ulimit -c >&2");
    let execution = run(&artifact.path(), b"", &Limits::host(1, 8), &Environment::isolated()).unwrap();
    let told = String::from_utf8(execution.stderr.bytes).unwrap();
    let mut lines = told.lines();
    let folder = Path::new(lines.next().unwrap());
    assert!(folder.file_name().unwrap().to_string_lossy().starts_with("x07_run_"), "{told}");
    assert!(!folder.exists());
    // A shell sets PWD for itself.
    let rest: Vec<&str> = lines.filter(|line| !line.starts_with("PWD=") && !line.starts_with("_=")).collect();
    assert_eq!(rest, [".", "..", "32", "0", "0"]);
}

#[test]
fn the_operating_systems_world_inherits_the_callers_surroundings() {
    let artifact = Artifact::new("pwd >&2; echo \"$X07_WORLD$X07_OS_SANDBOXED\" >&2; echo ${PATH:+path} >&2");
    let environment = Environment::os(Folder::At(artifact.folder().to_owned()));
    let execution = run(&artifact.path(), b"", &Limits::os(5, 8), &environment).unwrap();
    let folder = artifact.folder().canonicalize().unwrap();
    let expected = format!("{}\nrun-os\npath\n", folder.display());
    assert_eq!(String::from_utf8(execution.stderr.bytes).unwrap(), expected);
}

#[test]
fn children_die_with_a_program_that_is_killed() {
    let child = "/bin/sleep 60 & echo $! > child; ";
    let moved = "set -m; /bin/sh -mc '/bin/sleep 60 & echo $! > child'; ";
    let cases = [
        (format!("{moved} sleep 60"), Duration::from_millis(300), false),
        (format!("{moved} kill -ILL $$"), Duration::from_secs(20), false),
        (format!("{child} sleep 60"), Duration::from_millis(200), false),
        (format!("{child} kill -ILL $$"), Duration::from_secs(20), false),
        (format!("{child} {ANSWER}"), Duration::from_secs(20), true),
    ];
    for (script, wall, survives) in cases {
        let artifact = Artifact::new(&script);
        let mut limits = Limits::os(5, 8);
        limits.wall = Some(wall);
        let begun = Instant::now();
        run(&artifact.path(), b"", &limits, &Environment::os(Folder::At(artifact.folder().to_owned()))).unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "a child with our pipes open must not be waited for");
        let child = fs::read_to_string(artifact.folder().join("child")).unwrap();
        assert_eq!(is_alive(child.trim(), survives), survives, "{script}");
        kill(child.trim());
    }
}

#[test]
fn the_deterministic_worlds_leave_no_child_at_all() {
    // Files cannot be written there, so the child's number comes through standard error.
    let artifact = Artifact::new(&format!("/bin/sleep 60 & echo $! >&2; {ANSWER}"));
    let execution = run(&artifact.path(), b"", &Limits::host(5, 8), &Environment::isolated()).unwrap();
    let told = String::from_utf8(execution.stderr.bytes).unwrap();
    assert!(!is_alive(told.lines().next().unwrap(), false));
}

/// Is there a process of this number that is not a zombie? A killed one gets a moment to go.
fn is_alive(process: &str, expected: bool) -> bool {
    let state = || {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        text.rsplit(')').next()?.trim_start().chars().next()
    };
    for _ in 0..200 {
        let alive = state().is_some_and(|state| state != 'Z' && state != 'X');
        if alive == expected {
            return alive;
        }
        thread::sleep(Duration::from_millis(10));
    }
    !expected
}

fn kill(process: &str) {
    let pid = rustix::process::Pid::from_raw(process.parse().unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}
