//! The server of the template `mcp-stdio-server` with the official SDKs of the protocol as clients. They are installed
//! from their registries once, below the target folder; where that is not possible, the tests say so and pass.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::mcp::server;

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/clients").join(name)
}

/// Tells on the real standard error, which test runners do not hide, that something was not tried.
fn skip(what: &str, why: &str) {
    let line = format!("SKIPPED: {what} was NOT tested: {why}\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Runs steps of an installation in a folder; what failed, if one did.
fn install(folder: &Path, steps: &[&[&str]]) -> Result<(), String> {
    fs::create_dir_all(folder).unwrap();
    let done = folder.join("installed");
    if done.is_file() {
        return Ok(());
    }
    for step in steps {
        let output = Command::new(step[0])
            .args(&step[1..])
            .current_dir(folder)
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", step[0]))?;
        if !output.status.success() {
            return Err(format!("{} failed: {}", step.join(" "), String::from_utf8_lossy(&output.stderr).trim()));
        }
    }
    fs::write(done, "").unwrap();
    Ok(())
}

/// The Python that has the SDK.
fn python() -> Result<PathBuf, String> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mcp-python");
    let steps: &[&[&str]] = &[&["python3", "-m", "venv", "venv"], &["venv/bin/pip", "install", "--quiet", "mcp"]];
    INSTALLED.get_or_init(|| install(&folder, steps)).clone().map(|()| folder.join("venv/bin/python"))
}

fn passes(command: &mut Command) {
    let output = command.arg(server()).output().unwrap();
    let told = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.0.starts_with("ok"), "{told:?}");
}

#[test]
fn python_client() {
    match python() {
        Ok(python) => passes(Command::new(python).arg(script("client.py"))),
        Err(why) => skip("the Python SDK", &why),
    }
}

#[test]
fn typescript_client() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mcp-typescript");
    match install(&folder, &[&["npm", "install", "--no-fund", "--no-audit", "@modelcontextprotocol/sdk"]]) {
        Ok(()) => {
            // Modules are looked for beside the script.
            let copy = folder.join("client.mjs");
            fs::copy(script("client.mjs"), &copy).unwrap();
            passes(Command::new("node").arg(copy));
        }
        Err(why) => skip("the TypeScript SDK", &why),
    }
}

const PINGS: usize = 2000;

/// The time from the first ping to the last answer, each ping sent when the one before it is answered, and the time for
/// all pings sent at once.
fn pings(command: &mut Command) -> (Duration, Duration) {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let mut answers = BufReader::new(process.stdout.take().unwrap());
    let hello = r#"{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"p","version":"1"}}}"#;
    stdin.write_all(format!("{hello}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    answers.read_line(&mut answer).unwrap();
    assert!(answer.contains("\"result\""), "{answer}");
    stdin.write_all(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n").unwrap();
    let request = |id: usize| format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"ping\"}}\n");
    let mut expect = |id: usize| {
        answer.clear();
        answers.read_line(&mut answer).unwrap();
        assert!(answer.contains(&format!("\"id\":{id},")) && answer.contains("\"result\":{}"), "{id}: {answer}");
    };

    let start = Instant::now();
    for id in 0..PINGS {
        stdin.write_all(request(id).as_bytes()).unwrap();
        expect(id);
    }
    let in_turn = start.elapsed();

    let all: String = (0..PINGS).map(request).collect();
    let start = Instant::now();
    let at_once = thread::scope(|scope| {
        scope.spawn(|| stdin.write_all(all.as_bytes()).unwrap());
        (0..PINGS).for_each(&mut expect);
        start.elapsed()
    });
    drop(stdin);
    process.wait().unwrap();
    (in_turn, at_once)
}

#[test]
fn speed() {
    let python = match python() {
        Ok(python) => python,
        Err(why) => return skip("the speed beside a server of the Python SDK", &why),
    };
    let theirs = pings(Command::new(python).arg(script("sdk_server.py")));
    // The fastest of several runs: other processes of the machine only ever make a run slower.
    let ours = (0..5).map(|_| pings(&mut Command::new(server()))).min_by_key(|times| times.0 + times.1).unwrap();
    let factor = |theirs: Duration, ours: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
    let (in_turn, at_once) = (factor(theirs.0, ours.0), factor(theirs.1, ours.1));
    let line = format!(
        "{PINGS} pings: {ours:?}, the Python SDK's server {theirs:?}: {in_turn:.0} and {at_once:.0} times faster\n"
    );
    io::stderr().write_all(line.as_bytes()).unwrap();
    assert!(in_turn >= 20.0 && at_once >= 20.0, "{line}");
}
