//! The server of the template `mcp-stdio-server`, as a process: bytes in, bytes out.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;

use crate::workshop::Workshop;

const PARSE_ERROR: &str = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#;

/// The server of a project that was made from the template and built, nothing changed.
pub(crate) fn server() -> PathBuf {
    static MADE: OnceLock<Workshop> = OnceLock::new();
    let workshop = MADE.get_or_init(|| {
        let workshop = Workshop::new();
        workshop.run("", &["new", "hello-mcp", "--template", "mcp-stdio-server"]);
        workshop.run("hello-mcp", &["build", "--release"]);
        workshop
    });
    workshop.path("hello-mcp/dist/hello-mcp")
}

/// Gives the server all of its input at once, and waits for its end.
fn talk(input: &[u8]) -> Output {
    talk_to(&server(), input)
}

fn talk_to(server: &Path, input: &[u8]) -> Output {
    let mut process =
        Command::new(server).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            stdin.write_all(input).unwrap();
        });
        process.wait_with_output().unwrap()
    })
}

/// Says that the server replies exactly this, says nothing else, and ends as it should.
fn replies(input: &[u8], expected: &str) {
    let output = talk(input);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{}", output.status);
}

fn ping(id: usize) -> (String, String) {
    (
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#),
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#),
    )
}

#[test]
fn sessions() {
    for session in ["session", "unknown_version", "batches"] {
        let file = |end: &str| {
            let path = format!("{}/tests/templates/sessions/{session}.{end}", env!("CARGO_MANIFEST_DIR"));
            fs::read_to_string(path).unwrap()
        };
        replies(file("in").as_bytes(), &file("out"));
    }
}

