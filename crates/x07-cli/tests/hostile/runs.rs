//! Programs with the caller's standard streams: what `x07 run` shows of them, and what it leaves behind.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::sandbox::{Sandbox, entry};

const TERMINATE: i32 = 15;
/// Caps of os.stdio: version 1 and the largest sizes.
const CAPS: &str = r#"["bytes.concat",["codec.write_u32_le",1],["bytes.alloc",12]]"#;

/// A project of world run-os with this program.
fn project(solve: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("p/src/main.x07.json", entry(&solve.replace("CAPS", CAPS)));
    sandbox
}

/// Runs it with this standard input.
fn run(sandbox: &Sandbox, flags: &[&str], input: &str) -> Output {
    let mut command = sandbox.command(&["run", "--world", "run-os"]);
    let mut process =
        command.args(flags).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that reads nothing may be gone already.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

fn check(solve: &str, flags: &[&str], input: &str, status: i32, stdout: &str, says: &str) {
    let done = run(&project(solve), flags, input);
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!((done.status.code(), &*String::from_utf8_lossy(&done.stdout)), (Some(status), stdout), "{stderr}");
    assert!(stderr.contains(says), "it does not say {says:?}:\n{stderr}");
    assert!(!stderr.contains("fuel_used"), "{stderr}");
}

#[test]
fn a_program_has_the_callers_streams() {
    let line = r#"["result_bytes.unwrap_or",["os.stdio.read_line_v1",CAPS],["bytes.lit","?"]]"#;
    let write = |head: &str, text: &str| format!(r#"["begin",["os.stdio.{head}_v1",["bytes.lit","{text}"],CAPS],0]"#);
    let then = |first: &str, last: &str| format!(r#"["begin",{first},{last}]"#);
    let trap = r#"["bytes.lit","x"],["bytes.set_u8",["bytes.alloc",1],7,0]"#;
    let numbers = r#"["bytes.alloc",20]"#;
    let say = write("write_stdout", "said");

    check(line, &[], "first\nsecond\n", 0, "first", "");
    check(r#"["view.to_bytes","input"]"#, &["--stdin"], "all of it", 0, "all of it", "");
    check(&then(&say, r#"["bytes.lit","end"]"#), &[], "", 0, "saidend", "");
    check(&then(&write("write_stderr", "note"), r#"["bytes.lit","end"]"#), &[], "", 0, "end", "note");
    check(&then(&say, trap), &[], "", 1, "said", "`bytes.set_u8`: index 7 is outside 1 bytes");
    check(&then(&say, r#"["os.process.exit",3]"#), &[], "", 3, "said", "");
    check(&then(r#"["process.set_exit_code_v1",4]"#, line), &[], "a\n", 4, "a", "");
    check(numbers, &["--max-output-bytes", "9"], "", 1, "", "--max-output-bytes N allows more");
    let spin = r#"["begin",["let","n",0],["for","i",0,2147483647,["set","n",["^","n",["*","i",7]]]],["codec.write_u32_le","n"]]"#;
    check(&then(&say, spin), &[], "", 1, "said", "the program used up its fuel");
}

#[test]
fn a_heap_that_is_too_small_says_how_to_get_a_bigger_one() {
    let solve = r#"["bytes.alloc",300000000]"#;
    let said = "error[X07-RUN-0003]: the program is out of memory: it wanted 300000000 more bytes";
    for world in ["run-os", "solve-pure"] {
        let sandbox = project(solve);
        let done = sandbox.command(&["run", "--world", world]).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), &*done.stdout), (Some(1), &b""[..]), "{told}");
        for said in [said, "--max-memory-bytes N gives it more", "out of memory requested=300000000 live="] {
            assert!(told.contains(said), "{world}: {told}");
        }
    }
}

/// What is lost on a full disk is told; who closes a pipe has seen enough, of a report as of a program's output.
#[test]
fn output_that_cannot_be_written() {
    let solve = r#"["bytes.alloc",100000]"#;
    let attached = "standard output cannot be written";
    type OfDisk<'a> = (i32, &'a str);
    let cases: [(&str, &[&str], OfDisk<'_>, i32); 5] = [
        (solve, &["run-os", "--report", "json"], (2, "error: cannot write the report: No space left on device"), 0),
        (r#"["bytes.alloc",300000000]"#, &["run-os", "--report", "json"], (2, "error: cannot write the report"), 1),
        (solve, &["solve-pure", "--report", "json"], (2, "error: cannot write the report"), 0),
        (solve, &["solve-pure"], (2, "error: No space left on device"), 0),
        (solve, &["run-os"], (1, attached), 0),
    ];
    for (solve, flags, (status_of_disk, says), status_of_pipe) in cases {
        let sandbox = project(solve);
        let (read, closed) = std::io::pipe().unwrap();
        drop(read);
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        for (output, status, says) in [(Stdio::from(full), status_of_disk, says), (closed.into(), status_of_pipe, "")] {
            let mut command = sandbox.command(&["--quiet", "run", "--world"]);
            command.args(flags);
            let done = command.stdin(Stdio::null()).stdout(output).stderr(Stdio::piped()).output().unwrap();
            let told = String::from_utf8_lossy(&done.stderr);
            assert_eq!((done.status.code(), told.is_empty()), (Some(status), says.is_empty()), "{flags:?}: {told}");
            assert!(told.contains(says), "{flags:?}: {told}");
        }
    }
}

/// A signal ends the program and what it has started, even what the program knows nothing of.
#[test]
fn a_signal_leaves_nothing_behind() {
    let script = "/bin/sleep 61 & echo $! > child; echo $$ >> child; /bin/sleep 61";
    let item = |text: &str| format!("{}{text}", String::from_utf8_lossy(&(text.len() as u32).to_le_bytes()));
    let count = |n: u32| String::from_utf8_lossy(&n.to_le_bytes()).into_owned();
    let words = item("/bin/sh") + &item("-c") + &item(script);
    let request = format!("\u{1}\0{}{words}{}{}{}", count(3), count(0), count(0), count(0));
    let caps = r#"["bytes.concat",["bytes.set_u8",["bytes.alloc",1],0,1],["bytes.alloc",16]]"#;
    let sandbox = project(&format!(r#"["os.process.run_capture_v1",["view.to_bytes","input"],{caps}]"#));
    sandbox.write("p/request", request);
    let mut command = sandbox.command(&["run", "--world", "run-os", "--input", "request"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    let children = loop {
        let text = fs::read_to_string(sandbox.path("p/child")).unwrap_or_default();
        if text.lines().count() == 2 {
            break text;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "the program never began");
        thread::sleep(Duration::from_millis(5));
    };
    terminate(process.id());
    assert_eq!(process.wait().unwrap().signal(), Some(TERMINATE));
    for child in children.lines() {
        let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let is_dead = state.rsplit(')').next().is_none_or(|rest| rest.is_empty() || rest.starts_with(" Z"));
        assert!(is_dead, "{state}");
    }
}

fn terminate(process: u32) {
    let status = std::process::Command::new("kill").args(["-s", "TERM", &process.to_string()]).status().unwrap();
    assert!(status.success());
}
