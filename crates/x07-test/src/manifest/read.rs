//! Reads a manifest and finds everything that is wrong with it in one go.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use x07_pkg::World;

use super::fields::{Fields, Findings, WRONG_TYPE};
use super::{Expect, Finding, Manifest, Returns, Test, property};

const SCHEMA_0_1: &str = "x07.tests_manifest@0.1.0";
const SCHEMA_0_2: &str = "x07.tests_manifest@0.2.0";

const TEST_FIELDS: &[&str] = &[
    "id",
    "world",
    "entry",
    "expect",
    "returns",
    "timeout_ms",
    "input_b64",
    "input_path",
    "fixture_root",
    "policy_json",
    "trap",
    "pbt",
];

/// Reads the manifest at `path`; an error is the list of all mistakes, sorted.
pub fn read(path: &Path) -> Result<Manifest, Vec<Finding>> {
    let whole = |code, message: String| vec![Finding { code, path: path.display().to_string(), message }];
    let text = fs::read(path).map_err(|error| whole("ETEST_MANIFEST_IO", format!("cannot be read: {error}")))?;
    parse(path, &text)
}

fn parse(path: &Path, text: &[u8]) -> Result<Manifest, Vec<Finding>> {
    let value: Value = serde_json::from_slice(text).map_err(|error| {
        vec![Finding { code: WRONG_TYPE, path: path.display().to_string(), message: format!("no JSON: {error}") }]
    })?;
    let mut findings = Findings::default();
    let mut manifest = Manifest { path: path.to_owned(), tests: Vec::new(), warnings: Vec::new() };
    if let Some(fields) = Fields::of(&value, String::new(), &mut findings) {
        let folder = manifest.folder().to_owned();
        manifest.tests = top(&fields, &folder, &mut findings);
    }
    findings.errors.sort();
    findings.warnings.sort();
    if !findings.errors.is_empty() {
        return Err(findings.errors);
    }
    manifest.tests.sort_by(|a, b| a.id.cmp(&b.id));
    manifest.warnings = findings.warnings;
    Ok(manifest)
}

fn top(fields: &Fields<'_>, folder: &Path, findings: &mut Findings) -> Vec<Test> {
    fields.warn_of_others(&["schema_version", "tests"], findings);
    let schema = fields.text("schema_version", findings).unwrap_or_default();
    if ![SCHEMA_0_1, SCHEMA_0_2].contains(&schema) {
        let message = format!("\"{schema}\" is neither {SCHEMA_0_1} nor {SCHEMA_0_2}");
        findings.error("ETEST_SCHEMA_VERSION", fields.pointer("schema_version"), message);
    }
    let tests = fields.list("tests", findings);
    if tests.is_none_or(<[Value]>::is_empty) {
        findings.error("ETEST_TESTS_EMPTY", fields.pointer("tests"), "there are no tests");
    }
    let mut ids = HashSet::new();
    let mut read = Vec::new();
    for (index, value) in tests.unwrap_or_default().iter().enumerate() {
        let Some(fields) = Fields::of(value, format!("/tests/{index}"), findings) else {
            continue;
        };
        let reader = Reader { fields, folder, is_0_1: schema == SCHEMA_0_1 };
        let test = reader.test(findings);
        if !test.id.is_empty() && !ids.insert(test.id.clone()) {
            let message = format!("\"{}\" is the id of an earlier test", test.id);
            findings.error("ETEST_ID_DUPLICATE", reader.fields.pointer("id"), message);
        }
        read.push(test);
    }
    read
}

struct Reader<'a> {
    fields: Fields<'a>,
    folder: &'a Path,
    is_0_1: bool,
}

