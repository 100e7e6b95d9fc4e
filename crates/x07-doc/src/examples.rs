//! Examples, taken from tests: they are run, so they are true.
//!
//! An assertion that calls a function is an example of it, together with the statements in front of it that make the
//! values it uses. The smallest one is the best.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use x07_ast::canonical_value;

include!(concat!(env!("OUT_DIR"), "/tests.rs"));

/// How a function is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Statements that make what is used.
    pub setup: Vec<Value>,
    /// The expression.
    pub expression: Value,
    /// What it gives.
    pub gives: Gives,
    /// The test that runs it.
    pub test: String,
    /// The assertion that says so.
    #[serde(skip)]
    pub assertion: String,
}

/// What the expression of an example gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// The value of this expression.
    Value(Value),
    /// An integer other than 0.
    True,
}

/// Examples by function or head.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    best: BTreeMap<String, (usize, Example)>,
}

/// Larger ones teach nothing.
const LARGEST: usize = 120;

impl Examples {
    /// The examples of the standard library. `is_number` says whether a function or head yields an i32.
    pub(crate) fn std(is_number: &dyn Fn(&str) -> bool) -> Self {
        let mut examples = Examples::default();
        TESTS.iter().for_each(|text| examples.add(text.as_bytes(), is_number));
        examples
    }

    /// The best example of a function or head.
    pub fn of(&self, name: &str) -> Option<&Example> {
        self.best.get(name).map(|(_, example)| example)
    }

    /// Adds those of another project's test module for what has none yet.
    pub(crate) fn add_missing(&mut self, text: &[u8], is_number: &dyn Fn(&str) -> bool) {
        let mut others = Examples::default();
        others.add(text, is_number);
        for (name, example) in others.best {
            self.best.entry(name).or_insert(example);
        }
    }

    /// All names that have one, with it.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Example)> {
        self.best.iter().map(|(name, (_, example))| (name.as_str(), example))
    }

    /// Adds those of a test module; of a text that is none, nothing.
    pub(crate) fn add(&mut self, text: &[u8], is_number: &dyn Fn(&str) -> bool) {
        let Ok(module) = canonical_value(text) else { return };
        for decl in module["decls"].as_array().into_iter().flatten() {
            if let (Some(name), Some(body)) = (decl["name"].as_str(), decl.get("body")) {
                self.search(body, &mut Vec::new(), name, is_number);
            }
        }
    }

    /// Looks for assertions in an expression; `before` are the statements that ran before it.
    fn search<'a>(
        &mut self,
        expression: &'a Value,
        before: &mut Vec<&'a Value>,
        test: &str,
        is_number: &dyn Fn(&str) -> bool,
    ) {
        let Some(items) = expression.as_array() else { return };
        let head = head(expression);
        if let Some((asserted, said)) = assertion(items) {
            self.offer(asserted, &said, before, test, is_number);
            return;
        }
        if is_literal(head) {
            return;
        }
        let depth = before.len();
        for item in &items[1.min(items.len())..] {
            self.search(item, before, test, is_number);
            if head == "begin" {
                before.push(item);
            }
        }
        before.truncate(depth);
    }

    fn offer(
        &mut self,
        asserted: &Value,
        said: &Said,
        before: &[&Value],
        test: &str,
        is_number: &dyn Fn(&str) -> bool,
    ) {
        let said_value = match &said.gives {
            Gives::Value(value) => Some(value),
            Gives::True => None,
        };
        let mut needed = free(asserted);
        needed.extend(said_value.into_iter().flat_map(free));
        let mut setup: Vec<Value> = Vec::new();
        for (index, statement) in before.iter().enumerate().rev() {
            let mut used = free(statement);
            used.extend(bound_name(statement).map(str::to_owned));
            let kept = if used.is_disjoint(&needed) {
                None
            } else if !holds_assertion(statement) || assigned(statement).iter().any(|name| used.contains(name)) {
                Some((*statement).clone())
            } else {
                // An assertion says something about a value and is not needed, unless the value is a handle: what is
                // behind it can be another afterwards.
                let is_handle = |name: &String| {
                    needed.contains(name)
                        && before[..index].iter().any(|binding| binds_number(binding, name, is_number))
                };
                used.iter().any(is_handle).then(|| without_assertion(statement))
            };
            if let Some(statement) = kept {
                needed.extend(used);
                setup.push(statement);
            }
        }
        setup.reverse();
        let bound: BTreeSet<&str> = setup.iter().filter_map(bound_name).collect();
        if !setup.iter().chain([asserted]).chain(said_value).flat_map(free).all(|name| bound.contains(name.as_str())) {
            return;
        }
        let mut called = BTreeSet::new();
        heads(asserted, &mut called);
        for statement in &setup {
            heads(statement, &mut called);
        }
        let size = size(asserted) + setup.iter().map(size).sum::<usize>();
        if size > LARGEST {
            return;
        }
        for name in called {
            // What is asserted about should be the function itself rather than a part of the preparations.
            let is_aside = head(asserted) != name;
            let cost = size + if is_aside { LARGEST } else { 0 };
            if self.best.get(&name).is_none_or(|(best, _)| cost < *best) {
                let example = Example {
                    setup: setup.clone(),
                    expression: asserted.clone(),
                    gives: said.gives.clone(),
                    test: test.to_owned(),
                    assertion: said.by.to_owned(),
                };
                self.best.insert(name, (cost, example));
            }
        }
    }
}

