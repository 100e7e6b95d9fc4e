//! A trap's line in plain words (spec builtins 9, language 13.2).

use std::collections::BTreeMap;

use serde_json::Value;
use x07_ast::{Diagnostic, ErrorKind, Stage};

/// A trap or limit as a diagnostic that points at the source.
pub(super) fn explain(trap: &str) -> Diagnostic {
    match trap.strip_prefix("X07T_CONTRACT_V1 ").and_then(|json| serde_json::from_str(json).ok()) {
        Some(contract) => explain_contract(&contract, trap),
        None => explain_line(trap),
    }
}

fn error(code: &str, message: String) -> Diagnostic {
    Diagnostic::error(code, ErrorKind::Typing, message).stage(Stage::Run)
}

/// A line such as `view.get_u8 oob index=5 len=3 module=app ptr=/decls/0/body/2`.
struct Line<'a> {
    message: String,
    facts: BTreeMap<&'a str, &'a str>,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Self {
        let (mut message, mut facts) = (Vec::new(), BTreeMap::new());
        for word in line.split(' ') {
            match word.split_once('=') {
                Some((name, value)) if FACTS.contains(&name) || (name == CAP && !facts.is_empty()) => {
                    facts.insert(name, value);
                }
                _ => message.push(word),
            }
        }
        Line { message: message.join(" "), facts }
    }

    fn fact(&self, name: &str) -> &'a str {
        self.facts.get(name).copied().unwrap_or("?")
    }
}

const FACTS: [&str; 12] =
    ["index", "len", "start", "n", "more", "used", "label", "requested", "live", "module", "ptr", "key"];
/// A fact only after others: `bufread cap=0` is a message.
const CAP: &str = "cap";

fn explain_line(trap: &str) -> Diagnostic {
    let line = Line::parse(trap);
    let mut found = error(code_of(&line), words(&line));
    if let Some(help) = help(&line) {
        found = found.help(help);
    }
    if let Some(pointer) = line.facts.get("ptr") {
        found = found.at(*pointer).module(line.facts.get("module").copied().unwrap_or("main"));
    }
    if !found.message.ends_with(trap) {
        found = found.note(format!("trap: {trap}"));
    }
    found
}

