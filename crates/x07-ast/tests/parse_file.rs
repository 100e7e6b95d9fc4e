//! The file and its keys (spec language 1). A test is a text and what a person is told.

mod common;

use common::{entry, module, told};
use expect_test::{Expect, expect};
use x07_ast::{Decl, Expected, Gaps, parse};

fn check(source: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&told(source, Expected::Entry));
}

fn check_module(source: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&told(source, Expected::Module("lib.num")));
}

const LIB_OTHER: &str = r#"{"kind":"export","names":["lib.other.f"]},{"kind":"defn","name":"lib.other.f","params":[],"result":"i32","body":1}"#;

#[test]
fn every_accepted_version_and_white_space_around() {
    let source = |version: &str| {
        let source = r#"{"solve":"input","decls":[],"imports":["a","a"],"module_id":"main","kind":" entry ","schema_version":"x07.x07ast@VERSION"}"#;
        format!("\n\t {} \n\n", source.replace("VERSION", version))
    };
    let told: String =
        ["0.3.0", "0.4.0", "0.5.0"].iter().map(|version| told(source(version), Expected::Entry)).collect();
    expect![[r#"
        fine
        fine
        fine
    "#]]
    .assert_eq(&told);
}

#[test]
fn an_empty_object_lacks_every_key() {
    check(
        "{}",
        expect![[r#"
        error[X07-AST-0004]: the file has no `schema_version`
          at ""
          help: add "schema_version": "x07.x07ast@0.5.0"
        error[X07-AST-0004]: the file has no `kind`
          at ""
          help: add "kind": "entry"
        error[X07-AST-0004]: the file has no `module_id`
          at ""
          help: add "module_id": "main"
        error[X07-AST-0004]: the file has no `imports`
          at ""
          help: a file that imports nothing has "imports": []
          fix: add an empty `imports`: [{"op":"add","path":"/imports","value":[]}]
        error[X07-AST-0004]: the file has no `decls`
          at ""
          help: a file without declarations has "decls": []
          fix: add an empty `decls`: [{"op":"add","path":"/decls","value":[]}]
        error[X07-AST-0001]: the entry file has no `solve`
          at ""
          help: `solve` is the expression of type bytes that is the program's output
    "#]],
    );
    check_module(
        "{}",
        expect![[r#"
        error[X07-AST-0004]: the file has no `schema_version`
          at ""
          help: add "schema_version": "x07.x07ast@0.5.0"
        error[X07-AST-0004]: the file has no `kind`
          at ""
          help: add "kind": "module"
        error[X07-AST-0004]: the file has no `module_id`
          at ""
          help: add "module_id": "lib.num"
        error[X07-AST-0004]: the file has no `imports`
          at ""
          help: a file that imports nothing has "imports": []
          fix: add an empty `imports`: [{"op":"add","path":"/imports","value":[]}]
        error[X07-AST-0004]: the file has no `decls`
          at ""
          help: a file without declarations has "decls": []
          fix: add an empty `decls`: [{"op":"add","path":"/decls","value":[]}]
    "#]],
    );
}

#[test]
fn wrong_versions_name_the_supported_ones() {
    check(
        entry("", "1").replace("0.5.0", "0.6.0"),
        expect![[r#"
            error[X07-SCHEMA-0002]: the schema version `x07.x07ast@0.6.0` is not supported; these are: x07.x07ast@0.5.0, x07.x07ast@0.4.0, x07.x07ast@0.3.0
              at "/schema_version"
              fix: set the current schema version: [{"op":"replace","path":"/schema_version","value":"x07.x07ast@0.5.0"}]
        "#]],
    );
}

#[test]
fn keys_of_the_wrong_shape() {
    check(
        r#"{"schema_version":5,"kind":null,"module_id":["main"],"imports":{"a":1},"decls":true,"solve":{},"meta":7,"doc":1}"#,
        expect![[r#"
            error[X07-AST-0003]: `schema_version` is a string, not the number `5`
              at "/schema_version"
            error[X07-AST-0003]: `kind` is a string, not `null`
              at "/kind"
            error[X07-AST-0003]: `module_id` is a string, not an array
              at "/module_id"
            error[X07-AST-0003]: `imports` is an array, not an object
              at "/imports"
            error[X07-AST-0003]: `decls` is an array, not `true`
              at "/decls"
            error[X07-AST-0013]: an object is not an expression
              at "/solve" in solve
              help: an expression is an integer, an atom, or a list that begins with an atom
            warning[X07-AST-0003]: `doc` is a string, not the number `1`; it is ignored
              at "/doc"
            warning[X07-AST-0003]: `meta` is not an object; it is ignored
              at "/meta"
        "#]],
    );
}

#[test]
fn the_file_must_be_what_it_is_used_as() {
    check(
        module("main", ""),
        expect![[r#"
            error[X07-AST-0005]: the program is a file of kind "entry", and this one is a "module"
              at "/kind"
        "#]],
    );
    check(
        entry("", "1").replace("main", "app"),
        expect![[r#"
        error[X07-AST-0005]: an entry file is called `main`, and this one says `app`
          at "/module_id"
          fix: call it `main`: [{"op":"replace","path":"/module_id","value":"main"}]
    "#]],
    );
    check(
        entry("", "1").replace("\"entry\"", "\"entri\""),
        expect![[r#"
            error[X07-AST-0005]: `entri` is not a kind of file
              at "/kind"
              help: did you mean `entry`?
              fix: make it `entry`: [{"op":"replace","path":"/kind","value":"entry"}]
        "#]],
    );
    check_module(
        entry("", "1"),
        expect![[r#"
        error[X07-AST-0005]: `lib.num` is imported and so must be of kind "module", and this file is an "entry"
          at "/kind"
    "#]],
    );
    check_module(
        module("lib.other", LIB_OTHER),
        expect![[r#"
        error[X07-AST-0005]: the file is imported as `lib.num` and says it is `lib.other`
          at "/module_id"
          help: rename the one or the other; the id is the path below the module root, with dots
          fix: call it `lib.num`: [{"op":"replace","path":"/module_id","value":"lib.num"}]
    "#]],
    );
    check_module(
        module("lib..num", ""),
        expect![[r#"
        error[X07-AST-0006]: `lib..num` is not a module id
          at "/module_id"
          help: a module id is names joined by dots, such as `app.rle`
        error[X07-AST-0010]: the module exports nothing
          at "/decls"
          help: add {"kind": "export", "names": […]} with the functions that others may call
    "#]],
    );
}

#[test]
fn any_takes_the_files_word() {
    expect![[r#"
        fine
    "#]]
    .assert_eq(&told(entry("", "1"), Expected::Any));
    expect![[r#"
        fine
    "#]]
    .assert_eq(&told(module("lib.other", LIB_OTHER), Expected::Any));
}

#[test]
fn bad_imports() {
    check(
        entry("", "1").replace("[],\"decls", r#"["lib..num","ok.v2-beta.x_1","","9a",7,"a/b"],"decls"#),
        expect![[r#"
            error[X07-AST-0006]: `lib..num` is not a module id
              at "/imports/0"
              help: a module id is names joined by dots, such as `std.bytes`
            error[X07-AST-0006]: `` is not a module id
              at "/imports/2"
              help: a module id is names joined by dots, such as `std.bytes`
            error[X07-AST-0006]: `9a` is not a module id
              at "/imports/3"
              help: a module id is names joined by dots, such as `std.bytes`
            error[X07-AST-0003]: an import is a string, not the number `7`
              at "/imports/4"
            error[X07-AST-0006]: `a/b` is not a module id
              at "/imports/5"
              help: a module id is names joined by dots, such as `std.bytes`
        "#]],
    );
}

#[test]
fn solve_stands_in_the_entry_only() {
    let source = module("lib.num", &LIB_OTHER.replace("other", "num"));
    check_module(
        source.replace("{\"schema", "{\"solve\":1,\"schema"),
        expect![[r#"
            error[X07-AST-0018]: a module has no `solve`; only the entry has
              at "/solve"
              help: remove it, or move it into a function
              fix: remove `solve`: [{"op":"remove","path":"/solve"}]
        "#]],
    );
}

#[test]
fn unknown_and_repeated_keys_are_warnings() {
    check(
        r#"{"schema_version":"x07.x07ast@0.5.0","kind":"entry","module_id":"main","import":[],"imports":[],"decls":[],"solve":[true],"solve":"input","a/b":[[]],"metta":1,"note":"x","doc":"fine"}"#,
        expect![[r#"
            warning[X07-AST-0002]: `solve` is given more than once; the last one counts
              at "/solve"
            warning[X07-AST-0002]: a source file has no key `a/b`; it is ignored
              at "/a~1b"
              help: the keys of a source file are `schema_version`, `kind`, `module_id`, `imports`, `decls`, `solve`, `meta`, `doc`
            warning[X07-AST-0002]: a source file has no key `import`; it is ignored
              at "/import"
              help: the keys of a source file are `schema_version`, `kind`, `module_id`, `imports`, `decls`, `solve`, `meta`, `doc`
            warning[X07-AST-0002]: a source file has no key `metta`; it is ignored
              at "/metta"
              help: did you mean `meta`?
            warning[X07-AST-0002]: a source file has no key `note`; it is ignored
              at "/note"
              help: the keys of a source file are `schema_version`, `kind`, `module_id`, `imports`, `decls`, `solve`, `meta`, `doc`
        "#]],
    );
}

#[test]
fn integers_that_no_canonical_form_could_keep() {
    let long = "123456789012345678901234567890";
    let meta = |value: &str| entry("", "1").replace("{\"schema", &format!("{{{value},\"schema"));
    let texts = [
        meta(&format!(r#""meta":{{"a":[1.5,1e30,18446744073709551615,"{long}",{{"b/\"c":-{long}}}]}}"#)),
        meta(&format!(r#""metta":{long}"#)),
        meta(&format!(r#""meta":{{"a":{long}}}"#)).replace("\"solve\":1", &format!("\"solve\":{long}")),
        meta(r#""meta":{"a":[1.5,1e30,18446744073709551615]}"#),
    ];
    let told: String = texts.into_iter().map(|text| told(text, Expected::Entry)).collect();
    expect![[r#"
        error[X07-X07AST-PARSE-0001]: the integer `-123456789012345678901234567890` has more than 64 bits
          at "/meta/a/4/b~1\"c"
        warning[X07-AST-0002]: a source file has no key `metta`; it is ignored
          at "/metta"
          help: did you mean `meta`?
        error[X07-X07AST-PARSE-0001]: the integer `123456789012345678901234567890` has more than 64 bits
          at "/metta"
        error[X07-AST-0013]: the number `1.2345678901234568e29` is not an expression
          at "/solve" in solve
          help: a number is an integer from -2147483648 to 2147483647, without fraction or exponent
        error[X07-X07AST-PARSE-0001]: the integer `123456789012345678901234567890` has more than 64 bits
          at "/meta/a"
        fine
    "#]]
    .assert_eq(&told);
}

#[test]
fn text_that_is_no_json() {
    let sources = [
        "",
        " \n",
        "[1]",
        "{",
        "{\"kind\":\"entry\",\n \"decls\": [1, 2,]}",
        "{\"kind\": // a comment\n 1}",
        "{'kind': 1}",
        "{\"kind\": 1} ]",
        "{\"kind\": 01}",
        "{\"kind\": \"a\nb\"}",
        "{\"kind\": \"\\ud800\"}",
        "{\"kind\": \"\\udc00 after\"}",
        "{\"kind\": \"\\q\"}",
        "{\"é\": nul}",
        "\u{feff}{}",
    ];
    let mut texts: String =
        sources.iter().map(|source| format!("{source:?}\n{}", told(source, Expected::Entry))).collect();
    texts += &told(b"{\"k\": \"\xff\"}", Expected::Entry);
    expect![[r#"
        ""
        error[X07-X07AST-PARSE-0001]: the file is empty at 1:1
          note: the place is line 1, column 1
        " \n"
        error[X07-X07AST-PARSE-0001]: the file is empty at 2:1
          note: the place is line 2, column 1
        "[1]"
        error[X07-AST-0003]: a source file is one JSON object, not an array
          at ""
        "{"
        error[X07-X07AST-PARSE-0001]: the file ends too early (inside an object) at 1:2
          note: the place is line 1, column 2
        "{\"kind\":\"entry\",\n \"decls\": [1, 2,]}"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: trailing comma at 2:17
          note: the place is line 2, column 17
          note: the JSON breaks off before `]}`
          help: JSON allows no comma after the last item
        "{\"kind\": // a comment\n 1}"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: expected a value at 1:10
          note: the place is line 1, column 10
          note: the JSON breaks off before `// a comment`
          help: JSON has no comments; a `doc` string on the file or on a declaration holds words
        "{'kind': 1}"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: key must be a string at 1:2
          note: the place is line 1, column 2
          note: the JSON breaks off before `'kind': 1}`
          help: strings are written in double quotes
        "{\"kind\": 1} ]"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: trailing characters at 1:13
          note: the place is line 1, column 13
          note: the JSON breaks off before `]`
          help: nothing but white space may follow the object
        "{\"kind\": 01}"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: invalid number at 1:11
          note: the place is line 1, column 11
          note: the JSON breaks off before `1}`
          help: a number is an optional minus sign and digits without leading zeros
        "{\"kind\": \"a\nb\"}"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: control character (\u0000-\u001F) found while parsing a string at 2:1
          note: the place is line 2, column 1
          note: the JSON breaks off before `b"}`
        "{\"kind\": \"\\ud800\"}"
        error[X07-X07AST-PARSE-0001]: `\ud800` is half of a surrogate pair at 1:11
          note: the place is line 1, column 11
          help: write both halves, or the character itself
        "{\"kind\": \"\\udc00 after\"}"
        error[X07-X07AST-PARSE-0001]: `\udc00` is half of a surrogate pair at 1:11
          note: the place is line 1, column 11
          help: write both halves, or the character itself
        "{\"kind\": \"\\q\"}"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: invalid escape at 1:12
          note: the place is line 1, column 12
          note: the JSON breaks off before `q"}`
        "{\"é\": nul}"
        error[X07-X07AST-PARSE-0001]: the file is not valid JSON: a word that is none of `true`, `false` and `null` at 1:10
          note: the place is line 1, column 10
          note: the JSON breaks off before `}`
        "\u{feff}{}"
        error[X07-X07AST-PARSE-0001]: the file begins with a byte order mark at 1:1
          note: the place is line 1, column 1
          help: save the file as UTF-8 without a byte order mark
        error[X07-X07AST-PARSE-0001]: byte 0xFF is not UTF-8 at 1:8
          note: the place is line 1, column 8
          help: save the file as UTF-8; in JSON any character may also be written as \uXXXX
    "#]].assert_eq(&texts);
}

#[test]
fn types_end_at_sixty_four() {
    let result = nested(65, "[\"option\",", "\"i32\"");
    let decl = format!(r#"{{"kind":"defn","name":"main.f","params":[],"result":{result},"body":1}}"#);
    check(
        entry(&decl, "1"),
        expect![[r#"
        error[X07-TY-0109]: types are nested more than 64 deep
          at "/decls/0/result/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1/1" in main.f
    "#]],
    );
}

/// `inner` in `depth` lists.
fn nested(depth: usize, open: &str, inner: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), "]".repeat(depth))
}

#[test]
fn a_thousand_containers_are_fine() {
    let mut texts = told(entry("", &nested(999, "[\"+\",", "1")), Expected::Entry);
    let result = nested(64, "[\"option\",", "\"i32\"");
    let decl = format!(r#"{{"kind":"defn","name":"main.f","params":[],"result":{result},"body":1}}"#);
    texts += &told(entry(&decl, "1"), Expected::Entry);
    let ignored = format!("{{\"unknown\":{},\"schema", nested(999, "[", ""));
    texts += &told(entry("", "1").replace("{\"schema", &ignored), Expected::Entry);
    let meta = format!("{{\"meta\":{{\"a\":{}}},\"schema", nested(998, "[", ""));
    texts += &told(entry("", "1").replace("{\"schema", &meta), Expected::Entry);
    expect![[r#"
        fine
        fine
        warning[X07-AST-0002]: a source file has no key `unknown`; it is ignored
          at "/unknown"
          help: the keys of a source file are `schema_version`, `kind`, `module_id`, `imports`, `decls`, `solve`, `meta`, `doc`
        fine
    "#]].assert_eq(&texts);
}

#[test]
fn deeper_nesting_is_refused_before_it_is_entered() {
    check(
        entry("", &nested(1_000, "[\"+\",", "1")),
        expect![[r#"
        error[X07-X07AST-PARSE-0001]: arrays and objects are nested more than 1000 deep at 1:5099
          note: the place is line 1, column 5099
          help: move inner parts into functions of their own
    "#]],
    );
    check(
        entry("", &nested(1_000_000, "[\"+\",", "1")),
        expect![[r#"
        error[X07-X07AST-PARSE-0001]: arrays and objects are nested more than 1000 deep at 1:5099
          note: the place is line 1, column 5099
          help: move inner parts into functions of their own
    "#]],
    );
    check(
        format!("{{\"unknown\":{}}}", nested(1_000_000, "[", "")),
        expect![[r#"
            error[X07-X07AST-PARSE-0001]: arrays and objects are nested more than 1000 deep at 1:1011
              note: the place is line 1, column 1011
              help: move inner parts into functions of their own
        "#]],
    );
    check(
        "[{\"a\":".repeat(1_000_000),
        expect![[r#"
        error[X07-X07AST-PARSE-0001]: arrays and objects are nested more than 1000 deep at 1:3001
          note: the place is line 1, column 3001
          help: move inner parts into functions of their own
    "#]],
    );
}

/// What is left of a file that has errors.
fn remains(source: impl AsRef<[u8]>, expected: Expected<'_>) -> String {
    let parsed = parse(source.as_ref(), expected);
    assert!(parsed.file.is_none(), "it has no errors");
    let Some(file) = parsed.remains else {
        return "nothing\n".to_owned();
    };
    let mut text = String::new();
    for (index, decl) in file.decls.iter().enumerate() {
        text += &match decl {
            Decl::Function(function) => {
                let body = file.exprs.canonical_json(function.body);
                format!("{}: {} = {body}\n", file.exprs.pointer(function.body), function.name)
            }
            Decl::Extern(function) => format!("/decls/{index}: {}\n", function.name),
            Decl::Export(export) => format!("/decls/{index}: exports {:?}\n", export.names),
        };
    }
    text += &file.solve.map_or_else(String::new, |solve| format!("solve = {}\n", file.exprs.canonical_json(solve)));
    let Gaps { imports, exports, declarations, functions, bodies } = &file.gaps;
    let lists = [(*imports, "imports"), (*exports, "exports"), (*declarations, "declarations")];
    let lists: Vec<&str> = lists.iter().filter(|(is_open, _)| *is_open).map(|(_, name)| *name).collect();
    text + &format!("imports {:?}; gaps: {lists:?}, functions {functions:?}, bodies {bodies:?}\n", file.imports)
}

fn check_remains(source: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&remains(source, Expected::Module("lib.num")));
}

#[test]
fn what_errors_are_not_about_is_left() {
    let function = |name: &str, more: &str| {
        format!(r#"{{"kind":"defn","name":"lib.num.{name}","params":[],"result":"i32","body":["+",1,2]{more}}}"#)
    };
    let exports = r#"{"kind":"export","names":["lib.num.f","lib.num.g"]}"#;
    let file = |f: &str| module("lib.num", &format!("{},{exports},{}", f, function("g", "")));
    // A body, a clause, a signature, a kind, a name, a declaration.
    for (f, expected) in [
        (
            function("f", r#","body":["+",true]"#),
            expect![[r#"
            /decls/0/body: lib.num.f = 0
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {}, bodies {"lib.num.f"}
        "#]],
        ),
        (
            function("f", r#","ensures":[{"expr":true}]"#),
            expect![[r#"
            /decls/0/body: lib.num.f = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {}, bodies {}
        "#]],
        ),
        (
            function("f", r#","ensures":[{}]"#),
            expect![[r#"
            /decls/0/body: lib.num.f = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {}, bodies {}
        "#]],
        ),
        (
            function("f", r#","params":[{"name":"x"}]"#),
            expect![[r#"
            /decls/0: exports []
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {"lib.num.f"}, bodies {}
        "#]],
        ),
        (
            function("f", r#","type_params":[{"name":"A"}],"body":1.5"#),
            expect![[r#"
            /decls/0: exports []
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {"lib.num.f"}, bodies {}
        "#]],
        ),
        (
            function("f", r#","kind":"def""#),
            expect![[r#"
            /decls/0: exports []
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: ["exports", "declarations"], functions {"lib.num.f"}, bodies {}
        "#]],
        ),
        (
            function("f", r#","name":"lib.f""#),
            expect![[r#"
            /decls/0: exports []
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: ["exports", "declarations"], functions {"lib.f", "lib.num.f"}, bodies {}
        "#]],
        ),
        (
            function("f", r#","name":"lib.num.g""#),
            expect![[r#"
            /decls/0/body: lib.num.g = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2: exports []
            imports []; gaps: ["exports", "declarations"], functions {"lib.num.f", "lib.num.g"}, bodies {}
        "#]],
        ),
        (
            "7".to_owned(),
            expect![[r#"
            /decls/0: exports []
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: ["exports", "declarations"], functions {"lib.num.f"}, bodies {}
        "#]],
        ),
        (
            r#"{"kind":"extern","abi":"D","name":"lib.num.f","params":[],"result":"i32"}"#.to_owned(),
            expect![[r#"
            /decls/0: exports []
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {"lib.num.f"}, bodies {}
        "#]],
        ),
    ] {
        check_remains(file(&f), expected);
    }
    // The file at large.
    let good = file(&function("f", ""));
    for (from, to, expected) in [
        (
            r#""imports":[]"#,
            r#""imports":["a","a b"]"#,
            expect![[r#"
            /decls/0/body: lib.num.f = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports ["a"]; gaps: ["imports"], functions {}, bodies {}
        "#]],
        ),
        (
            r#""imports":[],"#,
            "",
            expect![[r#"
            /decls/0/body: lib.num.f = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: ["imports"], functions {}, bodies {}
        "#]],
        ),
        (
            r#""decls""#,
            r#""declarations""#,
            expect![[r#"
            imports []; gaps: ["exports", "declarations"], functions {}, bodies {}
        "#]],
        ),
        (
            "0.5.0",
            "9.5.0",
            expect![[r#"
            /decls/0/body: lib.num.f = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {}, bodies {}
        "#]],
        ),
        (
            r#""lib.num","imports""#,
            r#""lib.other","imports""#,
            expect![[r#"
            nothing
        "#]],
        ),
        (
            r#""kind":"module""#,
            r#""kind":"entry""#,
            expect![[r#"
            nothing
        "#]],
        ),
        (
            r#""kind":"module""#,
            r#""kind":"modul""#,
            expect![[r#"
            /decls/0/body: lib.num.f = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.g"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: [], functions {}, bodies {}
        "#]],
        ),
        (
            "}]}",
            "}]",
            expect![[r#"
            nothing
        "#]],
        ),
        (
            r#"["lib.num.f","lib.num.g"]"#,
            r#"["lib.num.f","lib.num.h",3]"#,
            expect![[r#"
            /decls/0/body: lib.num.f = ["+",1,2]
            /decls/1: exports ["lib.num.f", "lib.num.h"]
            /decls/2/body: lib.num.g = ["+",1,2]
            imports []; gaps: ["exports"], functions {"lib.num.h"}, bodies {}
        "#]],
        ),
        (
            r#"["+",1,2]"#,
            &format!("[\"+\",{}]", vec!["true"; 201].join(",")),
            expect![[r#"
            nothing
        "#]],
        ),
    ] {
        assert!(good.contains(from), "{from}");
        check_remains(good.replacen(from, to, 1), expected);
    }
    let entry_with_errors = remains(entry(r#"{"kind":"export","names":[]}"#, "[]"), Expected::Entry);
    expect![[r#"
        /decls/0: exports []
        imports []; gaps: ["exports"], functions {}, bodies {}
    "#]]
    .assert_eq(&entry_with_errors);
}