/// What an assertion says.
struct Said {
    gives: Gives,
    by: &'static str,
}

const ASSERTIONS: [&str; 4] =
    ["std.test.assert_true", "std.test.assert_i32_eq", "std.test.assert_bytes_eq", "std.test.assert_view_eq"];

/// What an assertion of `std.test` is about, and what it says.
fn assertion(items: &[Value]) -> Option<(&Value, Said)> {
    let by = ASSERTIONS.into_iter().find(|name| items.first().is_some_and(|head| head == name))?;
    match items {
        [_, condition, _] => Some((condition, Said { gives: Gives::True, by })),
        [_, got, expected, _] => Some((got, Said { gives: Gives::Value(expected.clone()), by })),
        _ => None,
    }
}

/// A statement with what is asserted about in place of the assertion.
fn without_assertion(statement: &Value) -> Value {
    let Some(items) = statement.as_array() else { return statement.clone() };
    match (head(statement), items.as_slice()) {
        ("try", [_, tried]) => without_assertion(tried),
        _ => assertion(items).map_or_else(|| statement.clone(), |(asserted, _)| asserted.clone()),
    }
}

/// The name that a `let` binds.
fn bound_name(statement: &Value) -> Option<&str> {
    (head(statement) == "let").then(|| statement[1].as_str())?
}

/// True for a `let` that gives the name to a number which something yields: perhaps a handle.
fn binds_number(statement: &Value, name: &str, is_number: &dyn Fn(&str) -> bool) -> bool {
    bound_name(statement) == Some(name) && statement[2].is_array() && is_number(head(&statement[2]))
}

