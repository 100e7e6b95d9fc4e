//! JSON pointers and their places in the text.

use expect_test::{Expect, expect};
use x07_ast::{broken_at, locate, position};

fn check(source: &str, pointers: &[&str], expected: Expect) {
    let lines: String = pointers
        .iter()
        .map(|pointer| match locate(source.as_bytes(), pointer) {
            None => format!("{pointer:?} is nowhere\n"),
            Some(found) => {
                let place = position(source.as_bytes(), found.value.start);
                let key = found.key.map_or_else(String::new, |key| format!(" key {}", &source[key]));
                format!("{pointer:?} {}:{} {}{key}\n", place.line, place.column, &source[found.value])
            }
        })
        .collect();
    expected.assert_eq(&lines);
}

#[test]
fn values_keys_and_escapes() {
    check(
        "{\n  \"é\": [1, [2, \"ü\" , {\"a/b\": null, \"~\": true}]],\n  \"k\\u0065y\": -1.5e3 ,\"\": 0}",
        &[
            "/é",
            "/é/1",
            "/é/1/1",
            "/é/1/2/a~1b",
            "/é/1/2/~0",
            "/key",
            "/",
            "/é/2",
            "/é/01",
            "/é/-",
            "/é/0/x",
            "/no",
            "é",
        ],
        expect![[r#"
            "/é" 2:8 [1, [2, "ü" , {"a/b": null, "~": true}]] key "é"
            "/é/1" 2:12 [2, "ü" , {"a/b": null, "~": true}]
            "/é/1/1" 2:16 "ü"
            "/é/1/2/a~1b" 2:30 null key "a/b"
            "/é/1/2/~0" 2:41 true key "~"
            "/key" 3:15 -1.5e3 key "k\u0065y"
            "/" 3:27 0 key ""
            "/é/2" is nowhere
            "/é/01" is nowhere
            "/é/-" is nowhere
            "/é/0/x" is nowhere
            "/no" is nowhere
            "é" is nowhere
        "#]],
    );
    check(
        " [1] ",
        &["", "/0"],
        expect![[r#"
        "" 1:2 [1]
        "/0" 1:3 1
    "#]],
    );
}

#[test]
fn of_repeated_keys_the_last() {
    check(
        r#"{"a":{"b":1},"a":{"b":2},"c":{"x":1},"c":5}"#,
        &["/a/b", "/a", "/c/x"],
        expect![[r#"
            "/a/b" 1:23 2 key "b"
            "/a" 1:18 {"b":2} key "a"
            "/c/x" is nowhere
        "#]],
    );
}

#[test]
fn nothing_in_broken_text() {
    check(
        r#"{"a":1"#,
        &["/a", ""],
        expect![[r#"
        "/a" is nowhere
        "" is nowhere
    "#]],
    );
    check(
        &format!("{{\"a\":{}", "[".repeat(200_000)),
        &["/a"],
        expect![[r#"
            "/a" is nowhere
        "#]],
    );
}

#[test]
fn where_it_breaks() {
    let places: Vec<String> = ["{\"a\":1", "{\n  \"é\" 1}", "{} x", "{\"a\":\"\\ud800\"}", "{}", "\u{feff}{}"]
        .iter()
        .map(|source| broken_at(source.as_bytes()).map_or("-".to_owned(), |at| format!("{}:{}", at.line, at.column)))
        .collect();
    expect!["1:7 2:7 1:4 1:7 - 1:1"].assert_eq(&places.join(" "));
}