fn code_of(line: &Line<'_>) -> &'static str {
    match line.message.as_str() {
        "fuel exhausted" => "X07-RUN-0002",
        "out of memory" | "heap too small" => "X07-RUN-0003",
        "stack overflow" => "X07-RUN-0004",
        "cpu time limit" | "wall timeout" | "timed out" => "X07-RUN-0005",
        "the output is larger than the limit of this program" => "X07-RUN-0006",
        message if message.starts_with("native output too large") || message.ends_with("exceeded cap") => {
            "X07-RUN-0006"
        }
        message if message.starts_with("X07T_BUDGET_EXCEEDED") => "X07-RUN-0008",
        _ => "X07-RUN-0001",
    }
}

fn words(line: &Line<'_>) -> String {
    let has = |names: &[&str]| names.iter().all(|name| line.facts.contains_key(name));
    let message = &line.message;
    match message.as_str() {
        "fuel exhausted" => "the program used up its fuel".to_owned(),
        "out of memory" => format!("the program is out of memory: it wanted {} more bytes", line.fact("requested")),
        "stack overflow" => "the program's calls are nested too deeply".to_owned(),
        "cpu time limit" => "the program used up its CPU time".to_owned(),
        "wall timeout" | "timed out" => "the program did not end in time".to_owned(),
        "stderr exceeded cap" => "the program wrote too much to standard error".to_owned(),
        "stdout exceeded cap" | "the output is larger than the limit of this program" => {
            "the program wrote too much output".to_owned()
        }
        "standard output cannot be written" => "the program's output cannot be written".to_owned(),
        _ => match message.strip_suffix(" oob") {
            Some(head) if has(&["index", "len"]) => {
                format!("`{head}`: index {} is outside {} bytes", line.fact("index"), line.fact("len"))
            }
            Some(head) if has(&["start", "n", "len"]) => format!(
                "`{head}`: {} bytes from {} are not within {} bytes",
                line.fact("n"),
                line.fact("start"),
                line.fact("len")
            ),
            Some(head) => format!("`{head}`: out of bounds"),
            None => format!("the program trapped: {message}"),
        },
    }
}

fn help(line: &Line<'_>) -> Option<&'static str> {
    match code_of(line) {
        "X07-RUN-0002" => Some("--solve-fuel N gives it more, --solve-fuel 0 as much as it wants"),
        "X07-RUN-0003" => Some("--max-memory-bytes N gives it more"),
        "X07-RUN-0004" => Some("a loop instead of a recursion needs no stack"),
        "X07-RUN-0005" => Some("--cpu-time-limit-seconds N gives it more"),
        "X07-RUN-0006" => Some("--max-output-bytes N allows more"),
        _ => None,
    }
}

fn explain_contract(contract: &Value, trap: &str) -> Diagnostic {
    let text = |key: &str| contract[key].as_str().unwrap_or_default();
    let function = text("fn");
    let kind = match text("contract_kind") {
        "requires" => "a precondition",
        "ensures" => "a postcondition",
        "invariant_entry" => "an invariant, on entry,",
        "invariant_exit" => "an invariant, on exit,",
        _ => "a contract",
    };
    let module = function.rsplit_once('.').map_or("main", |(module, _)| module);
    let mut found = error("X07-RUN-0007", format!("{kind} of `{function}` does not hold: {}", text("clause_id")))
        .module(module)
        .at(text("clause_ptr"));
    found.function = Some(function.to_owned());
    for (index, witness) in contract["witness"].as_array().into_iter().flatten().enumerate() {
        found = found.note(format!("witness {index}: {}", witness_words(witness)));
    }
    found.note(format!("trap: {trap}"))
}

fn witness_words(witness: &Value) -> String {
    let ty = witness["ty"].as_str().unwrap_or("value");
    let number = |key: &str| witness[key].as_i64();
    if let Some(value) = number("value_i32").or(number("ok_i32")) {
        return format!("{ty} {value}");
    }
    if let Some(code) = number("err_code_u32") {
        return format!("{ty} err {code}");
    }
    let contents = if witness["hex"].is_string() { witness } else { &witness["ok"] };
    match contents["hex"].as_str() {
        Some(hex) => format!("{ty} of {} bytes: {hex}", contents["len"]),
        None => witness.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(trap: &str, expected: Expect) {
        let found = explain(trap);
        let place = format!("{}{}", found.module, found.pointer.as_deref().unwrap_or_default());
        let notes = found.notes.iter().filter(|note| !note.starts_with("trap: ")).map(|note| format!("\n{note}"));
        let notes: String = notes.collect();
        let help = found.help.map(|help| format!("\n{help}")).unwrap_or_default();
        expected.assert_eq(&format!("{} {}\n{place}{notes}{help}", found.code, found.message));
    }

    #[test]
    fn places_and_facts_are_read_from_the_line() {
        check(
            "view.get_u8 oob index=5 len=3 module=app.text ptr=/decls/0/body/2",
            expect![[r#"
                X07-RUN-0001 `view.get_u8`: index 5 is outside 3 bytes
                app.text/decls/0/body/2"#]],
        );
        check(
            "view.slice oob start=1 n=9 len=3 ptr=/solve/1",
            expect![[r#"
                X07-RUN-0001 `view.slice`: 9 bytes from 1 are not within 3 bytes
                main/solve/1"#]],
        );
        check(
            "bufread cap=0",
            expect![[r#"
                X07-RUN-0001 the program trapped: bufread cap=0
            "#]],
        );
        check(
            "bufread cap=0 ptr=/solve/1",
            expect![[r#"
                X07-RUN-0001 the program trapped: bufread cap=0
                main/solve/1"#]],
        );
        check(
            "fuel exhausted",
            expect![[r#"
                X07-RUN-0002 the program used up its fuel

                --solve-fuel N gives it more, --solve-fuel 0 as much as it wants"#]],
        );
    }

    #[test]
    fn the_heaps_limit_says_what_was_wanted_and_how_to_give_more() {
        for (trap, said) in [
            (
                "out of memory requested=300000000 live=0 cap=67108864",
                "the program is out of memory: it wanted 300000000 more bytes",
            ),
            ("heap too small", "the program trapped: heap too small"),
        ] {
            let found = explain(trap);
            assert_eq!((&*found.code, &*found.message), ("X07-RUN-0003", said));
            assert_eq!(found.help.as_deref(), Some("--max-memory-bytes N gives it more"));
            assert!(found.message.ends_with(trap) || found.notes == [format!("trap: {trap}")], "{:?}", found.notes);
        }
        let budget = explain("X07T_BUDGET_EXCEEDED_ALLOC_BYTES used=9 cap=8 label=parse");
        assert_eq!(
            (&*budget.code, &*budget.message),
            ("X07-RUN-0008", "the program trapped: X07T_BUDGET_EXCEEDED_ALLOC_BYTES")
        );
    }

    #[test]
    fn a_contract_names_its_function_and_witnesses() {
        check(
            r#"X07T_CONTRACT_V1 {"contract_kind":"requires","fn":"app.f","clause_id":"positive","clause_index":0,"clause_ptr":"/decls/1/requires/0/expr","witness":[{"ty":"i32","value_i32":-3},{"ty":"bytes","len":1,"hex":"2a","truncated":0}]}"#,
            expect![[r#"
                X07-RUN-0007 a precondition of `app.f` does not hold: positive
                app/decls/1/requires/0/expr
                witness 0: i32 -3
                witness 1: bytes of 1 bytes: 2a"#]],
        );
    }
}
