//! Compares a runner's report with what a case expects.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::case::{Case, Expect};

/// An error says what is wrong.
pub(crate) fn check(report: &Value, case: &Case) -> Result<(), String> {
    let expect = &case.expect;
    let (compile, solve) = (&report["compile"], &report["solve"]);
    let compiled = compile["ok"] == true;
    let error = compile["compile_error"].as_str().unwrap_or_default();
    if let Some(mention) = &expect.compile_error {
        if compiled {
            return Err("compiled, but a compile error was expected".to_owned());
        }
        let missing = mention.missing_in(error);
        return if missing.is_empty() { Ok(()) } else { Err(format!("the compile error lacks {missing:?}: {error}")) };
    }
    if !compiled {
        let compiler = String::from_utf8_lossy(&bytes(&compile["stderr_b64"])).into_owned();
        return Err(format!("does not compile: {error}\n{compiler}"));
    }

    let stderr = String::from_utf8_lossy(&bytes(&solve["stderr_b64"])).into_owned();
    let trap = solve["trap"].as_str().unwrap_or_default();
    let ran = solve["ok"] == true;
    if let Some(mention) = &expect.trap {
        if ran {
            return Err("ran to the end, but a trap was expected".to_owned());
        }
        let text = format!("{trap} {stderr}");
        let missing = mention.missing_in(&text);
        return if missing.is_empty() { Ok(()) } else { Err(format!("the trap lacks {missing:?}: {text}")) };
    }
    if !ran {
        return Err(format!("did not run to the end: exit {} trap {trap:?}\n{stderr}", solve["exit_status"]));
    }
    check_output(&bytes(&solve["solve_output_b64"]), expect)?;
    check_statistics(solve, &expect.stats, &expect.stats_max)?;
    check_statistics(solve, &case.stats, &case.stats_max)
}

fn check_output(output: &[u8], expect: &Expect) -> Result<(), String> {
    let shown = String::from_utf8_lossy(output);
    if let Some(expected) = &expect.output {
        let expected = expected.bytes();
        if expected != output {
            return Err(format!("output {shown:?}, expected {:?}", String::from_utf8_lossy(&expected)));
        }
    }
    if let Some(pattern) = &expect.output_re {
        let pattern = regex::RegexBuilder::new(&format!("(?s)^(?:{pattern})$"))
            // One case counts a mebibyte.
            .size_limit(1 << 28)
            .build()
            .map_err(|error| error.to_string())?;
        let text: String = output.iter().map(|byte| char::from(*byte)).collect();
        if !pattern.is_match(&text) {
            return Err(format!("output {shown:?} does not match {pattern}"));
        }
    }
    Ok(())
}

fn check_statistics(
    solve: &Value,
    exact: &BTreeMap<String, Value>,
    most: &BTreeMap<String, i64>,
) -> Result<(), String> {
    for (path, expected) in exact {
        let found = dig(solve, path);
        if found != *expected {
            return Err(format!("{path} is {found}, expected {expected}"));
        }
    }
    for (path, most) in most {
        let found = dig(solve, path);
        if found.as_i64().is_none_or(|found| found > *most) {
            return Err(format!("{path} is {found}, at most {most} expected"));
        }
    }
    Ok(())
}

fn dig(object: &Value, path: &str) -> Value {
    path.split('.').fold(object, |value, key| &value[key]).clone()
}

fn bytes(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap_or_default()).unwrap_or_default()
}