/// The names that an expression uses and does not bind itself.
fn free(expression: &Value) -> BTreeSet<String> {
    fn walk(expression: &Value, bound: &mut Vec<String>, found: &mut BTreeSet<String>) {
        match expression {
            Value::String(name) if name != "input" && !bound.contains(name) => drop(found.insert(name.clone())),
            Value::Array(items) if !is_literal(head(expression)) => {
                let outer = bound.len();
                let head = head(expression);
                let skipped = match (head, items.get(1).and_then(Value::as_str)) {
                    ("for", Some(name)) => {
                        bound.push(name.to_owned());
                        2
                    }
                    ("let", Some(_)) => 2,
                    _ if items[0] == "tapp" => 2,
                    _ => 1,
                };
                for item in items.iter().skip(skipped) {
                    walk(item, bound, found);
                    if head == "begin"
                        && let Some(name) = bound_name(item)
                    {
                        bound.push(name.to_owned());
                    }
                }
                bound.truncate(outer);
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    walk(expression, &mut Vec::new(), &mut found);
    found
}

/// The names that a statement binds or changes, at any depth.
fn assigned(statement: &Value) -> BTreeSet<String> {
    fn walk(expression: &Value, found: &mut BTreeSet<String>) {
        let Some(items) = expression.as_array() else { return };
        if let ("let" | "set" | "set0", Some(name)) = (head(expression), items.get(1).and_then(Value::as_str)) {
            found.insert(name.to_owned());
        }
        if !is_literal(head(expression)) {
            items.iter().skip(1).for_each(|item| walk(item, found));
        }
    }
    let mut found = BTreeSet::new();
    walk(statement, &mut found);
    found
}

/// The head of an expression; a generic call's is that of the function.
fn head(expression: &Value) -> &str {
    let at = |index: usize| expression.get(index).and_then(Value::as_str).unwrap_or_default();
    match at(0) {
        "tapp" => at(1),
        head => head,
    }
}

fn is_literal(head: &str) -> bool {
    matches!(head, "bytes.lit" | "bytes.view_lit" | "tys")
}

fn heads(expression: &Value, found: &mut BTreeSet<String>) {
    let Some(items) = expression.as_array() else { return };
    let head = head(expression);
    found.insert(head.to_owned());
    if !is_literal(head) {
        items.iter().skip(1).for_each(|item| heads(item, found));
    }
}

fn holds_assertion(expression: &Value) -> bool {
    let Some(items) = expression.as_array() else { return false };
    !is_literal(head(expression)) && (assertion(items).is_some() || items.iter().any(holds_assertion))
}

fn size(expression: &Value) -> usize {
    match expression {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 16,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::text;

    fn check(body: &str, function: &str, expected: Expect) {
        let module = format!(
            r#"{{"schema_version": "x07.x07ast@0.5.0", "kind": "module", "module_id": "t", "imports": [],
                "decls": [{{"kind": "defn", "name": "t.case", "params": [], "result": "result_i32", "body": {body}}}]}}"#
        );
        let mut examples = Examples::default();
        examples.add(module.as_bytes(), &|head| head == "m.new");
        expected.assert_eq(&examples.of(function).map(text::example).unwrap_or_default());
    }

    #[test]
    fn an_assertion_is_an_example_with_what_it_needs() {
        check(
            r#"["begin", ["let", "unused", 1], ["let", "b", ["bytes.lit", "abc"]],
                ["try", ["std.test.assert_i32_eq", ["m.f", "b", 1], 7, 1]],
                ["std.test.assert_true", ["m.g", ["m.f", "b", 2]], 2]]"#,
            "m.f",
            expect![[r#"
                ["let","b",["bytes.lit","abc"]]
                ["m.f","b",1]
                gives 7
            "#]],
        );
    }

    #[test]
    fn what_is_behind_a_handle_may_change_in_assertions() {
        check(
            r#"["begin", ["let", "h", ["m.new"]], ["m.add", "h", 1],
                ["try", ["std.test.assert_i32_eq", ["m.add", "h", 2], 1, 1]],
                ["try", ["std.test.assert_i32_eq", ["m.len", "h"], 2, 1]], ["std.test.pass"]]"#,
            "m.len",
            expect![[r#"
                ["let","h",["m.new"]]
                ["m.add","h",1]
                ["m.add","h",2]
                ["m.len","h"]
                gives 2
            "#]],
        );
    }

    #[test]
    fn the_inside_of_a_loop_is_no_example() {
        check(
            r#"["begin", ["for", "i", 0, 3, ["try", ["std.test.assert_i32_eq", ["m.f", "i"], 7, 1]]], ["std.test.pass"]]"#,
            "m.f",
            expect![""],
        );
    }

    #[test]
    fn the_smallest_one_is_taken_and_generic_calls_count() {
        check(
            r#"["begin",
                ["try", ["std.test.assert_i32_eq", ["tapp", "m.f", ["tys", "u32"], ["+", 1, ["+", 2, 3]]], 7, 1]],
                ["try", ["std.test.assert_true", ["tapp", "m.f", ["tys", "u32"], 3], 1]],
                ["std.test.pass"]]"#,
            "m.f",
            expect![[r#"
                ["tapp","m.f",["tys","u32"],3]
                is true
            "#]],
        );
    }
}
