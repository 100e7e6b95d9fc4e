//! Places in the canonical form of a text (spec language 1.4).

use serde_json::json;
use x07_ast::{CanonicalPlaces, Diagnostic, ErrorKind, Label, apply_fixes, canonical};

const FILE: &str = r#"{"imports":["std.vec","std.bytes","std.vec","std.a"],"meta":{},"decls":[
    {"kind":"defasync","name":"m.a","type_params":[],"body":["f",1]},
    {"kind":"later","name":"m.0"},
    {"kind":"defn","name":"m.z","requires":[{"expr":1,"witness":[]}],"ensures":[],"body":["z",1]},
    {"kind":"defn","name":"m.b","body":["first of two"]},
    {"kind":"extern","name":"m.puts"},
    {"kind":"export","names":["m.z","m.b","m.z"]},
    {"kind":"defn","name":"m.b","body":["second of two"]}],"solve":["f",2]}"#;

#[test]
fn places_follow_what_canonical_order_moves() {
    let places = CanonicalPlaces::of(FILE.as_bytes()).expect("it is a JSON object");
    let cases = [
        ("the file", "", ""),
        ("what has a fixed place", "/solve/1", "/solve/1"),
        ("an array that is sorted", "/imports", "/imports"),
        ("an import", "/imports/1", "/imports/1"),
        ("the first of an import's repeats", "/imports/0", "/imports/2"),
        ("the second", "/imports/2", "/imports/2"),
        ("the end of an array", "/imports/-", "/imports"),
        ("the export", "/decls/5", "/decls/0"),
        ("an exported name", "/decls/5/names/1", "/decls/0/names/0"),
        ("its repeat", "/decls/5/names/2", "/decls/0/names/1"),
        ("an extern", "/decls/4/name", "/decls/1/name"),
        ("a function", "/decls/2/body/1", "/decls/4/body/1"),
        ("the first of two of one name", "/decls/3/body/0", "/decls/2/body/0"),
        ("the second of two of one name", "/decls/6/body/0", "/decls/3/body/0"),
        ("an async function", "/decls/0/name", "/decls/5/name"),
        ("what has no place of its own in the order", "/decls/1/kind", "/decls/6/kind"),
        ("an empty member of the file", "/meta", ""),
        ("an empty member of a declaration", "/decls/2/ensures", "/decls/4"),
        ("an empty member of a clause", "/decls/2/requires/0/witness", "/decls/4/requires/0"),
        ("what is nowhere", "/decls/7/name", "/decls"),
        ("no pointers", "decls", ""),
        ("", "dé/c/ls", ""),
    ];
    for (what, pointer, expected) in cases {
        assert_eq!(places.place(pointer), expected, "{what}");
    }
}

#[test]
fn a_finding_is_told_for_the_canonical_form() {
    let places = CanonicalPlaces::of(FILE.as_bytes()).expect("it is a JSON object");
    let patch = json!([
        {"op": "test", "path": "/imports/0", "value": "std.vec"},
        {"op": "move", "from": "/decls/2/body/1", "path": "/decls/0/body/1"},
        {"op": "add", "path": "/decls/0/type_params", "value": ["T"]},
        {"op": "add", "path": "/decls/-", "value": {"kind": "defn", "name": "m.c"}},
        {"op": "add", "path": "/imports/-", "value": "std.b"},
    ]);
    let finding = Diagnostic::error(
        "X07-MOVE-0901",
        ErrorKind::Typing,
        "use after move: \"x_ptr=/decls/0\" moved_ptr=/decls/0/body",
    )
    .at("/decls/2/body")
    .label("/decls/0/body", "moved here")
    .fix("mend it", patch);
    let told = places.finding(finding);
    assert_eq!(told.message, "use after move: \"x_ptr=/decls/0\" moved_ptr=/decls/5/body");
    assert_eq!(told.pointer.as_deref(), Some("/decls/4/body"));
    assert_eq!(told.labels, [Label { pointer: "/decls/5/body".to_owned(), message: "moved here".to_owned() }]);
    let fix = told.fix.expect("it had one");
    let pointers = fix.patch.as_array().expect("a patch is a list").iter().map(|operation| {
        let text = |key: &str| operation.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        (text("from"), text("path"))
    });
    let expected = [
        ("", "/imports/2"),
        ("/decls/4/body/1", "/decls/5/body/1"),
        ("", "/decls/5/type_params"),
        ("", "/decls/-"),
        ("", "/imports/-"),
    ];
    assert_eq!(pointers.collect::<Vec<_>>(), expected.map(|(from, path)| (from.to_owned(), path.to_owned())));
    let line = canonical(FILE.as_bytes()).expect("it is a JSON object");
    let fixed = apply_fixes(line.as_bytes(), [&fix]).expect("the fix is for the canonical form");
    assert!(fixed.contains(r#""imports":["std.a","std.b","std.bytes","std.vec"]"#), "{fixed}");
}

#[test]
fn what_has_no_canonical_form_has_no_places_in_it() {
    for text in ["{", "[]", "{}{}", ""] {
        assert!(CanonicalPlaces::of(text.as_bytes()).is_err(), "{text}");
    }
}