impl Reader<'_> {
    fn test(&self, findings: &mut Findings) -> Test {
        let fields = &self.fields;
        fields.warn_of_others(TEST_FIELDS, findings);
        let world = self.world(findings);
        let property = fields.object("pbt", findings).map(|fields| property::read(&fields, findings));
        if property.is_some() {
            self.check_property(world, findings);
        }
        let expect = self.expect(findings);
        let default_returns = if property.is_some() { Returns::BytesStatusV1 } else { Returns::ResultI32 };
        let timeout = fields.number("timeout_ms", 1, i64::from(u32::MAX), "ETEST_TIMEOUT_INVALID", findings);
        Test {
            id: self.id(findings),
            world: world.unwrap_or(World::SolvePure),
            entry: self.entry(findings),
            expect,
            returns: self.returns(findings).unwrap_or(default_returns),
            timeout_ms: timeout.map(|milliseconds| milliseconds as u64),
            input: self.input(world, findings),
            fixture_root: self.fixtures(world, findings),
            policy: self.policy(world, findings),
            trap: self.trap(expect, findings),
            property,
        }
    }

    fn id(&self, findings: &mut Findings) -> String {
        let id = self.fields.text("id", findings).unwrap_or_default();
        let pointer = self.fields.pointer("id");
        if id.is_empty() {
            findings.error("ETEST_ID_EMPTY", pointer, "a test needs an id");
        } else if !id.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            findings.error("ETEST_ID_NON_ASCII", pointer, format!("{id:?} is not printable ASCII"));
        }
        id.to_owned()
    }

    fn world(&self, findings: &mut Findings) -> Option<World> {
        let text = self.fields.text("world", findings).unwrap_or_default();
        let world = text.parse().ok();
        if world.is_none() {
            let names = World::ALL.map(World::as_str).join(", ");
            let message = format!("\"{text}\" is no world; there are {names}");
            findings.error("ETEST_WORLD_INVALID", self.fields.pointer("world"), message);
        }
        world
    }

    fn entry(&self, findings: &mut Findings) -> String {
        let entry = self.fields.text("entry", findings).unwrap_or_default();
        if !entry.contains('.') || !x07_pkg::is_module_id(entry) {
            let message = format!("\"{entry}\" is not a function as module.symbol");
            findings.error("ETEST_ENTRY_INVALID", self.fields.pointer("entry"), message);
        }
        entry.to_owned()
    }

    fn expect(&self, findings: &mut Findings) -> Expect {
        match self.fields.text("expect", findings) {
            None | Some("pass") => Expect::Pass,
            Some("fail") => Expect::Fail,
            Some("skip") => Expect::Skip,
            Some(text) => {
                let message = format!("\"{text}\" is none of pass, fail, skip");
                findings.error("ETEST_EXPECT_INVALID", self.fields.pointer("expect"), message);
                Expect::Pass
            }
        }
    }

    fn returns(&self, findings: &mut Findings) -> Option<Returns> {
        match self.fields.text("returns", findings)? {
            "result_i32" => Some(Returns::ResultI32),
            "bytes_status_v1" => Some(Returns::BytesStatusV1),
            text => {
                let message = format!("\"{text}\" is neither result_i32 nor bytes_status_v1");
                findings.error("ETEST_RETURNS_INVALID", self.fields.pointer("returns"), message);
                None
            }
        }
    }

    fn trap(&self, expect: Expect, findings: &mut Findings) -> Option<String> {
        let trap = self.fields.text("trap", findings)?;
        if expect != Expect::Fail {
            let message = "a trap can only be expected of a test whose expect is fail";
            findings.error("ETEST_EXPECT_INVALID", self.fields.pointer("trap"), message);
        }
        Some(trap.to_owned())
    }

    fn check_property(&self, world: Option<World>, findings: &mut Findings) {
        let fields = &self.fields;
        let mut invalid = |key: &str, message: &str| {
            findings.error("X07T_EPBT_MANIFEST_INVALID", fields.pointer(key), message);
        };
        for key in ["input_b64", "input_path"].into_iter().filter(|key| fields.has(key)) {
            invalid(key, "the input of a property test is generated");
        }
        if fields.get("returns").is_some_and(|returns| returns == "result_i32") {
            invalid("returns", "a property test returns bytes_status_v1");
        }
        if self.is_0_1 {
            invalid("pbt", "property tests need x07.tests_manifest@0.2.0");
        }
        if let Some(world) = world.filter(|world| world.is_os()) {
            let message = format!("a property test cannot run in world {world}");
            findings.error("X07T_EPBT_UNSUPPORTED_WORLD", fields.pointer("world"), message);
        }
    }

    fn input(&self, world: Option<World>, findings: &mut Findings) -> Vec<u8> {
        let fields = &self.fields;
        let given: Vec<&str> = ["input_b64", "input_path"].into_iter().filter(|key| fields.has(key)).collect();
        for key in &given {
            if self.is_0_1 {
                let message = format!("an input needs {SCHEMA_0_2}");
                findings.error("ETEST_INPUT_NOT_ALLOWED_V010", fields.pointer(key), message);
            }
            if let Some(world) = world.filter(|world| world.is_os()) {
                let message = format!("a test in world {world} has no input");
                findings.error("ETEST_INPUT_UNSUPPORTED_WORLD", fields.pointer(key), message);
            }
        }
        if given.len() > 1 {
            let message = "either input_b64 or input_path, not both";
            findings.error("ETEST_INPUT_CONFLICT", fields.pointer("input_path"), message);
        }
        let mut input = Vec::new();
        if let Some(text) = fields.text("input_b64", findings) {
            match STANDARD.decode(text) {
                Ok(bytes) => input = bytes,
                Err(error) => {
                    findings.error("ETEST_INPUT_B64_INVALID", fields.pointer("input_b64"), error.to_string());
                }
            }
        }
        if let Some(text) = fields.text("input_path", findings) {
            let pointer = fields.pointer("input_path");
            match self.safe(text) {
                None => findings.error("ETEST_INPUT_UNSAFE_PATH", pointer, unsafe_path(text)),
                Some(path) => match fs::read(&path) {
                    Ok(bytes) => input = bytes,
                    Err(error) => {
                        let message = format!("cannot read {}: {error}", path.display());
                        findings.error("ETEST_INPUT_PATH_READ_FAILED", pointer, message);
                    }
                },
            }
        }
        input
    }

    fn fixtures(&self, world: Option<World>, findings: &mut Findings) -> Option<String> {
        let wants = |world: World| !world.is_os() && world != World::SolvePure;
        let pointer = self.fields.pointer("fixture_root");
        let Some(text) = self.fields.text("fixture_root", findings) else {
            if let Some(world) = world.filter(|world| wants(*world) && !self.fields.has("fixture_root")) {
                let message = format!("a test in world {world} needs its fixtures");
                findings.error("ETEST_FIXTURE_REQUIRED", pointer, message);
            }
            return None;
        };
        if let Some(world) = world.filter(|world| !wants(*world)) {
            let message = format!("a test in world {world} has no fixtures");
            findings.error("ETEST_FIXTURE_FORBIDDEN", pointer, message);
            return None;
        }
        let Some(path) = self.safe(text) else {
            findings.error("ETEST_FIXTURE_UNSAFE_PATH", pointer, unsafe_path(text));
            return None;
        };
        let parts: &[&str] = if world == Some(World::SolveFull) { &["fs", "rr", "kv"] } else { &[""] };
        for folder in parts.iter().map(|part| path.join(part)).filter(|folder| !folder.is_dir()) {
            let message = format!("{} is not a folder", folder.display());
            findings.error("ETEST_FIXTURE_MISSING", pointer.clone(), message);
        }
        Some(text.to_owned())
    }

    fn policy(&self, world: Option<World>, findings: &mut Findings) -> Option<String> {
        let pointer = self.fields.pointer("policy_json");
        let Some(text) = self.fields.text("policy_json", findings) else {
            if world == Some(World::RunOsSandboxed) && !self.fields.has("policy_json") {
                findings.error("ETEST_POLICY_REQUIRED", pointer, "a test in the sandbox needs a policy");
            }
            return None;
        };
        if let Some(world) = world.filter(|world| *world != World::RunOsSandboxed) {
            let message = format!("a test in world {world} has no policy");
            findings.error("ETEST_POLICY_FORBIDDEN", pointer, message);
            return None;
        }
        match self.safe(text) {
            None => findings.error("ETEST_POLICY_UNSAFE_PATH", pointer, unsafe_path(text)),
            Some(path) if !path.is_file() => {
                findings.error("ETEST_POLICY_MISSING", pointer, format!("{} is not a file", path.display()));
            }
            Some(_) => {}
        }
        Some(text.to_owned())
    }

    /// A path below the manifest's folder.
    fn safe(&self, text: &str) -> Option<std::path::PathBuf> {
        Some(self.folder.join(x07_pkg::relative_path(text).ok()?))
    }
}

fn unsafe_path(text: &str) -> String {
    format!("\"{text}\" is not a path below the manifest's folder")
}