/// After a line that is hostile in one way or another, the next one is answered as if nothing had been.
#[test]
fn hostile_lines() {
    let text = |letters: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(letters)).into_bytes();
    let lines: &[(&str, Vec<u8>)] = &[
        ("200 kB that are not JSON", "x".repeat(200_000).into_bytes()),
        ("200 kB of brackets", "[".repeat(200_000).into_bytes()),
        ("200 kB of objects", r#"{"a":"#.repeat(40_000).into_bytes()),
        ("65 arrays", format!("{}{}", "[".repeat(65), "]".repeat(65)).into_bytes()),
        ("an unfinished string", br#"{"a":"#.to_vec()),
        ("trailing text", br#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#.to_vec()),
        ("bytes that are never UTF-8", b"{\"a\":\"\xff\xfe\"}".to_vec()),
        ("a cut character", b"{\"a\":\"\xe2\x82\"}".to_vec()),
        ("a surrogate in UTF-8", b"{\"a\":\"\xed\xa0\x80\"}".to_vec()),
        ("an overlong slash", b"{\"a\":\"\xc0\xaf\"}".to_vec()),
        ("a lone high surrogate", br#"{"a":"\ud800"}"#.to_vec()),
        ("a lone low surrogate", br#"{"a":"\udc00"}"#.to_vec()),
        ("surrogates the wrong way round", br#"{"a":"\udc00\ud800"}"#.to_vec()),
        ("a zero byte", b"{\"a\":\0}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("a line above the limit of 8 MiB", text(8 << 20)),
        ("a line far above it", text(40 << 20)),
    ];
    let mut input = Vec::new();
    let mut expected = String::new();
    for (number, (_, line)) in lines.iter().enumerate() {
        let (request, reply) = ping(number);
        input.extend_from_slice(line);
        input.extend_from_slice(format!("\n{request}\n").as_bytes());
        expected.push_str(&format!("{PARSE_ERROR}\n{reply}\n"));
    }
    replies(&input, &expected);
}

/// The largest lines are read, and what they ask for is done.
#[test]
fn large_lines() {
    let (request, reply) = ping(1);
    let letters = 8 << 20;
    let padded = request.replace("\"ping\"", "\"ping\",\"params\":{\"x\":[]}");
    let zeros = vec!["0"; (letters - padded.len()) / 2].join(",");
    replies(format!("{}\n", padded.replace("[]", &format!("[{zeros}]"))).as_bytes(), &format!("{reply}\n"));

    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#;
    let call = |params: &str| {
        let call = format!(r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{params}}}"#);
        let output = talk(format!("{hello}\n{call}\n").as_bytes());
        assert!(output.status.success(), "{}", output.status);
        String::from_utf8(output.stdout).unwrap().lines().nth(1).unwrap().to_owned()
    };
    let text = "x".repeat(letters - 200);
    let echoed = call(&format!(r#"{{"name":"echo","arguments":{{"text":"{text}"}}}}"#));
    assert!(echoed.contains(&text), "{}", &echoed[..200]);
    // The reply would have a few bytes more than the request, which is as long as a line can be.
    let unknown = call(&format!(r#"{{"name":"{}"}}"#, "x".repeat(letters - 71)));
    assert_eq!(
        unknown.get(..200).unwrap_or(&unknown),
        r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32603,"message":"Response too large"}}"#
    );
}

/// A batch whose replies are longer than a reply can be is refused, however many there would be.
#[test]
fn large_batches() {
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-03-26"}}"#;
    let (request, reply) = ping(2);
    for items in [150_000, 1_700_000, (8 << 20) / 2 - 1] {
        let batch = vec!["7"; items].join(",");
        let output = talk(format!("{hello}\n[{batch}]\n{request}\n").as_bytes());
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(output.status.success(), "{} {}", output.status, String::from_utf8_lossy(&output.stderr));
        let refused = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"Response too large"}}"#;
        assert_eq!(lines[1], refused, "{items}");
        assert_eq!(lines[2], reply, "{items}");
    }
}

/// A client can be given `x07 run` in place of the server.
/// Sends pings one by one, each when the last is answered, and closes standard input.
fn prompt_pings(process: &mut Child, count: usize) {
    let (mut stdin, mut stdout) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    for id in 0..count {
        let (request, reply) = ping(id);
        stdin.write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut got = vec![0; reply.len() + 1];
        stdout.read_exact(&mut got).unwrap();
        assert_eq!(String::from_utf8_lossy(&got), format!("{reply}\n"));
    }
}

#[test]
fn run_serves_too() {
    let workshop = Workshop::new();
    workshop.run("", &["new", "hello-run", "--template", "mcp-stdio-server"]);
    let mut process =
        workshop.x07("hello-run").arg("run").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    prompt_pings(&mut process, 3);
    assert!(process.wait().unwrap().success());
}

#[test]
fn line_ends() {
    let (request, reply) = ping(1);
    replies(format!("{request}\r\n\r\n \t \n\n{request}").as_bytes(), &format!("{reply}\n{reply}\n"));
    replies(b"", "");
}

/// A reply is there before anything else is sent, and closing standard input is the end.
#[test]
fn prompt() {
    let mut process = Command::new(server()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    prompt_pings(&mut process, 50);
    let closed = Instant::now();
    assert!(process.wait().unwrap().success());
    assert!(closed.elapsed() < Duration::from_secs(1), "{:?}", closed.elapsed());
}

/// When nobody reads the replies any more, the server says so once and ends.
#[test]
fn broken_pipe() {
    let mut process =
        Command::new(server()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(process.stdout.take());
    let (request, _) = ping(1);
    process.stdin.as_ref().unwrap().write_all(format!("{request}\n").as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "cannot write to standard output: error 60115\n");
}

/// More fuel is used than any limit of a run allows.
#[test]
fn long_life() {
    let (request, reply) = ping(7);
    let count = 300_000;
    let output = talk(format!("{request}\n").repeat(count).as_bytes());
    assert!(output.status.success(), "{}", output.status);
    assert!(output.stdout == format!("{reply}\n").repeat(count).as_bytes());
}

/// What the README says about adding a tool is done, and the tool works.
#[test]
fn a_tool_more() {
    let workshop = Workshop::new();
    workshop.run("", &["new", "--template", "mcp-stdio-server"]);
    let readme = workshop.read("mcp-stdio-server/README.md");
    let (_, section) = readme.split_once("## Add a tool").unwrap();
    let mut examples = section.split("```json\n").skip(1).map(|rest| {
        let (text, _) = rest.split_once("```").unwrap();
        serde_json::from_str::<Value>(text).unwrap()
    });
    let (row, function) = (examples.next().unwrap(), examples.next().unwrap());

    let source = workshop.path("mcp-stdio-server/src/tools.x07.json");
    let mut tools: Value = serde_json::from_str(&fs::read_to_string(&source).unwrap()).unwrap();
    let declarations = tools["decls"].as_array_mut().unwrap();
    let table = declarations.iter_mut().find(|declared| declared["name"] == "tools.table").unwrap();
    let rows = table["body"].as_array_mut().unwrap();
    rows.insert(rows.len() - 1, row);
    declarations.push(function);
    fs::write(&source, tools.to_string()).unwrap();

    workshop.run("mcp-stdio-server", &["test"]);
    workshop.run("mcp-stdio-server", &["build"]);
    let call = |x: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{{"name":"sqrt","arguments":{{"x":{x}}}}}}}"#
        )
    };
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#;
    let input = format!("{hello}\n{}\n{}\n", call("2e0"), call("\"2\""));
    let output = talk_to(&workshop.path("mcp-stdio-server/dist/mcp-stdio-server"), input.as_bytes());
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains(r#""serverInfo":{"name":"mcp-stdio-server","version":"0.1.0"}"#), "{text}");
    assert!(lines[1].contains(r#""text":"1.4142135623730951"}],"isError":false"#), "{text}");
    assert!(lines[2].contains(r#""text":"sqrt: argument 'x' must be a number"}],"isError":true"#), "{text}");
}
