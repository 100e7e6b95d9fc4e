//! Manifests and what is wrong with them.

use std::fs;

use expect_test::{Expect, expect};

/// Reads a manifest beside a folder `folder` and a file `file`, and tells its mistakes and warnings, or its tests.
fn check(text: &str, expected: Expect) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("folder/fs")).unwrap();
    fs::write(folder.path().join("file"), "abc").unwrap();
    let path = folder.path().join("tests.json");
    fs::write(&path, text).unwrap();
    let told = match x07_test::manifest::read(&path) {
        Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect::<String>(),
        Ok(manifest) => {
            let test = |test: &x07_test::manifest::Test| {
                let input = String::from_utf8_lossy(&test.input).into_owned();
                format!("{} {} {} {:?} {input:?}\n", test.id, test.world, test.expect.as_str(), test.returns)
            };
            let warnings: String = manifest.warnings.iter().map(|warning| format!("{warning}\n")).collect();
            manifest.tests.iter().map(test).collect::<String>() + &warnings
        }
    };
    expected.assert_eq(&told.replace(&folder.path().display().to_string(), "FOLDER"));
}

/// A manifest of version 0.2.0 with these tests.
fn check_tests(tests: &str, expected: Expect) {
    check(&format!(r#"{{"schema_version": "x07.tests_manifest@0.2.0", "tests": [{tests}]}}"#), expected);
}

#[test]
fn a_good_manifest_is_sorted_and_filled_in() {
    check_tests(
        r#"{"id": "b", "world": "solve-pure", "entry": "m.b", "input_b64": "aGk=", "expect": "fail"},
           {"id": "a", "world": "run-os", "entry": "m.n.a", "expect": "skip", "returns": "bytes_status_v1"},
           {"id": "c", "world": "solve-fs", "entry": "m.c", "fixture_root": "folder", "timeout_ms": 1},
           {"id": "d", "world": "solve-pure", "entry": "m.d", "input_path": "./file", "expect": null},
           {"id": "e", "world": "run-os-sandboxed", "entry": "m.e", "policy_json": "file"},
           {"id": "p", "world": "solve-kv", "entry": "m.p", "fixture_root": "folder/fs",
            "pbt": {"params": [{"name": "n", "gen": {"kind": "i32", "min": -3}}]}}"#,
        expect![[r#"
            a run-os skip BytesStatusV1 ""
            b solve-pure fail ResultI32 "hi"
            c solve-fs pass ResultI32 ""
            d solve-pure pass ResultI32 "abc"
            e run-os-sandboxed pass ResultI32 ""
            p solve-kv pass BytesStatusV1 ""
        "#]],
    );
}

#[test]
fn unknown_names_are_warned_of() {
    check_tests(
        r#"{"id": "a", "world": "run-os", "entry": "m.a", "expects": "fail", "comment": "x", "a/b": 1,
            "pbt": null}"#,
        expect![[r#"
            a run-os pass ResultI32 ""
            WTEST_UNKNOWN_FIELD: "a/b" means nothing here (/tests/0/a~1b)
            WTEST_UNKNOWN_FIELD: "comment" means nothing here (/tests/0/comment)
            WTEST_UNKNOWN_FIELD: "expects" means nothing here; is it "expect"? (/tests/0/expects)
        "#]],
    );
}

#[test]
fn a_file_that_is_no_manifest_is_refused() {
    check(
        "{",
        expect![[r#"
        ETEST_MANIFEST_JSON: no JSON: EOF while parsing an object at line 1 column 1 (FOLDER/tests.json)
    "#]],
    );
    check(
        "[]",
        expect![[r#"
        ETEST_MANIFEST_JSON: an object is expected here ()
    "#]],
    );
    check(
        "{}",
        expect![[r#"
        ETEST_SCHEMA_VERSION: "" is neither x07.tests_manifest@0.1.0 nor x07.tests_manifest@0.2.0 (/schema_version)
        ETEST_TESTS_EMPTY: there are no tests (/tests)
    "#]],
    );
    let missing = x07_test::manifest::read(std::path::Path::new("no/such/file")).unwrap_err();
    assert_eq!((missing.len(), missing[0].code), (1, "ETEST_MANIFEST_IO"));
}

#[test]
fn all_mistakes_are_told_in_order_of_their_places() {
    check(
        r#"{"schema_version": "x07.tests_manifest@0.1.0", "tests": [
            {"id": "", "world": "mars", "entry": "nodot", "expect": "maybe", "returns": "i32", "timeout_ms": 0},
            {"id": "ä", "world": "run-os", "entry": "a..b", "input_b64": "aGk=", "fixture_root": "folder"},
            {"id": "x", "world": "solve-fs", "entry": "m.a", "policy_json": "file"},
            {"id": "x", "world": "solve-full", "entry": "m.a", "fixture_root": "folder"},
            {"id": "y", "world": "solve-rr", "entry": "m.a", "fixture_root": "../folder"},
            {"id": "z", "world": "run-os-sandboxed", "entry": "m.a"},
            {"id": 1, "world": "run-os-sandboxed", "entry": "m.a", "policy_json": "/etc/passwd"},
            {"id": "w", "world": "run-os-sandboxed", "entry": "m.a", "policy_json": "none", "trap": "oob"},
            7]}"#,
        expect![[r#"
            ETEST_ENTRY_INVALID: "nodot" is not a function as module.symbol (/tests/0/entry)
            ETEST_EXPECT_INVALID: "maybe" is none of pass, fail, skip (/tests/0/expect)
            ETEST_ID_EMPTY: a test needs an id (/tests/0/id)
            ETEST_RETURNS_INVALID: "i32" is neither result_i32 nor bytes_status_v1 (/tests/0/returns)
            ETEST_TIMEOUT_INVALID: 0 is not an integer from 1 to 4294967295 (/tests/0/timeout_ms)
            ETEST_WORLD_INVALID: "mars" is no world; there are solve-pure, solve-fs, solve-rr, solve-kv, solve-full, run-os, run-os-sandboxed (/tests/0/world)
            ETEST_ENTRY_INVALID: "a..b" is not a function as module.symbol (/tests/1/entry)
            ETEST_FIXTURE_FORBIDDEN: a test in world run-os has no fixtures (/tests/1/fixture_root)
            ETEST_ID_NON_ASCII: "ä" is not printable ASCII (/tests/1/id)
            ETEST_INPUT_NOT_ALLOWED_V010: an input needs x07.tests_manifest@0.2.0 (/tests/1/input_b64)
            ETEST_INPUT_UNSUPPORTED_WORLD: a test in world run-os has no input (/tests/1/input_b64)
            ETEST_FIXTURE_REQUIRED: a test in world solve-fs needs its fixtures (/tests/2/fixture_root)
            ETEST_POLICY_FORBIDDEN: a test in world solve-fs has no policy (/tests/2/policy_json)
            ETEST_FIXTURE_MISSING: FOLDER/folder/kv is not a folder (/tests/3/fixture_root)
            ETEST_FIXTURE_MISSING: FOLDER/folder/rr is not a folder (/tests/3/fixture_root)
            ETEST_ID_DUPLICATE: "x" is the id of an earlier test (/tests/3/id)
            ETEST_FIXTURE_UNSAFE_PATH: "../folder" is not a path below the manifest's folder (/tests/4/fixture_root)
            ETEST_POLICY_REQUIRED: a test in the sandbox needs a policy (/tests/5/policy_json)
            ETEST_ID_EMPTY: a test needs an id (/tests/6/id)
            ETEST_MANIFEST_JSON: a string is expected here (/tests/6/id)
            ETEST_POLICY_UNSAFE_PATH: "/etc/passwd" is not a path below the manifest's folder (/tests/6/policy_json)
            ETEST_POLICY_MISSING: FOLDER/none is not a file (/tests/7/policy_json)
            ETEST_EXPECT_INVALID: a trap can only be expected of a test whose expect is fail (/tests/7/trap)
            ETEST_MANIFEST_JSON: an object is expected here (/tests/8)
        "#]],
    );
    check_tests(
        r#"{"id": "a", "world": "solve-pure", "entry": "m.a", "input_b64": "!", "input_path": "none"},
           {"id": "b", "world": "solve-pure", "entry": "m.a", "input_path": "../file"}"#,
        expect![[r#"
            ETEST_INPUT_B64_INVALID: Invalid symbol 33, offset 0. (/tests/0/input_b64)
            ETEST_INPUT_CONFLICT: either input_b64 or input_path, not both (/tests/0/input_path)
            ETEST_INPUT_PATH_READ_FAILED: cannot read FOLDER/none: No such file or directory (os error 2) (/tests/0/input_path)
            ETEST_INPUT_UNSAFE_PATH: "../file" is not a path below the manifest's folder (/tests/1/input_path)
        "#]],
    );
}

#[test]
fn mistakes_of_properties_are_told() {
    check_tests(
        r#"{"id": "a", "world": "run-os", "entry": "m.a", "returns": "result_i32", "pbt": {"params": []}},
           {"id": "b", "world": "solve-pure", "entry": "m.a", "input_b64": "", "pbt": {"params": [
             {"name": "", "gen": {"kind": "i32", "min": 3, "max": 2}}, {"name": "x"},
             {"name": "f", "gen": {"kind": "float"}}, {"name": "b", "gen": {"kind": "bytes"}},
             {"name": "c", "gen": {"kind": "bytes", "max_len": -1}}], "cases": 0, "max_shrinks": 1.5,
             "case_budget": {"fuel": 0}, "budget_scope": {"alloc_calls": -1, "alloc_cals": 1}}}"#,
        expect![[r#"
            X07T_EPBT_PARAM_EMPTY: a property has at least one parameter (/tests/0/pbt/params)
            X07T_EPBT_MANIFEST_INVALID: a property test returns bytes_status_v1 (/tests/0/returns)
            X07T_EPBT_UNSUPPORTED_WORLD: a property test cannot run in world run-os (/tests/0/world)
            X07T_EPBT_MANIFEST_INVALID: the input of a property test is generated (/tests/1/input_b64)
            X07T_EPBT_MANIFEST_INVALID: -1 is not an integer from 0 to 2147483647 (/tests/1/pbt/budget_scope/alloc_calls)
            X07T_EPBT_MANIFEST_INVALID: 0 is not an integer from 1 to 9223372036854775807 (/tests/1/pbt/case_budget/fuel)
            X07T_EPBT_MANIFEST_INVALID: 0 is not an integer from 1 to 4294967295 (/tests/1/pbt/cases)
            X07T_EPBT_MANIFEST_INVALID: 1.5 is not an integer from 0 to 4294967295 (/tests/1/pbt/max_shrinks)
            X07T_EPBT_MANIFEST_INVALID: no integer is from 3 to 2 (/tests/1/pbt/params/0/gen)
            X07T_EPBT_MANIFEST_INVALID: a parameter needs a name (/tests/1/pbt/params/0/name)
            X07T_EPBT_MANIFEST_INVALID: a parameter needs a generator (/tests/1/pbt/params/1/gen)
            X07T_EPBT_UNKNOWN_GEN_KIND: "float" generates nothing: i32 and bytes do (/tests/1/pbt/params/2/gen/kind)
            X07T_EPBT_MANIFEST_INVALID: generated bytes need a greatest length (/tests/1/pbt/params/3/gen/max_len)
            X07T_EPBT_MANIFEST_INVALID: -1 is not an integer from 0 to 16777216 (/tests/1/pbt/params/4/gen/max_len)
        "#]],
    );
}
